"""One batch: what it is, and the steps from photos to results."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backdrop_form import draw_background
from components.batch_actions import draw_outcome
from components.batch_confirm import draw_confirm
from components.batch_link import BACKGROUND, CONFIRM, LABELS, MASKS, PHOTOS, RESULTS, STEPS, close_batch, opened_run
from components.batch_notices import put_away_notices
from components.composite_results import draw_results
from components.error_notice import errors_shown
from components.frame import Viewer
from components.image_labels import draw_labels
from components.image_photos import draw_photos
from components.markdown_text import in_one_line
from components.mask_step import draw_masks
from components.times import ago
from components.wiring import Services
from services.errors import AppError, NotFoundError

_DRAW = {
    PHOTOS: draw_photos,
    LABELS: draw_labels,
    MASKS: draw_masks,
    BACKGROUND: draw_background,
    CONFIRM: draw_confirm,
}


def draw_back_button() -> None:
    """Draw the way back to the list."""
    st.button(
        "All batches",
        key=f"{session_keys.BATCH_BUTTON}back",
        icon=":material/arrow_back:",
        on_click=close_batch,
    )


def draw_batch(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the batch in the place of the list."""
    try:
        batch = app.image_batches.get(person.tenant.id, batch_id)
    except NotFoundError:
        st.warning(
            "**This batch is not among those of this tenant.**  \nIt was deleted, or it belongs to another tenant. "
            "Look for it in the list.",
            icon=":material/search_off:",
        )
        return
    st.markdown(
        f"**{in_one_line(batch.title, 120)}** :small[:gray[uploaded {ago(batch.created_at)} by "
        f"{in_one_line(batch.username)}; colleagues can open it by its address]]"
    )
    if opened_run() and session_keys.BATCH_STEP not in st.query_params:
        st.session_state.setdefault(session_keys.BATCH_STEP, RESULTS)  # a link to a run names no step
    tabs = st.tabs(STEPS, key=session_keys.BATCH_STEP, bind="query-params")
    if tabs[STEPS.index(RESULTS)].open and put_away_notices(app, person.account, batch_id):
        st.rerun()  # they stand in the frame, which is drawn already
    for step, tab in zip(STEPS, tabs, strict=True):
        if tab.open:
            with tab:
                # What is clicked within a step draws that step alone.
                st.fragment(_draw_step, key=f"{session_keys.BATCH_STEP}.{step}")(app, person, batch_id, step)


def _draw_step(app: Services, person: Viewer, batch_id: str, step: str) -> None:
    with errors_shown():
        failure: AppError | None = st.session_state.get(session_keys.BATCH_FAILURE)
        if failure is not None:
            # The message itself stands at the top of the step; on a long one the button may be screens below it.
            words = f"**{in_one_line(failure.message_for_user)}**  \n{in_one_line(failure.remedy)}"
            st.toast(words, icon=":material/error:", duration="long")
        draw_outcome()
        _DRAW.get(step, draw_results)(app, person, batch_id)
