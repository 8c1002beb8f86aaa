"""The figures of a gold table, and how far they might be off: by drawing its texts again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.surveys.evaluation_models import Difference, Metric
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.gold_tables import GoldTable
from services.surveys.statistics import CONFIDENCE, Interval

RESAMPLES = 2_000
SEED = 0
# So many draws are held at a time: some ten megabytes, however many gold labels there are.
_BLOCK_DRAWS = 2_000_000
_CODES = np.array(list(SENTIMENT_CODES.values()), np.int8)

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Figures of one table for ``r`` draws of its texts; ``nan`` where there was nothing to count.

    Attributes:
        metrics: r of each.
        topic_f1: r x t.
    """

    metrics: dict[Metric, Draws]
    topic_f1: Draws


def figures_of(table: GoldTable) -> Figures:
    """The figures themselves: every text drawn once."""
    return _figures(table, np.ones((1, len(table.text_keys))))


def resampled_figures(table: GoldTable) -> Figures:
    """The figures of ``RESAMPLES`` draws with replacement. Tables of the same texts get the same draws."""
    parts = [_figures(table, weights) for weights in _drawn(len(table.text_keys))]
    return Figures(
        {metric: np.concatenate([part.metrics[metric] for part in parts]) for metric in Metric},
        np.concatenate([part.topic_f1 for part in parts]),
    )


def interval(value: float, draws: Draws, confidence: float = CONFIDENCE) -> Interval | None:
    """The percentile interval around a figure; None when there is no figure."""
    if np.isnan(value):
        return None
    low, high = _bounds(draws, confidence)
    # A figure at its end, such as 1, may lie outside of what was drawn.
    return Interval(value, min(value, low), max(value, high))


def difference(value: float, draws: Draws, confidence: float = CONFIDENCE) -> Difference | None:
    """The percentile interval around a difference; None when one of the two figures is missing."""
    if np.isnan(value):
        return None
    low, high = _bounds(draws, confidence)
    return Difference(value, min(value, low), max(value, high))


def _bounds(draws: Draws, confidence: float) -> tuple[float, float]:
    found = draws[~np.isnan(draws)]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _drawn(count: int) -> Iterator[Draws]:
    """How often each text was drawn, in blocks of draws x texts."""
    random = np.random.default_rng(SEED)
    block = max(1, min(RESAMPLES, _BLOCK_DRAWS // max(1, count)))
    for start in range(0, RESAMPLES, block):
        draws = min(block, RESAMPLES - start)
        drawn = random.integers(0, count, (draws, count)) + count * np.arange(draws)[:, None]
        yield np.bincount(drawn.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float64)


def _figures(table: GoldTable, weights: Draws) -> Figures:
    gold, found = table.gold, table.found
    right = weights @ (gold & found)
    wanted, asserted = weights @ gold, weights @ found
    topic_f1 = _ratio(2 * right, wanted + asserted)
    gold_other, found_other = ~gold.any(axis=1), ~found.any(axis=1)
    sentiment = _accuracy_and_macro_f1(weights, table.gold_sentiment, table.found_sentiment)
    pairs = gold & found & (table.gold_topic_sentiment > 0)
    of_topics = [
        [
            weights @ (pairs & chosen).sum(axis=1)
            for chosen in (
                (table.gold_topic_sentiment == code) & (table.found_topic_sentiment == code),
                table.gold_topic_sentiment == code,
                table.found_topic_sentiment == code,
            )
        ]
        for code in _CODES
    ]
    topic_right, topic_wanted, topic_asserted = (np.stack(kind, axis=1) for kind in zip(*of_topics, strict=True))
    metrics = {
        Metric.EXACT_MATCH: _ratio(weights @ (gold == found).all(axis=1), weights.sum(axis=1)),
        Metric.MICRO_F1: _ratio(2 * right.sum(axis=1), (wanted + asserted).sum(axis=1)),
        # Where a topic does not occur, nothing can be said of how well it is found.
        Metric.MACRO_F1: _ratio(np.where(wanted > 0, topic_f1, 0).sum(axis=1), (wanted > 0).sum(axis=1)),
        Metric.OTHER_F1: _ratio(2 * (weights @ (gold_other & found_other)), weights @ (1.0 * gold_other + found_other)),
        Metric.SENTIMENT: sentiment[0],
        Metric.SENTIMENT_MACRO_F1: sentiment[1],
        Metric.TOPIC_SENTIMENT: _ratio(topic_right.sum(axis=1), topic_wanted.sum(axis=1)),
        Metric.TOPIC_SENTIMENT_MACRO_F1: _macro_f1(topic_right, topic_wanted, topic_asserted),
    }
    return Figures(metrics, topic_f1)


def _accuracy_and_macro_f1(weights: Draws, gold: NDArray[np.int8], found: NDArray[np.int8]) -> tuple[Draws, Draws]:
    said = gold > 0
    accuracy = _ratio(weights @ (said & (gold == found)), weights @ said)
    wanted = gold[:, None] == _CODES
    asserted = (found[:, None] == _CODES) & said[:, None]
    return accuracy, _macro_f1(weights @ (wanted & asserted), weights @ wanted, weights @ asserted)


def _macro_f1(right: Draws, wanted: Draws, asserted: Draws) -> Draws:
    """The mean over the columns that occur."""
    f1 = np.nan_to_num(_ratio(2 * right, wanted + asserted))
    return _ratio(np.where(wanted > 0, f1, 0).sum(axis=1), (wanted > 0).sum(axis=1))


def _ratio(part: Draws, whole: Draws) -> Draws:
    ratio: Draws = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
