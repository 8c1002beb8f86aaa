"""The second step: what was found in the photos, pruned for the whole batch and photo by photo."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.batch_link import LABELS
from components.batch_next import draw_next
from components.batch_preparing import draw_preparing
from components.document_words import counted
from components.frame import Viewer
from components.image_label_card import draw_label_card
from components.image_label_pruning import draw_pruning
from components.image_pages import draw_pager, draw_pager_below
from components.image_undo import draw_undo
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.batch_views import LabelCount
from services.images.models import BatchImage

PAGE_LENGTH = 12
COLUMNS = 3


def draw_labels(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    tenant_id = person.tenant.id
    batch = app.image_batches.get(tenant_id, batch_id)
    draw_preparing(app, person, batch)
    images = [image for image in app.image_batches.images(tenant_id, batch_id) if image.usable]
    labeled = [image for image in images if image.labels is not None]
    if not labeled:
        st.info(
            "**There are no labels yet.**  \nThey are made from the photos in the background; see the step “Photos” "
            "for how far that is.",
            icon=":material/label:",
        )
        return
    st.caption(
        "Click a label to drop it, click again to keep it. Labels with a frame decide what the mask keeps, and say "
        "how much of the photo they are; the others say what the photo is about."
    )
    counts = app.image_batches.label_counts(tenant_id, batch_id)
    draw_pruning(app, person, batch, counts, graded=_any_graded(labeled))
    shown = _draw_filter(batch_id, labeled, counts)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{counted(len(shown), 'photo')}**", width="content")
        draw_undo(app, person, batch_id, "labels")
    key = f"{session_keys.BATCH_PAGE}labels.{batch_id}"
    here = draw_pager(key, shown, PAGE_LENGTH)
    for start in range(0, len(here), COLUMNS):
        for column, image in zip(st.columns(COLUMNS), here[start : start + COLUMNS], strict=False):
            with column:
                draw_label_card(app, person, image, batch.pruning)
    draw_pager_below(key, shown, PAGE_LENGTH)
    draw_next(batch_id, LABELS)


def _any_graded(images: Sequence[BatchImage]) -> bool:
    return any(label.confidence is not None for image in images for label in image.all_labels())


def _draw_filter(batch_id: str, images: Sequence[BatchImage], counts: Sequence[LabelCount]) -> list[BatchImage]:
    if len(images) <= PAGE_LENGTH:
        return list(images)
    key = f"{session_keys.LABEL_SHOWN}{batch_id}"
    names = [count.name for count in counts]
    if st.session_state.get(key) not in {None, *names}:
        del st.session_state[key]  # the label is gone, or has another name now
    chosen = st.selectbox(
        "Show photos with the label",
        names,
        index=None,
        key=key,
        placeholder="All photos",
        format_func=in_one_line,
        persist_state="session",
        width=280,
    )
    if chosen is None:
        return list(images)
    wanted = chosen.casefold()
    return [image for image in images if any(label.name.casefold() == wanted for label in image.all_labels())]
