"""Counts of a selection: totals, topics, coverage, pairs of topics, segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.surveys.associations import difference_p
from services.surveys.cross_tabs import FALSE_DISCOVERY_RATE, CrossTab, cross_tab_of_counts, marked, shown_values
from services.surveys.exploring.assignments import SENTIMENT_KINDS
from services.surveys.exploring.models import CoOccurrence, Coverage, RunTotals
from services.surveys.exploring.question_rows import SegmentRows
from services.surveys.exploring.selecting import Selection
from services.surveys.exports.models import TopicSummary
from services.surveys.findings import OTHER_CODES, REVIEW_BITS, SENTIMENT_CODES
from services.surveys.models import OtherReason, Topic
from services.surveys.statistics import Impact, benjamini_hochberg, topic_impacts, wilson_interval

MOST_SEGMENT_VALUES = 12


def run_totals(selection: Selection, row_count: int, empty: int, not_analyzed: int) -> RunTotals:
    """Numbers of responses.

    Args:
        row_count, empty, not_analyzed: As :class:`RunTotals` has them.
    """
    assigned, weights = selection.assigned, selection.weights
    overall = weighted(assigned.overall, weights, SENTIMENT_KINDS)
    topics_each = np.diff(assigned.offsets)
    return RunTotals(
        row_count=row_count,
        empty=empty,
        not_analyzed=not_analyzed,
        answered=selection.total,
        with_topic=int(weights[topics_each > 0].sum()),
        distinct_count=int(np.count_nonzero(weights)),
        assignments=int((weights * topics_each).sum()),
        sentiments=tuple((sentiment, int(overall[code])) for sentiment, code in SENTIMENT_CODES.items()),
        others=_others(selection),
        review=int(weights[assigned.review > 0].sum()),
        review_reasons=tuple(
            (reason, int(weights[(assigned.review & bits) > 0].sum())) for reason, bits in REVIEW_BITS.items()
        ),
        corrected=int(weights[assigned.corrected].sum()),
    )


def topic_summaries(
    selection: Selection, topics: Sequence[Topic], scores: NDArray[np.float64] | None = None
) -> tuple[TopicSummary, ...]:
    """Every topic, the commonest first.

    Args:
        scores: Per row of the survey, for the impact on them.
    """
    assigned = selection.assigned
    by_sentiment = weighted(
        assigned.topics.astype(np.int64) * SENTIMENT_KINDS + assigned.sentiments,
        selection.weights[assigned.texts],
        len(topics) * SENTIMENT_KINDS,
    ).reshape(len(topics), SENTIMENT_KINDS)
    counts = by_sentiment.sum(axis=1)
    impacts: list[Impact | None] = [None] * len(topics)
    if scores is not None:
        patterns = assigned.patterns
        impacts = topic_impacts(scores[selection.rows], patterns.has_topic, row_of=patterns.of_text[selection.texts])
    return tuple(
        TopicSummary(
            topic=topics[place].name,
            count=int(counts[place]),
            share=wilson_interval(int(counts[place]), selection.total),
            **{sentiment.value: int(by_sentiment[place, code]) for sentiment, code in SENTIMENT_CODES.items()},
            impact=impacts[place],
            topic_id=topics[place].id,
        )
        for place in commonest_first(counts)
    )


def coverage(selection: Selection, topics: Sequence[Topic]) -> Coverage:
    """How much of what was said the topics cover."""
    topics_each = np.diff(selection.assigned.offsets)
    by_count = weighted(topics_each, selection.weights, int(topics_each.max(initial=0)) + 1)
    used = np.flatnonzero(by_count)
    by_count = by_count[: int(used[-1]) + 1 if len(used) else 1]
    counts = selection.topic_counts
    return Coverage(
        answered=selection.total,
        share=wilson_interval(selection.total - int(by_count[0]), selection.total),
        by_topic_count=tuple(map(int, by_count)),
        others=_others(selection),
        unused=tuple(topic.name for topic, count in zip(topics, counts, strict=True) if not count),
    )


def co_occurrences(selection: Selection, topics: Sequence[Topic]) -> tuple[CoOccurrence, ...]:
    """Pairs of topics that come together at all, or less often than by chance; the commonest first."""
    patterns, total = selection.assigned.patterns, selection.total
    weights = weighted(patterns.of_text, selection.weights, len(patterns.has_topic))
    seen = weights > 0
    has_topic = patterns.has_topic[seen].astype(np.float64)
    together = np.rint(has_topic.T @ (has_topic * weights[seen, None])).astype(np.int64)
    counts = np.diag(together)
    firsts, seconds = np.triu_indices(len(topics), 1)
    spoken = (counts[firsts] > 0) & (counts[seconds] > 0)
    firsts, seconds = firsts[spoken], seconds[spoken]
    both, first_counts, second_counts = together[firsts, seconds], counts[firsts], counts[seconds]
    rest = total - first_counts
    # Of the responses with the first topic and of those without it, as many have the second.
    p_values = difference_p(both, first_counts, second_counts - both, rest)
    corrected = np.array(benjamini_hochberg(p_values.tolist()))
    leans = both * total - first_counts * second_counts
    shown = np.flatnonzero((both > 0) | (corrected <= FALSE_DISCOVERY_RATE))
    order = shown[np.lexsort((seconds[shown], firsts[shown], -both[shown]))]
    return tuple(
        CoOccurrence(
            first_id=topics[firsts[place]].id,
            second_id=topics[seconds[place]].id,
            first=topics[firsts[place]].name,
            second=topics[seconds[place]].name,
            count=int(both[place]),
            first_count=int(first_counts[place]),
            second_count=int(second_counts[place]),
            lift=float(both[place] * total / (first_counts[place] * second_counts[place])),
            corrected_p=float(corrected[place]),
            difference=marked(float(corrected[place]), int(leans[place])),
        )
        for place in order
    )


def segment_table(name: str, segment: SegmentRows, selection: Selection, topics: Sequence[Topic]) -> CrossTab:
    """Topics, the commonest first, by the commonest values of a segment column."""
    counted = np.zeros(len(selection.fits), np.bool_)
    counted[selection.rows] = True
    totals = dict(zip(segment.values, segment.counts(counted).tolist(), strict=True))
    values = shown_values({value: count for value, count in totals.items() if count}, MOST_SEGMENT_VALUES)
    rows, topic_numbers = selection.row_topics
    order = commonest_first(selection.topic_counts)

    def topic_counts(members: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(topic_numbers[members[selection.rows][rows]], minlength=len(topics))[order]

    counts = np.array([topic_counts(segment.having((value,))) for value in values], np.int64)
    answered = np.diff(segment.offsets) > 0
    return cross_tab_of_counts(
        name,
        values,
        [totals[value] for value in values],
        [topics[place].name for place in order],
        counts.reshape(len(values), len(topics)).T,
        int(answered[selection.rows].sum()),
        topic_counts(answered),
        topic_ids=[topics[place].id for place in order],
    )


def commonest_first(counts: NDArray[np.int64]) -> list[int]:
    """Numbers of topics by how common they are; the taxonomy's order decides between equal ones."""
    return [int(place) for place in np.argsort(-counts, kind="stable")]


def _others(selection: Selection) -> tuple[tuple[OtherReason, int], ...]:
    counts = weighted(selection.assigned.other, selection.weights, len(OTHER_CODES) + 1)
    return tuple((reason, int(counts[code])) for reason, code in OTHER_CODES.items() if reason is not OtherReason.EMPTY)


def weighted(values: NDArray[np.integer], weights: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How much each value weighs; sums stay whole far beyond any survey."""
    return np.bincount(values, weights, size).astype(np.int64)
