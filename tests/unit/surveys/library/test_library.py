"""The surveys of a tenant: what is kept, opened and changed, and by whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from services.access.models import Account
from services.errors import AccessError, BackendUnavailableError, InputError, NotFoundError
from services.privacy.audit import AuditTrail
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.library import SurveyLibrary
from services.surveys.response_tables import ResponseTable
from services.surveys.survey_models import Survey
from tests.unit.surveys.intake.table_files import csv_table
from tests.unit.surveys.library.library_desk import (
    COLUMNS,
    FILE,
    GRACE,
    MIA,
    NIA,
    OTHER_TENANT,
    STRANGER,
    TENANT,
    Desk,
)

# Reading


def test_file_of_the_largest_size_is_read(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_text(FILE, encoding="utf-8")
    for source in (FILE.encode(), tmp_path / "spring.csv"):
        assert desk.library.read(source, "spring.csv").columns == ("id", "Why?", "internal")


def test_file_that_is_too_large_is_refused_before_it_is_read(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_bytes(b"\0" * (len(FILE) + 1))
    for source in (b"\0" * (len(FILE) + 1), tmp_path / "spring.csv"):
        with pytest.raises(InputError, match=r"spring\.csv has") as caught:
            desk.library.read(source, "spring.csv")
        assert caught.value.code == "survey-too-large"
        assert "split the file" in caught.value.remedy


def test_file_that_is_not_there_is_not_found(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        desk.library.read(tmp_path / "gone.csv", "gone.csv")
    assert caught.value.code == "file-missing"


# Adding


def test_added_survey_is_listed_and_opens_with_its_masked_responses(desk: Desk) -> None:
    survey = desk.add("Spring")
    assert desk.library.list(TENANT) == [survey]
    assert desk.library.get(TENANT, survey.id) == survey
    assert (survey.title, survey.username, survey.created_at) == ("Spring", "nia", desk.clock())
    prepared = desk.library.open(TENANT, survey.id)
    assert prepared.texts("Why?").to_pylist() == ["[name] was kind", "Too slow"]
    assert survey.facts == prepared.facts


def test_nothing_of_a_survey_is_stored_unmasked_or_outside_its_folder(desk: Desk) -> None:
    survey = desk.add()
    assert list(desk.files.files) == [f"surveys/{TENANT}/{survey.id}/survey.parquet"]
    assert survey.file in desk.files.files
    (event,) = desk.events.events
    assert (event.action, event.subject, event.username) == ("survey-added", survey.id, "nia")
    assert event.details == {"rows": 2, "questions": 1, "masked_rows": 1}


@pytest.mark.parametrize(
    ("title", "file_name", "shown"),
    [
        ("  Spring \x00 2026\n", "a.csv", "Spring 2026"),
        (" ", "Frühling_2026.final.xlsx", "Frühling 2026.final"),
        ("", "C:\\surveys\\spring.csv", "spring"),
        ("", ".csv", ".csv"),
        ("", "", "Survey"),
        ("half \ud83d a character", "a.csv", "half ? a character"),
        ("long " * 100, "a.csv", ("long " * 24).strip()),
    ],
)
def test_title_is_one_storable_line_and_the_name_of_the_file_when_nobody_says(
    desk: Desk, title: str, file_name: str, shown: str
) -> None:
    table = replace(csv_table(FILE), name=file_name)
    assert desk.library.add(NIA, TENANT, table, COLUMNS, title).title == shown


def test_progress_is_told_step_by_step(desk: Desk) -> None:
    told: list[tuple[str, int, int]] = []
    desk.library.add(NIA, TENANT, csv_table(FILE), COLUMNS, on_progress=lambda *step: told.append(step))
    assert {words for words, _, _ in told} == {
        "Masking personal data in “Why?”",
        "Marking responses to “Why?”",
    }
    assert told[-1][1] == told[-1][2]


def test_loading_that_is_broken_off_keeps_nothing_and_lets_the_next_one_through(desk: Desk) -> None:
    def stop(_words: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.library.add(NIA, TENANT, csv_table(FILE), COLUMNS, on_progress=stop)
    assert desk.files.files == {}
    assert desk.library.list(TENANT) == []
    assert desk.add().title


def test_columns_that_do_not_fit_keep_nothing(desk: Desk) -> None:
    with pytest.raises(InputError):
        desk.library.add(NIA, TENANT, csv_table(FILE), SurveyColumns(texts=()))
    assert (desk.files.files, desk.library.list(TENANT), desk.events.events) == ({}, [], [])


def test_survey_whose_personal_data_cannot_be_looked_for_is_not_kept(desk: Desk) -> None:
    desk.detector.failure = BackendUnavailableError("The service did not answer.")
    with pytest.raises(BackendUnavailableError):
        desk.add()
    assert (desk.files.files, desk.library.list(TENANT)) == ({}, [])


def test_survey_that_the_database_does_not_take_leaves_no_file(desk: Desk) -> None:
    desk.repository.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.add()
    assert desk.files.files == {}


def test_survey_that_the_storage_does_not_take_leaves_no_row(desk: Desk) -> None:
    desk.files.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.add()
    assert desk.library.list(TENANT) == []


def test_surveys_added_at_the_same_time_are_made_ready_one_after_another(desk: Desk) -> None:
    inside, most_inside, waited = [0], [0], threading.Event()

    def hear(words: str, done: int, total: int) -> None:
        if words.startswith("Waiting"):
            waited.set()
            return
        if words.startswith("Masking") and done == total:
            inside[0] += 1
            most_inside[0] = max(most_inside[0], inside[0])
            waited.wait(5)
        if words.startswith("Marking") and done == total:
            inside[0] -= 1

    def add(_: int) -> Survey:
        return desk.library.add(NIA, TENANT, csv_table(FILE), COLUMNS, on_progress=hear)

    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(add, range(2)))
    assert waited.is_set()
    assert most_inside == [1]
    assert len({survey.id for survey in added}) == len(desk.library.list(TENANT)) == 2


# Opening


def test_survey_is_read_from_the_storage_once_while_it_is_among_the_last_opened(desk: Desk) -> None:
    surveys = [desk.add() for _ in range(6)]
    desk.files.broken = True
    for survey in surveys[-4:]:
        first = desk.library.open(TENANT, survey.id)
        assert desk.library.open(TENANT, survey.id) is first
    with pytest.raises(BackendUnavailableError):
        desk.library.open(TENANT, surveys[0].id)
    desk.files.broken = False
    assert desk.library.open(TENANT, surveys[0].id).row_count == 2


def test_survey_is_opened_by_its_own_tenant_alone_even_when_it_is_open(desk: Desk) -> None:
    survey = desk.add()
    with pytest.raises(NotFoundError) as caught:
        desk.library.open(OTHER_TENANT, survey.id)
    assert caught.value.code == "survey-missing"


def test_threads_that_open_at_the_same_time_read_the_same_rows(desk: Desk) -> None:
    rows = "".join(f"a{number},Answer {number},\n" for number in range(3_000))
    table: ResponseTable = csv_table(f"id,Why?,internal\n{rows}")
    survey = desk.library.add(NIA, TENANT, table, COLUMNS)
    other = SurveyLibrary(desk.repository, desk.files, desk.detector, desk.jobs, AuditTrail(desk.events))

    def read(_: int) -> list[str]:
        texts: list[str] = other.open(TENANT, survey.id).texts("Why?").to_pylist()
        return texts

    with ThreadPoolExecutor(8) as pool:
        for texts in pool.map(read, range(16)):
            assert texts == [f"Answer {number}" for number in range(3_000)]


# Changing


def test_title_and_earlier_wave_change_each_on_its_own(desk: Desk) -> None:
    first, second = desk.add("Spring"), desk.add("Autumn")
    desk.library.update(NIA, TENANT, second.id, earlier_wave_id=first.id)
    desk.library.update(GRACE, TENANT, second.id, title=" Autumn \n 2026 ")
    assert desk.library.get(TENANT, second.id) == replace(second, title="Autumn 2026", earlier_wave_id=first.id)
    desk.library.update(NIA, TENANT, second.id, earlier_wave_id=None)
    assert desk.library.get(TENANT, second.id).earlier_wave_id is None
    assert [event.details for event in desk.events.events if event.action == "survey-changed"] == [
        {"renamed": False, "wave_changed": True},
        {"renamed": True, "wave_changed": False},
        {"renamed": False, "wave_changed": True},
    ]


def test_survey_without_a_title_is_refused(desk: Desk) -> None:
    survey = desk.add("Spring")
    with pytest.raises(InputError) as caught:
        desk.library.update(NIA, TENANT, survey.id, title=" \n ")
    assert caught.value.code == "empty-title"
    assert desk.library.get(TENANT, survey.id) == survey


def test_no_survey_comes_after_itself_or_a_later_wave(desk: Desk) -> None:
    first, second, third = desk.add(), desk.add(), desk.add()
    desk.library.update(NIA, TENANT, second.id, earlier_wave_id=first.id)
    desk.library.update(NIA, TENANT, third.id, earlier_wave_id=second.id)
    for wave in (first, second, third):
        with pytest.raises(InputError) as caught:
            desk.library.update(NIA, TENANT, first.id, earlier_wave_id=wave.id)
        assert caught.value.code == "wave-circle"
    assert desk.library.get(TENANT, first.id) == first


def test_earlier_wave_that_is_not_there_is_not_found(desk: Desk) -> None:
    survey = desk.add()
    with pytest.raises(NotFoundError):
        desk.library.update(NIA, TENANT, survey.id, earlier_wave_id="gone")


# Who may


@pytest.mark.parametrize("account", [MIA, STRANGER, replace(NIA, disabled=True)])
def test_only_analysts_and_administrators_of_the_tenant_change_surveys(desk: Desk, account: Account) -> None:
    survey = desk.add("Spring", GRACE)
    changes: list[Callable[[], object]] = [
        lambda: desk.add("Mine", account),
        lambda: desk.library.update(account, TENANT, survey.id, title="Mine"),
        lambda: desk.library.delete(account, TENANT, survey.id),
    ]
    for change in changes:
        with pytest.raises(AccessError):
            change()
    assert desk.library.list(TENANT) == [survey]
    assert survey.file in desk.files.files


def test_analysts_of_another_tenant_cannot_reach_a_survey_through_their_own(desk: Desk) -> None:
    survey = desk.add()
    changes: list[Callable[[], object]] = [
        lambda: desk.library.update(STRANGER, OTHER_TENANT, survey.id, title="Mine"),
        lambda: desk.library.delete(STRANGER, OTHER_TENANT, survey.id),
    ]
    for change in changes:
        with pytest.raises(NotFoundError):
            change()
    assert desk.library.get(TENANT, survey.id) == survey
