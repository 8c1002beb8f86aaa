"""How topics come and go over time."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.explore_chart_parts import PERIOD, TOPIC
from components.explore_charts import trend_chart
from components.explore_drill import Drill, draw_drill, draw_shown_as, ink, pick_from_chart, pick_from_table, table_of
from components.explore_level import level_key
from components.explore_topics import draw_nothing
from components.explore_words import interval_words
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import Period, Trend
from services.surveys.exports.models import TrendPoint

MOST_LINES = 6
_FIRST_LINES = 4
FEWEST_PER_PERIOD = 100
_FEWEST_PERIODS = 3
_LONGER = {Period.DAY: Period.WEEK, Period.WEEK: Period.MONTH, Period.MONTH: Period.QUARTER}
_PERIODS = {
    Period.AUTO: "Automatic",
    Period.DAY: "Day",
    Period.WEEK: "Week",
    Period.MONTH: "Month",
    Period.QUARTER: "Quarter",
}
HINT = "Click a point to read the responses of that time."


def draw_trend(view: RunView, chosen: ResponseFilter) -> None:
    """Draw lines or a table, and the responses behind what is clicked."""
    spoken_of = {one.topic_id: one.topic for one in view.topic_summaries(chosen) if one.count}
    if not spoken_of:
        draw_nothing()
        return
    period, topic_ids = _choose(view, spoken_of)
    if not topic_ids:
        st.info("Choose a topic to see it over time.", icon=":material/label:")
        return
    trend = _trend(view, chosen, period, topic_ids)
    if len(trend.totals) < 2:
        st.info(
            "**All of these responses are from one period.**  \nA trend needs several. Choose a shorter period or take "
            "a condition away.",
            icon=":material/timeline:",
        )
        return
    words = f"Share of {', '.join(one.topic for one in trend.topics)} per {trend.period.value}."
    if draw_shown_as("trend"):
        drill = _drill_of_cell(trend, pick_from_table(view, chosen, "trend", _table(trend), words))
    else:
        # Other lines or steps make another chart: a click must not outlive them.
        name = f"trend.{trend.period.value}.{'.'.join(topic_ids)}"
        pick = pick_from_chart(view, chosen, name, trend_chart(trend.topics, ink()), words)
        drill = _drill(trend, str(pick[TOPIC]), str(pick[PERIOD])) if pick else None
        st.caption("Bands: 95 % interval of the share.")
    if period not in {trend.period, Period.AUTO}:
        st.caption(f"Shown by {trend.period.value}: there would be too many periods otherwise.")
    if trend.undated:
        st.caption(f"{trend.undated:,} responses without a date are left out.")
    draw_drill(view, chosen, drill, HINT)


def _trend(view: RunView, chosen: ResponseFilter, period: Period, topic_ids: tuple[str, ...]) -> Trend:
    """The trend; left to itself, in steps so long that chance does not draw the line."""
    trend = view.trend(chosen, period, topic_ids)
    while period is Period.AUTO and trend.period in _LONGER:
        answered = sum(one.total for one in trend.totals)
        if answered >= FEWEST_PER_PERIOD * len(trend.totals):
            break
        longer = view.trend(chosen, _LONGER[trend.period], topic_ids)
        if len(longer.totals) < _FEWEST_PERIODS:
            break
        trend = longer
    return trend


def _choose(view: RunView, spoken_of: dict[str, str]) -> tuple[Period, tuple[str, ...]]:
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    period = left.selectbox(
        "Period",
        list(_PERIODS),
        format_func=lambda one: _PERIODS[one],
        key=f"{session_keys.EXPLORE_FIELD}period.{view.run.id}",
        persist_state="session",
    )
    key = f"{session_keys.EXPLORE_FIELD}lines.{level_key(view)}"
    if key in st.session_state:
        st.session_state[key] = [one for one in st.session_state[key] if one in spoken_of]
    topic_ids = right.multiselect(
        f"Topics, at most {MOST_LINES}",
        list(spoken_of),
        default=None if key in st.session_state else list(spoken_of)[:_FIRST_LINES],
        max_selections=MOST_LINES,
        format_func=lambda topic_id: spoken_of[topic_id],
        key=key,
    )
    return period or Period.AUTO, tuple(topic_ids)


def _table(trend: Trend) -> object:
    return table_of(
        [
            {
                "Period": totals.label,
                "Responses": totals.total,
                **{one.topic: _share_words(one.points[place]) for one in trend.topics},
            }
            for place, totals in enumerate(trend.totals)
        ]
    )


def _share_words(point: TrendPoint) -> str:
    return interval_words(point.share) if point.share else "no responses"


def _drill_of_cell(trend: Trend, cell: tuple[int, str] | None) -> Drill | None:
    if cell is None:
        return None
    topic_id = next((one.topic_id for one in trend.topics if one.topic == cell[1]), "")
    return _drill(trend, topic_id, trend.totals[cell[0]].label)


def _drill(trend: Trend, topic_id: str, label: str) -> Drill | None:
    totals = next((one for one in trend.totals if one.label == label), None)
    if totals is None:
        return None
    name = next((one.topic for one in trend.topics if one.topic_id == topic_id), "")
    also = ResponseFilter(
        having=((topic_id, None),) if name else (), first_day=totals.first_day, last_day=totals.last_day
    )
    return Drill(f"{name} · {label}" if name else label, also)
