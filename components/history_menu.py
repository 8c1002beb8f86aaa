"""The way back to earlier questions: recent conversations, starred answers, and a search over all of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.asking import focus_ask_box, leave_questions
from components.frame import Viewer
from components.markdown_text import in_one_line
from services.answers.history import AnswerHistory
from services.answers.models import Answer

_LONGEST_LABEL_CHARACTERS = 60
_MOST_SHOWN = 8


def draw_history_menu(history: AnswerHistory, person: Viewer) -> None:
    """Draw the menu into the sidebar."""
    account, tenant_id = person.account, person.tenant.id
    recent = history.recent_conversations(account, tenant_id, limit=_MOST_SHOWN)
    if not recent:
        return
    with person.sidebar.container(gap="xsmall"):
        words = st.text_input(
            "Search your questions",
            key=session_keys.HISTORY_SEARCH,
            placeholder="Search your questions",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        if words.strip():
            found = history.search(account, tenant_id, words, limit=_MOST_SHOWN)
            _draw_entries("Found" if found else "Nothing found", _of_answers(found), "found")
            return
        _draw_entries("Recent", [(item.id, item.title) for item in recent], "recent")
        starred = history.starred(account, tenant_id, limit=_MOST_SHOWN)
        if starred:
            _draw_entries("Starred", _of_answers(starred), "starred")


def open_conversation(conversation_id: str) -> None:
    """Open a conversation; for callbacks."""
    leave_questions()
    focus_ask_box()
    st.session_state[session_keys.OPEN_CONVERSATION] = conversation_id
    st.query_params[session_keys.CONVERSATION] = conversation_id


def _of_answers(answers: Sequence[Answer]) -> list[tuple[str, str]]:
    return list({answer.conversation_id: (answer.conversation_id, answer.question) for answer in answers}.values())


def _draw_entries(heading: str, entries: Sequence[tuple[str, str]], group: str) -> None:
    st.caption(heading)
    with st.container(gap=None):
        current = st.query_params.get(session_keys.CONVERSATION)
        for conversation_id, title in entries:
            label = in_one_line(title, _LONGEST_LABEL_CHARACTERS)
            st.button(
                f"**{label}**" if conversation_id == current else label,
                key=f"{session_keys.HISTORY_BUTTON}{group}.{conversation_id}",
                type="tertiary",
                wrap=False,
                on_click=open_conversation,
                args=(conversation_id,),
            )
