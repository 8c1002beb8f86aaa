"""What can be done with the topics that are picked in the table: merge, move, remove, split."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.markdown_text import in_one_line
from components.taxonomy_open import OpenTaxonomy
from components.taxonomy_split import draw_split
from components.taxonomy_topic import draw_topic
from components.wiring import Services
from services.surveys.models import Topic
from services.surveys.taxonomy_edits import reparent

_AT_THE_TOP = ""
_WIDTH = 260
_MOST_NAMED = 6


def draw_bulk(app: Services, opened: OpenTaxonomy, picked: Sequence[str]) -> None:
    """Draw what can be done with these topics; how to pick some when there are none."""
    topics = {topic.id: topic for topic in opened.draft().edit.taxonomy.topics}
    chosen = [topics[topic_id] for topic_id in picked if topic_id in topics]
    if not chosen:
        if topics:
            st.caption(
                "Click a cell to change it; the last row adds a topic. Pick topics in the first column to merge, "
                "remove, move or split them, or to see their examples."
            )
        return
    names = [f"“{in_one_line(topic.name, 40)}”" for topic in chosen[:_MOST_NAMED]]
    more = f" and {len(chosen) - _MOST_NAMED:,} more" if len(chosen) > _MOST_NAMED else ""
    with st.container(border=True):
        st.markdown(f"**{counted(len(chosen), 'topic')} picked:** {', '.join(names)}{more}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if len(chosen) > 1:
                _draw_merge(opened, chosen)
            _draw_move(opened, chosen, list(topics.values()))
            ids = [topic.id for topic in chosen]
            action_button(
                "Remove",
                lambda: opened.change(lambda draft: draft.removed(ids)),
                key=f"{session_keys.TAXONOMY_BUTTON}remove.{opened.name}",
                icon=":material/delete:",
            )
        if len(chosen) == 1:
            draw_split(app, opened, chosen[0])
            draw_topic(opened, chosen[0])


def _draw_merge(opened: OpenTaxonomy, chosen: Sequence[Topic]) -> None:
    names = {topic.id: topic.name for topic in chosen}
    key = f"{session_keys.TAXONOMY_FIELD}into.{opened.name}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = chosen[0].id
    st.selectbox("Merge into", list(names), key=key, format_func=names.__getitem__, width=_WIDTH)

    def merge() -> None:
        opened.change(lambda draft: draft.merged(list(names), st.session_state[key]))

    action_button("Merge", merge, key=f"{session_keys.TAXONOMY_BUTTON}merge.{opened.name}", icon=":material/merge:")


def _draw_move(opened: OpenTaxonomy, chosen: Sequence[Topic], topics: Sequence[Topic]) -> None:
    ids = [topic.id for topic in chosen]
    names = {_AT_THE_TOP: "No topic: at the top"} | {topic.id: topic.name for topic in topics if topic.id not in ids}
    key = f"{session_keys.TAXONOMY_FIELD}below.{opened.name}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = _AT_THE_TOP
    st.selectbox("Put below", list(names), key=key, format_func=names.__getitem__, width=_WIDTH)

    def move() -> None:
        parent = st.session_state[key] or None
        opened.change(lambda draft: draft.with_edit(reparent(draft.edit, ids, parent)))

    action_button("Move", move, key=f"{session_keys.TAXONOMY_BUTTON}move.{opened.name}", icon=":material/account_tree:")
