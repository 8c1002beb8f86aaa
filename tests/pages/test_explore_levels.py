"""Exploring by main topics, through main.py: the choice, what it changes, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.explore_drill import click_key
from components.explore_level import EACH, MAIN
from components.explore_step import COVERAGE, SCORE, SEGMENTS, TOGETHER, TOPICS, TREND, WAVES
from components.survey_export_formats import CSV, XLSX
from components.survey_link import EXPLORE, EXPORT, RESPONSES
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.levels import with_below
from services.surveys.models import Taxonomy, Topic
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey
from tests.pages.survey_desk import TENANT, Desk, address, click, open_desk, open_page, shown
from tests.pages.test_explore_surveys import select_cell, show_table

PEOPLE = with_below("people")
LEVELS = Taxonomy(
    (
        Topic("people", "People"),
        Topic("staff", "Staff", parent="people"),
        Topic("app", "App", parent="people"),
        Topic("price", "Price"),
    )
)
BY_MAIN = {session_keys.EXPLORE_LEVEL: "main"}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


@pytest.fixture
def explored(desk: Desk) -> tuple[Survey, SurveyRun]:
    survey = desk.survey()
    return survey, desk.run(survey, desk.taxonomy(taxonomy=LEVELS).taxonomy_id)


def view_of(desk: Desk, run: SurveyRun) -> RunView:
    """The run as the page sees it."""
    return desk.services.surveys.explorer.open(TENANT, run.id)


def level_key(run: SurveyRun) -> str:
    """The key of the choice."""
    return f"{session_keys.EXPLORE_FIELD}level.{run.id}"


def has_choice(page: AppTest, run: SurveyRun) -> bool:
    """Whether levels can be chosen."""
    return level_key(run) in {control.key for control in page.segmented_control}


def test_topics_of_one_level_have_no_choice_even_when_the_address_asks_for_main_topics(desk: Desk) -> None:
    survey = desk.survey()
    run = desk.run(survey, desk.taxonomy().taxonomy_id)
    for step in (EXPLORE, EXPORT):
        page = open_page(survey=survey, step=step, parameters=BY_MAIN)
        assert not page.exception
        assert not has_choice(page, run)


def test_what_is_chosen_stands_in_the_address_and_in_the_table(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = show_table(open_page(survey=survey, step=EXPLORE), "topics")
    assert set(page.dataframe[0].value["Topic"]) == {"Staff", "App", "Price"}
    page.segmented_control(key=level_key(run)).set_value(MAIN).run()
    assert not page.exception
    assert address(page, session_keys.EXPLORE_LEVEL) == "main"
    assert set(page.dataframe[0].value["Topic"]) == {"People", "Price"}
    page.segmented_control(key=level_key(run)).set_value(EACH).run()
    assert address(page, session_keys.EXPLORE_LEVEL) is None


@pytest.mark.parametrize("chart", [TOPICS, TREND, SEGMENTS, TOGETHER, SCORE, COVERAGE, WAVES])
def test_every_chart_is_drawn_by_main_topics(desk: Desk, explored: tuple[Survey, SurveyRun], chart: str) -> None:
    before, run = explored
    later = desk.survey("Fall wave")
    desk.services.surveys.library.update(desk.omar, TENANT, later.id, earlier_wave_id=before.id)
    desk.run(later, run.taxonomy_id)
    for chosen in ({}, {"f.topic": "staff"}, {"f.topic": PEOPLE, "f.q": "good"}):
        parameters = BY_MAIN | {session_keys.EXPLORE_VIEW: chart} | chosen
        page = open_page(survey=later, step=EXPLORE, parameters=parameters)
        assert not page.exception
        assert not page.error, shown(page)
        for table in page.dataframe:
            assert "Staff" not in table.value.to_string()


def test_a_click_on_a_main_topic_leads_to_all_responses_below_it(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    view = view_of(desk, run)
    page = show_table(open_page(survey=survey, step=EXPLORE, parameters=BY_MAIN), "topics")
    (people,) = (one for one in view.main.topic_summaries() if one.topic_id == PEOPLE)
    row = [one.topic_id for one in view.main.topic_summaries()].index(PEOPLE)
    page = select_cell(page, f"{click_key(view.main, ResponseFilter(), 'topics')}.table", row, "Negative")
    assert not page.exception
    assert f"{people.negative} responses" in shown(page)
    page = click(page, f"{session_keys.EXPLORE_BUTTON}{run.id}.responses")
    assert page.session_state[session_keys.SURVEY_STEP] == RESPONSES
    assert address(page, "f.with") == f"{PEOPLE}~negative"
    assert f"{people.negative} responses" in shown(page)
    (chip,) = (button for button in page.button if str(button.key).startswith(session_keys.EXPLORE_CHIP))
    assert chip.label.replace("\\", "") == "People (all): negative"
    # The responses name each topic, and can be corrected so.
    assert "Staff" in shown(page)


def test_the_bar_offers_main_topics_whatever_is_counted(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    for parameters in ({}, BY_MAIN):
        page = open_page(survey=survey, step=EXPLORE, parameters=parameters)
        picker = page.multiselect(key=f"{session_keys.EXPLORE_FIELD}topics.{run.id}")
        assert picker.options == ["People (all)", "Staff", "App", "Price"]
        picker.set_value([PEOPLE]).run()
        assert address(page, "f.topic") == PEOPLE
        assert page.metric[0].value == str(view_of(desk, run).count(ResponseFilter(topics=(PEOPLE,))))


def test_a_workbook_can_have_the_figures_of_main_topics_and_a_csv_file_needs_no_choice(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    page = open_page(survey=survey, step=EXPORT, parameters=BY_MAIN)
    page.segmented_control(key=f"{session_keys.SURVEY_EXPORT_FIELD}format.{run.id}").set_value(XLSX).run()
    assert page.segmented_control(key=level_key(run)).value == MAIN
    page = click(page, f"{session_keys.SURVEY_EXPORT_BUTTON}build")
    assert not page.exception
    assert page.session_state[session_keys.SURVEY_EXPORT_FILE].wish.by_main
    page.segmented_control(key=f"{session_keys.SURVEY_EXPORT_FIELD}format.{run.id}").set_value(CSV).run()
    assert not has_choice(page, run)
