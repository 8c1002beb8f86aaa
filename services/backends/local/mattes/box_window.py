"""The part of a picture around boxes that is looked at, so that small subjects are cut as finely as large ones."""

from __future__ import annotations

from services.images.mask_models import Box

SURROUNDINGS = 0.35
"""So much of the box's size is looked at on every side of it: the background is learned there."""

LEAST_PIXELS = 24


def window_around(boxes: tuple[Box, ...], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in pixels of a picture of this (width, height)."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right = max(box.left + box.width for box in boxes)
    bottom = max(box.top + box.height for box in boxes)
    more_x = max(SURROUNDINGS * (right - left), LEAST_PIXELS / size[0])
    more_y = max(SURROUNDINGS * (bottom - top), LEAST_PIXELS / size[1])
    wide = Box(left - more_x, top - more_y, right - left + 2 * more_x, bottom - top + 2 * more_y)
    clipped = Box.from_pixels(wide.left, wide.top, wide.width, wide.height, (1, 1))
    return clipped.pixels(size)
