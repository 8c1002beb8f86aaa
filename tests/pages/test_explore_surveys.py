"""Exploring what a run found, through main.py: charts, filters, the responses behind them, and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.explore_drill import click_key
from components.explore_step import COVERAGE, SCORE, SEGMENTS, TOGETHER, TOPICS, TREND, WAVES
from components.survey_link import EXPLORE, EXPORT, QUALITY, RESPONSES, RUN
from services.errors import BackendUnavailableError, InputError
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.label_models import LabelChange, LabeledTopic, key_of_text
from services.surveys.models import Sentiment
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey
from tests.pages.frame_driver import enter_as, open_app
from tests.pages.survey_desk import (
    PAGE,
    TENANT,
    WHY,
    Desk,
    address,
    click,
    keys,
    open_desk,
    open_page,
    serve,
    shown,
    survey_csv,
)

BAD_PRICE = "the price is bad, far too high for me"
GOOD_STAFF = "good staff, they always help me at once"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


@pytest.fixture
def explored(desk: Desk) -> tuple[Survey, SurveyRun]:
    survey = desk.survey()
    return survey, desk.run(survey, desk.taxonomy().taxonomy_id)


def view_of(desk: Desk, run: SurveyRun) -> RunView:
    """The run as the page sees it."""
    return desk.services.surveys.explorer.open(TENANT, run.id)


def select_cell(app: AppTest, key: str, row: int, column: str) -> AppTest:
    """Click a cell of the table with this key."""
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [[row, column]]}}
    return app.run()


def show_table(app: AppTest, chart: str) -> AppTest:
    """The chart as a table, which a test can click."""
    return app.segmented_control(key=f"{session_keys.EXPLORE_SHOWN_AS}.{chart}").set_value("Table").run()


def card_key(run: SurveyRun, row: int, what: str) -> str:
    """The key of a button below a response."""
    return f"{session_keys.VERBATIM_BUTTON}{run.id}.{row}.{what}"


@pytest.mark.parametrize("step", [EXPLORE, RESPONSES, QUALITY, EXPORT])
def test_a_survey_without_a_run_says_what_to_do_first(desk: Desk, step: str) -> None:
    page = open_page(survey=desk.survey(), step=step)
    assert not page.exception
    assert "Nothing was analyzed yet" in shown(page)
    page = click(page, f"{session_keys.SURVEY_BUTTON}to.{RUN}.explore")
    assert page.session_state[session_keys.SURVEY_STEP] == RUN


def test_a_run_in_progress_says_how_far_it_is(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.queue.paused = True
    run = desk.run(survey, taxonomy.taxonomy_id)
    page = open_page(survey=survey, step=EXPLORE, parameters={session_keys.OPEN_RUN: run.id})
    assert not page.exception
    assert "still in progress" in shown(page)
    desk.queue.run_waiting()
    page = open_page(survey=survey, step=EXPLORE, parameters={session_keys.OPEN_RUN: run.id})
    assert page.metric[0].label == "Responses"


@pytest.mark.parametrize("step", [EXPLORE, RESPONSES, QUALITY, EXPORT])
def test_while_a_part_is_retried_the_findings_of_before_are_shown_and_its_share_is_said(desk: Desk, step: str) -> None:
    desk.analyzer.errors[BAD_PRICE] = [InputError("It was too hot.", code="hot", remedy="Retry.")]
    survey = desk.survey()
    run = desk.run(survey, desk.taxonomy().taxonomy_id)
    before = view_of(desk, run).totals()
    assert 0 < before.not_analyzed < before.row_count
    desk.queue.paused = True
    desk.services.surveys.runs.retry(desk.omar, TENANT, run.id)
    page = open_page(survey=survey, step=step)
    assert not page.exception
    share = round(100 * before.not_analyzed / before.row_count)
    assert f"{share} % of the responses are being analyzed again." in shown(page)
    assert f"({before.not_analyzed} of {before.row_count})" in shown(page)
    if step == EXPLORE:
        assert page.metric[0].value == str(before.answered)
    desk.queue.run_waiting()
    page = open_page(survey=survey, step=step)
    assert "analyzed again" not in shown(page)
    assert view_of(desk, run).totals().not_analyzed == 0


def test_a_retried_run_leads_to_what_was_found_before(desk: Desk) -> None:
    desk.analyzer.errors[BAD_PRICE] = [InputError("It was too hot.", code="hot", remedy="Retry.")]
    survey = desk.survey()
    run = desk.run(survey, desk.taxonomy().taxonomy_id)
    desk.queue.paused = True
    desk.services.surveys.runs.retry(desk.omar, TENANT, run.id)
    page = click(open_page(survey=survey, step=RUN), f"{session_keys.SURVEY_RUN_BUTTON}open.{run.id}")
    assert not page.exception
    assert page.session_state[session_keys.SURVEY_STEP] == EXPLORE
    assert address(page, session_keys.OPEN_RUN) == run.id


def test_a_failed_run_says_why_and_leads_to_the_runs(desk: Desk) -> None:
    def refuse(_responses: object) -> None:
        raise InputError("The model refused.", code="refused", remedy="Ask for another one.")

    desk.analyzer.before = refuse
    survey = desk.survey()
    desk.run(survey, desk.taxonomy().taxonomy_id)
    page = open_page(survey=survey, step=EXPLORE)
    assert not page.exception
    assert "Nothing came of this run" in shown(page)
    assert f"{session_keys.SURVEY_BUTTON}to.{RUN}.explore" in keys(page)


def test_who_is_no_analyst_does_not_see_responses(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    app = enter_as(open_app(), "ana.reyes")
    app.query_params[session_keys.OPEN_SURVEY] = explored[0].id
    page = app.switch_page(PAGE).run()
    assert "not for your role" in shown(page)
    assert BAD_PRICE not in shown(page)


def test_headline_figures_are_those_of_the_run(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    totals = view_of(desk, run).totals()
    page = open_page(survey=survey, step=EXPLORE)
    assert not page.exception
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Responses"] == f"{totals.answered:,}" == "35"
    assert figures["With a topic"] == f"{totals.with_topic:,}"
    assert figures["Other"] == f"{totals.answered - totals.with_topic:,}"
    assert "5 empty" in shown(page)


@pytest.mark.parametrize("chart", [TOPICS, TREND, SEGMENTS, TOGETHER, SCORE, COVERAGE, WAVES, "no such chart"])
def test_every_chart_is_drawn_for_any_filter(desk: Desk, explored: tuple[Survey, SurveyRun], chart: str) -> None:
    survey, _ = explored
    for chosen in (ResponseFilter(), ResponseFilter(search="staff"), ResponseFilter(search="nobody says this")):
        params = {name: values[0] for name, values in chosen.to_params("f.").items()}
        page = open_page(survey=survey, step=EXPLORE, parameters={session_keys.EXPLORE_VIEW: chart} | params)
        assert not page.exception
        assert not page.error, shown(page)


@pytest.mark.parametrize("chart", ["topics", "trend", "score", "coverage"])
def test_every_chart_has_a_table_that_says_the_same(desk: Desk, explored: tuple[Survey, SurveyRun], chart: str) -> None:
    survey, _ = explored
    title = {"topics": TOPICS, "trend": TREND, "score": SCORE, "coverage": COVERAGE}[chart]
    page = show_table(open_page(survey=survey, step=EXPLORE, parameters={session_keys.EXPLORE_VIEW: title}), chart)
    assert not page.exception
    assert len(page.dataframe[0].value)


def test_a_click_on_a_mark_shows_the_responses_behind_it_with_their_evidence(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    view = view_of(desk, run)
    page = show_table(open_page(survey=survey, step=EXPLORE), "topics")
    row = [one.topic_id for one in view.topic_summaries()].index("price")
    page = select_cell(page, f"{click_key(view, ResponseFilter(), 'topics')}.table", row, "Negative")
    assert not page.exception
    assert "Price · negative" in shown(page)
    assert ":red-background[price¹]" in shown(page)
    page = click(page, f"{session_keys.EXPLORE_BUTTON}{run.id}.responses")
    assert page.session_state[session_keys.SURVEY_STEP] == RESPONSES
    assert address(page, "f.with") == "price~negative"


def test_a_link_shares_the_filter_and_a_chip_takes_it_away(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, _ = explored
    page = open_page(survey=survey, step=EXPLORE, parameters={"f.topic": "staff", "f.by.Region": "North"})
    assert page.metric[0].value != "35"
    chips = [button for button in page.button if str(button.key).startswith(session_keys.EXPLORE_CHIP)]
    assert [chip.label.replace("\\", "") for chip in chips] == ["Staff", "Region: North", "Clear all"]
    page = click(page, f"{session_keys.EXPLORE_CHIP}0")
    assert address(page, "f.topic") is None
    assert address(page, "f.by.Region") == "North"
    page = click(page, f"{session_keys.EXPLORE_CHIP}0")
    assert page.metric[0].value == "35"


def test_what_is_chosen_in_the_bar_stands_in_the_address(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = open_page(survey=survey, step=EXPLORE)
    field = f"{session_keys.EXPLORE_FIELD}{{}}.{run.id}".format
    page.multiselect(key=field("topics")).set_value(["price"]).run()
    page.pills(key=field("sentiments")).set_value([Sentiment.NEGATIVE]).run()
    page.slider(key=field("score.NPS")).set_value((0, 6)).run()
    page.text_input(key=field("search")).set_value("  high ").run()
    page.toggle(key=field("only_corrected")).set_value(True).run()
    assert not page.exception
    said = {name: address(page, f"f.{name}") for name in ("topic", "feeling", "score.NPS", "q", "corrected")}
    assert said == {"topic": "price", "feeling": "negative", "score.NPS": "0..6", "q": "high", "corrected": "yes"}


def test_a_filter_that_nothing_fits_says_so_in_every_step(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    for step in (EXPLORE, RESPONSES, EXPORT):
        page = open_page(survey=explored[0], step=step, parameters={"f.q": "nobody says this"})
        assert not page.exception
        assert "No response" in shown(page)


def test_waves_are_compared_when_the_earlier_one_was_analyzed(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    before, run = explored
    later = desk.survey("Fall wave")
    desk.services.surveys.library.update(desk.omar, TENANT, later.id, earlier_wave_id=before.id)
    desk.run(later, run.taxonomy_id)
    page = open_page(survey=later, step=EXPLORE, parameters={session_keys.EXPLORE_VIEW: WAVES})
    assert not page.exception
    assert "35 responses now, 35 before" in shown(page)


def test_what_a_response_says_is_never_markup(desk: Desk) -> None:
    text = "price [x](http://evil.example) **bold** :red[hot] $a$ <b>bad</b>"
    survey = desk.survey(data=survey_csv().replace(BAD_PRICE.encode(), text.encode()))
    desk.run(survey, desk.taxonomy().taxonomy_id)
    page = open_page(survey=survey, step=RESPONSES)
    (body,) = {one.value for one in page.markdown if "evil" in one.value}
    for harmful in ("[x](", "**bold**", ":red[hot]", "$a$", "<b>"):
        assert harmful not in body
    assert text.removeprefix("price ") in body.replace("\\", "")


def test_a_response_is_corrected_where_it_stands_and_the_correction_undone(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    page = click(open_page(survey=survey, step=RESPONSES), card_key(run, 0, "edit"))
    prefix = f"{session_keys.VERBATIM_FIELD}edit.{run.id}.0"
    assert page.pills(key=f"{prefix}.topics").value == ["price"]
    page.pills(key=f"{prefix}.topics").set_value(["staff"]).run()
    page.segmented_control(key=f"{prefix}.feeling.staff").set_value(Sentiment.POSITIVE).run()
    page = click(page, f"{prefix}.save")
    assert not page.exception
    assert "5 responses corrected" in shown(page)
    assert "Corrected or confirmed" in shown(page)
    assert "omar.haddad" in shown(page)
    (corrected, *_) = view_of(desk, run).of_texts([key_of_text(BAD_PRICE)])
    assert [(one.topic_id, one.sentiment) for one in corrected.topics] == [("staff", Sentiment.POSITIVE)]
    page = click(page, card_key(run, 0, "undo"))
    assert "Corrected or confirmed" not in shown(page)
    (found, *_) = view_of(desk, run).of_texts([key_of_text(BAD_PRICE)])
    assert [one.topic_id for one in found.topics] == ["price"]


def test_a_finding_that_is_right_is_confirmed_with_one_click(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = click(open_page(survey=survey, step=RESPONSES), card_key(run, 1, "confirm"))
    assert "5 responses confirmed" in shown(page)
    (label,) = desk.services.surveys.labels.corrections(TENANT, survey.id, WHY)
    assert label.text_key == key_of_text(GOOD_STAFF)


def test_how_a_finding_came_about_is_shown_step_by_step(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = click(open_page(survey=survey, step=RESPONSES), card_key(run, 0, "found"))
    assert not page.exception
    assert "1. Assign topics" in shown(page)
    assert [block.value for block in page.code] == [BAD_PRICE, "read"]


def test_many_are_changed_only_after_a_question_with_their_number(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    labels = desk.services.surveys.labels
    earlier = LabelChange(topics=(LabeledTopic("app", Sentiment.MIXED),))
    labels.correct(desk.omar, TENANT, run.id, [key_of_text(GOOD_STAFF)], earlier)
    prefix = f"{session_keys.VERBATIM_FIELD}bulk.{run.id}"
    page = open_page(survey=survey, step=RESPONSES, parameters={"f.q": "staff"})
    page.segmented_control(key=f"{prefix}.target").set_value("all").run()
    page.multiselect(key=f"{prefix}.add").set_value(["price"]).run()
    page = click(page, f"{session_keys.VERBATIM_BUTTON}bulk.change")
    assert "Change 10 responses (2 different texts): add “Price”." in shown(page)
    assert len(labels.corrections(TENANT, survey.id, WHY)) == 1
    page = click(page, f"{session_keys.VERBATIM_BUTTON}bulk.yes")
    assert not page.exception
    assert "10 responses changed" in shown(page)
    assert view_of(desk, run).count(ResponseFilter(search="staff", having=(("price", None),))) == 10
    page = click(page, f"{session_keys.VERBATIM_BUTTON}last.undo")
    (kept,) = labels.corrections(TENANT, survey.id, WHY)
    assert (kept.text_key, kept.topics) == (key_of_text(GOOD_STAFF), earlier.topics)


def test_selected_responses_are_confirmed_together(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = open_page(survey=survey, step=RESPONSES)
    for row in (0, 1):
        page.checkbox(key=f"{session_keys.VERBATIM_FIELD}pick.{run.id}.{row}").check().run()
    page = click(page, f"{session_keys.VERBATIM_BUTTON}bulk.confirm")
    assert "2 selected texts" in shown(page)
    page = click(page, f"{session_keys.VERBATIM_BUTTON}bulk.yes")
    assert len(desk.services.surveys.labels.corrections(TENANT, survey.id, WHY)) == 2
    assert not page.checkbox(key=f"{session_keys.VERBATIM_FIELD}pick.{run.id}.0").value


def test_the_review_queue_holds_only_what_is_not_sure(desk: Desk) -> None:
    survey = desk.survey(data=survey_csv().replace(b"they always help", b"unsure they help"))
    desk.run(survey, desk.taxonomy().taxonomy_id)
    page = click(open_page(survey=survey, step=RESPONSES), f"{session_keys.VERBATIM_BUTTON}queue")
    assert not page.exception
    assert address(page, "f.review") == "any"
    assert "5 responses" in shown(page)
    assert "To be reviewed" in shown(page)
    assert BAD_PRICE not in shown(page)


def test_the_pages_of_responses_hold_each_of_them_once(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = open_page(survey=survey, step=RESPONSES)

    def rows(app: AppTest) -> list[str]:
        prefix = f"{session_keys.VERBATIM_FIELD}pick.{run.id}."
        return [box.key.removeprefix(prefix) for box in app.checkbox if box.key and box.key.startswith(prefix)]

    first = rows(page)
    page.pagination[0].set_value(2).run()
    assert not page.exception
    assert len(first) == 20
    assert len({*first, *rows(page)}) == 35


def test_a_storage_that_does_not_answer_is_said_and_the_page_stays(
    desk: Desk, explored: tuple[Survey, SurveyRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def open(self, _tenant_id: str, _run_id: str) -> RunView:
            raise BackendUnavailableError("The storage does not answer.")

    serve(monkeypatch, desk, explorer=Away())
    page = open_page(survey=explored[0], step=EXPLORE)
    assert "The storage does not answer" in shown(page)
    assert not page.exception
