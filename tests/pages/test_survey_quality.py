"""How good a run is, and what is taken away of it, through main.py: gold labels, figures, comparisons, exports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import openpyxl  # type: ignore[import-untyped, unused-ignore]
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.quality_step import CHANGES, COMPARE, FIGURES, GOLD
from components.quality_words import METRICS
from components.survey_export_build import BuiltFile
from components.survey_export_formats import CSV, JSONL, REPORT, XLSX
from components.survey_link import EXPORT, QUALITY, RUN
from services.surveys.evaluation_models import Metric
from services.surveys.label_models import LabelChange, LabeledTopic, key_of_text
from services.surveys.models import Sentiment
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey
from tests.pages.survey_desk import ANSWERS, TENANT, WHY, Desk, click, keys, open_desk, open_page, shown

BAD_PRICE = ANSWERS[0]
GOLD_FILE = (
    "text,topics,sentiment\n"
    f'"{BAD_PRICE}",Price,negative\n'
    '"good staff, they always help me at once",App,positive\n'
    '"the app is good and quick to use",Weather,positive\n'
    '"nobody ever wrote this",Price,negative\n'
)


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


def open_part(survey: Survey, part: str) -> AppTest:
    """A part of the step about quality."""
    return open_page(survey=survey, step=QUALITY, parameters={session_keys.QUALITY_PART: part})


def label_gold(desk: Desk, run: SurveyRun, text: str, *topic_ids: str, sentiment: Sentiment | None = None) -> None:
    """Omar says what is right."""
    topics = [LabeledTopic(topic_id) for topic_id in topic_ids]
    desk.services.surveys.labels.label_gold(desk.omar, TENANT, run.id, key_of_text(text), topics, sentiment)


def import_gold(desk: Desk, survey: Survey, run: SurveyRun, data: str) -> AppTest:
    """Choose a file with gold labels and take it."""
    page = open_part(survey, GOLD)
    field = f"{session_keys.QUALITY_FIELD}file.{run.id}.0"
    page.file_uploader(key=field).set_value([("gold.csv", data.encode(), "text/csv")]).run()
    return click(page, f"{session_keys.QUALITY_BUTTON}import")


def test_every_figure_has_words() -> None:
    assert set(METRICS) == set(Metric)
    assert len({name for name, _ in METRICS.values()}) == len(Metric)


def test_without_gold_labels_it_is_said_what_they_are_good_for(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    assert "There are no gold labels yet" in shown(open_page(survey=explored[0], step=QUALITY))
    page = open_part(explored[0], FIGURES)
    assert not page.exception
    assert "There are no gold labels yet" in shown(page)


def test_a_sample_is_labeled_one_after_the_other_without_seeing_what_was_found(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    page = click(open_part(survey, GOLD), f"{session_keys.QUALITY_BUTTON}begin")
    sample = page.session_state[f"{session_keys.QUALITY_SAMPLE}{run.id}"]
    assert "-background[" not in shown(page)
    assert not page.pills(key=f"{session_keys.QUALITY_FIELD}label.{run.id}.0.topics").value
    page.pills(key=f"{session_keys.QUALITY_FIELD}label.{run.id}.0.topics").set_value(["app"]).run()
    page.segmented_control(key=f"{session_keys.QUALITY_FIELD}label.{run.id}.0.all").set_value(Sentiment.MIXED).run()
    page = click(page, f"{session_keys.QUALITY_BUTTON}save")
    page = click(page, f"{session_keys.QUALITY_BUTTON}skip")
    page = click(page, f"{session_keys.QUALITY_BUTTON}save")
    assert not page.exception
    gold = {label.text_key: label for label in desk.services.surveys.labels.gold(TENANT, survey.id, WHY)}
    assert list(gold) == [sample.keys[0], sample.keys[2]]
    assert gold[sample.keys[0]].topics == (LabeledTopic("app"),)
    assert gold[sample.keys[0]].sentiment is Sentiment.MIXED
    assert gold[sample.keys[2]].topics == ()
    page = click(page, f"{session_keys.QUALITY_BUTTON}back")
    assert "Labeled already" in shown(page)


def test_a_sample_ends_with_what_to_do_next(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = click(open_part(survey, GOLD), f"{session_keys.QUALITY_BUTTON}begin")
    for _ in page.session_state[f"{session_keys.QUALITY_SAMPLE}{run.id}"].keys:
        page = click(page, f"{session_keys.QUALITY_BUTTON}skip")
    assert "7 were skipped" in shown(page)
    page = click(page, f"{session_keys.QUALITY_BUTTON}done")
    assert f"{session_keys.QUALITY_BUTTON}begin" in keys(page)


def test_gold_labels_of_a_file_are_taken_and_bad_rows_named(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page = import_gold(desk, survey, run, GOLD_FILE)
    assert not page.exception
    assert len(desk.services.surveys.labels.gold(TENANT, survey.id, WHY)) == 2
    assert "2 different texts labeled, said in 10 responses" in shown(page)
    assert "“Weather” (1)" in shown(page)
    assert page.expander[0].label == "2 rows not taken"


def test_a_file_without_topics_is_refused_with_a_remedy_and_nothing_is_lost(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "price")
    page = import_gold(desk, survey, run, "text,mood\nx,good\n")
    assert not page.exception
    assert page.error
    assert len(desk.services.surveys.labels.gold(TENANT, survey.id, WHY)) == 1


def test_gold_labels_are_looked_at_and_removed(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "price", sentiment=Sentiment.NEGATIVE)
    page = open_part(survey, GOLD)
    table = page.dataframe[0]
    assert table.value.iloc[0][["Response", "Topics", "Sentiment"]].tolist() == [BAD_PRICE, "Price", "Negative"]
    page.session_state[f"{session_keys.QUALITY_FIELD}list.{run.id}.1"] = {
        "selection": {"rows": [0], "columns": [], "cells": []}
    }
    page = click(page.run(), f"{session_keys.QUALITY_BUTTON}remove")
    assert not desk.services.surveys.labels.gold(TENANT, survey.id, WHY)


def test_agreement_rises_with_corrections_and_the_misses_can_be_read(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "staff", sentiment=Sentiment.NEGATIVE)
    label_gold(desk, run, ANSWERS[1], "staff", sentiment=Sentiment.POSITIVE)
    change = LabelChange(topics=(LabeledTopic("staff", Sentiment.NEGATIVE),))
    page = open_part(survey, FIGURES)
    assert not page.exception
    figures = page.dataframe[0].value.set_index("Figure")
    assert str(figures.loc["All topics right", "As the run found it"]).startswith("50 %")
    desk.services.surveys.labels.correct(desk.omar, TENANT, run.id, [key_of_text(BAD_PRICE)], change)
    page = open_part(survey, FIGURES)
    figures = page.dataframe[0].value.set_index("Figure")
    assert str(figures.loc["All topics right", "As the run found it"]).startswith("50 %")
    assert str(figures.loc["All topics right", "With corrections"]).startswith("100 %")
    assert figures.loc["All topics right", "Change"] == "+50 points"
    row = page.dataframe[1].value["Topic"].tolist().index("Staff")
    page.session_state[f"{session_keys.QUALITY_FIELD}topics.{run.id}"] = {
        "selection": {"rows": [], "columns": [], "cells": [[row, "Missed"]]}
    }
    page.run()
    assert "Staff, missed" in shown(page)
    assert BAD_PRICE in shown(page).replace(":red-background[", "").replace("¹]", "").replace("]", "")
    assert "Gold: **Staff · negative**" in shown(page)


def test_one_run_cannot_be_compared_and_it_is_said_how_to_get_another(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    assert "only one run" in shown(open_part(explored[0], COMPARE))
    assert "no other run" in shown(open_part(explored[0], CHANGES))


def test_runs_stand_side_by_side_with_what_tells_them_apart(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "price", sentiment=Sentiment.NEGATIVE)
    desk.run(survey, run.taxonomy_id, backend="model")
    page = open_part(survey, COMPARE)
    assert not page.exception
    assert list(page.dataframe[0].value.columns) == ["Figure", "A", "B", "B against A"]
    assert "different backends" in shown(page)


def test_a_run_with_corrections_is_started_after_saying_what_it_takes_and_shows_what_changed(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    page = open_part(survey, CHANGES)
    assert "No corrections to learn from yet" in shown(page)
    change = LabelChange(topics=(LabeledTopic("app", Sentiment.NEGATIVE),))
    desk.services.surveys.labels.correct(desk.omar, TENANT, run.id, [key_of_text(BAD_PRICE)], change)
    page = click(open_part(survey, CHANGES), f"{session_keys.QUALITY_BUTTON}rerun")
    assert "1 correction" in shown(page)
    assert "40 responses, free" in shown(page)
    page = click(page, f"{session_keys.QUALITY_BUTTON}rerun.start")
    assert not page.exception
    newest = desk.services.surveys.runs.list(TENANT, survey.id)[0].run
    assert (newest.correction_count, newest.title) == (1, "With corrections")
    assert page.session_state[session_keys.SURVEY_STEP] == RUN
    page = open_part(survey, CHANGES)
    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Compared"] == "40"


def test_corrections_of_gold_texts_teach_nothing_and_that_is_said(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "app")
    change = LabelChange(topics=(LabeledTopic("app"),))
    desk.services.surveys.labels.correct(desk.omar, TENANT, run.id, [key_of_text(BAD_PRICE)], change)
    page = open_part(survey, CHANGES)
    assert "All corrections are of responses with a gold label" in shown(page)
    assert f"{session_keys.QUALITY_BUTTON}rerun" not in keys(page)


def build(survey: Survey, run: SurveyRun, name: str, parameters: Mapping[str, str] | None = None) -> BuiltFile:
    """The file of that format, as the page builds it."""
    page = open_page(survey=survey, step=EXPORT, parameters=parameters)
    assert session_keys.SURVEY_EXPORT_FILE not in page.session_state
    page.segmented_control(key=f"{session_keys.SURVEY_EXPORT_FIELD}format.{run.id}").set_value(name).run()
    page = click(page, f"{session_keys.SURVEY_EXPORT_BUTTON}build")
    assert not page.exception
    built: BuiltFile = page.session_state[session_keys.SURVEY_EXPORT_FILE]
    return built


def test_a_file_is_built_only_when_asked_for_and_holds_every_response(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    label_gold(desk, run, BAD_PRICE, "price")
    book = openpyxl.load_workbook(build(survey, run, XLSX).export.path)
    assert book["Data"].max_row == 41
    assert {"README", "Summary", "By Region", "Trend", "Evaluation"} <= set(book.sheetnames)
    assert build(survey, run, CSV).export.path.read_bytes().decode("utf-8-sig").count("\nP-") == 40
    lines = build(survey, run, JSONL).export.path.read_bytes().decode().splitlines()
    assert json.loads(lines[0])["topics"][0]["id"] == "price"
    assert "<svg" in build(survey, run, REPORT).export.path.read_bytes().decode()


def test_only_what_fits_the_filter_is_exported_when_there_is_one(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    text = build(survey, run, CSV, {"f.with": "price~negative"}).export.path.read_bytes().decode("utf-8-sig")
    assert text.count("\nP-") == 5


def test_the_guide_says_what_every_column_means(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    page = open_page(survey=explored[0], step=EXPORT)
    columns = {name for table in page.dataframe for name in table.value["Column"]}
    assert {"topics", "topic_sentiments", "other_reason", "share_low", "corrected_p"} <= columns
