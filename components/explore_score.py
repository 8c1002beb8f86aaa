"""How a score goes with topics."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.explore_chart_parts import TOPIC, signed
from components.explore_drill import (
    Drill,
    draw_drill,
    draw_shown_as,
    ink,
    pick_from_chart,
    pick_from_table,
    table_of,
    topic_drill,
)
from components.explore_range_charts import impact_chart
from components.markdown_text import in_one_line
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exports.models import TopicSummary
from services.surveys.statistics import Interval

HINT = "Click a point to read the scored responses with that topic."


def draw_score(view: RunView, chosen: ResponseFilter) -> None:
    """Draw the differences, and the responses behind what is clicked."""
    scores = view.prepared.facts.scores
    score = st.selectbox(
        "Score",
        [one.name for one in scores],
        key=f"{session_keys.EXPLORE_FIELD}score_of.{view.run.id}",
        persist_state="session",
    )
    if score is None:
        return
    rows = [one for one in view.topic_summaries(chosen, score) if one.impact is not None]
    rows.sort(key=lambda one: one.impact.difference.value if one.impact else 0.0)
    if not rows:
        st.info(
            "**Too few responses have both a topic and this score.**  \nA topic needs five scored responses, and five "
            "without it. Take a condition away, or choose another score.",
            icon=":material/leaderboard:",
        )
        return
    st.markdown(f"Mean of **{in_one_line(score, 100)}** of responses with a topic, less the mean of those without it.")
    by_id = {one.topic_id: one for one in rows}
    place = [one.name for one in scores].index(score)
    words = _words(rows)
    topic_id: str | None = None
    if draw_shown_as("score"):
        cell = pick_from_table(view, chosen, f"score.{place}", _table(rows), words)
        topic_id = rows[cell[0]].topic_id if cell else None
    else:
        pairs = [(one.topic_id, one) for one in rows]
        pick = pick_from_chart(view, chosen, f"score.{place}", impact_chart(pairs, ink()), words)
        topic_id = pick[TOPIC] if pick else None
    st.caption(
        "Lines: 95 % interval; one that crosses zero may be chance. It shows what goes together, not what causes what."
    )
    draw_drill(view, chosen, _drill(view, by_id, topic_id, score), HINT)


def _drill(view: RunView, rows: dict[str, TopicSummary], topic_id: str | None, score: str) -> Drill | None:
    if topic_id is None or topic_id not in rows:
        return None
    low = next((one.low for one in view.prepared.facts.scores if one.name == score), None)
    return topic_drill(rows[topic_id].topic, topic_id, also=ResponseFilter(scores=((score, low, None),)))


def _table(rows: Sequence[TopicSummary]) -> object:
    return table_of(
        [
            {
                "Topic": one.topic,
                "Scored responses": one.impact.with_count,
                "Difference (95 % interval)": difference_words(one.impact.difference),
                "Other topics held equal": difference_words(one.impact.adjusted),
                "Moves the mean of all by": signed(one.impact.contribution, 2),
            }
            for one in rows
            if one.impact is not None
        ]
    )


def difference_words(interval: Interval | None) -> str:
    """A difference of scores with its interval."""
    if interval is None:
        return "cannot be told"
    return f"{signed(interval.value, 2)} ({signed(interval.low, 2)} to {signed(interval.high, 2)})"


def _words(rows: Sequence[TopicSummary]) -> str:
    named = "; ".join(f"{one.topic} {signed(one.impact.difference.value)}" for one in rows if one.impact)
    return f"Difference of the mean score by topic. {named}."
