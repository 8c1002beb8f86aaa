"""The rows of one question by columns, kept in memory so that a filter costs milliseconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.distinct_texts import DistinctTexts, distinct_texts
from services.surveys.label_models import key_of_text
from services.surveys.marks import Mark, bit
from services.surveys.prepared import PreparedSurvey

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRows:
    """A segment column.

    Attributes:
        values: The different choices.
        offsets: ``int64`` rows + 1: the choices of row i stand at ``offsets[i]`` to ``offsets[i + 1]`` in the next two.
        codes: ``int32``: place in ``values``.
        rows: ``int32``: the row that each stands in.
    """

    values: tuple[str, ...]
    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    rows: NDArray[np.int32]

    def choices(self, row: int) -> tuple[str, ...]:
        """What was chosen in a row."""
        return tuple([self.values[code] for code in self.codes[self.offsets[row] : self.offsets[row + 1]].tolist()])

    def having(self, values: Iterable[str]) -> NDArray[np.bool_]:
        """Per row whether one of these was chosen."""
        wanted = set(values)
        chosen = np.array([value in wanted for value in self.values], np.bool_)
        rows = np.zeros(len(self.offsets) - 1, np.bool_)
        if len(self.codes):
            rows[self.rows[chosen[self.codes]]] = True
        return rows

    def counts(self, rows: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """How many rows chose each value."""
        codes = self.codes if rows is None else self.codes[rows[self.rows]]
        return np.bincount(codes, minlength=len(self.values))


class QuestionRows:
    """What a survey holds of one question, each column read when it is wanted first. Safe to use from many threads.

    Raises:
        InputError: ``unknown-column``: the survey has no such question; columns that are asked for raise it too.
    """

    def __init__(self, prepared: PreparedSurvey, question: str) -> None:
        self.prepared = prepared
        self.question = question
        self._lock = threading.RLock()
        self._kept: dict[tuple[str, str], Any] = {}
        self.texts: DistinctTexts = distinct_texts(prepared, question)
        marks = prepared.marks(question)
        self.marks: NDArray[np.uint8] = marks
        self.empty: NDArray[np.bool_] = (marks & bit(Mark.EMPTY)) > 0

    @property
    def row_count(self) -> int:
        """Rows of the survey."""
        return len(self.texts.of_row)

    @property
    def segment_names(self) -> tuple[str, ...]:
        """Segment columns in the order of the file."""
        return tuple(segment.name for segment in self.prepared.facts.columns.segments)

    @property
    def score_names(self) -> tuple[str, ...]:
        """Scores in the order of the file."""
        return self.prepared.facts.columns.scores

    def ids(self) -> Any:
        """An Arrow array of strings."""
        return self._once("ids", "", self.prepared.ids)

    def days(self) -> NDArray[np.datetime64] | None:
        """The date of each row, ``NaT`` where there is none; None when the survey has no dates."""
        days: NDArray[np.datetime64] | None = self._once("days", "", self.prepared.days)
        return days

    def scores(self, name: str) -> NDArray[np.float64]:
        """A score of each row, ``nan`` where there is none."""
        return self._once("score", name, lambda: self.prepared.scores(name))

    def segment(self, name: str) -> SegmentRows:
        """A segment column."""
        return self._once("segment", name, lambda: _segment_rows(self.prepared.choices(name)))

    def lengths(self) -> NDArray[np.int32]:
        """Characters of each different text."""
        return self._once(
            "lengths", "", lambda: pc.utf8_length(self.texts.texts).to_numpy(zero_copy_only=False).astype(np.int32)
        )

    def text_counts(self) -> NDArray[np.int64]:
        """Rows that have each different text."""
        return self._once("counts", "", lambda: np.bincount(self.texts.of_row, minlength=len(self.texts.texts)))

    def first_rows(self) -> NDArray[np.int64]:
        """The first row that has each different text."""
        return self._once("first", "", lambda: np.unique(self.texts.of_row, return_index=True)[1])

    def numbers_of_keys(self) -> dict[str, int]:
        """The number of each different text by what names it in labels."""
        return self._once("keys", "", lambda: {key: number for number, key in enumerate(self.texts.keys())})

    def key(self, text: int) -> str:
        """What names a text in labels."""
        return key_of_text(self.texts.texts[text].as_py())

    def texts_holding(self, search: str) -> NDArray[np.bool_]:
        """Per different text whether it holds these characters, whatever their case."""
        found = pc.match_substring(self.texts.texts, pattern=search, ignore_case=True)
        holding: NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
        return holding

    def _once(self, kind: str, name: str, read: Callable[[], _Read]) -> _Read:
        # One lock for all: a Parquet file is read by one thread at a time.
        with self._lock:
            if (kind, name) not in self._kept:
                self._kept[kind, name] = read()
            value: _Read = self._kept[kind, name]
            return value


def _segment_rows(choices: Any) -> SegmentRows:
    encoded = pc.list_flatten(choices).dictionary_encode()
    lengths = pc.list_value_length(choices).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return SegmentRows(
        tuple(encoded.dictionary.to_pylist()),
        offsets,
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32),
        np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
    )
