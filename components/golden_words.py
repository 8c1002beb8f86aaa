"""How golden questions fare, in words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.document_words import counted
from components.markdown_text import in_one_line
from services.answers.golden_models import GoldenChange, GoldenComparison, Turn

TURNS = {
    Turn.NOW_FOUND: "is found now",
    Turn.NOW_DECLINED: "is declined now",
    Turn.NOW_FIRST: "has the right document first now",
    Turn.NO_LONGER_FIRST: "no longer has the right document first",
    Turn.NOW_AMONG_THREE: "has the right document among the first three now",
    Turn.NO_LONGER_AMONG_THREE: "no longer has the right document among the first three",
    Turn.NO_LONGER_DRAFTED: "is rightly not answered any more",
    Turn.NOW_DRAFTED: "is answered now, although nothing answers it",
}
_MOST_QUESTIONS = 20


def golden_badges(comparison: GoldenComparison) -> str:
    """Markdown that says how many golden questions got better and worse; the same words everywhere."""
    figures = comparison.figures
    asked = figures.answerable_count + figures.unanswerable_count
    if not asked:
        return ":gray-badge[:material/quiz: No golden questions]"
    if comparison.against is None:
        return f":gray-badge[:material/quiz: {figures.kept:.0%} of golden questions answered]"
    if not comparison.worse and not comparison.better:
        return f":green-badge[:material/check: All {counted(asked, 'golden question')} as before]"
    badges = []
    if comparison.worse:
        badges.append(f":red-badge[:material/trending_down: {len(comparison.worse):,} worse]")
    if comparison.better:
        badges.append(f":green-badge[:material/trending_up: {len(comparison.better):,} better]")
    return " ".join(badges) + f" :small[of {counted(asked, 'golden question')}]"


def draw_golden_changes(changes: Sequence[GoldenChange]) -> None:
    """Draw the questions, each with what happened to it."""
    lines = [
        f"- “{in_one_line(change.question.text, 140)}” {TURNS[change.turn]}" for change in changes[:_MOST_QUESTIONS]
    ]
    if len(changes) > _MOST_QUESTIONS:
        lines.append(f"- and {len(changes) - _MOST_QUESTIONS:,} more")
    st.markdown("\n".join(lines))
