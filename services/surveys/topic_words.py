"""The texts of topics in the one form in which they are kept: without what cannot be seen, and ids made of names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

LONGEST_ID = 100
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000
LONGEST_KEYWORD = 100
MOST_KEYWORDS = 100
TOPIC_SEPARATOR = "|"
"""Stands between topics in other files, and so in no id."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# Halves of characters, and marks that only hide or turn around what is written.
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def one_line(text: str) -> str:
    """A name, a description or a keyword: no controls, single spaces, nothing at its ends."""
    return " ".join(_UNSEEN.sub("", _CONTROLS.sub(" ", text)).split())


def example_text(text: str) -> str:
    """The text of an example: its lines stay, controls and what surrounds it do not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", _CONTROLS.sub(" ", lines)).strip()


def keyword_list(keywords: str | Iterable[str]) -> tuple[str, ...]:
    """Keywords without repeats; those in one text are parted by commas."""
    parts = keywords.split(",") if isinstance(keywords, str) else keywords
    found: dict[str, str] = {}
    for part in parts:
        keyword = one_line(part)
        if keyword:
            found.setdefault(name_key(keyword), keyword)
    return tuple(found.values())


def name_key(name: str) -> str:
    """What two names have in common that people would take for the same."""
    return unicodedata.normalize("NFKC", one_line(name)).casefold()


def topic_id_of(name: str) -> str:
    """An id made of a name: ``Wait times`` becomes ``wait-times``; empty when the name holds no letter or digit."""
    return "-".join(re.findall(r"[^\W_]+", name.casefold()))[:LONGEST_ID].strip("-")


def new_topic_id(name: str, taken: Collection[str]) -> str:
    """An id made of a name that is not among those taken."""
    stem = topic_id_of(name)[: LONGEST_ID - 5] or "topic"
    topic_id, number = stem, 2
    while topic_id in taken:
        topic_id, number = f"{stem}-{number}", number + 1
    return topic_id
