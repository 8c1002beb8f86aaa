"""The groups of questions to deal with: what is asked, how often, and whether it becomes more."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.feedback_words import STATES, kinds_counted, trend_words
from components.markdown_text import in_one_line
from components.times import ago
from services.answers.feedback_models import CaseState, QuestionCluster

SHOWN_AT_FIRST = 8
_LONGEST_LABEL_CHARACTERS = 110


def draw_cluster_list(clusters: Sequence[QuestionCluster]) -> QuestionCluster:
    """Draw the list and return the group that is open: the one that was clicked, else the first."""
    opened = _opened(clusters)
    shown = st.session_state.get(session_keys.CLUSTERS_SHOWN, SHOWN_AT_FIRST)
    for cluster in clusters[:shown]:
        _draw_entry(cluster, opened=cluster is opened)
    if len(clusters) > shown:
        st.button(
            f"Show more ({len(clusters) - shown:,})",
            key=session_keys.MORE_CLUSTERS_BUTTON,
            icon=":material/expand_more:",
            type="tertiary",
            on_click=_show_more,
            args=(shown,),
        )
    return opened


def _opened(clusters: Sequence[QuestionCluster]) -> QuestionCluster:
    chosen = st.session_state.get(session_keys.CHOSEN_CLUSTER)
    # The id of a group changes when an older question joins it; its members tell which one was meant.
    return next((cluster for cluster in clusters if chosen in cluster.member_ids), clusters[0])


def _draw_entry(cluster: QuestionCluster, *, opened: bool) -> None:
    with st.container(border=opened, gap="xxsmall"):
        st.button(
            in_one_line(cluster.question, _LONGEST_LABEL_CHARACTERS),
            key=session_keys.CLUSTER_BUTTON + cluster.id,
            type="tertiary",
            icon=":material/chevron_right:" if opened else None,
            wrap=False,
            on_click=_open,
            args=(cluster.id,),
        )
        badges = [] if cluster.state is CaseState.OPEN else [STATES[cluster.state].badge]
        if cluster.came_back:
            badges.append(":red-badge[:material/replay: Back again]")
        if badges:
            st.markdown(" ".join(badges))
        st.caption(f"{kinds_counted(cluster)} · {trend_words(cluster)} · {ago(cluster.newest_at)}")


def _open(cluster_id: str) -> None:
    st.session_state[session_keys.CHOSEN_CLUSTER] = cluster_id


def _show_more(shown: int) -> None:
    st.session_state[session_keys.CLUSTERS_SHOWN] = shown + SHOWN_AT_FIRST
