"""The tab with the golden questions and how each fared last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.golden_exchange import draw_exports, draw_import_report, open_golden_import
from components.golden_form import open_golden_form
from components.golden_results import Standing, progress_shown, result_words
from components.knowledge_window import confirm
from components.question_trial import try_question
from components.times import ago
from components.wiring import Services
from services.answers.golden_models import GoldenRun
from services.answers.golden_questions import KIND_NAMES
from services.answers.quality import CheckedVersions
from services.knowledge.models import GoldenQuestion, Snapshot

GOLDEN_TAB = "Golden questions"
_EVERY = "All"
_TROUBLED = "Needs a look"
_ROW_PIXELS = 35
_MOST_ROWS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class _Row:
    question: GoldenQuestion
    document: str
    standing: Standing
    result: str
    trouble: str


def draw_golden_questions(app: Services, person: Viewer, versions: CheckedVersions) -> None:
    """Draw the actions, the search, and the table."""
    questions = app.golden_questions.list_questions(person.account, person.tenant.id)
    version = versions.draft or versions.live
    if version is not None and questions:
        _draw_run(app, person, version, len(questions))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            "Add question",
            key=session_keys.GOLDEN_ADD_BUTTON,
            type="primary",
            icon=":material/add:",
            on_click=open_golden_form,
            args=(app, person),
        )
        st.button(
            "Import",
            key=session_keys.GOLDEN_IMPORT_OPEN_BUTTON,
            icon=":material/upload:",
            on_click=open_golden_import,
            args=(app, person),
        )
        if questions:
            draw_exports(app, person)
    draw_import_report()
    if not questions:
        st.info(
            "**There are no golden questions yet.**  \nA golden question is one whose right document you know. Every "
            "draft is held against them before it is published, and the bands learn from them. Add some, or import a "
            "file.",
            icon=":material/quiz:",
        )
        return
    run = app.quality.latest_run(person.account, person.tenant.id, version.number) if version else None
    _draw_table(app, person, _rows(app, person, questions, run))


def _draw_run(app: Services, person: Viewer, version: Snapshot, count: int) -> None:
    account, tenant_id, number = person.account, person.tenant.id, version.number
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = st.empty()
        again = st.button("Run all", key=session_keys.GOLDEN_RUN_BUTTON, icon=":material/play_arrow:")
    if again:
        with progress_shown(f"Asking version {number} …") as listen:
            app.quality.run(account, tenant_id, number, on_progress=listen)
    run = app.quality.latest_run(account, tenant_id, number)
    if run is None:
        words.markdown(f"{counted(count, 'question')}, not run on version {number} yet.")
        return
    old = app.quality.needs_run(account, tenant_id, number)
    badge = " :orange-badge[:material/update: changed since]" if old else ""
    words.markdown(f"{counted(count, 'question')}, last run on version {number} {ago(run.at)}.{badge}")


def _rows(app: Services, person: Viewer, questions: Sequence[GoldenQuestion], run: GoldenRun | None) -> list[_Row]:
    titles = app.golden_questions.documents(person.account, person.tenant.id)
    troubles = app.golden_questions.troubles(person.account, person.tenant.id)
    outcomes = {one.question_id: one for one in run.outcomes} if run else {}
    rows = []
    for question in questions:
        result = result_words(question, outcomes.get(question.id))
        rows.append(
            _Row(question, _document(question, titles), result.standing, result.words, troubles.get(question.id, ""))
        )
    return rows


def _document(question: GoldenQuestion, titles: Mapping[str, str]) -> str:
    named = list(dict.fromkeys(titles.get(one.document_id, one.document_id) for one in question.expected))
    return " · ".join(named) if named else "— (must be declined)"


def _draw_table(app: Services, person: Viewer, rows: list[_Row]) -> None:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    words = left.text_input("Search", key=session_keys.GOLDEN_SEARCH, placeholder="Words of the question or document")
    shown = right.selectbox(
        "Show", [_EVERY, *(standing.value for standing in Standing), _TROUBLED], key=session_keys.GOLDEN_SHOWN
    )
    fitting = [row for row in rows if _fits(row, words or "", shown)]
    if not fitting:
        st.info("No golden question fits. Change the search or show all.", icon=":material/search_off:")
        return
    turn = st.session_state.get(session_keys.GOLDEN_ROUND, 0)
    chosen = st.dataframe(
        [_cells(row) for row in fitting],
        key=f"{session_keys.GOLDEN_TABLE}{turn}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(len(fitting) + 1, _MOST_ROWS_SHOWN) * _ROW_PIXELS + 3,
        row_height=_ROW_PIXELS,
        alt="Golden questions with their last result",
        column_config={
            "Last result": st.column_config.TextColumn("Last result", width=250),
            "Question": st.column_config.TextColumn("Question", width="large"),
            "Right document": st.column_config.TextColumn("Right document", width=260),
            "Kind": st.column_config.TextColumn("Kind", width=130),
            "Note": st.column_config.TextColumn("Note", width=260),
        },
    )
    picked = [fitting[row] for row in chosen.selection.rows if row < len(fitting)]
    _draw_actions(app, person, picked, len(fitting))


def _draw_actions(app: Services, person: Viewer, picked: Sequence[_Row], count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not picked:
            st.caption(f"{counted(count, 'question')}. Select rows to edit, try or delete them.")
            return
        if len(picked) == 1:
            question = picked[0].question
            st.button(
                "Edit",
                key=session_keys.GOLDEN_EDIT_BUTTON,
                icon=":material/edit:",
                on_click=open_golden_form,
                args=(app, person, question),
            )
            st.button(
                "Try it",
                key=session_keys.GOLDEN_TRY_BUTTON + "table",
                icon=":material/search:",
                on_click=try_question,
                args=(question.text,),
            )
        st.button(
            "Delete",
            key=session_keys.GOLDEN_DELETE_BUTTON,
            icon=":material/delete:",
            on_click=_ask_to_delete,
            args=(app, person, [row.question.id for row in picked]),
        )


def _ask_to_delete(app: Services, person: Viewer, ids: list[str]) -> None:
    what = counted(len(ids), "golden question")

    def delete() -> str:
        app.golden_questions.delete(person.account, person.tenant.id, ids)
        st.session_state[session_keys.GOLDEN_ROUND] = st.session_state.get(session_keys.GOLDEN_ROUND, 0) + 1
        return f"{what} deleted."

    confirm(
        f"Delete {what}?",
        "Drafts are not held against them any more. Export them first if you may want them back.",
        f"Delete {what}",
        delete,
        icon=":material/delete:",
    )


def _fits(row: _Row, words: str, shown: str) -> bool:
    if shown == _TROUBLED and not row.trouble:
        return False
    if shown not in {_EVERY, _TROUBLED} and row.standing.value != shown:
        return False
    text = f"{row.question.text} {row.document}".casefold()
    return all(word in text for word in words.casefold().split())


def _cells(row: _Row) -> dict[str, str]:
    return {
        "Last result": row.result,
        "Question": row.question.text,
        "Right document": row.document,
        "Kind": KIND_NAMES.get(row.question.kind, row.question.kind),
        "Note": row.trouble,
    }
