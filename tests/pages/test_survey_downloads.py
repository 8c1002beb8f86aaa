"""Files that were built of a survey's findings are streamed from the disk to whoever may see the survey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.downloads import DOWNLOADS
from components import session_keys
from components.session_token import COOKIE_NAME, sign
from components.survey_export_build import BuiltFile
from components.survey_export_formats import CSV, FORMATS
from components.survey_link import EXPORT
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey
from tests.pages.survey_desk import OMAR, TENANT, Desk, click, open_desk, open_page


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


@pytest.fixture
def explored(desk: Desk) -> tuple[Survey, SurveyRun]:
    survey = desk.survey(title="Kaffee: où?")
    return survey, desk.run(survey, desk.taxonomy().taxonomy_id)


def browser(desk: Desk, username: str | None) -> TestClient:
    """A browser in which somebody is signed in."""
    client = TestClient(Starlette(routes=list(DOWNLOADS)))
    if username is not None:
        client.cookies.set(COOKIE_NAME, sign(desk.services.sign_in.sign_in_sample(username), desk.services.cookie_key))
    return client


def build(page: AppTest, run: SurveyRun, name: str) -> tuple[AppTest, BuiltFile]:
    """The page after a file of that format was built."""
    page.segmented_control(key=f"{session_keys.SURVEY_EXPORT_FIELD}format.{run.id}").set_value(name).run()
    page = click(page, f"{session_keys.SURVEY_EXPORT_BUTTON}build")
    assert not page.exception
    return page, page.session_state[session_keys.SURVEY_EXPORT_FILE]


def address_of(page: AppTest) -> str:
    """Where the button leads."""
    (link,) = page.get("link_button")
    return str(link.proto.url)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_fetched_from_the_disk_under_its_name(
    desk: Desk, explored: tuple[Survey, SurveyRun], tmp_path: Path, name: str
) -> None:
    survey, run = explored
    page, built = build(open_page(survey=survey, step=EXPORT), run, name)
    assert tmp_path in built.export.path.parents
    got = browser(desk, OMAR).get(address_of(page))
    assert got.status_code == 200
    assert got.content == built.export.path.read_bytes()
    assert got.headers["Content-Type"].partition(";")[0] == FORMATS[name].media_type
    assert got.headers["Cache-Control"] == "no-store"
    disposition = got.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert f"kaffee-o%C3%B9-{run.created_at:%Y-%m-%d}.{FORMATS[name].ending}" in disposition


@pytest.mark.parametrize(
    ("username", "tenant_id", "status"),
    [(None, TENANT, 401), ("ana.reyes", TENANT, 403), (OMAR, "clinic", 403)],
)
def test_nobody_else_gets_a_file(
    desk: Desk, explored: tuple[Survey, SurveyRun], username: str | None, tenant_id: str, status: int
) -> None:
    survey, run = explored
    _, built = build(open_page(survey=survey, step=EXPORT), run, CSV)
    got = browser(desk, username).get(f"/downloads/surveys/{tenant_id}/{built.export.id}")
    assert got.status_code == status
    assert b"price" not in got.content


def test_a_file_that_was_never_built_is_not_found_and_says_what_to_do(desk: Desk) -> None:
    for name in ("0" * 32, "..", "x"):
        got = browser(desk, OMAR).get(f"/downloads/surveys/{TENANT}/{name}")
        assert got.status_code == 404
    assert "Build it again" in browser(desk, OMAR).get(f"/downloads/surveys/{TENANT}/{'0' * 32}").text


def test_another_file_takes_the_place_of_the_last_one(desk: Desk, explored: tuple[Survey, SurveyRun]) -> None:
    survey, run = explored
    page, first = build(open_page(survey=survey, step=EXPORT), run, CSV)
    page, second = build(page, run, CSV)
    assert not first.export.path.exists()
    assert second.export.path.exists()


def test_a_file_that_is_gone_is_offered_to_be_built_and_not_to_be_downloaded(
    desk: Desk, explored: tuple[Survey, SurveyRun]
) -> None:
    survey, run = explored
    page, built = build(open_page(survey=survey, step=EXPORT), run, CSV)
    desk.services.surveys.built.delete(built.export)
    page.run()
    assert not page.get("link_button")
    assert page.button(key=f"{session_keys.SURVEY_EXPORT_BUTTON}build").label == "Build the CSV file"


def test_progress_counts_rows_and_is_drawn_a_few_times_a_second() -> None:
    def draw() -> None:
        import streamlit as st

        from components.survey_export_build import RowProgress

        times = iter([0.0, 0.1, 0.3, 0.35, 0.4])
        progress = RowProgress(4_000, clock=times.__next__)
        for count in (1_000, 2_000, 3_000):
            progress.show(count)
        if st.session_state.get("to_the_end"):
            progress.show(4_000)

    page = AppTest.from_function(draw).run()
    assert not page.exception
    (bar,) = page.get("progress")
    assert (bar.proto.text, bar.proto.value) == ("2,000 of 4,000 rows written", 50)
    page.session_state.to_the_end = True
    (bar,) = page.run().get("progress")
    assert (bar.proto.text, bar.proto.value) == ("4,000 of 4,000 rows written; finishing the file …", 100)
