"""Which topics come in the same responses."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.explore_drill import Drill, draw_drill, pick_from_table, table_of
from components.explore_level import level_key
from components.explore_segments import MARKS
from components.explore_topics import draw_nothing
from services.surveys.cross_tabs import Difference
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import CoOccurrence

MOST_PAIRS = 25
HINT = "Click a row to read the responses with both topics."


def draw_together(view: RunView, chosen: ResponseFilter) -> None:
    """Draw pairs of topics, and the responses behind what is clicked."""
    pairs = view.co_occurrence(chosen)
    if not pairs:
        draw_nothing()
        return
    shown = pairs
    if len(pairs) > MOST_PAIRS:
        every = st.toggle(f"Show all {len(pairs):,} pairs", key=f"{session_keys.EXPLORE_FIELD}pairs.{level_key(view)}")
        shown = pairs if every else pairs[:MOST_PAIRS]
    most = max(pair.count for pair in pairs)
    cell = pick_from_table(
        view,
        chosen,
        f"together.{len(shown)}",
        _table(shown),
        "Pairs of topics by how many responses have both.",
        {
            "Responses": st.column_config.ProgressColumn("Responses", format="%d", min_value=0, max_value=max(most, 1)),
            "Topic": st.column_config.TextColumn("Topic", width="medium"),
            "And": st.column_config.TextColumn("And", width="medium"),
        },
    )
    st.caption(
        "▲ and ▼ mark pairs that come together more or less often than by chance; that is corrected for the number of "
        "pairs (false discovery rate 5 %). “2.0 times” means twice as often as by chance."
    )
    drill = None
    if cell is not None:
        pair = shown[cell[0]]
        also = ResponseFilter(having=((pair.first_id, None), (pair.second_id, None)))
        drill = Drill(f"{pair.first} and {pair.second}", also)
    draw_drill(view, chosen, drill, HINT)


def chance_words(pair: CoOccurrence) -> str:
    """How often a pair comes beside how often it would by chance."""
    if pair.difference is Difference.NONE:
        return f"{pair.lift:.1f} times, may be chance"
    return f"{pair.lift:.1f} times{MARKS[pair.difference]}"


def _table(pairs: Sequence[CoOccurrence]) -> object:
    return table_of(
        [
            {
                "Topic": pair.first,
                "And": pair.second,
                "Responses": pair.count,
                "As often as by chance": chance_words(pair),
                "Of the first": f"{pair.count / pair.first_count:.0%}".replace("%", " %"),
                "Of the second": f"{pair.count / pair.second_count:.0%}".replace("%", " %"),
            }
            for pair in pairs
        ]
    )
