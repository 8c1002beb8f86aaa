"""Which groups speak of a topic more or less than the others."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from components import session_keys
from components.explore_drill import Drill, draw_drill, pick_from_table
from components.explore_topics import draw_nothing
from components.explore_words import percent
from components.markdown_text import in_one_line
from services.surveys.cross_tabs import CrossTab, Difference
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter

HINT = "Click a cell to read the responses behind it."
MARKS = {Difference.HIGHER: " ▲ higher", Difference.LOWER: " ▼ lower", Difference.NONE: ""}
_ALL = "All"
# The accent color lies under the text, so strong that it shows and so faint that the text stays legible in both themes.
_HEAT = "rgba(37, 150, 134, {opacity:.2f})"
_STRONGEST = 0.5


def draw_segments(view: RunView, chosen: ResponseFilter) -> None:
    """Draw the table, and the responses behind what is clicked."""
    names = [column.name for column in view.prepared.facts.columns.segments]
    segment = st.selectbox(
        "Groups by", names, key=f"{session_keys.EXPLORE_FIELD}groups.{view.run.id}", persist_state="session"
    )
    if segment is None:
        return
    tab = spoken_of(view.cross_tab(chosen, segment))
    if not tab.topics or not tab.values:
        draw_nothing()
        return
    words = f"Share of each topic by {segment}, with marks where a group differs from all others."
    cell = pick_from_table(
        view,
        chosen,
        f"segments.{names.index(segment)}",
        heat_table(tab),
        words,
        {"Topic": st.column_config.TextColumn("Topic", pinned=True, width="medium")},
    )
    st.caption(
        "Shares of the responses of a group. ▲ and ▼ mark those that differ from all other responses by more than "
        "chance; that is corrected for the number of comparisons (false discovery rate 5 %)."
    )
    draw_drill(view, chosen, _drill(tab, cell), HINT)


def spoken_of(tab: CrossTab) -> CrossTab:
    """The table without topics that no group speaks of."""
    rows = [row for row, cells in enumerate(tab.cells) if any(cell.count for cell in cells)]
    return replace(
        tab,
        topics=tuple(tab.topics[row] for row in rows),
        topic_ids=tuple(tab.topic_ids[row] for row in rows if row < len(tab.topic_ids)),
        cells=tuple(tab.cells[row] for row in rows),
    )


def heat_table(tab: CrossTab) -> pd.io.formats.style.Styler:
    """Topics by groups; the higher a share, the stronger the color below it, and the mark of a difference in words."""
    heads = column_names(tab)
    table = pd.DataFrame(
        [
            [topic, *(f"{percent(cell.share.value)}{MARKS[cell.difference]}" for cell in cells)]
            for topic, cells in zip(tab.topics, tab.cells, strict=True)
        ],
        columns=["Topic", *heads],
    )
    most = max((cell.share.value for cells in tab.cells for cell in cells), default=0.0) or 1.0
    styles = pd.DataFrame("", index=table.index, columns=table.columns)
    for row, cells in enumerate(tab.cells):
        for place, cell in enumerate(cells):
            opacity = _STRONGEST * cell.share.value / most
            styles.iloc[row, place + 1] = f"background-color: {_HEAT.format(opacity=opacity)}"
    return table.style.apply(lambda _: styles, axis=None)


def column_names(tab: CrossTab) -> list[str]:
    """A group with its size, unique."""
    return [f"{value} ({total:,})" for value, total in zip(tab.values, tab.totals, strict=True)]


def _drill(tab: CrossTab, cell: tuple[int, str] | None) -> Drill | None:
    if cell is None:
        return None
    row, column = cell
    topic = tab.topics[row]
    heads = column_names(tab)
    having = tuple((topic_id, None) for topic_id in tab.topic_ids[row : row + 1])
    if column not in heads:
        return Drill(topic, ResponseFilter(having=having))
    value = tab.values[heads.index(column)]
    return Drill(
        f"{topic} · {in_one_line(tab.segment)}: {value}",
        ResponseFilter(having=having, segments=((tab.segment, (value,)),)),
    )
