"""The fifth step: what a run would be, before it is started."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backdrop_title import background_title, chosen_backdrop
from components.backdrop_wish import choose_photos, chosen_photos, wish_of
from components.batch_actions import action_button
from components.batch_link import BACKGROUND, MASKS, go_to, open_run
from components.batch_words import MASK_CODES, cost_words, duration_words, wish_details
from components.document_words import counted
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.errors import InputError, NotFoundError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batch_views import RunEstimate
from services.images.models import ImageBatch

_MOST_BLOCKED = 50


def draw_confirm(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    batch = app.image_batches.get(person.tenant.id, batch_id)
    wish, positions = wish_of(batch), chosen_photos(batch_id)
    try:
        estimate = app.image_batches.estimate(person.tenant.id, batch_id, wish, positions)
    except (InputError, NotFoundError) as error:
        show_error(error)
        _draw_way_to(BACKGROUND, "Back to the background", batch_id)
        return
    title = background_title(app, person.tenant.id, wish)
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_picture(app, person, wish)
        st.markdown(f"**{title}**  \n:small[:gray[{' · '.join(wish_details(wish))}]]", width="stretch")
    _draw_figures(estimate)
    if wish.kind is not BackgroundKind.PROMPT or app.background_generator.verb == "composed":
        st.caption("No paid calls: the results are composed on this machine.")
    if positions is not None:
        st.markdown(f":blue-badge[:material/filter_alt: Only for {counted(len(positions), 'chosen photo')}]")
    _draw_warnings(app, person, batch, estimate)

    def start() -> str:
        job = app.image_batches.start(person.account, person.tenant.id, batch_id, wish, positions)
        choose_photos(batch_id, None)
        open_run(job.id)
        return "Started. You can close the browser; you will be told here when it has ended."

    # The run counts the photos that will fail too, and so does this.
    action_button(
        f"Replace {counted(estimate.images, 'background')}" if estimate.pictures else "Nothing to do",
        start,
        key=f"{session_keys.BATCH_START_BUTTON}.{batch_id}",
        icon=":material/play_arrow:",
        kind="primary",
        disabled=not estimate.pictures,
        redraws_page=True,
    )


def _draw_picture(app: Services, person: Viewer, wish: BackgroundWish) -> None:
    backdrop = chosen_backdrop(app, person.tenant.id, wish)
    if backdrop:
        st.image(app.backdrops.preview(person.tenant.id, backdrop), alt=backdrop.caption, width=160)


def _draw_figures(estimate: RunEstimate) -> None:
    with st.container(border=True, horizontal=True, gap="large"):
        st.metric("Photos", f"{estimate.images:,}", width="content")
        st.metric("Results", f"{estimate.pictures:,}", width="content")
        st.metric("Paid calls", f"{estimate.calls:,}", width="content")
        st.metric("Cost", cost_words(estimate.cost_usd), width="content")
        st.metric("Time", duration_words(estimate.seconds), width="content")


def _draw_warnings(app: Services, person: Viewer, batch: ImageBatch, estimate: RunEstimate) -> None:
    if estimate.warnings:
        mark = "- " if len(estimate.warnings) > 1 else ""
        st.warning("\n".join(f"{mark}{in_one_line(words)}" for words in estimate.warnings), icon=":material/warning:")
    images = app.image_batches.images(person.tenant.id, batch.id)
    masks_matter = any(code in MASK_CODES for _, code, _ in estimate.blocked)
    if masks_matter or any(image.mask and image.mask.doubtful for image in images):
        _draw_way_to(MASKS, "Look at the masks", batch.id)
    if estimate.blocked:
        names = {image.position: image.file_name for image in images}
        with st.expander(f"{counted(len(estimate.blocked), 'photo')} without a result", icon=":material/block:"):
            lines = [
                f"- **{in_one_line(names.get(position, ''))}**: {in_one_line(words)}"
                for position, _, words in estimate.blocked[:_MOST_BLOCKED]
            ]
            st.markdown("\n".join(lines))
            if len(estimate.blocked) > _MOST_BLOCKED:
                st.caption(f"The first {_MOST_BLOCKED} are listed; the report names all.")


def _draw_way_to(step: str, label: str, batch_id: str) -> None:
    action_button(
        label,
        lambda: go_to(step),
        key=f"{session_keys.BATCH_BUTTON}to.{step}.{batch_id}",
        icon=":material/arrow_back:",
        redraws_page=True,
    )
