"""Which backends there are, and what a run of each would take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import BackendMisconfiguredError
from services.surveys.models import Example
from services.surveys.run_backends import READY_SECONDS
from services.surveys.run_models import RunEstimate, RunOptions
from services.surveys.run_views import BackendChoice
from tests.survey_run_fakes import QUESTION
from tests.unit.surveys.runs.run_desk import FREE, PAID, SURVEY, TAXONOMY, TENANT, RunDesk

NO_WORKER = "No worker runs at the moment: the run waits until one does."


def estimate(desk: RunDesk, options: RunOptions) -> RunEstimate:
    return desk.runs.estimate(TENANT, SURVEY, QUESTION, TAXONOMY, options)


def test_backends_say_whether_a_run_would_work_and_why_not(desk: RunDesk) -> None:
    desk.paid.unready = BackendMisconfiguredError("The server refuses the key.", remedy="Set another key.")
    assert desk.runs.backends() == (
        BackendChoice("fake", "This machine", False, "", True),
        BackendChoice("paid", "A server", True, "fake-model", False, "The server refuses the key. Set another key."),
    )


def test_backends_are_asked_again_only_after_a_while(desk: RunDesk) -> None:
    assert desk.runs.backends()[1].ready
    desk.paid.unready = BackendMisconfiguredError("The server refuses the key.")
    desk.clock.advance(seconds=READY_SECONDS)
    assert desk.runs.backends()[1].ready
    desk.clock.advance(seconds=1)
    assert not desk.runs.backends()[1].ready


def test_estimate_counts_rows_and_different_texts_and_sends_nothing(desk: RunDesk) -> None:
    found = estimate(desk, PAID)
    assert (found.response_count, found.distinct_count, found.readable_count) == (7, 5, 4)
    assert (found.calls, found.input_tokens, found.output_tokens, found.cost_usd) == (3, 300, 60, 0.03)
    assert not desk.paid.taxonomies


def test_estimate_shares_the_work_among_the_workers_places(desk: RunDesk) -> None:
    # Nothing is known of the workers: two places are taken for granted, and there are two chunks.
    assert (estimate(desk, FREE).seconds, estimate(desk, FREE).warnings) == (4.0, (NO_WORKER,))
    desk.breathe(places=8)
    assert (estimate(desk, FREE).seconds, estimate(desk, FREE).warnings) == (4.0, ())
    desk.local.chunk_texts = 100
    assert estimate(desk, FREE).seconds == 8.0


def test_estimate_learns_how_long_runs_of_the_same_backend_took(desk: RunDesk) -> None:
    desk.start()  # two chunks of a second each, by the clock of the tests
    assert estimate(desk, FREE).seconds == pytest.approx(1.0)
    assert estimate(desk, PAID).seconds == 4.0
    desk.local.version = "fake-2"
    assert estimate(desk, FREE).seconds == 4.0


def test_estimate_learns_nothing_from_replies_that_were_used_again(desk: RunDesk) -> None:
    desk.paid.reuses = True
    desk.start(PAID)
    assert estimate(desk, PAID).seconds == 4.0


def test_estimate_reckons_with_corrections_when_they_are_wanted(desk: RunDesk) -> None:
    seen: list[int] = []
    desk.local.estimated = lambda taxonomy: seen.append(len(taxonomy.examples))
    desk.corrections = (Example("zorp", ("app",)), Example("zap", ()))
    estimate(desk, FREE)
    estimate(desk, replace(FREE, use_corrections=False))
    assert seen == [3, 1]
