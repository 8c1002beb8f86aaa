"""What may be asked for, and what of it decides the result."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from services.errors import InputError
from services.images.background_models import (
    LARGEST_SEED,
    LONGEST_PROMPT_CHARACTERS,
    MOST_VARIATIONS,
    BackgroundKind,
    BackgroundWish,
    SizePreset,
)

LARGEST_PADDING = 0.45
# What the two texts of a wish are called in an error.
PROMPT, AVOIDED = "text", "text of what to avoid"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_DEFAULT = BackgroundWish()


def checked_wish(wish: BackgroundWish) -> BackgroundWish:
    """The wish without stray spaces, if it can be fulfilled as far as it says itself.

    Raises:
        InputError: ``prompt-empty``, ``prompt-too-long``, ``color-invalid``, ``backdrop-missing``, ``picture-missing``,
            ``size-without-place`` or ``wish-invalid``.
    """
    wish = replace(
        wish,
        prompt=tidy_words(wish.prompt),
        negative_prompt=tidy_words(wish.negative_prompt),
        color=wish.color.strip(),
    )
    if wish.kind is BackgroundKind.PROMPT:
        check_prompts(wish.prompt, wish.negative_prompt)
    elif wish.kind is BackgroundKind.COLOR and not _COLOR.fullmatch(wish.color):
        raise InputError(
            "This is not a color.",
            code="color-invalid",
            remedy="Write it as # and six digits or letters from a to f, such as #f4f1ec.",
        )
    elif wish.kind is BackgroundKind.BACKDROP and not wish.backdrop_id:
        raise InputError(
            "No picture of the brand library was chosen.", code="backdrop-missing", remedy="Choose a picture."
        )
    elif wish.kind is BackgroundKind.PICTURE and not wish.picture:
        raise InputError("No background picture was chosen.", code="picture-missing", remedy="Choose a picture.")
    if wish.padding is None and wish.size is not SizePreset.ORIGINAL:
        raise InputError(
            "In another size the product cannot stay where it is in the photo.",
            code="size-without-place",
            remedy="Choose how much free space to leave around the product, or keep the original size.",
        )
    _check_numbers(wish)
    return wish


def backdrop_missing() -> InputError:
    """The library's picture is not there any more."""
    return InputError(
        "The picture that was chosen is no longer in the brand library.",
        code="backdrop-missing",
        remedy="Choose another one.",
    )


def deciding_values(wish: BackgroundWish) -> dict[str, Any]:
    """What of a wish decides the result: two wishes with equal values make equal pictures of the same photo."""
    kind = wish.kind
    if kind is not BackgroundKind.PROMPT:
        wish = replace(wish, prompt="", negative_prompt="", variations=1, seed=0)
    if kind is not BackgroundKind.BACKDROP:
        wish = replace(wish, backdrop_id="")
    if kind is not BackgroundKind.PICTURE:
        wish = replace(wish, picture="")
    wish = replace(wish, color=wish.color.casefold() if kind is BackgroundKind.COLOR else _DEFAULT.color)
    if kind is BackgroundKind.TRANSPARENT:
        wish = replace(wish, shadow=_DEFAULT.shadow)
    return wish.values()


def wish_words(wish: BackgroundWish) -> str:
    """What was asked for, in a few words."""
    match wish.kind:
        case BackgroundKind.PROMPT:
            return f"“{wish.prompt[:60]}{'…' if len(wish.prompt) > 60 else ''}”"
        case BackgroundKind.BACKDROP:
            return "a picture of the brand library"
        case BackgroundKind.PICTURE:
            return "your own picture"
        case BackgroundKind.COLOR:
            return f"the color {wish.color}"
        case BackgroundKind.TRANSPARENT:
            return "transparency"


def check_prompts(prompt: str, negative_prompt: str) -> None:
    """Let texts pass that a generator takes, stray spaces taken off. Raises InputError."""
    if not prompt:
        raise InputError(
            "There is no text that says what the background should be.",
            code="prompt-empty",
            remedy="Type a few words, such as “London city street at dusk”.",
        )
    for name, text in ((PROMPT, prompt), (AVOIDED, negative_prompt)):
        error = prompt_too_long(name, text)
        if error is not None:
            raise error


def prompt_too_long(name: str, text: str) -> InputError | None:
    """What is wrong with the length of a text that is called so; None when nothing is. Stray spaces do not count."""
    length = len(tidy_words(text))
    if length <= LONGEST_PROMPT_CHARACTERS:
        return None
    return InputError(
        f"The {name} has {length:,} characters; {LONGEST_PROMPT_CHARACTERS} are allowed.",
        code="prompt-too-long",
        remedy="Shorten it.",
    )


def tidy_words(text: str) -> str:
    """The text without stray spaces and line breaks."""
    return " ".join(text.replace("\x00", "").split())


def _check_numbers(wish: BackgroundWish) -> None:
    checks = (
        (1 <= wish.variations <= MOST_VARIATIONS, f"There can be 1 to {MOST_VARIATIONS} variations."),
        (0 <= wish.seed <= LARGEST_SEED, f"The seed has to be a number from 0 to {LARGEST_SEED}."),
        (
            wish.padding is None or 0 <= wish.padding <= LARGEST_PADDING,
            f"The free space has to be between 0 and {LARGEST_PADDING:.0%}.",
        ),
        (0 <= wish.shadow <= 1 and not math.isnan(wish.shadow), "The shadow has to be between 0 and 100 percent."),
    )
    for holds, cause in checks:
        if not holds:
            raise InputError(cause, code="wish-invalid", remedy="Choose another value.")
