"""The step with the responses themselves: what was found in each, why, and what a person corrects."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_filter import key_of_filter, show_filter
from components.explore_filter_bar import draw_filter_bar
from components.explore_run import choose_run
from components.frame import Viewer
from components.verbatim_bulk import draw_bulk
from components.verbatim_card import draw_card
from components.verbatim_undo import corrections_of, draw_last_change
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import VerbatimOrder

PAGE_LENGTH = 20
_ORDERS = {
    VerbatimOrder.FILE: "As in the file",
    VerbatimOrder.LEAST_SURE: "Least sure first",
    VerbatimOrder.NEWEST: "Newest first",
    VerbatimOrder.LONGEST: "Longest first",
}


def draw_responses(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    state = choose_run(app, person, survey_id)
    if state is None:
        return
    view = app.surveys.explorer.open(person.tenant.id, state.run.id)
    draw_last_change(app, person, view)
    chosen = draw_filter_bar(view)
    order, once = _draw_order(view, chosen)
    count = view.count(chosen)
    if not count:
        st.info("**No response fits the filter.**  \nTake a condition away to see more.", icon=":material/filter_alt:")
        return
    shown = view.distinct_count(chosen) if once else count
    draw_bulk(app, person, view, chosen, count)
    pages = max(1, -(-shown // PAGE_LENGTH))
    # Another filter or order begins on its first page.
    page_key = f"{session_keys.VERBATIM_PAGE}{view.run.id}.{key_of_filter(chosen)}.{order.value}.{once}"
    page = min(int(st.session_state.get(page_key, 1)), pages)
    corrected = corrections_of(app, person, view)
    for verbatim in view.verbatims(chosen, (page - 1) * PAGE_LENGTH, PAGE_LENGTH, order, distinct=once):
        draw_card(app, person, view, verbatim, corrected.get(verbatim.text_key))
    if pages > 1:
        st.pagination(pages, key=page_key, max_visible_pages=5, persist_state="session")


def _draw_order(view: RunView, chosen: ResponseFilter) -> tuple[VerbatimOrder, bool]:
    offered = [one for one in _ORDERS if one is not VerbatimOrder.NEWEST or view.has_days]
    waiting = view.totals(chosen).review
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        order = st.selectbox(
            "Order",
            offered,
            format_func=lambda one: _ORDERS[one],
            key=session_keys.VERBATIM_ORDER,
            label_visibility="collapsed",
            width=190,
            persist_state="session",
        )
        once = st.toggle(
            "Same words once",
            key=f"{session_keys.VERBATIM_FIELD}once",
            help="List responses with exactly the same text once. What is corrected holds for all of them.",
            persist_state="session",
        )
        if waiting and not chosen.only_review:
            st.button(
                f"Review queue ({waiting:,})",
                key=f"{session_keys.VERBATIM_BUTTON}queue",
                icon=":material/checklist:",
                help="Only responses whose finding is not sure, the least sure first",
                on_click=_open_queue,
                args=(chosen,),
            )
        st.markdown(f":gray[{counted(view.count(chosen), 'response')}]", width="content")
    return order or VerbatimOrder.FILE, bool(once)


def _open_queue(chosen: ResponseFilter) -> None:
    show_filter(replace(chosen, only_review=True))
    st.session_state[session_keys.VERBATIM_ORDER] = VerbatimOrder.LEAST_SURE
