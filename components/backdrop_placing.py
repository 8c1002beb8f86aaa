"""Size of the result, space around the product, and its shadow."""

from __future__ import annotations

import streamlit as st

from components.backdrop_wish import IN_PLACE, PADDING, SHADOW, field_key, take_fields, wish_of
from components.batch_words import SIZES
from services.images.background_models import BackgroundKind, SizePreset
from services.images.models import ImageBatch

MOST_PADDING_PERCENT = 45


def draw_placing(batch: ImageBatch, kind: BackgroundKind) -> None:
    """Draw the fields."""
    size = st.selectbox(
        "Size of the results",
        list(SIZES),
        format_func=lambda preset: SIZES[preset],
        key=field_key(batch.id, "size"),
        on_change=take_fields,
        args=(batch,),
    )
    if size is SizePreset.ORIGINAL:
        st.toggle(
            "Leave the product where it is in the photo",
            key=field_key(batch.id, IN_PLACE),
            on_change=take_fields,
            args=(batch,),
        )
    if wish_of(batch).padding is not None:
        st.slider(
            "Space around the product",
            0,
            MOST_PADDING_PERCENT,
            format="%d %%",
            key=field_key(batch.id, PADDING),
            help="On every side, as a share of the shorter side.",
            on_change=take_fields,
            args=(batch,),
        )
    if kind is not BackgroundKind.TRANSPARENT:
        st.slider(
            "Shadow under the product",
            0,
            100,
            format="%d %%",
            step=5,
            key=field_key(batch.id, SHADOW),
            on_change=take_fields,
            args=(batch,),
        )
