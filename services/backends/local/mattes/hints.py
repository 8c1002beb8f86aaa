"""What people and labels said about where the subject is, drawn as maps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.images.mask_models import Box, MaskHints, Stroke

OPEN, DROP, KEEP = 0, 1, 2
"""Values of the map: nothing is known, surely background, surely subject."""

Pixels = NDArray[np.uint8]


def hint_map(hints: MaskHints, size: tuple[int, int]) -> Pixels:
    """(height, width) of OPEN, DROP and KEEP for a picture of this (width, height).

    Strokes are a person's most precise word, so they win over boxes, and a later one over an earlier one.
    """
    found = np.full((size[1], size[0]), DROP if hints.keep_boxes else OPEN, np.uint8)
    for box in hints.drop_boxes:
        _fill(found, box, DROP)
    for box in hints.keep_boxes:
        _fill(found, box, OPEN)
    draw_strokes(found, hints.strokes)
    return found


def draw_strokes(target: Pixels, strokes: Sequence[Stroke]) -> None:
    """Draw the strokes into a hint map, in their order."""
    height, width = target.shape
    for stroke in strokes:
        value = KEEP if stroke.keeps else DROP
        radius = max(stroke.radius * max(height, width), 0.5)
        points = [(round(x * (width - 1)), round(y * (height - 1))) for x, y in stroke.points]
        for start, end in itertools.pairwise(points):
            cv2.line(target, start, end, value, max(round(2 * radius), 1))
        for point in points:
            cv2.circle(target, point, round(radius), value, cv2.FILLED)


def _fill(target: Pixels, box: Box, value: int) -> None:
    height, width = target.shape
    left, top, right, bottom = box.pixels((width, height))
    target[top:bottom, left:right] = value
