"""How often topics are spoken of, and how people feel about them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.explore_chart_parts import SENTIMENT, TOPIC
from components.explore_charts import sentiment_chart
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
from components.explore_level import level_key
from components.explore_words import SENTIMENT_ORDER, SENTIMENT_WORDS, interval_words
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exports.models import TopicSummary
from services.surveys.models import Sentiment

MOST_BARS = 20
HINT = "Click a part of a bar to read the responses behind it."


def draw_topics(view: RunView, chosen: ResponseFilter) -> None:
    """Draw the bars or the table, and the responses behind what is clicked."""
    spoken_of = [one for one in view.topic_summaries(chosen) if one.count]
    if not spoken_of:
        draw_nothing()
        return
    shown = _choose_rows(view, spoken_of)
    if draw_shown_as("topics"):
        drill = _drill_of_cell(shown, pick_from_table(view, chosen, "topics", _table(shown), _words(shown)))
    else:
        rows = [(one.topic_id, one) for one in shown]
        pick = pick_from_chart(view, chosen, "topics", sentiment_chart(rows, ink()), _words(shown))
        names = {one.topic_id: one.topic for one in shown}
        drill = None
        if pick and pick.get(TOPIC) in names:
            drill = topic_drill(names[pick[TOPIC]], pick[TOPIC], Sentiment(pick[SENTIMENT]))
        st.caption("Whiskers: 95 % interval of the count. A response may have several topics.")
    draw_drill(view, chosen, drill, HINT)


def draw_nothing() -> None:
    """Say that the filter leaves nothing to draw."""
    st.info(
        "**No response that fits the filter has a topic.**  \nTake a condition away to see more.",
        icon=":material/filter_alt_off:",
    )


def _choose_rows(view: RunView, spoken_of: Sequence[TopicSummary]) -> Sequence[TopicSummary]:
    if len(spoken_of) <= MOST_BARS:
        return spoken_of
    every = st.toggle(f"Show all {len(spoken_of)} topics", key=f"{session_keys.EXPLORE_FIELD}every.{level_key(view)}")
    return spoken_of if every else spoken_of[:MOST_BARS]


def _table(shown: Sequence[TopicSummary]) -> object:
    return table_of(
        [
            {
                "Topic": one.topic,
                "Responses": one.count,
                "Share (95 % interval)": interval_words(one.share),
                **{SENTIMENT_WORDS[each]: getattr(one, each.value) for each in SENTIMENT_ORDER},
            }
            for one in shown
        ]
    )


def _drill_of_cell(shown: Sequence[TopicSummary], cell: tuple[int, str] | None) -> Drill | None:
    if cell is None:
        return None
    row, column = cell
    sentiment = next((each for each, words in SENTIMENT_WORDS.items() if words == column), None)
    return topic_drill(shown[row].topic, shown[row].topic_id, sentiment)


def _words(shown: Sequence[TopicSummary]) -> str:
    named = "; ".join(
        f"{one.topic} {one.count:,}, of these {one.positive:,} positive and {one.negative:,} negative"
        for one in shown[:10]
    )
    return f"Topics by sentiment. {named}."
