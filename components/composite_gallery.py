"""What came of every photo of a run: filtered, paged, compared, reviewed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from components import session_keys
from components.composite_bar import draw_bar
from components.composite_card import draw_card
from components.frame import Viewer
from components.image_pages import draw_pager, draw_pager_below
from components.wiring import Services
from services.images.batch_views import ResultFilter
from services.jobs.models import Job

PAGE_LENGTH = 12
COLUMNS = 3
_NAMES = {
    ResultFilter.ALL: "All",
    ResultFilter.DONE: "Done",
    ResultFilter.FAILED: "Failed",
    ResultFilter.CANCELED: "Canceled",
    ResultFilter.UNREVIEWED: "Not reviewed",
    ResultFilter.APPROVED: "Approved",
    ResultFilter.REJECTED: "Rejected",
}


def draw_gallery(app: Services, person: Viewer, run: Job, counts: Mapping[ResultFilter, int]) -> None:
    """Draw the filter and a page of cards; of a live run, those of what has ended.

    Args:
        counts: How many photos each filter lets through.
    """
    state = f"{'live.' if run.status.live else ''}{run.id}"
    only = _choose_filter(state, counts, live=run.status.live)
    places, page_key = range(counts[only]), f"{session_keys.RESULT_PAGE}{state}"
    actions = st.container()
    shown = draw_pager(page_key, places, PAGE_LENGTH)
    first = shown[0] if shown else 0
    items = app.image_batches.results(person.tenant.id, run.id, first, PAGE_LENGTH, only)
    if not items:
        st.info("**Nothing is left here.**  \nChoose another filter.", icon=":material/filter_alt:")
    with actions:
        draw_bar(app, person, run, items, counts)
    for start in range(0, len(items), COLUMNS):
        for column, item in zip(st.columns(COLUMNS), items[start : start + COLUMNS], strict=False):
            with column:
                draw_card(app, person, run, item)
    draw_pager_below(page_key, places, PAGE_LENGTH)


def _choose_filter(state: str, counts: Mapping[ResultFilter, int], *, live: bool) -> ResultFilter:
    key = f"{session_keys.RESULT_FILTER}{state}"
    usual = ResultFilter.DONE if live else ResultFilter.ALL  # all of a live run has nothing to show for much of it
    now = st.session_state.get(key) or usual
    if now in {ResultFilter.FAILED, ResultFilter.CANCELED} and not counts[now]:
        st.session_state[key] = now = usual  # the last of them was run again
    names = [name for name in _NAMES if not (live and name is ResultFilter.ALL)]
    chosen = st.segmented_control(
        "Show",
        [name for name in names if counts[name] or name in {usual, now}],
        default=usual,
        required=True,
        format_func=lambda name: f":gray[{_NAMES[name]} {counts[name]:,}]",
        key=key,
        label_visibility="collapsed",
        wrap=True,
        persist_state="session",
    )
    return chosen or usual
