"""The picture on which a person corrects a mask: drags a box, or paints what to keep and what to drop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from components.image_events import data_url, heard_number, mark_heard, unheard_events
from components.mask_canvas_script import CSS, HTML, JS
from services.images.mask_models import Box, Stroke

_MOST_POINTS = 1600
_LARGEST_RADIUS = 0.25

_mask_canvas = st.components.v2.component("frontline_mask_canvas", html=HTML, css=CSS, js=JS)


def draw_mask_canvas(
    *,
    key: str,
    name: str,
    picture: bytes,
    mask: bytes | None,
    size: tuple[int, int],
    box: Box | None,
    on_edit: Callable[[Box | Stroke], None],
) -> None:
    """Draw the canvas.

    Args:
        key: Its key in the session state; another picture needs another key.
        name: What the picture is called.
        picture: PNG or JPEG.
        mask: A picture of the same shape that lies over it; None for none.
        size: Its (width, height); only their ratio counts.
        box: The box that was drawn before.
        on_edit: Called once with every box and stroke, in the order they were drawn.
    """

    def report() -> None:
        for event in unheard_events(key):
            edit = read_edit(event)
            if edit is not None:
                on_edit(edit)
            mark_heard(key, event)

    _mask_canvas(
        key=key,
        data={
            "name": name,
            "picture": data_url(picture),
            "mask": data_url(mask) if mask else "",
            "width": size[0],
            "height": size[1],
            "box": {side: getattr(box, side) for side in ("left", "top", "width", "height")} if box else None,
            "heard": heard_number(key),
        },
        on_events_change=report,
    )


def read_edit(event: Mapping[str, Any]) -> Box | Stroke | None:
    """The box or stroke that a browser sent; None when it is neither, whoever sent it."""
    try:
        if event["kind"] == "box":
            left, top, width, height = (_share(event["box"][side]) for side in ("left", "top", "width", "height"))
            return Box(left, top, min(width, 1 - left), min(height, 1 - top))
        points = tuple((_share(x), _share(y)) for x, y in event["points"][:_MOST_POINTS])
        radius = min(max(_share(event["radius"]), 0.001), _LARGEST_RADIUS)
        return Stroke(bool(event["keeps"]), points, radius) if points else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _share(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]  # anything may come from a browser; what is no number is refused
    if not math.isfinite(number):
        raise ValueError("not a number")
    return min(max(number, 0.0), 1.0)
