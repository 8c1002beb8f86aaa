"""Solid forms as distance fields, and how they are joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.sample_data.product_rendering import Floats, Material, Shape, linear


@dataclass(frozen=True)
class Product:
    """A thing to photograph: shape, materials, and the corners of the box that holds it."""

    name: str
    shape: Shape
    materials: Sequence[Material]
    low: tuple[float, float, float]
    high: tuple[float, float, float]


def length(*parts: Floats) -> Floats:
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    return np.sqrt(total)


def box(x: Floats, y: Floats, z: Floats, half: tuple[float, float, float], rounding: float) -> Floats:
    a, b, c = (np.abs(value) - (side - rounding) for value, side in zip((x, y, z), half, strict=True))
    outside = length(np.maximum(a, 0), np.maximum(b, 0), np.maximum(c, 0))
    return outside + np.minimum(np.maximum(np.maximum(a, b), c), 0) - rounding


def ellipsoid(x: Floats, y: Floats, z: Floats, radii: tuple[float, float, float]) -> Floats:
    a, b, c = radii
    near = length(x / a, y / b, z / c)
    slope = length(x / (a * a), y / (b * b), z / (c * c))
    return near * (near - 1) / np.maximum(slope, 1e-5)


def capsule(x: Floats, y: Floats, z: Floats, start: Sequence[float], end: Sequence[float], radius: float) -> Floats:
    along = np.asarray(end, np.float32) - np.asarray(start, np.float32)
    px, py, pz = x - start[0], y - start[1], z - start[2]
    share = np.clip((px * along[0] + py * along[1] + pz * along[2]) / float(along @ along), 0, 1)
    return length(px - along[0] * share, py - along[1] * share, pz - along[2] * share) - radius


def cylinder(x: Floats, y: Floats, z: Floats, radius: float, low: float, high: float, rounding: float) -> Floats:
    a = length(x, z) - (radius - rounding)
    b = np.abs(y - (low + high) / 2) - ((high - low) / 2 - rounding)
    return np.asarray(
        np.minimum(np.maximum(a, b), 0) + length(np.maximum(a, 0), np.maximum(b, 0)) - rounding, np.float32
    )


def torus(x: Floats, y: Floats, z: Floats, ring: float, tube: float) -> Floats:
    """About the z axis."""
    return length(length(x, y) - ring, z) - tube


def blend(first: Floats, second: Floats, reach: float) -> Floats:
    """A union with a soft seam."""
    share = np.clip(reach - np.abs(first - second), 0, None) / reach
    return np.minimum(first, second) - share * share * reach * 0.25


def lathe(points: Sequence[tuple[float, float]]) -> Callable[[Floats, Floats, Floats], Floats]:
    """A thing turned about the y axis, by (height, radius) pairs of its outline from below."""
    heights, radii = (np.array(values) for values in zip(*points, strict=True))
    fine = np.linspace(heights[0], heights[-1], 256)
    corners = np.pad(np.interp(fine, heights, radii), 14, mode="edge")
    outline = np.convolve(corners, np.hanning(31)[1:-1] / np.hanning(31).sum(), mode="valid")
    steepest = 1 / np.sqrt(1 + np.minimum(np.abs(np.gradient(outline, fine)), 3) ** 2)

    def distance(x: Floats, y: Floats, z: Floats) -> Floats:
        side = (length(x, z) - np.interp(y, fine, outline)) * np.interp(y, fine, steepest)
        cap = np.maximum(heights[0] - y, y - heights[-1])
        round_edge = 0.03
        a, b = side + round_edge, cap + round_edge
        result = np.minimum(np.maximum(a, b), 0) + length(np.maximum(a, 0), np.maximum(b, 0)) - round_edge
        return np.asarray(result.astype(np.float32), np.float32)

    return distance


def pick(*parts: Floats) -> tuple[Floats, np.ndarray]:
    """The union of parts, and the number of the part that is nearest."""
    nearest, number = parts[0], np.zeros(parts[0].shape, np.int8)
    for place, part in enumerate(parts[1:], start=1):
        closer = part < nearest
        number[closer] = place
        nearest = np.where(closer, part, nearest)
    return nearest.astype(np.float32), number


def bands(colors: Sequence[str], edges: Sequence[float]) -> Callable[[Floats, Floats, Floats], Floats]:
    """Colors by height, changing at these edges."""
    palette = np.array([linear(color) for color in colors], np.float32)

    def paint(_x: Floats, y: Floats, _z: Floats) -> Floats:
        return palette[np.searchsorted(np.asarray(edges), y)]

    return paint
