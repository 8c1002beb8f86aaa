"""Many comparisons of shares at once, beside the same one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

from services.surveys.associations import difference_p
from services.surveys.statistics import compare_proportions


@pytest.mark.parametrize("largest", [3, 12, 60, 3_000, 400_000])
def test_p_values_are_those_of_one_comparison_after_another(largest: int) -> None:
    chance = np.random.default_rng(largest)
    totals, others = chance.integers(0, largest, 200), chance.integers(0, largest, 200)
    rare = chance.random(200) ** 4
    counts, other_counts = chance.binomial(totals, rare), chance.binomial(others, rare)
    found = difference_p(counts, totals, other_counts, others)
    wanted = [
        compare_proportions(int(a), int(n), int(b), int(m)).p_value
        for a, n, b, m in zip(counts, totals, other_counts, others, strict=True)
    ]
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_rare_topics_get_the_exact_test() -> None:
    found = difference_p(*(np.array([one]) for one in (3, 10, 0, 100_000)))
    assert found[0] == pytest.approx(stats.fisher_exact([[3, 7], [0, 100_000]])[1], rel=1e-6)


def test_the_shape_stays() -> None:
    assert difference_p(*(np.ones((2, 3), np.int64) for _ in range(4))).shape == (2, 3)
    assert difference_p(*(np.zeros((0, 3), np.int64) for _ in range(4))).shape == (0, 3)
