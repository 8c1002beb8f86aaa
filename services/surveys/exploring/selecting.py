"""Which responses of a run fit a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.surveys.exploring.assignments import Assignments
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.question_rows import QuestionRows
from services.surveys.findings import OTHER_CODES, REVIEW_BITS, SENTIMENT_CODES
from services.surveys.marks import Mark, bit
from services.surveys.models import OtherReason, Sentiment

# Where a topic that a filter names stands: among the topics themselves or among the main ones, and its number there.
TopicPlace = Callable[[str], tuple[Assignments, int]]


@dataclass(frozen=True, eq=False)
class Selection:
    """Responses that fit a filter.

    Attributes:
        fits: Per row of the survey.
        rows: Numbers of those that count: they fit, hold a word, and were analyzed. Every share is a share of these.
        texts: Per counted row the number of its text.
    """

    assigned: Assignments
    fits: NDArray[np.bool_]
    rows: NDArray[np.int64]
    texts: NDArray[np.int32]

    @property
    def total(self) -> int:
        """Responses that count."""
        return len(self.rows)

    @cached_property
    def weights(self) -> NDArray[np.int64]:
        """Counted rows per different text."""
        return np.bincount(self.texts, minlength=self.assigned.text_count)

    @cached_property
    def topic_counts(self) -> NDArray[np.int64]:
        """Counted rows per topic."""
        return np.bincount(self.row_topics[1], minlength=self.assigned.topic_count)

    @cached_property
    def row_topics(self) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """All topics of all counted rows: place of the row in ``rows``, and number of the topic."""
        offsets = self.assigned.offsets
        starts = offsets[self.texts]
        lengths = offsets[self.texts.astype(np.int64) + 1] - starts
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        places = np.repeat(starts - before[:-1], lengths) + np.arange(before[-1])
        return np.repeat(np.arange(len(self.rows)), lengths), self.assigned.topics[places]


def select(
    rows: QuestionRows,
    assigned: Assignments,
    place_of: TopicPlace,
    chosen: ResponseFilter,
    *,
    with_empty: bool = False,
) -> Selection:
    """The responses that fit.

    Args:
        place_of: See :data:`TopicPlace`.
        chosen: Its topics and columns are there.
        with_empty: Whether responses without a word fit even when the filter does not name them.
    """
    of_row = rows.texts.of_row
    fits = np.ones(rows.row_count, np.bool_)
    fitting_texts = _fitting_texts(rows, assigned, place_of, chosen)
    if fitting_texts is not None:
        fits &= fitting_texts[of_row]
    for name, values in chosen.segments:
        fits &= rows.segment(name).having(values)
    for name, value in chosen.also_chosen:
        fits &= rows.segment(name).having((value,))
    days = rows.days()
    if chosen.first_day or chosen.last_day:
        # A comparison with "not a time" is false.
        fits &= np.zeros(rows.row_count, np.bool_) if days is None else ~np.isnat(days)
        if days is not None and chosen.first_day:
            fits &= days >= np.datetime64(chosen.first_day)
        if days is not None and chosen.last_day:
            fits &= days <= np.datetime64(chosen.last_day)
    for name, low, high in chosen.scores:
        scores = rows.scores(name)
        fits &= ~np.isnan(scores)
        fits &= (scores >= (-np.inf if low is None else low)) & (scores <= (np.inf if high is None else high))
    if chosen.marks:
        fits &= (rows.marks & sum(bit(mark) for mark in chosen.marks)) > 0
    empty = empty_rows(rows, assigned)
    if not with_empty and Mark.EMPTY not in chosen.marks and OtherReason.EMPTY not in chosen.others:
        fits &= ~empty
    counted = np.flatnonzero(fits & ~empty & (assigned.overall > 0)[of_row])
    return Selection(assigned, fits, counted, of_row[counted])


def empty_rows(rows: QuestionRows, assigned: Assignments) -> NDArray[np.bool_]:
    """Per row whether it holds no word: so it was marked, or so the run found."""
    found: NDArray[np.bool_] = assigned.other == OTHER_CODES[OtherReason.EMPTY]
    return rows.empty | found[rows.texts.of_row]


def _fitting_texts(
    rows: QuestionRows, assigned: Assignments, place_of: TopicPlace, chosen: ResponseFilter
) -> NDArray[np.bool_] | None:
    """Per different text; None where the filter says nothing about texts."""
    conditions = _topic_conditions(assigned, place_of, chosen)
    if chosen.others:
        reasons = _table((OTHER_CODES[reason] for reason in chosen.others), len(OTHER_CODES) + 1)
        conditions.append(reasons[assigned.other])
    if chosen.only_other:
        conditions.append(assigned.other > 0)
    if chosen.only_review:
        conditions.append(assigned.review > 0)
    if chosen.review:
        conditions.append((assigned.review & sum(REVIEW_BITS[reason] for reason in chosen.review)) > 0)
    if chosen.only_corrected:
        conditions.append(assigned.corrected)
    if chosen.search.strip():
        conditions.append(rows.texts_holding(chosen.search.strip()))
    if not conditions:
        return None
    fitting: NDArray[np.bool_] = np.logical_and.reduce(conditions)
    return fitting


def _topic_conditions(assigned: Assignments, place_of: TopicPlace, chosen: ResponseFilter) -> list[NDArray[np.bool_]]:
    conditions: list[NDArray[np.bool_]] = []
    if chosen.topics:
        places = [place_of(topic) for topic in dict.fromkeys(chosen.topics)]
        held = [_texts_with(*place, chosen.sentiments) for place in places]
        conditions.append(np.logical_and.reduce(held) if chosen.match_all else np.logical_or.reduce(held))
    elif chosen.sentiments:
        conditions.append(_sentiment_table(chosen.sentiments)[assigned.overall])
    for topic, felt in chosen.having:
        conditions.append(_texts_with(*place_of(topic), (felt,) if felt is not None else ()))
    if chosen.with_topic:
        conditions.append(np.diff(assigned.offsets) > 0)
    return conditions


def _texts_with(level: Assignments, number: int, sentiments: Sequence[Sentiment]) -> NDArray[np.bool_]:
    """Per different text whether it has a topic, and one of these is felt about it where any is named."""
    hit = level.topics == number
    if sentiments:
        hit &= _sentiment_table(sentiments)[level.sentiments]
    held = np.zeros(level.text_count, np.bool_)
    held[level.texts[hit]] = True
    return held


def _sentiment_table(sentiments: Iterable[Sentiment]) -> NDArray[np.bool_]:
    return _table((SENTIMENT_CODES[sentiment] for sentiment in sentiments), len(SENTIMENT_CODES) + 1)


def _table(chosen: Iterable[Any], size: int) -> NDArray[np.bool_]:
    table = np.zeros(size, np.bool_)
    table[list(chosen)] = True
    return table
