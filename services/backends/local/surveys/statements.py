"""Splits a response into statements, each with its exact place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_STATEMENTS = 1_500
MOST_WORDS = 60
"""A statement is cut behind so many words: people who write no full stops would otherwise write one statement."""

# What ends a statement wherever it stands. "//" is how interviewers note that they asked "anything else?".
_ENDS = re.compile(r"[\n\r]+|\s*//+\s*|\s*\\\\+\s*|[;|•]+|(?<=[^\W_])\s*:\s+(?=\w)|\s+[-–—]{1,3}\s+|—|\s+\*+\s+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
_NOT_AN_END = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|[A-Za-z]\.[A-Za-z]|mr|mrs|ms|dr|st|vs|etc|approx|no|nr|inc|e\.g|i\.e)\.$", re.IGNORECASE
)
# A turn of thought: what follows often speaks of something else, or feels otherwise about it.
_TURN = re.compile(
    r",?\s+(?=(?:but|however|although|though|tho|yet|whereas|while|except|unfortunately|otherwise|despite|still)\b)",
    re.IGNORECASE,
)
_PAUSE = re.compile(
    r",\s+|\s+(?=(?:and|plus|also|because|cause|since|so that|which|then)\s)|\s+[&+]\s+"
    r"|\s+/\s*|(?<=[a-z]{3})/(?=[a-z]{3})",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_LEFT_EDGE = ",.;:-–—/\\|*•"
_RIGHT_EDGE = ",;:-–—/\\|*•"

FEWEST_WORDS_AT_A_TURN = 2
FEWEST_WORDS_AT_A_PAUSE = 3

Span = tuple[int, int]


def statement_spans(text: str) -> list[Span]:
    """Split a response at sentence ends, turns of thought ("but") and pauses that have enough words on both sides.

    Returns:
        Half-open spans in characters of ``text``, trimmed, in reading order, none empty, at most MOST_STATEMENTS.
    """
    spans: list[Span] = []
    for start, end in _pieces(text):
        for turn in _cut(text, start, end, _TURN, FEWEST_WORDS_AT_A_TURN):
            for clause in _cut(text, *turn, _PAUSE, FEWEST_WORDS_AT_A_PAUSE):
                for span in _short_pieces(text, *clause):
                    trimmed = _trimmed(text, *span)
                    if trimmed is not None:
                        spans.append(trimmed)
                        if len(spans) == MOST_STATEMENTS:
                            return spans
    return spans


def word_count(text: str) -> int:
    """Words of a text; marks and emoji are none."""
    return sum(1 for _ in _WORD.finditer(text))


def _pieces(text: str) -> Iterator[Span]:
    """Sentences and what else stands by itself."""
    start = 0
    for mark in _ENDS.finditer(text):
        yield from _sentences(text, start, mark.start())
        start = mark.end()
    yield from _sentences(text, start, len(text))


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    for mark in _SENTENCE_END.finditer(text, start, end):
        if mark.group() == "." and _NOT_AN_END.search(text[max(start, mark.end() - 10) : mark.end()]):
            continue
        yield start, mark.end()
        start = mark.end()
    if start < end:
        yield start, end


def _cut(text: str, start: int, end: int, mark: re.Pattern[str], fewest_words: int) -> Iterator[Span]:
    """Cut at each mark that has at least so many words before it, since the last cut, and behind it."""
    left = start
    for found in mark.finditer(text, start, end):
        if found.start() <= left:
            continue
        if _has_words(text, left, found.start(), fewest_words) and _has_words(text, found.end(), end, fewest_words):
            yield left, found.start()
            left = found.end()
    yield left, end


def _has_words(text: str, start: int, end: int, count: int) -> bool:
    return any(number >= count for number, _ in enumerate(_WORD.finditer(text, start, end), start=1))


def _short_pieces(text: str, start: int, end: int) -> Iterator[Span]:
    left, words = start, 0
    for word in _WORD.finditer(text, start, end):
        words += 1
        if words > MOST_WORDS:
            yield left, word.start()
            left, words = word.start(), 1
    yield left, end


def _trimmed(text: str, start: int, end: int) -> Span | None:
    while start < end and (text[start] in _LEFT_EDGE or text[start].isspace()):
        start += 1
    while end > start and (text[end - 1] in _RIGHT_EDGE or text[end - 1].isspace()):
        end -= 1
    return (start, end) if _WORD.search(text, start, end) or _has_symbol(text, start, end) else None


def _has_symbol(text: str, start: int, end: int) -> bool:
    """Whether something else than punctuation is left: an emoji is an answer too."""
    return any(ord(character) > 0x2190 for character in text[start:end])
