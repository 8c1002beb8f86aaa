"""What came of every photo of a run: filtered, paged, compared, reviewed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from components import session_keys
from components.composite_card import draw_card
from components.frame import Viewer
from components.wiring import Services
from services.images.batch_views import ResultFilter
from services.jobs.models import Job

PAGE_LENGTH = 12
COLUMNS = 3
_NAMES = {
    ResultFilter.ALL: "All",
    ResultFilter.DONE: "Done",
    ResultFilter.FAILED: "Failed",
    ResultFilter.UNREVIEWED: "Not reviewed",
    ResultFilter.APPROVED: "Approved",
    ResultFilter.REJECTED: "Rejected",
}


def draw_gallery(app: Services, person: Viewer, run: Job, counts: Mapping[ResultFilter, int]) -> None:
    """Draw the filter and a page of cards.

    Args:
        counts: How many photos each filter lets through.
    """
    batches, tenant_id = app.image_batches, person.tenant.id
    key = f"{session_keys.RESULT_FILTER}{run.id}"
    only = st.session_state.get(key) or ResultFilter.ALL
    offered = [name for name in _NAMES if counts[name] or name in {ResultFilter.ALL, only}]
    only = st.segmented_control(
        "Show",
        offered,
        default=ResultFilter.ALL,
        required=True,
        format_func=lambda name: f":gray[{_NAMES[name]} {counts[name]:,}]",
        key=key,
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )
    only = only or ResultFilter.ALL
    pages = max(1, -(-counts[only] // PAGE_LENGTH))
    page_key = f"{session_keys.RESULT_PAGE}{run.id}"
    page = min(st.session_state.get(page_key, 1), pages)
    items = batches.results(tenant_id, run.id, (page - 1) * PAGE_LENGTH, PAGE_LENGTH, only)
    if not items:
        st.info("**Nothing is left here.**  \nChoose another filter.", icon=":material/filter_alt:")
    for start in range(0, len(items), COLUMNS):
        for column, item in zip(st.columns(COLUMNS), items[start : start + COLUMNS], strict=False):
            with column:
                draw_card(app, person, run, item)
    if pages > 1:
        st.pagination(pages, key=page_key, persist_state="session")
