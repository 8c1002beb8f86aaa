"""Cuts the part of a document that a person needs to see around quoted words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

CONTEXT_CHARACTERS = 200
LONGEST_PLAIN_CHARACTERS = 500
# Whole lines where they are short enough (rows, list items), else whole sentences, else whole words.
_BREAKS = (re.compile(r"\n+"), re.compile(r"(?<=[.!?])\s+"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document.

    Attributes:
        spans: Where the quoted words stand in ``text``, in order and apart from each other.
        cut_before: Whether the surrounding section has words before this part.
        cut_after: Whether it has words after it.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    cut_before: bool
    cut_after: bool


def excerpts_around(text: str, within: tuple[int, int], spans: Sequence[tuple[int, int]]) -> list[Excerpt]:
    """The parts of ``text[within]`` around the spans; spans that stand close together share one part.

    Without spans, the beginning of ``within``.
    """
    start, end = within
    inside = _merged([(max(start, left), min(end, right)) for left, right in spans if left < end and right > start])
    if not inside:
        cut = _end_of_part(text, min(end, start + LONGEST_PLAIN_CHARACTERS), end)
        return [_excerpt(text, (start, cut), within, [])]
    groups: list[list[tuple[int, int]]] = [[inside[0]]]
    for span in inside[1:]:
        if span[0] - groups[-1][-1][1] <= 2 * CONTEXT_CHARACTERS:
            groups[-1].append(span)
        else:
            groups.append([span])
    return [
        _excerpt(text, (_start_of_part(text, group[0][0], start), _end_of_part(text, group[-1][1], end)), within, group)
        for group in groups
    ]


def _excerpt(text: str, part: tuple[int, int], within: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Excerpt:
    start, end = part
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    start += lead
    body = text[start:end].rstrip()
    return Excerpt(
        body,
        tuple((left - start, min(right - start, len(body))) for left, right in spans),
        cut_before=bool(text[within[0] : start].strip()),
        cut_after=bool(text[start + len(body) : within[1]].strip()),
    )


def _start_of_part(text: str, quote_start: int, least: int) -> int:
    earliest = max(least, quote_start - CONTEXT_CHARACTERS)
    if earliest == least:
        return least
    for pattern in _BREAKS:
        for match in pattern.finditer(text, earliest, quote_start):
            return match.end()
    return quote_start


def _end_of_part(text: str, quote_end: int, most: int) -> int:
    latest = min(most, quote_end + CONTEXT_CHARACTERS)
    if latest == most:
        return most
    for pattern in _BREAKS:
        ends = [match.start() for match in pattern.finditer(text, quote_end, latest)]
        if ends:
            return ends[-1]
    return quote_end


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged
