"""Finds what a model quoted in the text that it quoted from."""

from __future__ import annotations

import unicodedata

Span = tuple[int, int]

# What models write instead of what stands there.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("\u2010\u2011\u2012–—−", "-"),
    }
)
# A quote may be dressed up at its ends.
_EDGES = " \t\r\n\"'.,;:!?-…"


class QuotedText:
    """A text in which quotes are found; letters' case, spaces, kinds of quotation marks and dashes do not matter."""

    def __init__(self, text: str) -> None:
        self._plain, self._places = _plain(text)

    def find(self, quote: str, start: int = 0) -> Span | None:
        """Where the quote stands: behind ``start`` if it does, else anywhere; None when it is no part of the text.

        Returns:
            (start, end) in characters of the text, not empty.
        """
        plain, _ = _plain(quote)
        for wanted in (plain.strip(), plain.strip(_EDGES)):
            if not wanted:
                continue
            first = next((at for at, place in enumerate(self._places) if place >= start), len(self._plain))
            at = self._plain.find(wanted, first)
            if at < 0:
                at = self._plain.find(wanted)
            if at >= 0:
                return self._places[at], self._places[at + len(wanted) - 1] + 1
        return None


def _plain(text: str) -> tuple[str, list[int]]:
    """The text for comparison, and for each of its characters the place in the text."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace():
            if not characters or characters[-1] != " ":
                characters.append(" ")
                places.append(place)
            continue
        for one in unicodedata.normalize("NFKD", character.translate(_ALIKE)).casefold():
            if not one.isspace():
                characters.append(one)
                places.append(place)
    return "".join(characters), places
