"""Hands a question to the knowledge team, with a note; says when it was handed on."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.error_notice import show_error
from components.markdown_text import in_one_line
from components.times import ago
from services.access.models import Account
from services.answers.history import LONGEST_COMMENT_CHARACTERS, AnswerHistory
from services.answers.models import Answer
from services.errors import AppError


def draw_escalation(history: AnswerHistory, account: Account, answer: Answer) -> None:
    """Draw the way to the knowledge team, or that the question went there."""
    if answer.escalated_at is not None:
        note = f" with the note “{in_one_line(answer.escalation_note)}”" if answer.escalation_note else ""
        st.markdown(
            ":green-badge[:material/outgoing_mail: Sent to the knowledge team] "
            f":small[{ago(answer.escalated_at)}{note}]"
        )
        return
    with st.popover("Send to the knowledge team", icon=":material/forward_to_inbox:"):
        st.markdown("The team gets your question and adds the answer to the knowledge base.")
        st.text_area(
            "Note",
            key=session_keys.ESCALATION_NOTE + answer.id,
            max_chars=LONGEST_COMMENT_CHARACTERS,
            placeholder="What would help? Optional. No names of patients, please.",
            label_visibility="collapsed",
        )
        st.button(
            "Send",
            type="primary",
            icon=":material/send:",
            key=session_keys.ESCALATION_BUTTON + answer.id,
            on_click=_send,
            args=(history, account, answer),
        )


def _send(history: AnswerHistory, account: Account, answer: Answer) -> None:
    note = st.session_state.get(session_keys.ESCALATION_NOTE + answer.id) or ""
    try:
        history.escalate(account, answer.tenant_id, answer.id, note)
    except AppError as error:
        show_error(error)
