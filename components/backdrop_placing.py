"""Size of the result, space around the product, and its shadow."""

from __future__ import annotations

import streamlit as st

from components.backdrop_wish import IN_PLACE, PADDING, SHADOW, WishForm
from components.batch_words import SIZES
from services.images.background_models import BackgroundKind, SizePreset

MOST_PADDING_PERCENT = 45


def draw_placing(form: WishForm, kind: BackgroundKind) -> None:
    """Draw the fields."""
    size = st.selectbox(
        "Size of the results",
        list(SIZES),
        format_func=lambda preset: SIZES[preset],
        key=form.key("size"),
        on_change=form.take,
        args=("size",),
    )
    if size is SizePreset.ORIGINAL:
        st.toggle(
            "Leave the product where it is in the photo",
            key=form.key(IN_PLACE),
            on_change=form.take,
            args=(IN_PLACE,),
        )
    if form.wish.padding is not None:
        st.slider(
            "Space around the product",
            0,
            MOST_PADDING_PERCENT,
            format="%d %%",
            key=form.key(PADDING),
            help="On every side, as a share of the shorter side.",
            on_change=form.take,
            args=(PADDING,),
        )
    if kind is not BackgroundKind.TRANSPARENT:
        st.slider(
            "Shadow under the product",
            0,
            100,
            format="%d %%",
            step=5,
            key=form.key(SHADOW),
            on_change=form.take,
            args=(SHADOW,),
        )
