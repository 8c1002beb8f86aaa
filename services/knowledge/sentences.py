"""Sentence boundaries with exact character offsets."""

from __future__ import annotations

import re

from sentencex import get_sentence_boundaries

_LIST_MARK = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")
# sentencex reads "1." or "a." at the start of a line as a sentence of its own; it belongs to what follows.
_LONE_LABEL = re.compile(r"^\s*(?:[-*•]|\(?[0-9]{1,2}[.)]|\(?[a-zA-Z][.)])\s*$")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Split ``text[start:end]`` into sentences; line breaks end a sentence too.

    Returns:
        Half-open spans in characters of ``text``, trimmed of white space, in reading order, none empty.
    """
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    label_start: int | None = None
    line_start = start
    while line_start < end:
        line_end = text.find("\n", line_start, end)
        line_end = end if line_end == -1 else line_end
        line = text[line_start:line_end]
        if line.strip():
            position = 0
            for boundary in get_sentence_boundaries("en", line):
                # Offsets are counted again from the pieces: in characters, whatever the library counts.
                piece: str = boundary["text"]
                position = line.index(piece, position)
                left = position + len(piece) - len(piece.lstrip())
                right = position + len(piece.rstrip())
                position += len(piece)
                if right <= left:
                    continue
                if label_start is None and _LONE_LABEL.match(piece):
                    label_start = line_start + left
                    continue
                spans.append((label_start if label_start is not None else line_start + left, line_start + right))
                label_start = None
        line_start = line_end + 1
    if label_start is not None:
        spans.append((label_start, label_start + len(text[label_start:end].rstrip())))
    return spans


def list_mark_length(sentence: str) -> int:
    """Length of "- " or "2. " in front of a list item, which has no place in a quote that is read out."""
    mark = _LIST_MARK.match(sentence)
    return mark.end() if mark else 0
