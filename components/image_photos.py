"""The first step: what was uploaded, what was refused and why, and how far its labels and masks are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.batch_link import PHOTOS, close_batch
from components.batch_next import draw_next
from components.batch_upload import draw_upload
from components.batch_words import mask_badge
from components.document_words import counted
from components.error_notice import errors_shown
from components.frame import Viewer
from components.image_pages import draw_pager, draw_pager_below
from components.job_progress import SECONDS_BETWEEN_LOOKS, draw_job
from components.knowledge_window import confirm
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.models import BatchImage, ImageBatch
from services.jobs.models import JobItem

PAGE_LENGTH = 10
_MOST_REFUSED = 100
_WIDTH = 156  # five in a row beside the menu, two on a phone


def draw_photos(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    tenant_id = person.tenant.id
    batch = app.image_batches.get(tenant_id, batch_id)
    images = app.image_batches.images(tenant_id, batch_id)
    usable = [image for image in images if image.usable]
    refused = [image for image in images if not image.usable]
    live = _draw_preparing(app, person, batch)
    _draw_refused(refused, len(images))
    missing = [
        image for image in images if image.sha256 and (image.failure or image.labels is None or image.mask is None)
    ]
    if missing and not live:
        _draw_missing(app, person, batch, len(missing))
    if usable:
        # What is made in the background shows as soon as it is there.
        every = SECONDS_BETWEEN_LOOKS if live else None
        st.fragment(_draw_grid, run_every=every, key=f"{session_keys.BATCH_PAGE}grid.{batch_id}")(app, person, batch_id)
        draw_next(batch_id, PHOTOS, primary=not missing)
    with st.expander("Add photos", icon=":material/add_photo_alternate:", expanded=not usable):
        draw_upload(app, person, batch_id)
    with st.expander("Name and deletion", icon=":material/settings:"):
        _draw_settings(app, person, batch)


def _draw_preparing(app: Services, person: Viewer, batch: ImageBatch) -> bool:
    """Draw the job that makes labels and masks while it runs; returns whether it does."""
    if not batch.prepare_job_id:
        return False
    job = app.jobs.get(person.tenant.id, batch.prepare_job_id)
    if job.status.live:
        nouns = ("photo", "photos")
        draw_job(app.jobs, person.tenant.id, job.id, describe=_describe, nouns=nouns, lists_items=False)
    return job.status.live


def _describe(item: JobItem) -> str:
    return "Labels and mask made" if item.result is not None else ""


def _draw_refused(refused: Sequence[BatchImage], total: int) -> None:
    if not refused:
        return
    lines = [
        f"- **{in_one_line(image.file_name)}**: {in_one_line(f'{image.failure.cause} {image.failure.remedy}')}"
        for image in refused[:_MOST_REFUSED]
        if image.failure
    ]
    heading = f"{len(refused):,} of {counted(total, 'photo')} cannot be used"
    with st.expander(f"**{heading}**", expanded=len(refused) <= 5, icon=":material/warning:"):
        st.markdown("\n".join(lines))
        if len(refused) > _MOST_REFUSED:
            st.caption(f"The first {_MOST_REFUSED} are listed.")
        st.caption("The others go on without them. Add a corrected file at any time.")


def _draw_missing(app: Services, person: Viewer, batch: ImageBatch, missing: int) -> None:
    st.warning(
        f"**{counted(missing, 'photo')} without labels or mask.**  \nMaking them was stopped or failed; what is there "
        "already stays.",
        icon=":material/warning:",
    )
    action_button(
        "Make them now",
        lambda: _prepare(app, person, batch.id),
        key=f"{session_keys.BATCH_BUTTON}prepare.{batch.id}",
        icon=":material/refresh:",
        redraws_page=True,
    )


def _prepare(app: Services, person: Viewer, batch_id: str) -> None:
    app.image_batches.prepare_again(person.account, person.tenant.id, batch_id)


def _draw_grid(app: Services, person: Viewer, batch_id: str) -> None:
    with errors_shown():
        images = [image for image in app.image_batches.images(person.tenant.id, batch_id) if image.usable]
        st.markdown(f"**{counted(len(images), 'photo')}** to work on")
        key = f"{session_keys.BATCH_PAGE}photos.{batch_id}"
        here = draw_pager(key, images, PAGE_LENGTH)
        with st.container(horizontal=True, gap="small"):
            for image in here:
                with st.container(width=_WIDTH, gap="xxsmall"):
                    st.image(app.image_batches.preview(person.tenant.id, image), width=_WIDTH, alt=image.file_name)
                    st.markdown(f":small[{in_one_line(image.file_name, 40)}]  \n{mask_badge(image)}")
        draw_pager_below(key, images, PAGE_LENGTH)


def _draw_settings(app: Services, person: Viewer, batch: ImageBatch) -> None:
    key = f"{session_keys.BATCH_FIELD}rename.{batch.id}"
    st.session_state.setdefault(key, batch.title)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the batch", key=key, max_chars=120)
        action_button(
            "Rename",
            lambda: _rename(app, person, batch.id, key),
            key=f"{session_keys.BATCH_BUTTON}rename.{batch.id}",
            icon=":material/edit:",
            redraws_page=True,
        )
    action_button(
        "Delete this batch",
        lambda: _ask_deletion(app, person, batch),
        key=f"{session_keys.BATCH_BUTTON}delete.{batch.id}",
        icon=":material/delete:",
        redraws_page=True,  # the question is a window over the page
    )


def _rename(app: Services, person: Viewer, batch_id: str, key: str) -> str:
    app.image_batches.rename(person.account, person.tenant.id, batch_id, st.session_state[key])
    return "Renamed."


def _ask_deletion(app: Services, person: Viewer, batch: ImageBatch) -> None:
    confirm(
        "Delete this batch?",
        f"**{in_one_line(batch.title)}** with its {counted(batch.image_count, 'photo')}, masks and results will be "
        "gone for everybody. This cannot be undone.",
        "Delete",
        lambda: _delete(app, person, batch),
        icon=":material/delete:",
    )


def _delete(app: Services, person: Viewer, batch: ImageBatch) -> str:
    app.image_batches.delete(person.account, person.tenant.id, batch.id)
    close_batch()
    return f"Deleted “{in_one_line(batch.title, 60)}”."
