"""Which mask of a batch is worked on, and in which order they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.image_sight import bring_into_sight
from services.images.models import BatchImage


def open_mask(batch_id: str, position: int) -> None:
    """Work on the mask of this image, and show where that is done; for callbacks."""
    st.session_state[session_keys.MASK_OPEN + batch_id] = position
    bring_into_sight(mask_place(batch_id))


def mask_place(batch_id: str) -> str:
    """The place of the page at which masks are worked on."""
    return f"{session_keys.MASK_OPEN}place.{batch_id}"


def in_steady_order(batch_id: str, queue: Sequence[BatchImage]) -> list[BatchImage]:
    """The images in the order in which this person met them first.

    A mask that needed a look keeps its place among those that do when it is mended, so that nothing moves under
    somebody's hands; only a mask that was away meanwhile, or is new, finds its place by how it is now.
    """
    key = f"{session_keys.MASK_OPEN}order.{batch_id}"
    before: dict[int, bool] = st.session_state.get(key, {})
    needed_a_look = {image.position: before.get(image.position, _needs_a_look(image)) for image in queue}
    st.session_state[key] = needed_a_look
    return sorted(queue, key=lambda image: (not needed_a_look[image.position], image.position))


def opened_mask(batch_id: str, queue: Sequence[BatchImage]) -> BatchImage:
    """The image that was opened, else the first that needs a look; it stays open until another one is opened."""
    key = session_keys.MASK_OPEN + batch_id
    position = st.session_state.get(key)
    first = next(filter(_needs_a_look, queue), queue[0])
    opened = next((image for image in queue if image.position == position), first)
    st.session_state[key] = opened.position
    return opened


def next_to_look_at(after: BatchImage, queue: Sequence[BatchImage]) -> BatchImage | None:
    """The next image that needs a look, from this one on and around; None when there is no other."""
    at = place_in(queue, after)
    return next(filter(_needs_a_look, (*queue[at + 1 :], *queue[:at])), None)


def place_in(queue: Sequence[BatchImage], image: BatchImage) -> int:
    """Where the image stands in the queue, from 0."""
    return next(number for number, one in enumerate(queue) if one.position == image.position)


def _needs_a_look(image: BatchImage) -> bool:
    return image.mask is not None and image.mask.doubtful
