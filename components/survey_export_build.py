"""Makes a file when somebody asks for it, and hands it out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import quote

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
from services.surveys.exports.built_files import BuiltExport

# From so many rows on, a person should know that it takes a while: for workbooks, and for the others.
_MANY_ROWS_IN_WORKBOOK = 20_000
_MANY_ROWS = 100_000
_SECONDS_BETWEEN = 0.25
_LONGEST_TITLE_BYTES = 120


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that waits to be downloaded; a session keeps one."""

    run_id: str
    wish: ExportWish
    export: BuiltExport
    built_at: datetime


def draw_build(app: Services, person: Viewer, view: RunView, wish: ExportWish, row_count: int) -> None:
    """Draw the button that makes the file, then the one that hands it out.

    Args:
        row_count: Rows that go into the file.
    """
    built: BuiltFile | None = st.session_state.get(session_keys.SURVEY_EXPORT_FILE)
    if built is not None and ((built.run_id, built.wish) != (view.run.id, wish) or not built.export.path.exists()):
        built = None
    many = _MANY_ROWS if wish.kind.is_light else _MANY_ROWS_IN_WORKBOOK
    if row_count >= many and built is None:
        st.caption(
            f":material/hourglass_empty: {row_count:,} rows may take a minute. Stay on this page meanwhile: another "
            "click stops it."
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        wanted = st.button(
            f"Build the {wish.kind.noun}" if built is None else "Build again",
            key=f"{session_keys.SURVEY_EXPORT_BUTTON}build",
            icon=":material/build:" if built is None else ":material/refresh:",
            type="primary" if built is None else "tertiary",
        )
        place = st.container(horizontal=True, vertical_alignment="center")
    if wanted:
        try:
            export = _build(app, person, view, wish, row_count)
        except AppError as error:
            show_error(error)
            return
        _keep(app, BuiltFile(view.run.id, wish, export, datetime.now(UTC)))
        st.rerun()  # the buttons above say what there is to do now
    if built is None:
        return
    with place:
        # Not st.download_button: it would hold the whole file in the memory of the web process.
        st.link_button(
            f"Download the {wish.kind.noun} ({size_words(built.export.size_bytes)})",
            f"/downloads/surveys/{quote(person.tenant.id)}/{built.export.id}",
            key=f"{session_keys.SURVEY_EXPORT_BUTTON}download",
            icon=":material/download:",
            type="primary",
        )
        st.markdown(f":small[:gray[Built {ago(built.built_at)}]]", width="content")


def _keep(app: Services, built: BuiltFile) -> None:
    before: BuiltFile | None = st.session_state.get(session_keys.SURVEY_EXPORT_FILE)
    if before is not None:
        app.surveys.built.delete(before.export)
    st.session_state[session_keys.SURVEY_EXPORT_FILE] = built


def _build(app: Services, person: Viewer, view: RunView, wish: ExportWish, row_count: int) -> BuiltExport:
    name = file_name(view, wish)
    if not wish.kind.has_rows:
        with st.spinner(f"Writing about {counted(row_count, 'response')} …", show_time=True):
            return app.surveys.built.build(
                person.tenant.id, view.run.survey_id, name, lambda file: write(app, person, view, wish, file)
            )
    progress = RowProgress(row_count)
    return app.surveys.built.build(
        person.tenant.id,
        view.run.survey_id,
        name,
        lambda file: write(app, person, view, wish, file, progress.show),
    )


class RowProgress:
    """A bar that shows how many rows are written, a few times a second.

    Args:
        row_count: Rows that will be written.
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, row_count: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._row_count = row_count
        self._clock = clock
        self._bar = st.progress(0.0, text="Working out the figures …")
        self._shown_at = clock()

    def show(self, written: int) -> None:
        """Show so many, unless the last time is hardly over."""
        now = self._clock()
        is_last = written >= self._row_count
        if not is_last and now - self._shown_at < _SECONDS_BETWEEN:
            return
        self._shown_at = now
        words = f"{written:,} of {self._row_count:,} rows written"
        self._bar.progress(
            min(written / max(self._row_count, 1), 1.0), text=f"{words}; finishing the file …" if is_last else words
        )


def write(
    app: Services,
    person: Viewer,
    view: RunView,
    wish: ExportWish,
    file: BinaryIO,
    on_rows: Callable[[int], None] | None = None,
) -> None:
    """Write the file.

    Args:
        on_rows: Hears how many rows are written, in formats that have rows.

    Raises:
        AppError: it could not be made.
    """
    exports = app.surveys.exports
    shown = view.main if wish.by_main else view
    if wish.kind.name == CSV:
        exports.csv(file, view, wish.chosen, on_rows=on_rows)
    elif wish.kind.name == JSONL:
        exports.jsonl(file, view, wish.chosen, on_rows=on_rows)
    elif wish.kind.name == XLSX:
        exports.workbook(
            file,
            shown,
            wish.chosen,
            title=wish.title,
            score=wish.score,
            evaluation=_evaluation(app, person, view),
            waves=_waves(app, person, shown, wish),
            on_rows=on_rows,
        )
    else:
        file.write(exports.report_html(shown, wish.chosen, wish.title, wish.score).encode())


def file_name(view: RunView, wish: ExportWish) -> str:
    """What the file is called: the survey, whether it is a part, and the day of the run."""
    title = re.sub(r"[^\w-]+", "-", view.survey.title).strip("-").lower() or "survey"
    part = "" if wish.chosen.is_empty else "-part"
    title = title.encode()[:_LONGEST_TITLE_BYTES].decode(errors="ignore")  # names of files end at 255 bytes
    return f"{title}{part}-{view.run.created_at:%Y-%m-%d}.{wish.kind.ending}"


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
                return compare_waves(view, before.main if view.is_main else before, wish.chosen)
    except (NotFoundError, ConflictError):
        return None  # the earlier wave was deleted meanwhile
    return None
