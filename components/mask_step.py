"""The third step: masks are looked at before anything is paid for, the doubtful ones first."""

from __future__ import annotations

import streamlit as st

from components.batch_link import MASKS
from components.batch_next import draw_next
from components.batch_preparing import draw_preparing
from components.document_words import counted
from components.frame import Viewer
from components.mask_editor import draw_mask_editor
from components.mask_gallery import draw_mask_gallery
from components.mask_opening import in_steady_order, opened_mask
from components.wiring import Services


def draw_masks(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step: the photo that is worked on, and all masks of the batch below it."""
    draw_preparing(app, person, app.image_batches.get(person.tenant.id, batch_id))
    queue = in_steady_order(batch_id, app.image_batches.mask_queue(person.tenant.id, batch_id))
    if not queue:
        st.info(
            "**There are no masks yet.**  \nThey are made from the photos in the background; see the step “Photos” for "
            "how far that is.",
            icon=":material/content_cut:",
        )
        return
    doubtful = [image for image in queue if image.mask and image.mask.doubtful]
    if doubtful:
        st.markdown(
            f":orange-badge[:material/visibility: {counted(len(doubtful), 'mask')} to look at] The shaded part is "
            "replaced; the clear part is kept."
        )
    else:
        st.markdown(
            ":green-badge[:material/check_circle: No mask needs a look] The shaded part is replaced; the clear part is "
            "kept."
        )
    opened = opened_mask(batch_id, queue)
    draw_mask_editor(app, person, opened, queue)
    st.space("small")
    draw_mask_gallery(app, person, queue, opened)
    draw_next(batch_id, MASKS, primary=not doubtful)
