"""The soft shadow of a product on what it stands on, made from its matte alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# A shadow is soft: it is made small and enlarged.
_LONGER_SIDE = 384
_SOLID = 128
# How far above the floor's line parts still touch it, and how far that line may rise from the lowest point, as shares
# of the product's larger extent; and how steeply it may rise.
_NEARNESS, _REACH, _STEEPEST = 0.06, 0.45, 0.42
# A product seen a little from above: its outline laid on the floor is this much lower than the product.
_FLATNESS = 0.1


def shadow_map(matte: NDArray[np.uint8]) -> Image.Image:
    """How dark the shadow is at full strength, 0 to 1, as a small picture of mode ``F`` with the matte's aspect.

    The darkest is a thin line where the product meets the floor; around it lies a wide faint pool. Parts that are high
    above the lowest point, such as a lamp's shade, throw no contact shadow.

    Args:
        matte: (height, width), 255 = the product.
    """
    height, width = matte.shape
    factor = min(1.0, _LONGER_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(Image.fromarray(matte).resize(size, Image.Resampling.BOX, reducing_gap=2.0), np.float32) / 255
    solid = small >= _SOLID / 255
    if not solid.any():
        return Image.fromarray(np.zeros_like(small))
    columns = np.flatnonzero(solid.any(axis=0))
    rows = np.flatnonzero(solid.any(axis=1))
    extent = max(columns[-1] - columns[0], rows[-1] - rows[0]) + 1
    # Room for what lies below and beside the canvas, so that a product at the border is treated like any other.
    around = round(extent * 0.3) + 4
    wide = np.pad(solid, around)
    floor, touch = _lower_outline(wide)
    line = _touching_line(wide, floor, touch, extent)
    contact = _softened(line, (extent * 0.008 + 0.4, extent * 0.02 + 0.4))
    near = _softened(line, (extent * 0.02 + 0.5, extent * 0.05 + 0.5))
    pool = _softened(_flattened(wide, floor), (extent * 0.03 + 0.5, extent * 0.085 + 0.5))
    dark = 1 - (1 - 0.95 * _leveled(contact)) * (1 - 0.6 * _leveled(near)) * (1 - 0.55 * np.clip(pool, 0, 1))
    inner = dark[around : around + size[1], around : around + size[0]]
    return Image.fromarray(np.ascontiguousarray(np.where(inner < 0.003, 0, inner), np.float32))


def shadow_rows(shadow: Image.Image, size: tuple[int, int], top: int, bottom: int) -> NDArray[np.float32]:
    """Rows ``top`` to ``bottom`` of the shadow at (width, height), without the memory for all of it."""
    box = (0.0, top * shadow.height / size[1], float(shadow.width), bottom * shadow.height / size[1])
    return np.asarray(shadow.resize((size[0], bottom - top), Image.Resampling.BILINEAR, box=box))


def contact_shadow(matte: NDArray[np.uint8], strength: float) -> NDArray[np.float32]:
    """How much light the floor loses, 0 to 1, (height, width), for a strength of 0 to 1."""
    height, width = matte.shape
    if strength <= 0:
        return np.zeros((height, width), np.float32)
    return shadow_rows(shadow_map(matte), (width, height), 0, height) * np.float32(min(strength, 1.0))


def _lower_outline(solid: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Row of the floor under each column, and how much the product touches it there, 0 to 1.

    The floor's line follows the lower outline as far as a thing that stands turned to the camera lets it rise; what is
    steeper than that is no longer the part that stands.
    """
    held = solid.any(axis=0)
    lowest = (solid.shape[0] - 1 - solid[::-1].argmax(axis=0)).astype(np.float32)
    places = np.arange(len(lowest), dtype=np.float32)
    columns = np.flatnonzero(held)
    cones = lowest[None, columns] - _STEEPEST * np.abs(places[:, None] - places[None, columns])
    floor = cones.max(axis=1)
    extent = max(len(columns), np.ptp(lowest[columns]))
    touch = np.exp(-(((floor - lowest) / (_NEARNESS * extent)) ** 2)) * held
    base = lowest[columns].max()
    return floor, (touch * np.exp(-(((base - floor) / (_REACH * extent)) ** 2))).astype(np.float32)


def _touching_line(
    solid: NDArray[np.bool_], floor: NDArray[np.float32], touch: NDArray[np.float32], extent: int
) -> NDArray[np.float32]:
    """A line where the product meets the floor."""
    line = np.zeros(solid.shape, np.float32)
    columns = np.flatnonzero(touch > 0.01)
    for step in range(max(1, round(extent * 0.015))):
        line[np.maximum(floor[columns].astype(int) - step, 0), columns] = touch[columns]
    return line


def _flattened(solid: NDArray[np.bool_], floor: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outline laid down on the floor."""
    rows = np.flatnonzero(solid.any(axis=1))
    top, base = int(rows[0]), int(rows[-1]) + 1
    flat_height = max(2, round((base - top) * _FLATNESS))
    # What is higher lies farther back, where the product hides it; so the lower parts count more.
    weights = np.linspace(0.3, 1.0, base - top, dtype=np.float32)[:, None]
    part = Image.fromarray(solid[top:base].astype(np.float32) * weights)
    flat = np.asarray(part.resize((solid.shape[1], flat_height), Image.Resampling.BOX))
    laid = np.zeros(solid.shape, np.float32)
    columns = np.arange(solid.shape[1])
    for row in range(flat_height):
        target = np.clip(floor.astype(int) + 1 + flat_height // 4 - flat_height + row, 0, solid.shape[0] - 1)
        laid[target, columns] = flat[row]
    return laid


def _softened(dark: NDArray[np.float32], spread: tuple[float, float]) -> NDArray[np.float32]:
    """Blurred by a Gaussian of this spread, (down, across) in pixels; wraps around, so it needs an empty margin."""
    down = np.fft.fftfreq(dark.shape[0])[:, None] * spread[0]
    across = np.fft.rfftfreq(dark.shape[1])[None, :] * spread[1]
    passing = np.exp(-2 * np.pi**2 * (down * down + across * across))
    return np.asarray(np.fft.irfft2(np.fft.rfft2(dark) * passing, dark.shape), np.float32)


def _leveled(blurred: NDArray[np.float32]) -> NDArray[np.float32]:
    """With its highest value at 1, whatever the blur took away."""
    highest = float(blurred.max())
    return blurred / highest if highest > 0 else blurred
