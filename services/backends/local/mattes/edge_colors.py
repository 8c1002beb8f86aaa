"""Takes the old background's color out of half-transparent pixels.

Blur fusion (Forte, "Approximate Fast Foreground Colour Estimation", 2021): both sides' colors are estimated by blurring
them over the edge, weighted by the matte, and then corrected so that they mix to the pixel that is there. Twice: over a
wide neighborhood, then over a narrow one.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

RADII = (90, 6)
STRIP_PIXELS = 1_000_000
"""So many pixels are worked on at once: memory does not grow with the picture."""

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


def clean_edge_colors(rgb: Pixels, matte: Pixels) -> Pixels:
    """The picture with estimated subject colors wherever the matte is not 255.

    Args:
        rgb: (height, width, 3).
        matte: (height, width), 255 = keep.
    """
    height, width = matte.shape
    cleaned = rgb.copy()
    half = (matte > 0) & (matte < 255)
    if not half.any():
        return cleaned
    margin = RADII[0] + RADII[1]
    for tile in _tiles(height, width):
        top, bottom, left, right = tile
        rows = np.flatnonzero(half[top:bottom, left:right].any(axis=1))
        if not len(rows):
            continue
        columns = np.flatnonzero(half[top:bottom, left:right].any(axis=0))
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
        outer = (
            slice(max(top - margin, 0), min(bottom + margin, height)),
            slice(max(left - margin, 0), min(right + margin, width)),
        )
        estimated = _estimate(rgb[outer], matte[outer])
        inner = estimated[
            top - outer[0].start : bottom - outer[0].start, left - outer[1].start : right - outer[1].start
        ]
        chosen = half[top:bottom, left:right]
        cleaned[top:bottom, left:right][chosen] = inner[chosen]
    return cleaned


def _tiles(height: int, width: int) -> Iterator[tuple[int, int, int, int]]:
    side = round(STRIP_PIXELS**0.5)
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield top, min(top + side, height), left, min(left + side, width)


def _estimate(rgb: Pixels, matte: Pixels) -> Pixels:
    alpha = matte.astype(np.float32) / np.float32(255)
    weights = {radius: _blurred(alpha, radius) for radius in RADII}
    estimated = np.empty_like(rgb)
    # One channel at a time needs a third of the memory.
    for channel in range(rgb.shape[2]):
        picture = rgb[..., channel].astype(np.float32)
        foreground, background = picture, picture
        for radius, weight in weights.items():
            foreground, background = _fuse(picture, alpha, weight, foreground, background, radius)
        estimated[..., channel] = np.rint(foreground)
    return estimated


def _fuse(
    picture: Floats, alpha: Floats, weight: Floats, foreground: Floats, background: Floats, radius: int
) -> tuple[Floats, Floats]:
    """One channel's colors of both sides, (height, width) each as all arguments are."""
    blurred_foreground = _blurred(foreground * alpha, radius) / (weight + 1e-5)
    blurred_background = _blurred(background * (1 - alpha), radius) / (1 - weight + 1e-5)
    fused = blurred_foreground + alpha * (picture - alpha * blurred_foreground - (1 - alpha) * blurred_background)
    return np.clip(fused, 0, 255, out=fused), blurred_background


def _blurred(values: Floats, radius: int) -> Floats:
    return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1)), np.float32)
