"""Marks responses that say nothing, say it twice, or say it in another language; nothing is removed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.answers.language import other_language

LONGEST_CHARACTERS = 5_000
FEWEST_LETTERS = 3
_STEP_TEXTS = 2_000


class Mark(StrEnum):
    """What is odd about a response. Their order is that of their bits."""

    EMPTY = "empty"
    JUNK = "junk"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NON_ENGLISH = "non-english"
    DUPLICATE = "duplicate"  # the same words as an earlier response


@dataclass(frozen=True, slots=True)
class MarkedTexts:
    """The marks of a column of responses.

    Attributes:
        bits: ``uint8`` per row; see :func:`marks_of`.
        groups: ``int32`` per row: rows with the same words have the same number, counted from 0; -1 where it is empty.
        counts: How many rows have each mark; all marks are there.
    """

    bits: NDArray[np.uint8]
    groups: NDArray[np.int32]
    counts: dict[Mark, int]

    @property
    def distinct_count(self) -> int:
        """Different responses that are not empty."""
        return int(self.groups.max(initial=-1)) + 1


def bit(mark: Mark) -> int:
    """The bit that stands for a mark."""
    return 1 << list(Mark).index(mark)


def marks_of(bits: int) -> tuple[Mark, ...]:
    """The marks that a row's bits stand for."""
    return tuple(mark for mark in Mark if bits & bit(mark))


def mark_text(text: str) -> frozenset[Mark]:
    """The marks of one response by itself; ``DUPLICATE`` is never among them."""
    normalized = normalize(text)
    if not text.strip():
        return frozenset({Mark.EMPTY})
    if _is_junk(text, normalized):
        return frozenset({Mark.JUNK})
    marks = set()
    if _letter_count(normalized) < FEWEST_LETTERS:
        marks.add(Mark.TOO_SHORT)
    if len(text) > LONGEST_CHARACTERS:
        marks.add(Mark.TOO_LONG)
    # The first thousand characters tell a language as well as all of them.
    if other_language(text[:1_000]) is not None:
        marks.add(Mark.NON_ENGLISH)
    return frozenset(marks)


def mark_texts(texts: Any, on_progress: Callable[[int, int], None] = lambda _done, _total: None) -> MarkedTexts:
    """Mark a column of responses; each different text is looked at once.

    Args:
        texts: An Arrow array of strings without nulls.
        on_progress: Told how many of how many different texts are done.
    """
    encoded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    distinct = encoded.dictionary
    group_numbers: dict[str, int] = {}
    text_bits = np.zeros(len(distinct), np.uint8)
    text_groups = np.full(len(distinct), -1, np.int32)
    for start in range(0, len(distinct), _STEP_TEXTS):
        for index, text in enumerate(distinct.slice(start, _STEP_TEXTS).to_pylist(), start=start):
            marks = mark_text(text)
            text_bits[index] = sum(bit(mark) for mark in marks)
            if Mark.EMPTY not in marks:
                text_groups[index] = group_numbers.setdefault(normalize(text) or text, len(group_numbers))
        on_progress(min(start + _STEP_TEXTS, len(distinct)), len(distinct))
    rows = encoded.indices.to_numpy(zero_copy_only=False)
    bits, groups = text_bits[rows], text_groups[rows]
    bits[_repeats(groups) & ((bits & bit(Mark.JUNK)) == 0)] |= bit(Mark.DUPLICATE)
    counts = {mark: int(((bits & bit(mark)) > 0).sum()) for mark in Mark}
    return MarkedTexts(bits, groups, counts)


def normalize(text: str) -> str:
    """The words of a text for comparison: no case, no marks at its ends, single spaces."""
    words = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).casefold()
    return words.strip(" .,;:!?-_/\\\"'()[]*#~…")


def _repeats(groups: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Rows whose group stood in an earlier row."""
    repeats = np.ones(len(groups), np.bool_)
    _, first = np.unique(groups, return_index=True)
    repeats[first] = False
    repeats[groups < 0] = False
    return repeats


def _letter_count(text: str) -> int:
    # A Chinese or Japanese character says as much as a short word.
    return sum(3 if char >= "\u3040" else 1 for char in text if char.isalpha())


def _is_junk(text: str, normalized: str) -> bool:
    words = re.findall(r"[^\W_]+", normalized)
    if not words:
        # Symbols such as a thumb say something; punctuation alone does not.
        return not any(unicodedata.category(char) == "So" for char in text)
    if " ".join(words).replace("'", "") in _NO_ANSWER:
        return True
    return len(words) <= 6 and all(word.isdigit() or _is_mash(word) for word in words)


def _is_mash(word: str) -> bool:
    """Whether somebody only hit keys."""
    if not word.isascii() or len(word) < 4:
        return False
    if re.fullmatch(r"(.)\1{3,}|(..)\2{2,}|(...)\3{2,}", word):
        return word not in _LAUGHTER
    if len(word) >= 5 and not re.search(r"[aeiouy\d]", word):
        return True
    longest = max(map(len, _keyboard_runs(word, 4)), default=0)
    return longest >= 0.6 * len(word) or sum(map(len, _keyboard_runs(word, 3))) == len(word)


def _keyboard_runs(word: str, fewest: int) -> list[str]:
    """Pieces of at least so many letters that stand side by side on a keyboard, from left to right."""
    runs = []
    start = 0
    while start <= len(word) - fewest:
        end = start + fewest
        row = next((row for row in _KEYBOARD if word[start:end] in row), None)
        if row is None:
            start += 1
            continue
        while end < len(word) and word[start : end + 1] in row:
            end += 1
        runs.append(word[start:end])
        start = end
    return runs


_KEYBOARD = tuple(
    row[::step] for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "1234567890") for step in (1, -1)
)
_LAUGHTER = {"hahaha", "hahahaha"}
_NO_ANSWER_LIST = """
na, n a, none, no, nope, nil, null, nan, nothing, nothing really, no comment, no comments, no answer, not applicable,
idk, i dont know, dont know, i don t know, don t know, dunno, no idea, no opinion, not sure, skip, test, testing, blank,
no response, prefer not to say, nothing to add, nothing to say, nothing comes to mind, x, xx, xxx, xyz, abc, blah,
blah blah, blah blah blah, lorem ipsum, keine, keine angabe, keine angaben, k a, nichts, nein, nada, ninguno, ninguna,
sin comentarios, no se, no sé, rien, aucun, aucune
"""
_NO_ANSWER = frozenset(answer.strip() for answer in _NO_ANSWER_LIST.split(","))
