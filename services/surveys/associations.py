"""Whether shares differ by more than chance, for many pairs of groups at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, gammaln  # type: ignore[import-untyped, unused-ignore]

# As services.surveys.statistics.compare_proportions has it: below so many expected, the exact test takes over.
FEWEST_EXPECTED = 5.0
_EXACT_AT_ONCE = 20_000
# Where fewer than five are expected, more than so many have no probability that a float could hold.
_MOST_TERMS = 64
# As scipy.stats.fisher_exact: outcomes as likely as the observed one, rounding aside, count as well.
_AS_LIKELY = 1 + 1e-7


def difference_p(
    counts: NDArray[np.int64],
    totals: NDArray[np.int64],
    other_counts: NDArray[np.int64],
    other_totals: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Two-sided p-values for "both groups have the same share"; 1 where a group has no member.

    The same as ``compare_proportions(...).p_value`` one by one: the pooled z-test, or Fisher's exact test where fewer
    than five are expected. All arrays have one shape; no count is above its total.
    """
    shape = np.shape(counts)
    a, n, b, m = (np.asarray(one, np.float64).ravel() for one in (counts, totals, other_counts, other_totals))
    p_values = np.ones(len(a))
    usable = (n > 0) & (m > 0)
    pooled = np.divide(a + b, n + m, out=np.zeros(len(a)), where=usable)
    few = usable & (np.minimum(n, m) * np.minimum(pooled, 1 - pooled) < FEWEST_EXPECTED)
    many = usable & ~few
    error = np.sqrt(pooled[many] * (1 - pooled[many]) * (1 / n[many] + 1 / m[many]))
    p_values[many] = erfc(np.abs(a[many] / n[many] - b[many] / m[many]) / error / np.sqrt(2))
    places = np.flatnonzero(few)
    for start in range(0, len(places), _EXACT_AT_ONCE):
        some = places[start : start + _EXACT_AT_ONCE]
        p_values[some] = _fisher_p(a[some], n[some], b[some], m[some])
    return p_values.reshape(shape)


def _fisher_p(
    a: NDArray[np.float64], n: NDArray[np.float64], b: NDArray[np.float64], m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fisher's exact test, two-sided, seen from the cell in which the fewest are expected."""
    # Its row is the smaller group, its column the rarer outcome.
    row, whole = np.minimum(n, m), n + m
    found = np.where(n <= m, a, b)
    column = a + b
    rarer = column <= whole - column
    found = np.where(rarer, found, row - found)
    column = np.minimum(column, whole - column)

    def log_probability(count: NDArray[np.float64]) -> NDArray[np.float64]:
        return _log_choose(column, count) + _log_choose(whole - column, row - count) - _log_choose(whole, row)

    most = np.minimum(row, column)
    terms = np.arange(min(_MOST_TERMS, int(most.max(initial=0)) + 1), dtype=np.float64)[:, None]
    possible = terms <= most
    with np.errstate(invalid="ignore"):
        logs = np.where(possible, log_probability(np.minimum(terms, most)), -np.inf)
    likely = logs <= log_probability(found) + np.log(_AS_LIKELY)
    p_values: NDArray[np.float64] = np.where(likely, np.exp(logs), 0.0).sum(axis=0)
    return np.minimum(1.0, p_values)


def _log_choose(whole: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    choose: NDArray[np.float64] = gammaln(whole + 1) - gammaln(part + 1) - gammaln(whole - part + 1)
    return choose
