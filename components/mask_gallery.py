"""All masks of a batch at a glance: what is kept of each photo, and a click to correct it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.batch_words import mask_badge
from components.document_words import counted
from components.frame import Viewer
from components.image_pages import draw_pager, draw_pager_below
from components.markdown_text import in_one_line
from components.mask_cut_out import draw_cut_out
from components.mask_opening import open_mask
from components.wiring import Services
from services.images.models import BatchImage

PAGE_LENGTH = 10
_ALL, _DOUBTFUL = "All", "To look at"
_WIDTH = 156


def draw_mask_gallery(app: Services, person: Viewer, queue: Sequence[BatchImage], opened: BatchImage) -> None:
    """Draw the cut-outs, page by page."""
    batch_id = queue[0].batch_id
    doubtful = [image for image in queue if image.mask and image.mask.doubtful]
    key = f"{session_keys.MASK_SHOWN}{batch_id}"
    counts = {_DOUBTFUL: len(doubtful), _ALL: len(queue)}
    shown = list(queue)
    if doubtful and len(doubtful) < len(queue):
        chosen = st.segmented_control(
            "Masks",
            [_ALL, _DOUBTFUL],
            default=_ALL,
            required=True,
            format_func=lambda name: f":gray[{name} {counts[name]:,}]",
            key=key,
            label_visibility="collapsed",
            persist_state="session",
        )
        shown = doubtful if chosen == _DOUBTFUL else shown
    else:
        st.markdown(f"**{counted(len(queue), 'mask')}**")
    page_key = f"{session_keys.BATCH_PAGE}masks.{batch_id}"
    here = draw_pager(page_key, shown, PAGE_LENGTH)
    with st.container(horizontal=True, gap="small"):
        for image in here:
            with st.container(width=_WIDTH, gap="xxsmall"):
                draw_cut_out(
                    app.image_batches.cut_out_preview(person.tenant.id, image),
                    alt=f"What is kept of {image.file_name}",
                    key=f"{session_keys.MASK_CUT_OUT}{batch_id}.{image.position}",
                )
                st.markdown(f":small[{in_one_line(image.file_name, 40)}]  \n{mask_badge(image)}")
                is_open = image.position == opened.position
                st.button(
                    "Open above" if is_open else "Open",
                    key=f"{session_keys.MASK_BUTTON}open.{batch_id}.{image.position}",
                    icon=":material/edit:",
                    type="tertiary",
                    disabled=is_open,
                    help=f"Look at the mask of {image.file_name}, or correct it",
                    on_click=open_mask,
                    args=(batch_id, image.position),
                )
    draw_pager_below(page_key, shown, PAGE_LENGTH)
