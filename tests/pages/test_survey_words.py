"""Columns as a person chooses them, and the words for what surveys and runs hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from components.survey_columns import ColumnChoice, changed_choices, choices_of, chosen_columns
from components.survey_next import next_step
from components.survey_run_words import estimate_figures, item_words, result_words, run_parameters, run_title
from components.survey_words import days_words, delimiter_words, kind_words, score_words, used_words
from services.errors import InputError
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus
from services.privacy.models import PersonalDataKind
from services.surveys.chosen_columns import ColumnGuess, ColumnRole, SegmentColumn, SurveyColumns
from services.surveys.columns import guess_columns
from services.surveys.prepared_facts import ScoreFacts, SurveyFacts
from services.surveys.response_files import read_table
from services.surveys.response_tables import ResponseTable
from services.surveys.run_models import RunEstimate, RunOptions, SurveyRun
from services.surveys.run_views import BackendChoice, RunFacts, RunState

ROWS = "\n".join(
    f"CA-{number:03},2026-03-{number % 28 + 1:02},I like reason number {number} for the app,"
    f"{'North' if number % 2 else 'South'},{number % 11}"
    for number in range(1, 61)
)
CSV = f"Response ID,Day,Why?,Region,NPS\n{ROWS}\n".encode()


def table() -> ResponseTable:
    return read_table(CSV, "coffee.csv")


def run(**changed: object) -> SurveyRun:
    made = SurveyRun(
        id="r",
        tenant_id="pharmacy",
        survey_id="s",
        question="Why?",
        taxonomy_id="t",
        taxonomy_version=2,
        options=RunOptions(),
        backend_version="1",
        job_id="j",
        username="ines",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        response_count=2_000,
        distinct_count=1_500,
        example_count=0,
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # whatever a test changes


def job(status: JobStatus, *, failed: int = 0, done: int = 3, paused: bool = False) -> Job:
    counts = dict.fromkeys(ItemStatus, 0) | {ItemStatus.FAILED: failed, ItemStatus.DONE: done}
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Job(
        "j",
        "analyze-survey",
        "pharmacy",
        "ines",
        "Run",
        {},
        at,
        status,
        paused_at=at if paused else None,
        counts=counts,
    )


def state(status: JobStatus, *, facts: RunFacts | None = None, failed: int = 0, paused: bool = False) -> RunState:
    return RunState(run(), job(status, failed=failed, paused=paused), facts)


def test_columns_are_what_they_seem_to_be_until_somebody_says_otherwise() -> None:
    guesses = guess_columns(table())
    first = choices_of(guesses)
    assert [choice.role for choice in first] == [guess.role for guess in guesses]
    columns = chosen_columns(table(), guesses, first, changed_choices(first, {}))
    assert (columns.texts, columns.id, columns.date) == (("Why?",), "Response ID", "Day")
    changed = changed_choices(first, {3: {"Use as": "other"}, 4: {"Use as": "segment"}})
    columns = chosen_columns(table(), guesses, first, changed)
    assert columns.segments == (SegmentColumn("NPS"),)
    assert columns.scores == ()


def test_id_that_somebody_picks_takes_the_place_of_the_guessed_one() -> None:
    guesses = guess_columns(table())
    first = choices_of(guesses)
    columns = chosen_columns(table(), guesses, first, changed_choices(first, {0: {"Use as": "other"}}))
    assert columns.id is None
    with pytest.raises(InputError) as caught:
        chosen_columns(table(), guesses, first, changed_choices(first, {3: {"Use as": "id"}}))
    assert caught.value.code == "id-not-unique"


def test_separator_that_somebody_picks_parts_the_choices() -> None:
    guesses = guess_columns(table())
    first = choices_of(guesses)
    columns = chosen_columns(table(), guesses, first, changed_choices(first, {3: {"Choices": ";"}}))
    assert columns.segments == (SegmentColumn("Region", ";"),)
    assert (
        changed_choices([ColumnChoice("Region", ColumnRole.SEGMENT, ";")], {0: {"Choices": "one"}})[0].separator == ""
    )


def test_columns_of_an_earlier_wave_are_used_as_they_were_there() -> None:
    guesses = [
        ColumnGuess("Why?", ColumnRole.TEXT, "", 1, 9),
        ColumnGuess("Region", ColumnRole.SEGMENT, "", 1, 9),
        ColumnGuess("Code", ColumnRole.ID, "", 1, 9),
        ColumnGuess("Key", ColumnRole.SEGMENT, "", 1, 9),
        ColumnGuess("Wish", ColumnRole.TEXT, "", 1, 9),
    ]
    earlier = SurveyColumns(("Why?",), id="Key", segments=(SegmentColumn("Region", ";"),))
    assert choices_of(guesses, earlier) == [
        ColumnChoice("Why?", ColumnRole.TEXT),
        ColumnChoice("Region", ColumnRole.SEGMENT, ";"),
        ColumnChoice("Code", ColumnRole.OTHER),
        ColumnChoice("Key", ColumnRole.ID),
        ColumnChoice("Wish", ColumnRole.TEXT),
    ]


def test_earlier_wave_with_other_columns_changes_no_guess() -> None:
    guesses = guess_columns(table())
    assert choices_of(guesses, SurveyColumns(("Something else",))) == choices_of(guesses)


def test_summary_names_every_column_with_its_use() -> None:
    columns = SurveyColumns(("Why *so*?",), None, "Day", (SegmentColumn("Region"),), ("NPS",))
    words = "\n".join(used_words(columns))
    assert "1 question" in words
    assert r"Why \*so\*\?" in words
    assert "the rows are numbered" in words
    for name in ("Day", "Region", "NPS"):
        assert name in words


@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        (PersonalDataKind.EMAIL, 1, "1 e-mail"),
        (PersonalDataKind.EMAIL, 2_000, "2,000 e-mails"),
        (PersonalDataKind.ADDRESS, 3, "3 addresses"),
        (PersonalDataKind.PHONE, 2, "2 phone numbers"),
    ],
)
def test_masked_data_is_counted_in_words(kind: PersonalDataKind, count: int, words: str) -> None:
    assert kind_words(kind, count) == words


def test_days_scales_and_delimiters_are_told_in_words() -> None:
    facts = SurveyFacts("coffee.csv", 2, SurveyColumns(("Why?",)), ())
    assert days_words(facts) == ""
    one_day = replace(facts, first_day=date(2026, 3, 2), last_day=date(2026, 3, 2))
    assert days_words(one_day) == "Mar 2, 2026"
    assert days_words(replace(one_day, last_day=date(2026, 4, 1))) == "Mar 2, 2026 to Apr 1, 2026"
    assert score_words(ScoreFacts("NPS", 0, 10, 0)) == "0 to 10"
    assert score_words(ScoreFacts("NPS", None, None, 9)) == "no numbers"
    assert delimiter_words("\t") == "cells parted by tabs"
    assert delimiter_words("") == ""


def test_next_step_follows_from_how_the_last_run_ended() -> None:
    assert next_step([]).step == "Topics"
    assert next_step([state(JobStatus.DONE)]).step == "Explore"
    assert next_step([state(JobStatus.DONE, failed=1)]).step == "Run"
    assert next_step([state(JobStatus.FAILED)]).step == "Run"
    assert "paused" in next_step([state(JobStatus.RUNNING, paused=True)]).words
    assert next_step([state(JobStatus.CANCELED)]).step == "Run"
    assert next_step([state(JobStatus.CANCELED), state(JobStatus.DONE)]).step == "Explore"


def test_run_is_called_by_its_name_else_by_its_taxonomy() -> None:
    assert run_title(run(title="With *corrections*"), {}) == r"With \*corrections\*"
    assert run_title(run(), {}) == "Deleted taxonomy, version 2"


def test_parameters_of_a_run_name_backend_question_and_examples() -> None:
    backends = {"local": BackendChoice("local", "This machine", False, "", True)}
    words = run_parameters(run(example_count=12, correction_count=2), {}, backends, with_question=True)
    assert words == [r"“Why\?”", "This machine", "12 examples, 2 of them corrections"]
    assert run_parameters(run(), {}, {}, with_question=False) == ["local", "no examples"]


def test_what_came_of_a_run_is_told_with_what_it_cost() -> None:
    assert result_words(state(JobStatus.RUNNING)) == []
    local = result_words(state(JobStatus.DONE, facts=RunFacts(texts=1_500, other_texts=150, review_texts=300)))
    assert local == ["2,000 responses, 1,500 different analyzed", "10 % Other", "20 % to look at"]
    facts = RunFacts(
        texts=1_000, missing_texts=500, calls=50, reused_calls=3, input_tokens=900, output_tokens=100, cost_usd=None
    )
    words = " · ".join(result_words(state(JobStatus.CANCELED, facts=facts)))
    assert "500 different not analyzed" in words
    assert "50 calls · 3 answered before and not paid again · 1,000 tokens · cost not known" in words


def test_part_of_a_run_says_how_many_responses_it_held() -> None:
    part = JobItem("j", 0, "Responses 1 to 500", {}, ItemStatus.DONE)
    assert item_words(part) == ""
    assert item_words(replace(part, result={"texts": 500, "other_texts": 20})) == "500 different responses, 20 Other"


def test_unknown_cost_and_time_are_said_never_shown_as_nothing() -> None:
    figures = dict(estimate_figures(RunEstimate(10, 8, 7, calls=2, input_tokens=12_000, cost_usd=None)))
    assert figures["Cost"] == "Not known"
    assert figures["Time"] == "Not known yet"
    assert figures["Tokens"] == "12 k"
    free = dict(estimate_figures(RunEstimate(10, 8, 7, seconds=5)))
    assert free["Cost"] == "Free"
    assert "Calls" not in free
