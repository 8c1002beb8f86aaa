"""Intervals and tests for shares and scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

CONFIDENCE = 0.95
# Below so many expected, the normal distribution is no guide and the exact test takes over.
_FEWEST_EXPECTED = 5.0
FEWEST_SCORED = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the bounds of its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ProportionComparison:
    """How two shares differ.

    Attributes:
        difference: First share less second, with Newcombe's interval; shares are 0 to 1.
        p_value: Two-sided, for "there is no difference"; pooled z-test, or Fisher's exact test where few are expected.
        is_exact: Whether it was Fisher's test.
    """

    difference: Interval
    p_value: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """How a score goes with a topic; it tells of no cause.

    Attributes:
        difference: Mean score of responses with the topic less mean of those without, with Welch's interval.
        adjusted: The same with the other topics held equal (least squares, HC3 interval); None when it cannot be told.
        p_value: Of ``difference``, two-sided.
        with_count: Scored responses with the topic.
        contribution: How much the mean of all would change if responses with the topic scored like the others.
    """

    difference: Interval
    adjusted: Interval | None
    p_value: float
    with_count: int
    contribution: float


def wilson_interval(successes: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a share; 0 to 1 when there is nothing to count.

    Raises:
        ValueError: not 0 <= successes <= total.
    """
    if not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total} is no share")
    if total == 0:
        return Interval(0.0, 0.0, 1.0)
    z = _quantile(confidence)
    share = successes / total
    center = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    # Rounding must not push the bounds past the share itself.
    return Interval(share, min(share, max(0.0, center - half)), max(share, min(1.0, center + half)))


def compare_proportions(
    successes: int, total: int, other_successes: int, other_total: int, confidence: float = CONFIDENCE
) -> ProportionComparison:
    """Compare the shares of two groups that have no member in common.

    Raises:
        ValueError: a count is negative or above its total.
    """
    one = wilson_interval(successes, total, confidence)
    two = wilson_interval(other_successes, other_total, confidence)
    if not total or not other_total:
        return ProportionComparison(Interval(0.0, -1.0, 1.0), 1.0, is_exact=False)
    difference = one.value - two.value
    low = difference - math.hypot(one.value - one.low, two.high - two.value)
    high = difference + math.hypot(one.high - one.value, two.value - two.low)
    pooled = (successes + other_successes) / (total + other_total)
    expected = min(total, other_total) * min(pooled, 1 - pooled)
    if expected < _FEWEST_EXPECTED:
        counts = [[successes, total - successes], [other_successes, other_total - other_successes]]
        return ProportionComparison(
            Interval(difference, low, high), float(stats.fisher_exact(counts)[1]), is_exact=True
        )
    error = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / other_total))
    p_value = math.erfc(abs(difference) / error / math.sqrt(2))
    return ProportionComparison(Interval(difference, low, high), p_value, is_exact=False)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for the number of comparisons, in the same order.

    Of the comparisons whose corrected value is at most q, a share of at most q is expected to be wrong.
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda index: p_values[index])
    corrected = [1.0] * count
    smallest = 1.0
    for rank in range(count, 0, -1):
        index = order[rank - 1]
        smallest = min(smallest, p_values[index] * count / rank)
        corrected[index] = smallest
    return corrected


def topic_impacts(
    scores: NDArray[np.float64],
    has_topic: NDArray[np.bool_],
    confidence: float = CONFIDENCE,
    *,
    row_of: NDArray[np.integer] | None = None,
) -> list[Impact | None]:
    """The impact of each topic on a score; None for a topic with fewer than five scored responses on either side.

    Args:
        scores: Per response; ``nan`` where there is none.
        has_topic: Responses x topics; or, with ``row_of``, different sets of topics x topics.
        row_of: Per response the row of ``has_topic`` that is its own, so that many responses cost little.
    """
    scored = ~np.isnan(scores)
    values = scores[scored]
    rows = np.flatnonzero(scored) if row_of is None else row_of[scored]
    # Around their mean, sums of squares lose no digits.
    center = float(values.mean()) if len(values) else 0.0
    groups = _ScoredGroups(
        has_topic,
        np.bincount(rows, minlength=len(has_topic)).astype(np.float64),
        np.bincount(rows, values - center, minlength=len(has_topic)).astype(np.float64),
        np.bincount(rows, (values - center) ** 2, minlength=len(has_topic)).astype(np.float64),
    )
    adjusted = _adjusted_differences(groups, confidence)
    return [_impact(groups, place, adjusted[place], confidence) for place in range(has_topic.shape[1])]


def mean_interval(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> Interval | None:
    """The mean with Student's interval, ``nan`` left out; None for fewer than two values."""
    found = values[~np.isnan(values)]
    if len(found) < 2:
        return None
    mean, error = float(found.mean()), float(found.std(ddof=1)) / math.sqrt(len(found))
    reach = float(stats.t.ppf((1 + confidence) / 2, len(found) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


@dataclass(frozen=True, slots=True, eq=False)
class _ScoredGroups:
    """Responses with the same set of topics, added up.

    Attributes:
        has_topic: Groups x topics.
        counts, sums, squares: Per group, of the scores less their common mean.
    """

    has_topic: NDArray[np.bool_]
    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    def part(self, chosen: NDArray[np.bool_]) -> tuple[float, float, float]:
        """Number, mean and variance of the scores in some groups."""
        count, total, squares = (float(of[chosen].sum()) for of in (self.counts, self.sums, self.squares))
        if count < 2:
            return count, 0.0, 0.0
        spread = squares - total * total / count
        # What is left of equal scores is rounding.
        return count, total / count, 0.0 if spread <= 1e-12 * squares else spread / (count - 1)


def _impact(groups: _ScoredGroups, place: int, adjusted: Interval | None, confidence: float) -> Impact | None:
    has_topic = groups.has_topic[:, place]
    (with_count, with_mean, with_variance), (count, mean, variance) = groups.part(has_topic), groups.part(~has_topic)
    if min(with_count, count) < FEWEST_SCORED:
        return None
    difference = with_mean - mean
    spreads = with_variance / with_count, variance / count
    error = math.sqrt(sum(spreads))
    if error == 0:
        interval, p_value = Interval(difference, difference, difference), 1.0 if abs(difference) < 1e-12 else 0.0
    else:
        freedom = sum(spreads) ** 2 / (spreads[0] ** 2 / (with_count - 1) + spreads[1] ** 2 / (count - 1))
        reach = float(stats.t.ppf((1 + confidence) / 2, freedom)) * error
        interval = Interval(difference, difference - reach, difference + reach)
        p_value = float(2 * stats.t.sf(abs(difference) / error, freedom))
    return Impact(interval, adjusted, p_value, int(with_count), difference * with_count / (with_count + count))


def _adjusted_differences(groups: _ScoredGroups, confidence: float) -> list[Interval | None]:
    """Least squares over all topics at once; intervals that hold with unequal spread (HC3)."""
    found: list[Interval | None] = [None] * groups.has_topic.shape[1]
    seen = groups.counts > 0
    topics, counts, sums = groups.has_topic[seen], groups.counts[seen], groups.sums[seen]
    total = float(counts.sum())
    with_topic = counts @ topics
    usable = np.flatnonzero((with_topic >= FEWEST_SCORED) & (total - with_topic >= FEWEST_SCORED))
    freedom = total - len(usable) - 1
    if not len(usable) or freedom < 1:
        return found
    design = np.column_stack([np.ones(len(topics)), topics[:, usable].astype(np.float64)])
    products = design.T @ (design * counts[:, None])
    scale = np.sqrt(np.diag(products))
    if np.linalg.eigvalsh(products / np.outer(scale, scale))[0] < 1e-9:
        return found
    inverse = np.linalg.inv(products)
    slopes = inverse @ (design.T @ sums)
    fitted = design @ slopes
    squared_errors = np.maximum(0.0, groups.squares[seen] - 2 * fitted * sums + counts * fitted**2)
    leverage = ((design @ inverse) * design).sum(axis=1)
    # What hangs on a single response fits it exactly: there is no error to learn an interval from, only rounding.
    alone = leverage > 1 - 1e-6
    weights = np.where(alone, 0.0, squared_errors) / np.where(alone, 1.0, 1 - leverage) ** 2
    uncertain = (np.abs(inverse @ design[alone].T) > 1e-6).any(axis=1)
    spread = inverse @ (design.T @ (design * weights[:, None])) @ inverse
    reach = float(stats.t.ppf((1 + confidence) / 2, freedom))
    for place, topic in enumerate(usable, start=1):
        if uncertain[place]:
            continue
        half = reach * math.sqrt(max(0.0, float(spread[place, place])))
        found[topic] = Interval(float(slopes[place]), float(slopes[place]) - half, float(slopes[place]) + half)
    return found


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
