"""Smooth random fields, and small pieces that all painters share. Pictures are float32, 0 to 1, (height, width, 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator
# Blobs of so many pixels are painted at a quarter of the size.
_LARGE_BLOB, _COARSE = 24, 4


def rgb(color: str) -> Floats:
    """``#rrggbb`` as three values of 0 to 1."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / np.float32(255)


def smooth_noise(
    random: Random, size: tuple[int, int], cell: float | tuple[float, float], octaves: int = 1, fade: float = 0.5
) -> Floats:
    """Noise of about -1 to 1, (height, width).

    Args:
        cell: Size of the largest blobs in pixels, or (across, down).
        octaves: Layers, each with half the blobs and ``fade`` of the strength.
    """
    width, height = size
    across, down = cell if isinstance(cell, tuple) else (cell, cell)
    layers = [(across / 2**number, down / 2**number, fade**number) for number in range(octaves)]
    # Large blobs are smooth: they are added up small, and enlarged once.
    shrink = max(1, int(min(across, down) / 2 ** (octaves - 1) / 6))
    coarse = [layer for layer in layers if min(layer[:2]) >= _LARGE_BLOB] if shrink == 1 else layers
    factor = shrink if shrink > 1 else _COARSE
    total = np.zeros((height, width), np.float32)
    if coarse and min(size) > 8 * factor:
        small = (-(-width // factor), -(-height // factor))
        part = np.zeros(small[::-1], np.float32)
        for wide, tall, strength in coarse:
            part += strength * _blobs(random, small, wide / factor, tall / factor)
        total += np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
        layers = layers[len(coarse) :]
    for wide, tall, strength in layers:
        total += strength * _blobs(random, size, wide, tall)
    spread = float(np.sqrt(sum(fade ** (2 * number) for number in range(octaves))))
    return total * np.float32(0.62 / spread)


def _blobs(random: Random, size: tuple[int, int], across: float, down: float) -> Floats:
    width, height = size
    columns, rows = max(2, round(width / max(across, 1))) + 3, max(2, round(height / max(down, 1))) + 3
    columns, rows = min(columns, width + 3), min(rows, height + 3)
    grid = random.standard_normal((rows, columns), dtype=np.float32)
    box = (1.0, 1.0, columns - 2.0, rows - 2.0)
    return np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC, box=box))


def warped(values: Floats, across: Floats, down: Floats) -> Floats:
    """The values looked up at places moved by so many pixels."""
    height, width = values.shape[:2]
    rows = np.arange(height, dtype=np.int32)[:, None] + down.astype(np.int32)
    columns = np.arange(width, dtype=np.int32)[None, :] + across.astype(np.int32)
    np.clip(rows, 0, height - 1, out=rows)
    np.clip(columns, 0, width - 1, out=columns)
    moved: Floats = values[rows, columns]
    return moved


def mixed(first: Floats, second: Floats, share: Floats | float) -> Floats:
    """``first`` where the share is 0, ``second`` where it is 1; a (height, width) share works for colors too."""
    weight = share if isinstance(share, float) else share[..., None]
    return (first + (second - first) * weight).astype(np.float32)


def smooth_step(low: float, high: float, values: Floats) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between; falling when ``high`` is the lower."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def relief(height_map: Floats, strength: float) -> Floats:
    """Light on a bumpy plane from the left upper side: a factor of about 1."""
    slope = np.zeros_like(height_map)
    slope[1:, 1:] = height_map[1:, 1:] - height_map[:-1, :-1]
    return np.asarray(np.clip(1 + strength * slope, 0.4, 1.6), np.float32)


def gradient(height: int, width: int, stops: list[tuple[float, Floats]]) -> Floats:
    """Colors from top to bottom, given at shares of the height."""
    places = np.linspace(0, 1, height)
    at = [place for place, _color in stops]
    colors = np.stack([np.interp(places, at, [color[part] for _place, color in stops]) for part in range(3)], axis=1)
    return np.broadcast_to(colors[:, None, :].astype(np.float32), (height, width, 3)).copy()


def to_image(picture: Floats) -> Image.Image:
    """As an 8-bit picture."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def to_floats(picture: Image.Image) -> Floats:
    """As float32, 0 to 1."""
    return np.asarray(picture, np.float32) / np.float32(255)


def blurred(picture: Floats, radius: float) -> Floats:
    """Out of focus by so many pixels; large blurs are made small and enlarged, which nobody can see."""
    if radius < 0.5:
        return picture
    image = to_image(picture)
    size = image.size
    factor = max(1, int(radius / 2.5))
    if factor > 1:
        image = image.resize((max(1, size[0] // factor), max(1, size[1] // factor)), Image.Resampling.BOX)
    image = image.filter(ImageFilter.GaussianBlur(radius / factor))
    return to_floats(image.resize(size, Image.Resampling.BICUBIC) if factor > 1 else image)


def enlarged(picture: Floats, size: tuple[int, int]) -> Floats:
    """The picture at (width, height)."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    return to_floats(to_image(picture).resize(size, Image.Resampling.BICUBIC))


def shaded(color: Floats, amount: float) -> Floats:
    """A lighter (amount > 0) or darker color."""
    target = np.ones(3, np.float32) if amount > 0 else np.zeros(3, np.float32)
    return (color + (target - color) * abs(amount)).astype(np.float32)


def toned(color: Floats, tones: tuple[str, ...]) -> Floats:
    """What words such as dark, pastel or warm make of a color."""
    for tone in tones:
        gray = color.mean()
        if tone == "dark":
            color = color * np.float32(0.42)
        elif tone == "light":
            color = shaded(color, 0.5)
        elif tone == "pastel":
            color = shaded((color + gray * np.float32(0.15)) / np.float32(1.15), 0.58)
        elif tone == "muted":
            color = (color * 0.72 + gray * 0.28).astype(np.float32)
        elif tone == "vivid":
            color = np.clip(gray + (color - gray) * 1.5, 0, 1).astype(np.float32)
        elif tone == "warm":
            color = np.clip(color * np.array([1.07, 1.0, 0.9], np.float32), 0, 1)
        elif tone == "cool":
            color = np.clip(color * np.array([0.92, 1.0, 1.07], np.float32), 0, 1)
    return color.astype(np.float32)


def luminance(color: Floats) -> float:
    """How light a color looks, 0 to 1."""
    return float(color @ np.array([0.3, 0.59, 0.11], np.float32))
