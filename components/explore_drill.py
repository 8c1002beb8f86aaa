"""From a mark of a chart to the responses behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.explore_chart_parts import PICKED
from components.explore_filter import key_of_filter, show_filter
from components.explore_level import level_key
from components.explore_words import SENTIMENT_WORDS
from components.markdown_text import in_one_line
from components.survey_link import RESPONSES, go_to
from components.verbatim_markup import evidence_markdown, facts_line, topic_badges
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import Verbatim
from services.surveys.models import Sentiment

MOST_SHOWN = 5
CHART, TABLE = "Chart", "Table"
_INK = {"dark": "#E8EEEC", "light": "#0E1715"}
_ROW_PIXELS = 35


@dataclass(frozen=True, slots=True)
class Drill:
    """The responses behind a mark.

    Attributes:
        words: What the mark stands for.
        also: What they fit besides the filter.
    """

    words: str
    also: ResponseFilter


def ink() -> str:
    """The color of texts inside charts in the theme that the person uses."""
    return _INK["dark" if st.context.theme.type == "dark" else "light"]


def draw_shown_as(name: str) -> bool:
    """Let the person choose between the chart and the same as a table.

    Returns:
        Whether the table is wanted.
    """
    key = f"{session_keys.EXPLORE_SHOWN_AS}.{name}"
    chosen = st.segmented_control(
        "Show as",
        [CHART, TABLE],
        default=CHART,
        required=True,
        key=key,
        label_visibility="collapsed",
        format_func=lambda one: f":material/{'bar_chart' if one == CHART else 'table'}: {one}",
        persist_state="session",
    )
    return chosen == TABLE


def pick_from_chart(
    view: RunView, chosen: ResponseFilter, name: str, chart: alt.LayerChart, words: str
) -> dict[str, Any] | None:
    """Draw a chart whose marks can be clicked.

    Returns:
        The fields of the mark that was clicked.
    """
    event = st.altair_chart(
        chart, key=click_key(view, chosen, name), on_select="rerun", selection_mode=PICKED, alt=words
    )
    return first_pick(event)


def first_pick(event: Any) -> dict[str, Any] | None:
    """The fields of the mark that was clicked last; None when there is none."""
    picks = event.get("selection", {}).get(PICKED) if event else None
    return dict(picks[0]) if isinstance(picks, list) and picks and isinstance(picks[0], Mapping) else None


def pick_from_table(
    view: RunView,
    chosen: ResponseFilter,
    name: str,
    table: Any,
    words: str,
    column_config: Mapping[str, Any] | None = None,
) -> tuple[int, str] | None:
    """Draw a table whose cells can be clicked, by keyboard too.

    Args:
        table: A data frame, or a styled one.

    Returns:
        The row and the name of the column of the cell that was clicked.
    """
    rows = len(table.index)
    event = st.dataframe(
        table,
        key=f"{click_key(view, chosen, name)}.table",
        on_select="rerun",
        selection_mode="single-cell",
        hide_index=True,
        height=(rows + 1) * _ROW_PIXELS + 3,
        row_height=_ROW_PIXELS,
        column_config=dict(column_config or {}),
        alt=words,
    )
    cells = event.selection.cells
    return (cells[0][0], str(cells[0][1])) if cells and cells[0][0] < rows else None


def click_key(view: RunView, chosen: ResponseFilter, name: str) -> str:
    """The key of a chart: a click on it must not outlive what it was drawn of."""
    return f"{session_keys.EXPLORE_CLICK}{name}.{level_key(view)}.{key_of_filter(chosen)}"


def draw_drill(view: RunView, chosen: ResponseFilter, drill: Drill | None, hint: str) -> None:
    """Draw the first responses behind a mark, and the ways on.

    Args:
        hint: What to click, for as long as nothing is.
    """
    if drill is None:
        st.caption(f":material/touch_app: {hint}")
        return
    combined = combine(chosen, drill.also)
    count = view.count(combined)
    with st.container(border=True):
        st.markdown(f"**{in_one_line(drill.words, 160)}** :gray-badge[{counted(count, 'response')}]")
        for verbatim in view.detail.verbatims(combined, 0, MOST_SHOWN):
            draw_quote(verbatim)
        with st.container(horizontal=True, gap="small"):
            key = f"{session_keys.EXPLORE_BUTTON}{view.run.id}"
            action_button(
                f"All {count:,} in Responses" if count > MOST_SHOWN else "Open in Responses",
                lambda: _open_responses(combined),
                key=f"{key}.responses",
                icon=":material/list:",
                redraws_page=True,
            )
            action_button(
                "Filter all charts by this",
                lambda: show_filter(combined),
                key=f"{key}.filter",
                icon=":material/filter_alt:",
                redraws_page=True,
            )


def draw_quote(verbatim: Verbatim) -> None:
    """Draw one response to read, without anything to do."""
    st.markdown(
        f"{evidence_markdown(verbatim.text, verbatim.topics)}  \n{topic_badges(verbatim)}  \n"
        f":small[:gray[{facts_line(verbatim)}]]"
    )


def combine(chosen: ResponseFilter, also: ResponseFilter) -> ResponseFilter:
    """Responses that fit both."""
    segments, besides = dict(chosen.segments), dict.fromkeys((*chosen.also_chosen, *also.also_chosen))
    for column, values in also.segments:
        # Whoever chose several things may have a mark's own beside those of the filter.
        if column in segments and not set(values) <= set(segments[column]):
            besides.update(dict.fromkeys((column, value) for value in values))
        else:
            segments[column] = values
    scored = {one[0]: one for one in chosen.scores}
    for name, low, high in also.scores:
        _, at_least, at_most = scored.get(name, (name, None, None))
        lows = [one for one in (low, at_least) if one is not None]
        highs = [one for one in (high, at_most) if one is not None]
        scored[name] = (name, max(lows, default=None), min(highs, default=None))
    return replace(
        chosen,
        having=tuple(dict.fromkeys((*chosen.having, *also.having))),
        with_topic=chosen.with_topic or also.with_topic,
        segments=tuple(segments.items()),
        also_chosen=tuple(besides),
        first_day=max(filter(None, (chosen.first_day, also.first_day)), default=None),
        last_day=min(filter(None, (chosen.last_day, also.last_day)), default=None),
        scores=tuple(scored.values()),
        others=also.others or chosen.others,
    )


def topic_drill(
    name: str, topic_id: str, sentiment: Sentiment | None = None, also: ResponseFilter | None = None
) -> Drill:
    """The responses with a topic, and what is felt about it where that is said."""
    words = f"{name} · {SENTIMENT_WORDS[sentiment].lower()}" if sentiment else name
    return Drill(words, replace(also or ResponseFilter(), having=((topic_id, sentiment),)))


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table whose columns keep their order."""
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else [])


def _open_responses(chosen: ResponseFilter) -> None:
    show_filter(chosen)
    go_to(RESPONSES)
