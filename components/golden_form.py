"""The window in which a golden question is added or edited."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.knowledge_window import Window, act, open_window
from components.wiring import Services
from services.answers.golden_questions import (
    KIND_NAMES,
    LONGEST_QUESTION_CHARACTERS,
    LONGEST_QUOTE_CHARACTERS,
    SPLIT_NAMES,
    UNANSWERABLE_KINDS,
)
from services.knowledge.models import ExpectedPassage, GoldenQuestion

_NEW = GoldenQuestion("", "", (), "fact", "tune")
_NO_DOCUMENT = ""


def open_golden_form(app: Services, person: Viewer, question: GoldenQuestion | None = None) -> None:
    """Open the window, for a new question when None; for callbacks."""
    shown = question or _NEW
    for name in [name for name in st.session_state if str(name).startswith(session_keys.GOLDEN_FIELD)]:
        del st.session_state[name]
    st.session_state[_key("text")] = shown.text
    st.session_state[_key("kind")] = shown.kind
    st.session_state[_key("split")] = shown.split
    st.session_state[_key("places")] = max(1, len(shown.expected))
    for row, expected in enumerate(shown.expected):
        st.session_state[_key(f"document.{row}")] = expected.document_id
        st.session_state[_key(f"quote.{row}")] = expected.quote
    title = "Edit golden question" if question else "Add golden question"
    open_window(Window(title, lambda: _draw(app, person, shown), ":material/quiz:", "medium"))


def _draw(app: Services, person: Viewer, shown: GoldenQuestion) -> None:
    st.text_area(
        "Question",
        key=_key("text"),
        max_chars=LONGEST_QUESTION_CHARACTERS,
        placeholder="In the words of a customer or an agent",
        height="content",
    )
    kind = st.selectbox(
        "Kind",
        list(KIND_NAMES),
        format_func=lambda name: KIND_NAMES[name],
        key=_key("kind"),
        help="A missing fact and an off-topic question must be declined: no document answers them.",
    )
    if kind not in UNANSWERABLE_KINDS:
        _draw_places(app.golden_questions.documents(person.account, person.tenant.id))
    st.segmented_control(
        "Use",
        list(SPLIT_NAMES),
        required=True,
        format_func=lambda name: SPLIT_NAMES[name],
        key=_key("split"),
        help="Questions that are only checked with choose no weights and no cuts, so they show whether those are good.",
    )
    st.button(
        "Save",
        key=session_keys.GOLDEN_SAVE_BUTTON,
        type="primary",
        icon=":material/check:",
        on_click=act,
        args=(lambda: _save(app, person, shown),),
    )


def _draw_places(titles: dict[str, str]) -> None:
    count = int(st.session_state.get(_key("places"), 1))
    for row in range(count):
        st.selectbox(
            "Document that answers it" if row == 0 else "Or this document",
            [_NO_DOCUMENT, *sorted(titles, key=lambda document_id: titles[document_id].casefold())],
            format_func=lambda document_id: titles.get(document_id, document_id) or "Choose a document",
            key=_key(f"document.{row}"),
        )
        st.text_area(
            "Its words that answer it (optional)",
            key=_key(f"quote.{row}"),
            max_chars=LONGEST_QUOTE_CHARACTERS,
            placeholder="A sentence, copied from the document",
            height="content",
        )
    st.button(
        "Another place",
        key=session_keys.GOLDEN_PLACE_BUTTON,
        type="tertiary",
        icon=":material/add:",
        on_click=lambda: st.session_state.update({_key("places"): count + 1}),
    )


def _save(app: Services, person: Viewer, shown: GoldenQuestion) -> str:
    state = st.session_state
    kind = state[_key("kind")]
    places = () if kind in UNANSWERABLE_KINDS else range(int(state[_key("places")]))
    expected = tuple(
        ExpectedPassage(state[_key(f"document.{row}")], (state.get(_key(f"quote.{row}")) or "").strip())
        for row in places
        if state.get(_key(f"document.{row}"))
    )
    question = replace(shown, text=state[_key("text")] or "", kind=kind, split=state[_key("split")], expected=expected)
    app.golden_questions.save(person.account, person.tenant.id, question)
    return "The golden question is saved."


def _key(name: str) -> str:
    return session_keys.GOLDEN_FIELD + name
