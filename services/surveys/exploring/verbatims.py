"""Responses with what was found in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.exploring.assignments import Assignments
from services.surveys.exploring.models import Verbatim, VerbatimOrder, VerbatimTopic
from services.surveys.exploring.question_rows import QuestionRows
from services.surveys.findings import OTHER_CODES, REVIEW_BITS, SENTIMENT_CODES
from services.surveys.label_models import key_of_text
from services.surveys.marks import Mark, marks_of
from services.surveys.models import Topic
from services.surveys.review_reasons import ReviewReason

_SENTIMENTS = {code: sentiment for sentiment, code in SENTIMENT_CODES.items()}
_EASY_LENGTHS = 25, 320
_OTHERS = {code: reason for reason, code in OTHER_CODES.items()}


def in_order(
    rows: QuestionRows, assigned: Assignments, chosen: NDArray[np.int64], order: VerbatimOrder
) -> NDArray[np.int64]:
    """Numbers of rows, given in the order of the file, in another order."""
    texts = rows.texts.of_row[chosen]
    if order is VerbatimOrder.LEAST_SURE:
        unsure = np.where(assigned.overall[texts] > 0, assigned.response_confidence[texts], np.inf)
        return chosen[np.argsort(unsure, kind="stable")]
    if order is VerbatimOrder.LONGEST:
        return chosen[np.argsort(-rows.lengths()[texts], kind="stable")]
    days = rows.days()
    if order is VerbatimOrder.NEWEST and days is not None:
        # "Not a time" is the smallest number, so turned round it must be made the largest.
        numbers = days[chosen].astype(np.int64)
        numbers = np.where(np.isnat(days[chosen]), np.iinfo(np.int64).max, -numbers)
        return chosen[np.argsort(numbers, kind="stable")]
    return chosen


def first_of_each_text(rows: QuestionRows, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of rows with the same text only the first, in the order given."""
    _, first = np.unique(rows.texts.of_row[chosen], return_index=True)
    return chosen[np.sort(first)]


def verbatims_of(
    rows: QuestionRows, assigned: Assignments, topics: Sequence[Topic], chosen: NDArray[np.int64]
) -> tuple[Verbatim, ...]:
    """These rows, in the order given."""
    numbers = rows.texts.of_row[chosen]
    days = rows.days()
    topics_of = _topics_of(assigned, topics, np.unique(numbers))
    segments = [(name, rows.segment(name)) for name in rows.segment_names]
    scores = [(name, rows.scores(name)[chosen].tolist()) for name in rows.score_names]
    # Lists of plain numbers: an array that is asked for one number after another is slow.
    columns = zip(
        chosen.tolist(),
        numbers.tolist(),
        rows.texts.texts.take(pa.array(numbers)).to_pylist(),
        rows.ids().take(pa.array(chosen)).to_pylist(),
        [None] * len(chosen) if days is None else days[chosen].tolist(),
        assigned.overall[numbers].tolist(),
        assigned.other[numbers].tolist(),
        assigned.response_confidence[numbers].tolist(),
        assigned.review[numbers].tolist(),
        rows.marks[chosen].tolist(),
        assigned.corrected[numbers].tolist(),
        rows.text_counts()[numbers].tolist(),
        strict=True,
    )
    return tuple(
        Verbatim(
            row=row,
            response_id=response_id,
            text=words,
            text_key=key_of_text(words),
            day=day,
            segments=tuple((name, choices) for name, segment in segments if (choices := segment.choices(row))),
            scores=tuple((name, values[place]) for name, values in scores if not math.isnan(values[place])),
            sentiment=_SENTIMENTS.get(overall),
            topics=topics_of[text],
            other_reason=_OTHERS.get(other),
            confidence=confidence,
            review=_reviews_of(review),
            marks=_marks_of(marks),
            corrected=corrected,
            same_text_count=same,
        )
        for place, (
            row,
            text,
            words,
            response_id,
            day,
            overall,
            other,
            confidence,
            review,
            marks,
            corrected,
            same,
        ) in enumerate(columns)
    )


def telling_rows(
    rows: QuestionRows, assigned: Assignments, topic: int, weights: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Rows that show what a topic is about: easy to quote, with evidence, surely found; of the commonest feeling first.

    Args:
        weights: Per different text how many responses may be quoted.
    """
    places = np.flatnonzero((assigned.topics == topic) & (weights[assigned.texts] > 0))
    if not len(places):
        return np.zeros(0, np.int64)
    texts = assigned.texts[places]
    lengths = rows.lengths()[texts]
    feelings = np.bincount(assigned.sentiments[places], minlength=len(SENTIMENT_CODES) + 1)
    order = np.lexsort(
        (
            texts,
            -assigned.confidence[places],
            -feelings[assigned.sentiments[places]],
            assigned.ends[places] <= assigned.starts[places],
            (lengths < _EASY_LENGTHS[0]) | (lengths > _EASY_LENGTHS[1]),
        )
    )
    chosen = texts[order[:count]]
    return np.array([int(np.argmax(rows.texts.of_row == text)) for text in chosen], np.int64)


def _topics_of(
    assigned: Assignments, topics: Sequence[Topic], texts: NDArray[np.int32]
) -> dict[int, tuple[VerbatimTopic, ...]]:
    found = {}
    for text, start, end in zip(
        texts.tolist(),
        assigned.offsets[texts].tolist(),
        assigned.offsets[texts.astype(np.int64) + 1].tolist(),
        strict=True,
    ):
        places = slice(start, end)
        found[text] = tuple(
            VerbatimTopic(topics[number].id, topics[number].name, _SENTIMENTS[sentiment], confidence, first, last)
            for number, sentiment, confidence, first, last in zip(
                assigned.topics[places].tolist(),
                assigned.sentiments[places].tolist(),
                assigned.confidence[places].tolist(),
                assigned.starts[places].tolist(),
                assigned.ends[places].tolist(),
                strict=True,
            )
        )
    return found


@lru_cache(maxsize=1024)
def _reviews_of(bits: int) -> tuple[ReviewReason, ...]:
    return tuple(reason for reason, place in REVIEW_BITS.items() if bits & place)


@lru_cache(maxsize=256)
def _marks_of(bits: int) -> tuple[Mark, ...]:
    return marks_of(bits)
