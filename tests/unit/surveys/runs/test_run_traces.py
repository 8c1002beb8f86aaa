"""What the steps of a run were given and made, for any response."""

from __future__ import annotations

import pytest

from services.errors import NotFoundError
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.run_files import taxonomy_from_json, taxonomy_to_json
from tests.unit.surveys.runs.run_desk import PAID, TENANT, RunDesk


def test_steps_of_a_model_are_those_that_were_made_in_the_run(desk: RunDesk) -> None:
    run = desk.start(PAID)
    calls = len(desk.paid.taxonomies)
    (trace,) = desk.runs.traces(TENANT, run.id, "r2")
    assert (trace.model, trace.given, trace.input_tokens) == ("fake-model", "good app\nbad price", 100)
    assert len(desk.paid.taxonomies) == calls


def test_responses_of_a_step_go_by_the_ids_of_the_survey_and_the_one_asked_for_by_its_own(desk: RunDesk) -> None:
    run = desk.start(PAID)
    assert desk.runs.traces(TENANT, run.id, "r2")[0].response_ids == ("r1", "r2")
    # The third response says the same as the first.
    assert desk.runs.traces(TENANT, run.id, "r3")[0].response_ids == ("r3", "r2")


def test_steps_of_the_local_backend_are_computed_anew_for_the_response(desk: RunDesk) -> None:
    run = desk.start()
    assert not [name for name in desk.run_files(run) if name.startswith("traces")]
    (trace,) = desk.runs.traces(TENANT, run.id, "r5")
    assert (trace.given, trace.response_ids, trace.note) == ("the app and the staff", ("r5",), "")


def test_steps_of_a_newer_method_say_that_they_are_not_those_of_the_run(desk: RunDesk) -> None:
    run = desk.start()
    desk.local.version = "fake-2"
    assert "newer version" in desk.runs.traces(TENANT, run.id, "r5")[0].note


def test_steps_of_a_chunk_that_has_not_been_analyzed_are_not_known(desk: RunDesk) -> None:
    desk.queue.paused = True
    assert desk.runs.traces(TENANT, desk.start(PAID).id, "r1") == ()


def test_response_that_the_survey_does_not_have_has_no_steps(desk: RunDesk) -> None:
    with pytest.raises(NotFoundError) as caught:
        desk.runs.traces(TENANT, desk.start().id, "r99")
    assert caught.value.code == "response-missing"


def test_taxonomy_comes_back_from_its_file() -> None:
    taxonomy = Taxonomy(
        (Topic("a", "Ä “x”", "words", ("k1", "k2")), Topic("b", "B", parent="a")),
        (Example("line\u2028two \ud83d\ude00", ("a", "b"), Sentiment.MIXED), Example("none", ())),
    )
    assert taxonomy_from_json(taxonomy_to_json(taxonomy)) == taxonomy
