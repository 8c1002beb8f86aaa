"""Makes a file when somebody asks for it, and hands it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.error_notice import show_error
from components.explore_run import is_explorable
from components.frame import Viewer
from components.survey_export_formats import CSV, JSONL, XLSX, ExportWish
from components.times import ago
from components.wiring import Services
from services.errors import AppError, ConflictError, InputError, NotFoundError
from services.surveys.evaluation_models import Evaluation
from services.surveys.exploring.explorer import RunView, compare_waves
from services.surveys.exploring.models import WaveComparison

# From so many rows on, a person should know that it takes a while: for workbooks, and for the others.
_MANY_ROWS_IN_WORKBOOK = 20_000
_MANY_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that waits to be downloaded; a session keeps one."""

    run_id: str
    wish: ExportWish
    data: bytes
    built_at: datetime


def draw_build(app: Services, person: Viewer, view: RunView, wish: ExportWish, row_count: int) -> None:
    """Draw the button that makes the file, then the one that hands it out.

    Args:
        row_count: Rows that go into the file.
    """
    built: BuiltFile | None = st.session_state.get(session_keys.SURVEY_EXPORT_FILE)
    is_there = built is not None and (built.run_id, built.wish) == (view.run.id, wish)
    many = _MANY_ROWS if wish.kind.is_light else _MANY_ROWS_IN_WORKBOOK
    if row_count >= many and not is_there:
        st.caption(f":material/hourglass_empty: {row_count:,} rows may take a minute. Stay on this page meanwhile.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        wanted = st.button(
            "Build again" if is_there else f"Build the {wish.kind.noun}",
            key=f"{session_keys.SURVEY_EXPORT_BUTTON}build",
            icon=":material/refresh:" if is_there else ":material/build:",
            type="tertiary" if is_there else "primary",
        )
        place = st.container(horizontal=True, vertical_alignment="center")
    if wanted:
        try:
            with st.spinner(f"Writing {counted(row_count, 'response')} …", show_time=True):
                built = BuiltFile(view.run.id, wish, build(app, person, view, wish), datetime.now(UTC))
        except AppError as error:
            show_error(error)
            return
        st.session_state[session_keys.SURVEY_EXPORT_FILE] = built
        st.rerun()  # the buttons above say what there is to do now
    if not is_there or built is None:
        return
    with place:
        st.download_button(
            f"Download the {wish.kind.noun} ({size_words(len(built.data))})",
            built.data,
            file_name=file_name(view, wish),
            mime=wish.kind.media_type,
            key=f"{session_keys.SURVEY_EXPORT_BUTTON}download",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
        st.markdown(f":small[:gray[Built {ago(built.built_at)}]]", width="content")


def build(app: Services, person: Viewer, view: RunView, wish: ExportWish) -> bytes:
    """The file.

    Raises:
        AppError: it could not be made.
    """
    exports = app.surveys.exports
    if wish.kind.name == CSV:
        return exports.csv(view, wish.chosen)
    if wish.kind.name == JSONL:
        return exports.jsonl(view, wish.chosen)
    if wish.kind.name == XLSX:
        return exports.workbook(
            view,
            wish.chosen,
            title=wish.title,
            score=wish.score,
            evaluation=_evaluation(app, person, view),
            waves=_waves(app, person, view, wish),
        )
    return exports.report_html(view, wish.chosen, wish.title, wish.score).encode()


def file_name(view: RunView, wish: ExportWish) -> str:
    """What the file is called: the survey, whether it is a part, and the day of the run."""
    title = re.sub(r"[^\w-]+", "-", view.survey.title).strip("-").lower() or "survey"
    part = "" if wish.chosen.is_empty else "-part"
    return f"{title[:60]}{part}-{view.run.created_at:%Y-%m-%d}.{wish.kind.ending}"


def size_words(count: int) -> str:
    """The size of a file."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3)):,} KB"


def _evaluation(app: Services, person: Viewer, view: RunView) -> Evaluation | None:
    if not app.surveys.labels.gold(person.tenant.id, view.run.survey_id, view.run.question):
        return None
    try:
        return app.surveys.evaluation.evaluate(person.tenant.id, view.run.id)
    except InputError:
        return None  # no gold label can be used for this run


def _waves(app: Services, person: Viewer, view: RunView, wish: ExportWish) -> WaveComparison | None:
    """Beside the newest run of the earlier wave to the same question, with the same topics."""
    if view.survey.earlier_wave_id is None:
        return None
    tenant_id = person.tenant.id
    try:
        for state in app.surveys.runs.list(tenant_id, view.survey.earlier_wave_id):
            same = (state.run.question, state.run.taxonomy_id) == (view.run.question, view.run.taxonomy_id)
            if same and is_explorable(state):
                before = app.surveys.explorer.open(tenant_id, state.run.id)
                return compare_waves(view, before, wish.chosen)
    except (NotFoundError, ConflictError):
        return None  # the earlier wave was deleted meanwhile
    return None
