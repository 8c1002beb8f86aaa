"""The headline figures of what is shown."""

from __future__ import annotations

import streamlit as st

from components.document_words import counted
from components.explore_words import OTHER_WORDS, REVIEW_WORDS, percent
from services.surveys.exploring.models import RunTotals


def draw_figures(totals: RunTotals) -> None:
    """Draw five figures, and why responses are Other or to be reviewed."""
    answered = totals.answered
    other = answered - totals.with_topic
    with st.container(border=True, horizontal=True, gap="medium"):
        _metric("Responses", f"{answered:,}", f"{counted(totals.distinct_count, 'different text')}.")
        _metric("With a topic", f"{totals.with_topic:,}", f"{_share(totals.with_topic, answered)} of the responses.")
        _metric("Other", f"{other:,}", f"{_share(other, answered)} of the responses have no topic.")
        _metric("To be reviewed", f"{totals.review:,}", "A person should look: the finding is not sure.")
        _metric("Corrected", f"{totals.corrected:,}", "A person corrected or confirmed them.")
    lines = []
    others = [f"{count:,} {OTHER_WORDS[reason].lower()}" for reason, count in totals.others if count]
    if others:
        lines.append(f"**Other:** {', '.join(others)}")
    reviews = [f"{count:,} {REVIEW_WORDS[reason].lower()}" for reason, count in totals.review_reasons if count]
    if reviews:
        lines.append(f"**To be reviewed:** {', '.join(reviews)}")
    if totals.empty or totals.not_analyzed:
        left_out = [f"{totals.empty:,} empty"] if totals.empty else []
        left_out += [f"{totals.not_analyzed:,} not analyzed"] if totals.not_analyzed else []
        lines.append(f"**Not counted:** {', '.join(left_out)}")
    if lines:
        st.caption(" · ".join(lines))


def _share(count: int, total: int) -> str:
    return percent(count / total) if total else "0 %"


def _metric(label: str, value: str, explanation: str) -> None:
    st.metric(label, value, help=explanation, width="content")
