"""Which mask of a batch is worked on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from services.images.models import BatchImage


def open_mask(batch_id: str, position: int) -> None:
    """Work on the mask of this image; for callbacks."""
    st.session_state[session_keys.MASK_OPEN + batch_id] = position


def opened_mask(batch_id: str, queue: Sequence[BatchImage]) -> BatchImage:
    """The image that was opened, else the first that needs a look; it stays open until another one is opened."""
    key = session_keys.MASK_OPEN + batch_id
    position = st.session_state.get(key)
    opened = next((image for image in queue if image.position == position), queue[0])
    st.session_state[key] = opened.position
    return opened


def open_next_doubtful(after: BatchImage, queue: Sequence[BatchImage]) -> bool:
    """Open the next image that needs a look, from this one on and around; False when there is none; for callbacks."""
    waiting = [image for image in queue if image.mask and image.mask.doubtful and image.position != after.position]
    if not waiting:
        return False
    following = [image for image in waiting if image.position > after.position]
    open_mask(after.batch_id, (following or waiting)[0].position)
    return True
