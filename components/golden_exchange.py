"""Golden questions out of and into files."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import Window, act, open_window
from components.markdown_text import in_one_line
from components.wiring import Services
from services.answers.golden_files import COLUMNS
from services.answers.golden_questions import GoldenImport
from services.errors import InputError


def draw_exports(app: Services, person: Viewer) -> None:
    """Draw the two downloads."""
    questions = app.golden_questions
    for name, mime, data in (
        ("CSV", "text/csv", questions.export_csv),
        ("JSONL", "application/jsonl", questions.export_jsonl),
    ):
        st.download_button(
            name,
            data=lambda data=data: data(person.account, person.tenant.id),  # type: ignore[misc]
            file_name=f"golden-questions-{person.tenant.id}.{name.lower()}",
            mime=mime,
            key=session_keys.GOLDEN_EXPORT_BUTTON + name,
            icon=":material/download:",
            on_click="ignore",
        )


def open_golden_import(app: Services, person: Viewer) -> None:
    """Open the window that takes a file; for callbacks."""
    st.session_state.pop(session_keys.GOLDEN_IMPORT_FILE, None)
    open_window(Window("Import golden questions", lambda: _draw(app, person), ":material/upload:", "medium"))


def draw_import_report() -> None:
    """Say once which lines of the last import were left out."""
    report: GoldenImport | None = st.session_state.pop(session_keys.GOLDEN_IMPORT_REPORT, None)
    if report is None or not report.left_out:
        return
    with st.expander(f"{counted(len(report.left_out), 'line')} left out", icon=":material/warning:", expanded=True):
        st.markdown("\n".join(f"- Line {line.line:,}: {in_one_line(line.cause)}" for line in report.left_out[:200]))
        if len(report.left_out) > 200:
            st.caption(f"and {len(report.left_out) - 200:,} more")


def _draw(app: Services, person: Viewer) -> None:
    st.markdown(
        f"A CSV file with the columns {', '.join(f'`{name}`' for name in COLUMNS)}, of which only `text` is needed, "
        "or a JSONL file like the one that is exported. A question with the id of another replaces it. A line that is "
        "wrong is left out and named; the others are kept."
    )
    st.file_uploader("File", type=["csv", "jsonl"], key=session_keys.GOLDEN_IMPORT_FILE)
    st.button(
        "Import",
        key=session_keys.GOLDEN_IMPORT_BUTTON,
        type="primary",
        icon=":material/upload:",
        on_click=act,
        args=(lambda: _import(app, person),),
    )


def _import(app: Services, person: Viewer) -> str:
    file = st.session_state.get(session_keys.GOLDEN_IMPORT_FILE)
    if file is None:
        raise InputError("No file is chosen.", code="no-file", remedy="Choose a CSV or JSONL file first.")
    report = app.golden_questions.import_file(person.account, person.tenant.id, file.name, file.getvalue())
    st.session_state[session_keys.GOLDEN_IMPORT_REPORT] = report
    return f"{counted(report.added, 'question')} added, {report.replaced:,} replaced."
