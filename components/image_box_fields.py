"""A box by its numbers, for those who do not drag."""

from __future__ import annotations

import streamlit as st

from services.images.mask_models import Box

_SIDES = (("left", "From the left, %", 10), ("top", "From the top, %", 10), ("width", "Width, %", 80),
          ("height", "Height, %", 80))  # fmt: skip


def draw_box_fields(key: str, start: Box | None = None) -> Box:
    """Draw four fields and return the box that they say.

    Args:
        key: What their keys begin with; another box to start with needs another one.
        start: What they say at first.
    """
    columns = st.columns(2)
    values = {}
    for number, (side, label, usual) in enumerate(_SIDES):
        first = round(getattr(start, side) * 100) if start else usual
        with columns[number % 2]:
            values[side] = st.number_input(
                label, min_value=0, max_value=100, value=min(max(first, 0), 100), step=1, key=f"{key}{side}"
            )
    left, top = values["left"] / 100, values["top"] / 100
    return Box(left, top, min(values["width"] / 100, 1 - left), min(values["height"] / 100, 1 - top))
