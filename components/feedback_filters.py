"""What is shown of the queue: period, kinds, states, and whose."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.feedback_words import KINDS, STATES
from components.frame import Viewer
from services.answers.feedback_models import CaseState, FeedbackFilter, FeedbackKind

PERIODS = (7, 30, 90)


def draw_feedback_filters(person: Viewer) -> FeedbackFilter:
    """Draw the filters and return what they choose."""
    # In the primary color, which is the default of what is chosen, the words would be too faint on dark: gray.
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        days = st.segmented_control(
            "Period",
            PERIODS,
            default=30,
            required=True,
            format_func=lambda days: f":gray[{period_name(days)}]",
            key=session_keys.FEEDBACK_DAYS,
            persist_state="session",
            label_visibility="collapsed",
        )
        kinds = st.pills(
            "Kinds",
            list(FeedbackKind),
            selection_mode="multi",
            format_func=lambda kind: f":gray[{KINDS[kind].icon} {KINDS[kind].name}]",
            wrap=True,
            key=session_keys.FEEDBACK_KINDS,
            persist_state="session",
            label_visibility="collapsed",
        )
        states = st.pills(
            "States",
            list(CaseState),
            selection_mode="multi",
            default=[CaseState.OPEN, CaseState.IN_PROGRESS],
            format_func=lambda state: f":gray[{STATES[state].icon} {STATES[state].name}]",
            wrap=True,
            key=session_keys.FEEDBACK_STATES,
            persist_state="session",
            label_visibility="collapsed",
        )
        mine = st.toggle("Assigned to me", key=session_keys.FEEDBACK_MINE, persist_state="session")
    return FeedbackFilter(
        days=days,
        kinds=frozenset(kinds),
        states=frozenset(states),
        assigned_to=person.account.username if mine else None,
    )


def period_name(days: int) -> str:
    """A period in words."""
    return f"{days} days"
