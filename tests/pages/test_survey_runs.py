"""The step on which analysts estimate, start, watch and repeat runs, through main.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.survey_link import EXPLORE, RUN, TOPICS
from services.errors import BackendMisconfiguredError, InputError
from services.jobs.models import JobStatus
from services.surveys.label_models import LabelChange, LabeledTopic, key_of_text
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.pages.survey_desk import ANSWERS, TENANT, WHY, WISH, Desk, address, click, keys, open_desk, open_page, shown

BUTTON, FIELD = session_keys.SURVEY_RUN_BUTTON, session_keys.SURVEY_RUN_FIELD


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


def open_run_step(survey: Survey, taxonomy: TaxonomyVersion | None = None) -> AppTest:
    parameters = {session_keys.OPEN_TAXONOMY: taxonomy.taxonomy_id} if taxonomy else {}
    return open_page(survey=survey, step=RUN, parameters=parameters)


def states(desk: Desk, survey: Survey) -> list[RunState]:
    return desk.services.surveys.runs.list(TENANT, survey.id)


def open_form(page: AppTest, survey: Survey) -> AppTest:
    """Open the choices for another run."""
    page.session_state[f"{FIELD}form.{survey.id}"] = True
    return page.run()


def test_survey_without_topics_leads_to_them(desk: Desk) -> None:
    survey = desk.survey()
    page = open_run_step(survey)
    assert "A run needs topics" in shown(page)
    page = click(page, f"{session_keys.SURVEY_BUTTON}to.{TOPICS}.run.{survey.id}")
    assert page.session_state[session_keys.SURVEY_STEP] == TOPICS


def test_what_a_run_takes_is_told_before_it_starts(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = open_run_step(survey, taxonomy)
    assert not page.exception
    for words in ("Responses 40", "Different ones 8", "Cost Free", "analyzed once and counted every time"):
        assert words in shown(page)
    assert not states(desk, survey)


def test_estimate_is_reckoned_once_for_the_same_choices(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    seen: list[object] = []
    desk.analyzer.estimated = seen.append
    page = open_run_step(survey, taxonomy).run().run()
    assert len(seen) == 1
    page.selectbox(key=f"{session_keys.SURVEY_FIELD}question.{survey.id}").select(1).run()
    assert len(seen) == 2
    assert address(page, session_keys.OPEN_QUESTION) == "2"


def test_run_that_ended_leads_to_its_results(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = open_run_step(survey, taxonomy)
    page.text_input(key=f"{FIELD}title.{survey.id}").set_value("First look").run()
    page = click(page, f"{BUTTON}start.{survey.id}")
    assert not page.exception
    (state,) = states(desk, survey)
    assert (state.run.title, state.run.question, state.job.status) == ("First look", WHY, JobStatus.DONE)
    assert "First look" in shown(page)
    assert "25 % Other" in shown(page)
    page = click(page, f"{BUTTON}open.{state.run.id}")
    assert address(page, session_keys.OPEN_RUN) == state.run.id
    assert page.session_state[session_keys.SURVEY_STEP] == EXPLORE


def test_paid_backend_says_what_it_sends_and_what_it_costs(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = open_run_step(survey, taxonomy)
    page = page.radio(key=f"{FIELD}backend.{survey.id}").set_value("model").run()
    for words in ("Calls 2", "Tokens 240", "Cost $0.02"):
        assert words in shown(page)
    page = click(page, f"{BUTTON}start.{survey.id}")
    (state,) = states(desk, survey)
    assert state.run.options.backend == "model"
    assert "2 calls · 240 tokens · $0.02" in shown(page)


def test_backend_that_is_not_ready_cannot_be_used_and_says_why(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.paid_analyzer.unready = BackendMisconfiguredError(
        "The key of the server is wrong.", code="bad-key", remedy="Ask your administrator."
    )
    page = open_run_step(survey, taxonomy)
    page = page.radio(key=f"{FIELD}backend.{survey.id}").set_value("model").run()
    assert "The key of the server is wrong. Ask your administrator." in shown(page)
    assert page.button(key=f"{BUTTON}start.{survey.id}").disabled


def test_unsaved_topics_are_said_to_be_no_part_of_a_run(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = open_page(survey=survey, step=TOPICS, parameters={session_keys.OPEN_TAXONOMY: taxonomy.taxonomy_id})
    key = page.data_editor[0].key
    assert key
    page.session_state[key] = {"edited_rows": {0: {"Topic": "Costs"}}, "added_rows": [], "deleted_rows": []}
    page.run()
    assert "no part of a run until you save them" in shown(open_run_step(survey, taxonomy))


def test_corrections_are_learned_from_unless_somebody_says_no(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    run = desk.run(survey, taxonomy.taxonomy_id)
    change = LabelChange((LabeledTopic("staff"),))
    desk.services.surveys.labels.correct(desk.omar, TENANT, run.id, [key_of_text(ANSWERS[0])], change)
    page = open_form(open_run_step(survey, taxonomy), survey)
    assert page.checkbox(key=f"{FIELD}corrections.{survey.id}").label == "Learn from 1 correction"
    page = click(page, f"{BUTTON}start.{survey.id}")
    assert states(desk, survey)[0].run.correction_count == 1
    assert "1 example, 1 of them corrections" in shown(page)
    page.checkbox(key=f"{FIELD}corrections.{survey.id}").uncheck().run()
    click(page, f"{BUTTON}start.{survey.id}")
    assert states(desk, survey)[0].run.correction_count == 0


def test_live_run_is_watched_paused_resumed_and_canceled(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.queue.paused = True
    page = click(open_run_step(survey, taxonomy), f"{BUTTON}start.{survey.id}")
    (state,) = states(desk, survey)
    assert "Waiting" in shown(page)
    page = click(page, session_keys.JOB_PAUSE_BUTTON + state.job.id)
    assert states(desk, survey)[0].job.paused
    page = click(page, session_keys.JOB_RESUME_BUTTON + state.job.id)
    assert not states(desk, survey)[0].job.paused
    page = click(page, session_keys.JOB_CANCEL_BUTTON + state.job.id)
    assert states(desk, survey)[0].job.status is JobStatus.CANCELED
    assert "Canceled" in shown(page.run())
    events = [event.action for event in desk.services.audit.recent(tenant_id=TENANT)]
    for action in ("survey-run-paused", "survey-run-resumed", "survey-run-canceled"):
        assert action in events


def test_failed_parts_are_retried_and_only_those_are_analyzed(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.analyzer.errors[ANSWERS[0]] = [InputError("It was too hot.", code="hot", remedy="Retry when it is cooler.")]
    page = click(open_run_step(survey, taxonomy), f"{BUTTON}start.{survey.id}")
    (state,) = states(desk, survey)
    assert "Done, with failures" in shown(page)
    assert "5 different not analyzed" in shown(page)
    page.session_state[f"{FIELD}parts.{state.run.id}"] = True
    page.run()
    assert "It was too hot. Retry when it is cooler." in shown(page).replace("*", "")
    page = click(page, f"{BUTTON}retry.{state.run.id}")
    assert "not analyzed" not in shown(page)
    assert set(desk.analyzer.read.values()) == {1}


def test_run_again_fills_in_what_the_run_was_given(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy("First")
    other = desk.taxonomy("Second")
    run = desk.run(survey, taxonomy.taxonomy_id, WISH, "model")
    desk.run(survey, other.taxonomy_id)
    page = click(open_run_step(survey), f"{BUTTON}again.{run.id}")
    assert not page.exception
    assert page.selectbox(key=f"{session_keys.SURVEY_FIELD}question.{survey.id}").value == 1
    assert page.selectbox(key=f"{session_keys.TAXONOMY_FIELD}which.{survey.id}").value == taxonomy.taxonomy_id
    assert page.radio(key=f"{FIELD}backend.{survey.id}").value == "model"
    assert "Filled in above" in shown(page)


def test_run_is_deleted_only_after_a_question(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    run = desk.run(survey, taxonomy.taxonomy_id)
    page = click(open_run_step(survey), f"{BUTTON}delete.{run.id}")
    assert states(desk, survey)
    page = click(page, session_keys.CONFIRM_BUTTON)
    assert not states(desk, survey)
    assert "Deleted the run." in shown(page)
    assert f"{BUTTON}open.{run.id}" not in keys(page)
