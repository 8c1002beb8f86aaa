"""The text of a response as a model reads it, with the way back to what was written."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from services.surveys.chain.tokens import CHARACTERS_PER_TOKEN

MOST_TOKENS = 1_430
"""A response is read up to here: about 5,000 characters of English."""

_JOINER = "\u200d"  # holds emoji such as families together
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True, slots=True)
class CleanText:
    """A text with single spaces and without characters that cannot be seen.

    Attributes:
        offsets: For each character its place in the text that was written.
        is_cut: Whether the end was left out.
    """

    text: str
    offsets: tuple[int, ...]
    is_cut: bool = False

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` to before ``end`` stand in the text that was written."""
        return self.offsets[start], self.offsets[end - 1] + 1


def clean_text(written: str, most_tokens: int = MOST_TOKENS) -> CleanText:
    """Clean a text, and cut it behind a word where it is too long."""
    characters: list[str] = []
    offsets: list[int] = []
    for place, character in enumerate(written):
        if character.isspace():
            if characters and characters[-1] != " ":
                characters.append(" ")
                offsets.append(place)
        elif character == _JOINER or unicodedata.category(character) not in _UNSEEN:
            characters.append(character)
            offsets.append(place)
    if characters and characters[-1] == " ":
        characters.pop()
        offsets.pop()
    text = "".join(characters)
    length = _fitting_length(text, most_tokens)
    if length == len(text):
        return CleanText(text, tuple(offsets))
    at_space = text.rfind(" ", 0, length + 1)
    kept = at_space if at_space > 0.8 * length else length
    return CleanText(text[:kept], tuple(offsets[:kept]), is_cut=True)


def _fitting_length(text: str, most_tokens: int) -> int:
    """How many of its first characters take so many tokens."""
    if len(text) <= most_tokens:
        return len(text)
    costs = list(accumulate(1 / CHARACTERS_PER_TOKEN if character.isascii() else 1.0 for character in text))
    return bisect_right(costs, most_tokens)
