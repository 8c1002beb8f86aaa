"""The page on which analysts load surveys: file, columns, loading, the list, and what a survey holds."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from openpyxl import Workbook
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.survey_file import sample_surveys
from components.survey_link import DATA, EXPLORE, RUN, TOPICS
from components.survey_loading import LoadingStep, OnProgress, loading_of
from services.errors import BackendUnavailableError
from services.surveys.chosen_columns import SegmentColumn
from services.surveys.library import SurveyLibrary
from tests.pages.frame_driver import enter_as, open_app, titles
from tests.pages.survey_desk import (
    GRACE,
    OMAR,
    PAGE,
    TENANT,
    WHY,
    WISH,
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

LOAD_BUTTON = f"{session_keys.SURVEY_UPLOAD}do"
OPEN_BUTTON = f"{session_keys.SURVEY_BUTTON}open."


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


class Counting:
    """The library, with its readings counted and its failures chosen."""

    def __init__(self, library: SurveyLibrary) -> None:
        self._library = library
        self.read_count = 0
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def read(self, *arguments: Any, **named: Any) -> Any:
        self.read_count += 1
        return self._library.read(*arguments, **named)

    def add(self, *arguments: Any, **named: Any) -> Any:
        if self.broken:
            raise BackendUnavailableError("The storage does not answer.", code="storage-unavailable")
        return self._library.add(*arguments, **named)


def upload(page: AppTest, data: bytes | None = None, name: str = "spring.csv", turn: int = 0) -> AppTest:
    content = survey_csv() if data is None else data
    page.file_uploader(key=f"{session_keys.SURVEY_UPLOAD}file.{turn}").set_value([(name, content, "text/csv")])
    return page.run()


def load(page: AppTest) -> AppTest:
    """Click "Load survey", and wait until it has ended."""
    page = click(page, LOAD_BUTTON)
    for _ in range(60):
        if address(page, session_keys.OPEN_SURVEY) or not page.session_state[session_keys.VIEWER]:
            break
        loading = loading_of(page.session_state[session_keys.VIEWER])
        if loading is None:
            break
        loading.wait(1)
        page.run()
    return page


def choose(page: AppTest, rows: dict[int, dict[str, str]]) -> AppTest:
    """Change cells of the table of columns, by the number of the row."""
    key = page.data_editor[0].key
    assert key
    page.session_state[key] = {"edited_rows": rows, "added_rows": [], "deleted_rows": []}
    return page.run()


def workbook() -> bytes:
    book = Workbook()
    first = book.active
    assert first
    first.title = "Answers"
    first.append(["id", "comment"])
    for number in range(30):
        first.append([f"A-{number:03}", f"I would like it to be better in way {number}"])
    second = book.create_sheet("Notes")
    second.append(["who", "What do you think?"])
    for number in range(20):
        second.append([f"B-{number:03}", f"these are other words than before, number {number}"])
    book.create_sheet("Empty")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_tenant_without_surveys_is_told_what_to_do(desk: Desk) -> None:
    page = open_page()
    assert not page.exception
    assert titles(page) == ["Analyze surveys"]
    assert "Harborview Pharmacy has no surveys yet" in shown(page)
    assert LOAD_BUTTON not in keys(page)


def test_sample_survey_is_looked_at_like_any_other_file_before_it_is_loaded(desk: Desk) -> None:
    title = next(iter(sample_surveys()))
    page = click(open_page(), f"{session_keys.SURVEY_SAMPLE_BUTTON}{title}")
    assert "1,000 rows and 10 columns" in shown(page).replace("*", "")
    assert not desk.services.surveys.library.list(TENANT)
    page = load(page)
    assert not page.exception
    (survey,) = desk.services.surveys.library.list(TENANT)
    assert (survey.title, survey.facts.row_count) == (title, 1000)
    assert address(page, session_keys.OPEN_SURVEY) == survey.id


def test_nothing_is_stored_before_it_was_looked_at(desk: Desk) -> None:
    page = upload(open_page())
    assert not page.exception
    assert "40 rows and 6 columns" in shown(page).replace("*", "")
    assert f"“{WISH}”" in shown(page)
    assert not desk.services.surveys.library.list(TENANT)
    assert list(page.dataframe[-1].value.columns) == ["Response ID", "Day", WHY, WISH, "Region", "NPS"]


def test_loaded_survey_tells_what_it_holds_and_what_was_masked(desk: Desk) -> None:
    page = load(choose(upload(open_page()), {2: {"Use as": "text"}}))
    assert not page.exception
    (survey,) = desk.services.surveys.library.list(TENANT)
    assert survey.title == "spring"
    assert survey.facts.columns.texts == (WHY, WISH)
    words = shown(page)
    assert "“spring” is loaded." in words
    assert "Responses 40" in words
    assert "5 phone numbers in 5 responses" in words
    assert "First day Mar 1, 2026" in words
    for mark in ("Empty", "Junk", "Repeated", "Not English", "Very long"):
        assert mark in words
    assert "0147" not in words


def test_columns_are_used_as_the_person_says(desk: Desk) -> None:
    changes = {4: {"Choices": ";"}, 5: {"Use as": "segment"}, 1: {"Use as": "other"}}
    load(choose(upload(open_page()), changes))
    columns = desk.services.surveys.library.list(TENANT)[0].facts.columns
    assert SegmentColumn("Region", ";") in columns.segments
    assert SegmentColumn("NPS") in columns.segments
    assert (columns.scores, columns.date) == ((), None)


def test_file_without_a_question_cannot_be_loaded_and_says_what_to_do(desk: Desk) -> None:
    page = upload(open_page(), b"id,age\n" + b"\n".join(b"%d,%d" % (one, one % 5) for one in range(50)))
    assert page.button(key=LOAD_BUTTON).disabled
    assert "no column of open-ended answers" in shown(page)
    assert "Pick the column that holds what people wrote" in shown(page)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.csv", b"", "empty.csv"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 900, "save it as .xlsx"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "photo.csv"),
    ],
)
def test_file_that_cannot_be_read_is_named_with_a_remedy_and_the_choice_is_kept(
    desk: Desk, name: str, data: bytes, words: str
) -> None:
    page = upload(open_page(), data, name)
    assert not page.exception
    assert words in shown(page)
    assert "Your choice is kept" in shown(page)
    assert LOAD_BUTTON not in keys(page)
    assert page.file_uploader(key=f"{session_keys.SURVEY_UPLOAD}file.0").value
    page = upload(page)
    assert "40 rows" in shown(page)


def test_sheet_of_a_workbook_is_chosen_and_one_that_is_empty_can_be_left_again(desk: Desk) -> None:
    page = upload(open_page(), workbook(), "answers.xlsx")
    assert "30 rows and 2 columns" in shown(page).replace("*", "")
    (sheet,) = [box for box in page.selectbox if box.label == "Sheet"]
    page = sheet.select("Empty").run()
    assert "Your choice is kept" in shown(page)
    (sheet,) = [box for box in page.selectbox if box.label == "Sheet"]
    page = sheet.select("Notes").run()
    assert "20 rows and 2 columns" in shown(page).replace("*", "")
    page = load(page)
    (survey,) = desk.services.surveys.library.list(TENANT)
    assert survey.facts.columns.texts == ("What do you think?",)


def test_file_is_read_once_however_often_the_page_is_drawn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Counting(desk.services.surveys.library)
    serve(monkeypatch, desk, library=library)
    page = upload(open_page())
    page = choose(page.run(), {5: {"Use as": "other"}}).run()
    assert library.read_count == 1
    upload(page, b"", "broken.csv").run().run()
    assert library.read_count == 2


def test_survey_that_could_not_be_stored_is_kept_with_all_choices_and_loaded_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Counting(desk.services.surveys.library)
    serve(monkeypatch, desk, library=library)
    library.broken = True
    page = load(choose(upload(open_page()), {2: {"Use as": "text"}}))
    assert "The storage does not answer." in shown(page)
    assert "Nothing was stored" in shown(page)
    library.broken = False
    load(page)
    (survey,) = desk.services.surveys.library.list(TENANT)
    assert survey.facts.columns.texts == (WHY, WISH)


def test_loading_goes_on_after_a_reload_and_is_stopped_without_storing_anything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    class Slow(Counting):
        def add(self, *arguments: Any, on_progress: OnProgress, **named: Any) -> Any:
            on_progress("Masking personal data", 3, 12)
            gate.wait(60)
            on_progress("Masking personal data", 6, 12)
            return super().add(*arguments, on_progress=on_progress, **named)

    serve(monkeypatch, desk, library=Slow(desk.services.surveys.library))
    click(upload(open_page()), LOAD_BUTTON)
    page = open_page()  # another session of the same person, as after a reload
    assert "Loading “spring”" in shown(page)
    assert f"{session_keys.SURVEY_BUTTON}stop_loading" in keys(page)
    assert not page.file_uploader
    loading = loading_of(page.session_state[session_keys.VIEWER])
    assert loading
    assert loading.step == LoadingStep("Masking personal data", 3, 12)
    page = click(page, f"{session_keys.SURVEY_BUTTON}stop_loading")
    gate.set()
    assert loading.wait(30)
    page.run()
    assert "Loading was stopped. Nothing was stored." in shown(page)
    assert not desk.services.surveys.library.list(TENANT)


def test_chosen_file_is_put_away_with_everything_that_was_said_about_it(desk: Desk) -> None:
    page = click(upload(open_page()), f"{session_keys.SURVEY_UPLOAD}cancel")
    assert LOAD_BUTTON not in keys(page)
    assert "has no surveys yet" in shown(page)


def test_next_wave_takes_over_the_columns_and_knows_its_earlier_wave(desk: Desk) -> None:
    first = desk.survey("First wave")
    page = upload(open_page())
    (wave,) = [box for box in page.selectbox if box.label == "Earlier wave"]
    page = load(wave.select(first.id).run())
    second = desk.services.surveys.library.list(TENANT)[0]
    assert second.facts.columns == first.facts.columns
    assert second.earlier_wave_id == first.id
    page = click(page, f"{session_keys.SURVEY_BUTTON}back")
    assert "Wave after “First wave”" in shown(page)


def test_list_says_how_far_every_survey_is_and_leads_to_what_is_next(desk: Desk) -> None:
    fresh, analyzed, waiting = desk.survey("Fresh"), desk.survey("Analyzed"), desk.survey("Waiting")
    taxonomy = desk.taxonomy().taxonomy_id
    desk.run(analyzed, taxonomy)
    desk.queue.paused = True
    desk.run(waiting, taxonomy)
    page = open_page()
    assert not page.exception
    for words in ("No run yet", "choose the topics", "Done", "look at the results", "Waiting", "0 of 2 parts"):
        assert words in shown(page)
    for survey, step in ((fresh, TOPICS), (analyzed, EXPLORE), (waiting, RUN)):
        opened = click(open_page(), f"{OPEN_BUTTON}{survey.id}")
        assert not opened.exception
        assert address(opened, session_keys.OPEN_SURVEY) == survey.id
        assert opened.session_state[session_keys.SURVEY_STEP] == step


def test_survey_is_renamed_and_gets_its_earlier_wave(desk: Desk) -> None:
    first, second = desk.survey("First"), desk.survey("Second")
    page = open_page(survey=second)
    assert page.button(key=f"{session_keys.SURVEY_BUTTON}save.{second.id}").disabled
    page.text_input(key=f"{session_keys.SURVEY_FIELD}title.{second.id}").set_value("Autumn wave").run()
    page.selectbox(key=f"{session_keys.SURVEY_FIELD}wave.{second.id}").select(first.id).run()
    page = click(page, f"{session_keys.SURVEY_BUTTON}save.{second.id}")
    changed = desk.services.surveys.library.get(TENANT, second.id)
    assert (changed.title, changed.earlier_wave_id) == ("Autumn wave", first.id)
    assert "Autumn wave" in shown(page)


def test_survey_is_deleted_only_after_a_question(desk: Desk) -> None:
    survey = desk.survey()
    page = click(open_page(survey=survey), f"{session_keys.SURVEY_BUTTON}delete.{survey.id}")
    assert desk.services.surveys.library.list(TENANT)
    assert "cannot be undone" in shown(page)
    page = click(page, session_keys.CONFIRM_BUTTON)
    assert not desk.services.surveys.library.list(TENANT)
    assert "Deleted “Spring wave”" in shown(page)
    assert "has no surveys yet" in shown(page)


def test_stored_responses_are_shown_masked(desk: Desk) -> None:
    survey = desk.survey()
    page = open_page(survey=survey)
    page.session_state[f"{session_keys.SURVEY_FIELD}rows.{survey.id}"] = True
    page.run()
    rows = page.dataframe[-1].value
    assert list(rows.columns) == ["Id", WHY, WISH]
    assert "[phone number]" in " ".join(rows[WHY])


def test_link_of_another_tenant_or_of_a_deleted_survey_says_so(desk: Desk) -> None:
    page = open_page(parameters={session_keys.OPEN_SURVEY: "nothing"})
    assert "This survey is not among those of this tenant" in shown(page)


def test_back_leads_to_the_list_from_any_step(desk: Desk) -> None:
    survey = desk.survey()
    page = click(open_page(survey=survey, step=RUN), f"{session_keys.SURVEY_BUTTON}back")
    assert not page.exception
    assert f"{OPEN_BUTTON}{survey.id}" in keys(page)
    assert address(page, session_keys.OPEN_SURVEY) is None


def test_administrator_opens_a_colleagues_survey_by_its_link(desk: Desk) -> None:
    page = open_page(GRACE, survey=desk.survey("Omar's survey"), step=DATA)
    assert "Omar's survey" in shown(page)


def test_care_agent_does_not_see_the_page(desk: Desk) -> None:
    app = enter_as(open_app(), "ana.reyes")
    app.switch_page(PAGE).run()
    assert "This page is not for your role" in app.warning[0].value
    assert not app.file_uploader


def test_storage_that_does_not_answer_is_explained_and_the_page_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        max_bytes = 1

        def list(self, tenant_id: str) -> list[object]:
            raise BackendUnavailableError("The database does not answer.", code="database-unavailable")

    serve(monkeypatch, desk, library=Silent())
    page = open_page(OMAR)
    assert "The database does not answer." in shown(page)
    assert titles(page) == ["Analyze surveys"]
    assert not page.exception
