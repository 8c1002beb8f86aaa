"""What a photo's file name says about it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from services.images.models import Label, LabelSource

MOST_WORDS = 6
# What cameras, phones and exports write says nothing about the product.
_MEANINGLESS = frozenset(
    (
        *("img", "image", "dsc", "dscn", "dscf", "pxl", "mvi", "photo", "foto", "pic", "picture", "scan", "screenshot"),
        *("copy", "final", "edit", "edited", "new", "untitled", "web", "large", "small", "low", "high", "res", "hires"),
        *("lowres", "jpg", "jpeg", "png", "the", "and", "with", "for", "from"),
    )
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")


def file_name_labels(file_name: str) -> tuple[Label, ...]:
    """A label for each word of the file's name that may say something, in its order, without a box."""
    stem = _CAMEL.sub(" ", PurePosixPath(file_name).stem)
    words = [word.casefold() for word in _WORD.findall(stem)]
    told = [word for word in dict.fromkeys(words) if word not in _MEANINGLESS][:MOST_WORDS]
    return tuple(
        Label(f"word-{number}", word.capitalize(), LabelSource.FILE_NAME) for number, word in enumerate(told, start=1)
    )
