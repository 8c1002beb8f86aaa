"""Analyzing in memory: each text once, and what was paid for is not lost to an error that passes."""

from __future__ import annotations

import pytest

from services.errors import BackendRejectedError, BackendThrottledError
from services.surveys.analysis import analyze_responses, estimate_responses
from services.surveys.models import Response
from services.surveys.run_backends import RETRY_POLICY
from services.surveys.run_models import StepTrace
from tests.survey_run_fakes import TOPICS, FakeAnalyzer, found_in

RESPONSES = [
    Response(f"id-{number}", text)
    for number, text in enumerate(("good app", "bad price", "good app", "", "staff", "app", "bad price"))
]
EXPECTED = [found_in(response, TOPICS) for response in RESPONSES]


@pytest.mark.parametrize("analyzer", [FakeAnalyzer(), FakeAnalyzer(paid=True, chunk_texts=2)])
def test_every_response_gets_its_finding_under_its_own_id(analyzer: FakeAnalyzer) -> None:
    assert analyze_responses(analyzer, RESPONSES, TOPICS) == EXPECTED


def test_texts_that_cost_money_are_read_once_in_chunks_of_the_backends_size() -> None:
    analyzer = FakeAnalyzer(paid=True, chunk_texts=2)
    done: list[tuple[int, int]] = []
    steps: list[StepTrace] = []
    analyze_responses(analyzer, RESPONSES, TOPICS, lambda *progress: done.append(progress), steps.append)
    assert set(analyzer.read.values()) == {1}
    assert done == [(4, 7), (6, 7), (7, 7)]
    assert [step.response_ids for step in steps] == [("id-0", "id-1"), ("id-3", "id-4"), ("id-5",)]


def test_throttled_chunk_is_asked_again_as_long_as_the_server_wants_and_the_others_are_kept() -> None:
    analyzer = FakeAnalyzer(paid=True, chunk_texts=2)
    analyzer.errors["staff"] = [BackendThrottledError("Slow down.", retry_after_seconds=30.0)] * 2
    waits: list[float] = []
    found = analyze_responses(analyzer, RESPONSES, TOPICS, sleep=waits.append, draw=lambda low, high: high)
    assert found == EXPECTED
    assert waits == [34.0, 38.0]
    assert set(analyzer.read.values()) == {1}


def test_server_that_never_answers_is_given_up_with_its_own_words() -> None:
    analyzer = FakeAnalyzer(paid=True)
    analyzer.errors["good app"] = [BackendThrottledError("Slow down.")] * 100
    waits: list[float] = []
    with pytest.raises(BackendThrottledError, match="Slow down"):
        analyze_responses(analyzer, RESPONSES, TOPICS, sleep=waits.append)
    assert len(waits) == RETRY_POLICY.most_tries - 1


def test_refusal_is_not_asked_again() -> None:
    analyzer = FakeAnalyzer(paid=True)
    analyzer.errors["good app"] = [BackendRejectedError("No.")]
    with pytest.raises(BackendRejectedError):
        analyze_responses(analyzer, RESPONSES, TOPICS, sleep=lambda _seconds: pytest.fail("waited"))


def test_estimate_counts_rows_and_different_texts() -> None:
    estimate = estimate_responses(FakeAnalyzer(paid=True, chunk_texts=2), RESPONSES, TOPICS)
    assert (estimate.response_count, estimate.distinct_count, estimate.calls) == (7, 5, 3)
