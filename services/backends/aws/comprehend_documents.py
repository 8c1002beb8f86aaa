"""Many texts in few documents for Amazon Comprehend, and back: where what was found stands in each text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# The service takes 100 KB, whatever it means by that; a smaller document is answered sooner.
LIMIT_BYTES = 40_000
# Longer than a name with its titles, or an address: what is cut at the end of one piece stands whole in the next.
OVERLAP_CHARACTERS = 200
_SEPARATOR = "\n\n"
# Borders at which a long text may be cut, the better ones first.
_BORDERS = (re.compile(r"[.!?\n]\s"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, or a part of a long one.

    Attributes:
        text_number: Which text it is of.
        start: Where it begins there, in characters.
    """

    text_number: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """Pieces that are sent together."""

    pieces: Sequence[Piece]

    @property
    def text(self) -> str:
        """What is sent."""
        return _SEPARATOR.join(piece.text for piece in self.pieces)

    def places(self, found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int, int]]:
        """Where spans of the document stand: number of the span, number of the text, start and end there.

        A span that reaches over the border of two texts is in both of them.
        """
        starts = []
        position = 0
        for piece in self.pieces:
            starts.append(position)
            position += len(piece.text) + len(_SEPARATOR)
        for number, (begin, end) in enumerate(found):
            place = max(0, bisect_right(starts, begin) - 1)
            while place < len(starts) and starts[place] < end:
                piece, offset = self.pieces[place], starts[place]
                first, last = max(begin - offset, 0), min(end - offset, len(piece.text))
                if first < last:
                    yield number, piece.text_number, piece.start + first, piece.start + last
                place += 1


def documents_of(texts: Sequence[str], limit_bytes: int = LIMIT_BYTES) -> Iterator[Document]:
    """The texts in as few documents as the limit allows, each text in one piece where it fits."""
    pieces: list[Piece] = []
    size = 0
    for number, text in enumerate(texts):
        for start, part in cut(sendable(text), limit_bytes):
            needed = len(part.encode()) + len(_SEPARATOR)
            if pieces and size + needed > limit_bytes:
                yield Document(pieces)
                pieces, size = [], 0
            pieces.append(Piece(number, start, part))
            size += needed
    if pieces:
        yield Document(pieces)


def cut(text: str, limit_bytes: int) -> Iterator[tuple[int, str]]:
    """Parts of a text that keep within the limit, with where they begin; neighbors overlap.

    Parts end at the end of a sentence or a word where there is one in their last fifth.
    """
    start = 0
    while True:
        length = _fitting(text, start, limit_bytes - len(_SEPARATOR))
        if start + length >= len(text):
            yield start, text[start:]
            return
        end = start + _border(text[start : start + length])
        yield start, text[start:end]
        start = max(start + 1, end - min(OVERLAP_CHARACTERS, (end - start) // 2))


def sendable(text: str) -> str:
    """The text as UTF-8 can hold it, with as many characters."""
    return text.encode("utf-8", "replace").decode()


def _fitting(text: str, start: int, limit_bytes: int) -> int:
    """How many characters from there on have at most so many bytes; at least one."""
    data = text[start : start + limit_bytes].encode()
    if len(data) <= limit_bytes:
        return min(limit_bytes, len(text) - start)
    return max(1, len(data[:limit_bytes].decode(errors="ignore")))


def _border(part: str) -> int:
    """Where to end a part that goes on."""
    least = len(part) * 4 // 5
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(part, least)]
        if ends:
            return ends[-1]
    return len(part)
