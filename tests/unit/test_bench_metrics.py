"""The benchmark's measures, against values computed by hand."""

from __future__ import annotations

import pytest

from bench.metrics import Interval, dcg, mean, ndcg_at_k, paired_bootstrap, quantile, recall_at_k


def test_dcg_discounts_by_rank() -> None:
    # 3/log2(2) + 2/log2(3) + 0 + 1/log2(5) = 3 + 1.2618595 + 0.4306766
    assert dcg([3, 2, 0, 1]) == pytest.approx(4.6925361, abs=1e-6)


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        (["a", "x", "y"], 1.0),
        (["x", "a", "y"], 0.6309298),  # 1/log2(3)
        (["x", "y", "a"], 0.5),  # 1/log2(4)
        (["x", "y", "z"], 0.0),
        ([], 0.0),
    ],
)
def test_ndcg_of_one_relevant_document(ranking: list[str], expected: float) -> None:
    assert ndcg_at_k(ranking, {"a": 1}, k=3) == pytest.approx(expected, abs=1e-6)


def test_ndcg_of_graded_judgements() -> None:
    # gained 1/log2(2) + 3/log2(3) = 2.8927893; ideal 3/log2(2) + 2/log2(3) + 1/log2(4) = 4.7618595
    assert ndcg_at_k(["c", "a", "x"], {"a": 3, "b": 2, "c": 1}, k=3) == pytest.approx(0.6074915, abs=1e-6)


def test_ndcg_cuts_ranking_and_ideal_at_k() -> None:
    judgements = {"a": 1, "b": 1, "c": 1}
    assert ndcg_at_k(["a", "b", "x", "c"], judgements, k=2) == pytest.approx(1.0)
    assert ndcg_at_k(["x", "y", "a"], judgements, k=2) == 0.0


def test_ndcg_counts_a_repeated_document_once() -> None:
    # 1/(1 + 1/log2(3)) = 1/1.6309298
    assert ndcg_at_k(["a", "a"], {"a": 1, "b": 1}, k=2) == pytest.approx(0.6131472, abs=1e-6)


def test_recall_is_the_share_of_relevant_documents() -> None:
    judgements = {"a": 1, "b": 2, "c": 0, "d": 1}
    assert recall_at_k(["a", "c", "b", "d"], judgements, k=1) == pytest.approx(1 / 3)
    assert recall_at_k(["a", "c", "b", "d"], judgements, k=3) == pytest.approx(2 / 3)
    assert recall_at_k(["a", "c", "b", "d"], judgements, k=10) == 1.0


def test_recall_counts_a_repeated_document_once() -> None:
    assert recall_at_k(["a", "a"], {"a": 1, "b": 1}, k=2) == 0.5


@pytest.mark.parametrize("judgements", [{}, {"a": 0}])
def test_no_relevant_document_gives_zero(judgements: dict[str, float]) -> None:
    assert ndcg_at_k(["a"], judgements) == 0.0
    assert recall_at_k(["a"], judgements) == 0.0


def test_mean() -> None:
    assert mean([1.0, 0.5, 0.0]) == 0.5
    assert mean([]) == 0.0


def test_quantile_interpolates() -> None:
    assert quantile([0.0, 1.0, 2.0, 3.0], 0.5) == 1.5
    assert quantile([0.0, 10.0], 0.25) == 2.5
    assert quantile([0.0, 10.0], 1.0) == 10.0
    assert quantile([7.0], 0.3) == 7.0


def test_a_constant_difference_has_an_interval_of_no_width() -> None:
    assert paired_bootstrap([0.75, 0.5, 1.0], [0.5, 0.25, 0.75], samples=50) == Interval(0.25, 0.25, 0.25)


def test_interval_of_two_questions_spans_their_differences() -> None:
    # A draw of two from {1, 0} has the mean 0, 0.5 or 1 with chances 1/4, 1/2 and 1/4.
    assert paired_bootstrap([1.0, 0.0], [0.0, 0.0], samples=2_000) == Interval(0.5, 0.0, 1.0)
    assert paired_bootstrap([1.0, 0.0], [0.0, 0.0], samples=2_000, confidence=0.4) == Interval(0.5, 0.5, 0.5)


def test_interval_is_near_the_normal_one_for_many_questions() -> None:
    # 400 differences, half 1 and half 0: standard error 0.5/sqrt(400) = 0.025, half width 0.049.
    interval = paired_bootstrap([1.0, 0.0] * 200, [0.0] * 400, samples=4_000)
    assert interval.mean == 0.5
    assert interval.low == pytest.approx(0.451, abs=0.006)
    assert interval.high == pytest.approx(0.549, abs=0.006)


def test_the_sign_follows_the_order_of_the_systems() -> None:
    better, worse = [0.9, 0.8, 0.7], [0.1, 0.2, 0.6]
    assert paired_bootstrap(better, worse).low > 0
    assert paired_bootstrap(worse, better).high < 0


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = [0.1, 0.9, 0.4, 0.7], [0.3, 0.2, 0.5, 0.6]
    assert paired_bootstrap(first, second, seed=3) == paired_bootstrap(first, second, seed=3)


@pytest.mark.parametrize(
    ("first", "second", "options", "complaint"),
    [
        ([1.0], [1.0, 0.0], {}, "for every question"),
        ([], [], {}, "at least one question"),
        ([1.0], [0.0], {"confidence": 1.0}, "confidence"),
        ([1.0], [0.0], {"samples": 0}, "at least one sample"),
    ],
)
def test_bootstrap_refuses_unusable_input(
    first: list[float], second: list[float], options: dict[str, float], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        paired_bootstrap(first, second, **options)  # type: ignore[arg-type]
