"""The queue of the knowledge team: filters, the list of groups, and the group that is open."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.cluster_detail import draw_cluster
from components.cluster_list import draw_cluster_list
from components.document_words import counted
from components.feedback_filters import draw_feedback_filters, period_name
from components.frame import Viewer
from components.wiring import Services
from services.answers.feedback import MOST_CASES
from services.answers.feedback_models import FeedbackFilter


def draw_queue(app: Services, person: Viewer) -> None:
    """Draw the queue of the tenant."""
    chosen = draw_feedback_filters(person)
    with st.spinner("Grouping questions by meaning …", show_time=False):
        overview = app.feedback.overview(person.account, person.tenant.id, chosen)
    if not overview.clusters:
        _draw_empty(chosen)
        return
    groups = counted(len(overview.clusters), "group")
    st.caption(f"{counted(overview.case_count, 'question')} in {groups}, the most frequent first.")
    if overview.cut_off:
        st.caption(f"Only the {MOST_CASES:,} latest reports are read. Choose a shorter period to see all of it.")
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(gap="small"):
        opened = draw_cluster_list(overview.clusters)
    with right:
        draw_cluster(app, person, opened)


def forget_other_tenant(tenant_id: str) -> None:
    """Close what was open for another tenant; the page calls this first."""
    before = st.session_state.get(session_keys.IMPROVE_TENANT)
    st.session_state[session_keys.IMPROVE_TENANT] = tenant_id
    if before not in {None, tenant_id}:
        for key in (session_keys.CHOSEN_CLUSTER, session_keys.CLUSTERS_SHOWN, session_keys.CURATED_OPEN):
            st.session_state.pop(key, None)


def _draw_empty(chosen: FeedbackFilter) -> None:
    untouched = chosen == FeedbackFilter(days=chosen.days)
    if untouched:
        st.success(
            f"**Nothing to improve in the last {period_name(chosen.days)}.**  \nWhat agents rate down or send to the "
            "knowledge team, and what was not found, comes here by itself.",
            icon=":material/check_circle:",
        )
    else:
        st.info(
            "**No question fits these filters.**  \nChoose another period, kind or state, or take a mark away.",
            icon=":material/filter_alt:",
        )
