"""What became of an answer that was reported: shown to the agent who reported it."""

from __future__ import annotations

import streamlit as st

from components.feedback_words import STATES
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import services
from services.access.models import Account
from services.answers.models import Answer, Rating


def draw_feedback_outcome(account: Account, answer: Answer) -> None:
    """Draw the state and the words of the knowledge team, once it did something; nothing before."""
    if answer.escalated_at is None and answer.rating is not Rating.DOWN:
        return
    outcome = services().feedback.outcome_of(account, answer.tenant_id, answer.id)
    if outcome is not None:
        st.markdown(f"{STATES[outcome.state].badge} {in_one_line(outcome.words)} :small[{ago(outcome.at)}]")
