"""Takes a survey: a file, its sheet, what its columns are, and a look at its rows; nothing is stored before that."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components import session_keys
from components.batch_actions import attempt
from components.document_words import counted
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_columns import ColumnChoice, choices_now, choices_of, chosen_columns, draw_columns
from components.survey_file import (
    ChosenFile,
    ReadFile,
    choose_sample,
    chosen_file,
    forget_file,
    read_file,
    sample_surveys,
    upload_key,
)
from components.survey_loading import OnProgress, start_loading
from components.survey_words import FORMATS, delimiter_words, used_words
from components.wiring import Services
from services.errors import InputError
from services.surveys.chosen_columns import ColumnGuess, SurveyColumns
from services.surveys.library import LONGEST_TITLE_CHARACTERS
from services.surveys.response_tables import ResponseTable
from services.surveys.survey_models import Survey

PREVIEW_ROWS = 20
_PREVIEW_PIXELS = 248  # seven rows; the others scroll
_KEY = session_keys.SURVEY_UPLOAD
_TABLE = session_keys.SURVEY_TABLE
_LONGEST_CELL_CHARACTERS = 300


def draw_upload(app: Services, person: Viewer, surveys: Sequence[Survey]) -> None:
    """Draw the field for a file, and what it holds once there is one.

    Args:
        surveys: Those that there are; any of them may be the earlier wave.
    """
    st.file_uploader(
        "Survey file", key=upload_key(), label_visibility="collapsed", help="One file with a row per respondent."
    )
    file = chosen_file()
    if file is None:
        st.caption(
            "CSV, TSV, Excel (.xlsx) or JSON lines with a row per respondent, up to "
            f"{app.surveys.library.max_bytes / 1e6:,.0f} MB. Nothing is stored until you have looked at it and load it."
        )
        return
    read = _read(app, file)
    _draw_sheets(file, read)
    if read.error is not None:
        show_error(read.error)
        st.caption("Your choice is kept: correct the file and choose it again, or choose another one.")
    if read.table is not None:
        _draw_table(app, person, file, read.table, read.guesses, surveys)
    elif file.name in {path.name for path in sample_surveys().values()}:
        _draw_cancel()


def draw_samples() -> None:
    """Draw the buttons that take a sample survey as if it had been uploaded."""
    samples = sample_surveys()
    if not samples:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Or try it with a sample:", width="content")
        for title in samples:
            _draw_sample(title)


def _draw_sample(title: str) -> None:
    st.button(
        title,
        key=f"{session_keys.SURVEY_SAMPLE_BUTTON}{title}",
        icon=":material/science:",
        on_click=choose_sample,
        args=(title,),
    )


def _read(app: Services, file: ChosenFile) -> ReadFile:
    sheet: str | None = st.session_state.get(f"{_TABLE}sheet.{file.id}")
    with st.spinner(f"Reading {in_one_line(file.name, 60)} …"):
        return read_file(app.surveys.library, file, sheet)


def _draw_sheets(file: ChosenFile, read: ReadFile) -> None:
    """Draw the choice among several sheets, also beside the error of one that cannot be read."""
    key = f"{_TABLE}sheets.{file.id}"
    if read.table is not None:
        st.session_state[key] = (read.table.sheets, read.table.sheet)
    sheets, shown = st.session_state.get(key, ((), ""))
    if len(sheets) > 1:
        st.selectbox(
            "Sheet",
            sheets,
            index=sheets.index(shown) if shown in sheets else 0,
            key=f"{_TABLE}sheet.{file.id}",
            help="The longest sheet is read at first.",
        )


def _draw_table(
    app: Services,
    person: Viewer,
    file: ChosenFile,
    table: ResponseTable,
    guesses: Sequence[ColumnGuess],
    surveys: Sequence[Survey],
) -> None:
    facts = [FORMATS[table.format], delimiter_words(table.delimiter), table.encoding]
    st.markdown(
        f"**{counted(table.row_count, 'row')}** and **{counted(len(table.columns), 'column')}** in "
        f"{in_one_line(file.name, 80)}  \n:small[:gray[{' · '.join(in_one_line(fact) for fact in facts if fact)}]]"
    )
    _draw_warnings(table)
    earlier = _draw_title(file, surveys)
    first = choices_of(guesses, earlier.facts.columns if earlier else None)
    st.markdown(
        "**What each column is**  \n:small[:gray[Guessed from the cells; click a cell under “Use as” to correct]]"
    )
    key = f"{_TABLE}columns.{file.id}.{table.sheet}.{earlier.id if earlier else ''}"
    columns = _draw_chosen(table, guesses, first, draw_columns(guesses, first, key=key))

    def load() -> None:
        attempt(begin)

    def begin() -> None:
        # The last change may have come with this very click.
        chosen = chosen_columns(table, guesses, first, choices_now(first, key))
        _load(app, person, file, table, chosen, earlier)

    with st.expander("The first rows", expanded=True, icon=":material/table_rows:"):
        _draw_preview(table)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Load survey",
            key=f"{_KEY}do",
            type="primary",
            icon=":material/upload:",
            disabled=columns is None,
            on_click=load,
        )
        _draw_cancel()
    st.caption(
        ":material/shield_person: Names, phone numbers, addresses and other personal data are masked before anything "
        "is stored or analyzed. Columns that are not used are left out."
    )


def _draw_warnings(table: ResponseTable) -> None:
    if table.warnings:
        lines = [f"**{in_one_line(one.message)}** {in_one_line(one.remedy)}" for one in table.warnings]
        mark = "- " if len(lines) > 1 else ""
        st.warning("\n".join(f"{mark}{line}" for line in lines), icon=":material/warning:")


def _draw_title(file: ChosenFile, surveys: Sequence[Survey]) -> Survey | None:
    """Draw name and earlier wave; returns the earlier wave."""
    name, wave = st.columns(2)
    name.text_input(
        "Name of the survey",
        value=file.title[:LONGEST_TITLE_CHARACTERS],
        key=f"{_TABLE}title.{file.id}",
        max_chars=LONGEST_TITLE_CHARACTERS,
        persist_state="session",
    )
    if not surveys:
        return None
    by_id = {survey.id: survey for survey in surveys}
    key = f"{_TABLE}earlier"
    if st.session_state.get(key) not in by_id:
        st.session_state.pop(key, None)
    chosen = wave.selectbox(
        "Earlier wave",
        list(by_id),
        index=None,
        format_func=lambda survey_id: by_id[survey_id].title,
        key=key,
        placeholder="None: this is the first wave",
        help="A survey that asked the same before. Its columns and topics are taken over, and results can be compared.",
        persist_state="session",
    )
    return by_id.get(chosen or "")


def _draw_chosen(
    table: ResponseTable,
    guesses: Sequence[ColumnGuess],
    first: Sequence[ColumnChoice],
    now: Sequence[ColumnChoice],
) -> SurveyColumns | None:
    """The columns that were chosen; None when they do not fit, which is said."""
    try:
        columns = chosen_columns(table, guesses, first, now)
    except InputError as error:
        st.warning(
            f"**{in_one_line(error.message_for_user)}**  \n{in_one_line(error.remedy)}", icon=":material/warning:"
        )
        return None
    unused = len(table.columns) - len(columns.names)
    lines = used_words(columns)
    if unused:
        lines.append(f"**Not used**: {counted(unused, 'column')}")
    st.markdown("  \n".join(f":small[{line}]" for line in lines))
    return columns


def _draw_preview(table: ResponseTable) -> None:
    rows = [[cell[:_LONGEST_CELL_CHARACTERS] for cell in row] for row in table.head(PREVIEW_ROWS)]
    st.dataframe(
        pd.DataFrame(rows, columns=list(table.columns)),
        hide_index=True,
        height=_PREVIEW_PIXELS,
        alt="The first rows of the file as they are",
    )
    st.caption(f"The first {counted(len(rows), 'row')}, as they stand in the file: personal data is not masked yet.")


def _draw_cancel() -> None:
    st.button(
        "Choose another file", key=f"{_KEY}cancel", icon=":material/close:", type="tertiary", on_click=forget_file
    )


def _load(
    app: Services,
    person: Viewer,
    file: ChosenFile,
    table: ResponseTable,
    columns: SurveyColumns,
    earlier: Survey | None,
) -> None:
    title = (st.session_state.get(f"{_TABLE}title.{file.id}") or "").strip() or file.title
    account, tenant_id, library = person.account, person.tenant.id, app.surveys.library

    def load(on_progress: OnProgress) -> Survey:
        survey = library.add(account, tenant_id, table, columns, title, on_progress=on_progress)
        if earlier is not None:
            library.update(account, tenant_id, survey.id, earlier_wave_id=earlier.id)
        return survey

    start_loading(person, title, load)
