"""Surveys made ready: masked, marked, and kept in one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pytest

from services.backends.local.personal_data import LocalPersonalDataDetector
from services.errors import BackendUnavailableError, InputError, NotFoundError
from services.privacy.models import PersonalDataKind, PersonalDataSpan
from services.storage.files import RootedFiles
from services.surveys.chosen_columns import SegmentColumn, SurveyColumns
from services.surveys.marks import Mark, marks_of
from services.surveys.masking_responses import mask_column
from services.surveys.models import Response
from services.surveys.prepared import PreparedSurvey, load_survey, prepare_survey, store_survey
from tests.unit.surveys.intake.table_files import csv_table

SURVEY = """id,when,Why?,Better?,region,devices,NPS,secret
a1,2026-03-01,Call me at 206-555-0134 please,Faster,North,Phone; Tablet,9,keep out
a2,2026-03-05,Great coffee,n/a,South,,3 - unlikely,keep out
a3,soon,great coffee!,,North,Phone,never,keep out
a4,,,"Write to ann@example.com",bob@example.com,Tablet,,keep out
"""
COLUMNS = SurveyColumns(
    texts=("Why?", "Better?"),
    id="id",
    date="when",
    segments=(SegmentColumn("region"), SegmentColumn("devices", ";")),
    scores=("NPS",),
)


class CountingDetector:
    """Finds one word, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, text: str) -> list[PersonalDataSpan]:
        self.asked.append(text)
        place = text.find("Ann")
        return [PersonalDataSpan(PersonalDataKind.NAME, place, place + 3)] if place >= 0 else []

    def check_ready(self) -> None: ...


class BulkDetector(CountingDetector):
    """Takes many texts at once, and knows how many came with each call."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def find_many(self, texts: Sequence[str]) -> list[list[PersonalDataSpan]]:
        self.sizes.append(len(texts))
        return [self.find(text) for text in texts]


class FailingDetector(CountingDetector):
    """Cannot be reached."""

    def find(self, text: str) -> list[PersonalDataSpan]:
        raise BackendUnavailableError("The service did not answer.")


@pytest.fixture
def prepared(tmp_path: Path) -> PreparedSurvey:
    """The survey above, stored and loaded again."""
    files = RootedFiles(str(tmp_path))
    store_survey(files, "surveys/one.parquet", prepare_survey(csv_table(SURVEY), COLUMNS, LocalPersonalDataDetector()))
    return load_survey(files, "surveys/one.parquet")


def test_each_different_text_is_searched_once_and_counted_each_time() -> None:
    detector = CountingDetector()
    masked = mask_column(pa.chunked_array([["Ann helped", "slow"], ["Ann helped", ""]]), detector)
    assert masked.texts.to_pylist() == ["[name] helped", "slow", "[name] helped", ""]
    assert (masked.counts, masked.row_count) == ({PersonalDataKind.NAME: 2}, 2)
    assert sorted(detector.asked) == ["", "Ann helped", "slow"]


@pytest.mark.parametrize("kinds", [None, frozenset({PersonalDataKind.NAME})])
def test_a_detector_that_takes_many_texts_gets_a_column_at_once(kinds: frozenset[PersonalDataKind] | None) -> None:
    detector = BulkDetector()
    masked = mask_column(pa.chunked_array([["Ann helped", "slow", "Ann helped"]]), detector, kinds)
    assert masked.texts.to_pylist() == ["[name] helped", "slow", "[name] helped"]
    assert detector.sizes == [2]


def test_nothing_is_prepared_when_personal_data_cannot_be_looked_for() -> None:
    with pytest.raises(BackendUnavailableError):
        prepare_survey(csv_table(SURVEY), COLUMNS, FailingDetector())


def test_personal_data_never_reaches_the_file() -> None:
    data = prepare_survey(csv_table(SURVEY), COLUMNS, LocalPersonalDataDetector())
    for secret in (b"206-555-0134", b"ann@example.com", b"bob@example.com", b"keep out"):
        assert secret not in data


def test_responses_are_masked_and_keep_their_ids(prepared: PreparedSurvey) -> None:
    assert list(prepared.responses("Why?")) == [
        Response("a1", "Call me at [phone number] please"),
        Response("a2", "Great coffee"),
        Response("a3", "great coffee!"),
        Response("a4", ""),
    ]
    assert list(prepared.responses("Better?", np.array([3, 0]))) == [
        Response("a4", "Write to [e-mail]"),
        Response("a1", "Faster"),
    ]


def test_marks_dates_scores_and_choices_stand_per_row(prepared: PreparedSurvey) -> None:
    assert [marks_of(int(bits)) for bits in prepared.marks("Why?")] == [(), (), (Mark.DUPLICATE,), (Mark.EMPTY,)]
    assert prepared.groups("Why?").tolist() == [0, 1, 1, -1]
    days = prepared.days()
    assert days is not None
    assert days.astype(str).tolist() == ["2026-03-01", "2026-03-05", "NaT", "NaT"]
    assert np.nan_to_num(prepared.scores("NPS"), nan=-1).tolist() == [9, 3, -1, -1]
    assert prepared.choices("devices").to_pylist() == [["Phone", "Tablet"], [], ["Phone"], ["Tablet"]]
    assert prepared.choices("region").to_pylist() == [["North"], ["South"], ["North"], ["[e-mail]"]]


def test_the_facts_survive_the_file(prepared: PreparedSurvey) -> None:
    facts = prepared.facts
    assert (facts.source_name, facts.row_count, facts.columns) == ("survey.csv", 4, COLUMNS)
    assert (facts.first_day, facts.last_day, facts.unread_dates) == (date(2026, 3, 1), date(2026, 3, 5), 1)
    question = facts.question("Why?")
    assert question.personal_data == {PersonalDataKind.PHONE: 1}
    assert question.marks[Mark.EMPTY] == 1
    assert question.distinct_count == 2
    assert facts.scores[0].unread_count == 1
    assert (facts.scores[0].low, facts.scores[0].high) == (3, 9)


def test_rows_without_an_id_are_numbered_and_ids_that_tell_who_it_is_are_hidden(tmp_path: Path) -> None:
    table = csv_table("id,comment\nann@example.com,Good\n,Bad\n4155550134,Fine\n")
    data = prepare_survey(table, SurveyColumns(("comment",), id="id"), LocalPersonalDataDetector())
    survey = store_survey(RootedFiles(str(tmp_path)), "one.parquet", data)
    assert survey.ids().to_pylist() == ["row 1", "row 2", "4155550134"]
    assert survey.facts.hidden_ids == 1
    data = prepare_survey(table, SurveyColumns(("comment",)), LocalPersonalDataDetector())
    survey = store_survey(RootedFiles(str(tmp_path)), "two.parquet", data)
    assert survey.ids().to_pylist() == ["row 1", "row 2", "row 3"]


def test_progress_is_told_by_step() -> None:
    told: list[tuple[str, int, int]] = []
    prepare_survey(csv_table(SURVEY), COLUMNS, LocalPersonalDataDetector(), lambda *step: told.append(step))
    assert [step for step, done, total in told if done == total] == [
        "Masking personal data in “Why?”",
        "Marking responses to “Why?”",
        "Masking personal data in “Better?”",
        "Marking responses to “Better?”",
    ]


def test_a_column_that_was_not_kept_is_told(prepared: PreparedSurvey) -> None:
    for read in (prepared.texts, prepared.scores, prepared.choices):
        with pytest.raises(InputError) as error:
            read("secret")
        assert error.value.code == "unknown-column"


def test_a_survey_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_survey(RootedFiles(str(tmp_path)), "nowhere.parquet")
