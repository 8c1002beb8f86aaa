"""Intervals and tests against values from textbooks and from scipy."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pytest
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

from services.surveys.cross_tabs import Difference, cross_tab
from services.surveys.statistics import (
    benjamini_hochberg,
    compare_proportions,
    mean_interval,
    topic_impacts,
    wilson_interval,
)


@pytest.mark.parametrize(
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    ("successes", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_of_the_paper(successes: int, total: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, total)
    assert [interval.low, interval.high] == pytest.approx([low, high], abs=5e-5)


def test_wilson_interval_of_nothing_says_nothing_and_nonsense_is_refused() -> None:
    assert (wilson_interval(0, 0).low, wilson_interval(0, 0).high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(3, 2)


@pytest.mark.parametrize(
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
    ("one", "two", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_intervals_of_differences_are_those_of_the_paper(
    one: tuple[int, int], two: tuple[int, int], low: float, high: float
) -> None:
    difference = compare_proportions(*one, *two).difference
    assert [difference.low, difference.high] == pytest.approx([low, high], abs=5e-5)


def test_the_z_test_is_the_chi_square_test_without_correction() -> None:
    comparison = compare_proportions(56, 70, 48, 80)
    expected = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)[1]
    assert comparison.p_value == pytest.approx(float(expected))
    assert not comparison.is_exact


def test_few_expected_responses_are_tested_exactly() -> None:
    # Fisher's tea: three of four cups each way.
    comparison = compare_proportions(3, 4, 1, 4)
    assert comparison.is_exact
    assert comparison.p_value == pytest.approx(34 / 70)


def test_an_empty_segment_differs_from_nothing() -> None:
    assert compare_proportions(0, 0, 5, 10).p_value == 1.0


def test_benjamini_hochberg_keeps_the_four_of_the_paper() -> None:
    # Benjamini and Hochberg 1995, section 3.2.
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    p_values += [0.7590, 1.0]
    corrected = benjamini_hochberg(p_values)
    assert [index for index, value in enumerate(corrected) if value <= 0.05] == [0, 1, 2, 3]
    assert corrected == pytest.approx(stats.false_discovery_control(p_values).tolist())
    shuffled = p_values[::-1]
    assert benjamini_hochberg(shuffled) == corrected[::-1]
    assert benjamini_hochberg([]) == []


def test_impact_is_welchs_difference() -> None:
    chance = np.random.default_rng(5)
    has_topic = chance.random((300, 1)) < 0.3
    scores = 7 - 1.5 * has_topic[:, 0] + chance.normal(0, 1 + has_topic[:, 0])
    scores[:10] = np.nan
    impact = topic_impacts(scores, has_topic)[0]
    assert impact is not None
    kept = ~np.isnan(scores)
    with_topic, without = scores[kept & has_topic[:, 0]], scores[kept & ~has_topic[:, 0]]
    expected = stats.ttest_ind(with_topic, without, equal_var=False)
    bounds = expected.confidence_interval()
    assert impact.p_value == pytest.approx(float(expected.pvalue))
    assert [impact.difference.low, impact.difference.high] == pytest.approx([bounds.low, bounds.high])
    assert impact.with_count == len(with_topic)
    assert impact.contribution == pytest.approx(np.nanmean(scores) - without.mean())


def test_a_topic_that_only_comes_along_with_another_has_no_impact_of_its_own() -> None:
    chance = np.random.default_rng(7)
    crashes = chance.random(2_000) < 0.3
    android = np.where(crashes, chance.random(2_000) < 0.8, chance.random(2_000) < 0.2)
    scores = 8 - 3.0 * crashes + chance.normal(0, 1, 2_000)
    impacts = topic_impacts(scores, np.column_stack([crashes, android]))
    assert impacts[1] is not None
    assert impacts[1].adjusted is not None
    assert impacts[1].difference.high < -1
    assert impacts[1].adjusted.low < 0 < impacts[1].adjusted.high
    assert impacts[0] is not None
    assert impacts[0].adjusted is not None
    assert impacts[0].adjusted.low < -3 < impacts[0].adjusted.high


def test_impact_with_hardly_any_responses_is_not_told() -> None:
    has_topic = np.array([[True]] * 4 + [[False]] * 50)
    assert topic_impacts(np.arange(54.0), has_topic) == [None]
    assert topic_impacts(np.full(54, np.nan), has_topic) == [None]


def test_topics_that_always_come_together_have_no_adjusted_impact() -> None:
    one = np.arange(40) % 2 == 0
    impacts = topic_impacts(np.arange(40.0), np.column_stack([one, one]))
    assert [impact is not None and impact.adjusted is None for impact in impacts] == [True, True]


def test_mean_interval_is_students() -> None:
    interval = mean_interval(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    assert interval is not None
    assert interval.value == 2.5
    assert interval.high - 2.5 == pytest.approx(3.182446 * math.sqrt(5 / 3) / 2, rel=1e-6)
    assert mean_interval(np.array([1.0])) is None


def test_cross_tab_marks_what_differs_by_more_than_chance() -> None:
    chance = np.random.default_rng(1)
    campus = np.arange(600) % 3 == 0
    has_topic = np.column_stack(
        [np.where(campus, chance.random(600) < 0.5, chance.random(600) < 0.1), chance.random(600) < 0.3]
    )
    choices = pa.array([["Campus"] if is_campus else ["Downtown"] for is_campus in campus] + [[]])
    tab = cross_tab("Region", choices, ("Prices", "Staff"), np.vstack([has_topic, [[True, True]]]))
    assert (tab.values, tab.totals) == (("Downtown", "Campus"), (400, 200))
    assert [cell.difference for cell in tab.cells[0]] == [Difference.LOWER, Difference.HIGHER]
    assert [cell.difference for cell in tab.cells[1]] == [Difference.NONE, Difference.NONE]
    assert tab.cells[0][1].count == int(has_topic[campus, 0].sum())


def test_a_response_with_several_choices_counts_in_each() -> None:
    choices = pa.array([["Phone", "Tablet"], ["Phone"], []])
    tab = cross_tab("Devices", choices, ("Prices",), np.array([[True], [False], [True]]))
    assert (tab.values, tab.totals) == (("Phone", "Tablet"), (2, 1))
    assert [cell.count for cell in tab.cells[0]] == [1, 1]


def test_age_groups_stand_in_their_order() -> None:
    choices = pa.array([["65+"], ["25-34"], ["25-34"], ["16-24"]])
    assert cross_tab("Age", choices, ("Prices",), np.ones((4, 1), np.bool_)).values == ("16-24", "25-34", "65+")


def test_chance_alone_is_rarely_marked() -> None:
    chance = np.random.default_rng(11)
    marked = 0
    for _ in range(40):
        choices = pa.array([[f"g{value}"] for value in chance.integers(0, 5, 400)])
        tab = cross_tab("Group", choices, tuple("abcdef"), chance.random((400, 6)) < 0.2)
        marked += any(cell.difference for row in tab.cells for cell in row)
    assert marked <= 6


def test_topics_that_a_single_response_tells_apart_get_no_adjusted_interval() -> None:
    # The first two go together but for one response; the third has nothing to do with them.
    rng = np.random.default_rng(5)
    has_topic = np.zeros((60, 3), np.bool_)
    has_topic[:20, :2] = True
    has_topic[20, 0] = True
    has_topic[rng.permutation(60)[:25], 2] = True
    impacts = topic_impacts(rng.integers(0, 11, 60).astype(np.float64), has_topic)
    first, second, third = (impact.adjusted if impact is not None else None for impact in impacts)
    assert impacts[0] is not None
    assert impacts[1] is not None
    assert first is None
    assert second is None
    assert third is not None
    assert third.high - third.low < 10
