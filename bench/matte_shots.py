"""Studio shots drawn by our own code, each with its true alpha: products of many shapes on plain backdrops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

OVERSAMPLING = 3
Floats = NDArray[np.float32]
Point = tuple[float, float]

BODIES = (
    (0.97, 0.97, 0.96), (0.9, 0.91, 0.93), (0.08, 0.08, 0.09), (0.8, 0.13, 0.12), (0.13, 0.27, 0.62), (0.1, 0.45, 0.3),
    (0.93, 0.72, 0.12), (0.55, 0.35, 0.2), (0.6, 0.6, 0.62), (0.94, 0.85, 0.72), (0.45, 0.2, 0.5), (0.97, 0.6, 0.66),
)  # fmt: skip
BACKDROPS = (
    (1.0, 1.0, 1.0), (0.96, 0.96, 0.95), (0.85, 0.86, 0.88), (0.55, 0.57, 0.6), (0.9, 0.85, 0.78), (0.72, 0.82, 0.9),
    (0.2, 0.21, 0.23), (0.95, 0.8, 0.78), (0.62, 0.75, 0.62),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A studio shot.

    Attributes:
        picture: (height, width, 3) uint8.
        alpha: (height, width), 0 to 1: how much of each pixel is the product.
        product: (height, width, 3), 0 to 1: the product's own color, right wherever alpha is not 0.
    """

    picture: NDArray[np.uint8]
    alpha: Floats
    product: Floats


def studio_shot(seed: int, size: tuple[int, int] | None = None) -> Shot:
    """The shot of this number; near-white on white is left out, where there is nothing to see."""
    rng = np.random.default_rng(seed)
    width, height = size or ((1024, 1024), (900, 1200), (1200, 800))[seed % 3]
    body = BODIES[int(rng.integers(len(BODIES)))]
    backdrop = BACKDROPS[int(rng.integers(len(BACKDROPS)))]
    while np.abs(np.subtract(body, backdrop)).max() < 0.06:
        backdrop = BACKDROPS[int(rng.integers(len(BACKDROPS)))]
    alpha, base = _outline(rng, width, height)
    product = _surface(rng, alpha, body, backdrop)
    scene = _backdrop(rng, width, height, backdrop) * (1 - _shadow(rng, alpha, base))[..., None]
    mixed = product * alpha[..., None] + scene * (1 - alpha[..., None])
    noise = rng.normal(0, float(rng.uniform(0.3, 2.2)) / 255, mixed.shape)
    picture = np.clip(np.rint((mixed + noise) * 255), 0, 255).astype(np.uint8)
    return Shot(picture, alpha, product)


def _outline(rng: np.random.Generator, width: int, height: int) -> tuple[Floats, float]:
    """The product's alpha, and where it stands as a share of the height."""
    large = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING))
    draw = ImageDraw.Draw(large)
    side = min(width, height) * OVERSAMPLING
    tall = float(rng.uniform(0.42, 0.72)) * side
    center, base = float(rng.uniform(0.44, 0.56)) * width * OVERSAMPLING, float(rng.uniform(0.76, 0.86))
    floor = base * height * OVERSAMPLING

    def place(points: list[Point]) -> list[Point]:
        return [(center + x * tall, floor - y * tall) for x, y in points]

    shapes: tuple[Callable[[ImageDraw.ImageDraw, Callable[[list[Point]], list[Point]], np.random.Generator], None], ...]
    shapes = (_bottle, _mug, _carton, _shoe, _lamp, _two_jars, _ring, _bag)
    shapes[int(rng.integers(len(shapes)))](draw, place, rng)
    turned = large.rotate(float(rng.uniform(-7, 7)), Image.Resampling.BICUBIC, center=(center, floor))
    small = turned.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255, base


Place = Callable[[list[Point]], list[Point]]


def _turned_body(profile: list[Point]) -> list[Point]:
    """The outline of a body of revolution from its (half width, height) profile, smoothed."""
    radii, heights = (np.array(values) for values in zip(*profile, strict=True))
    steps = np.linspace(0, len(profile) - 1, 160)
    wide = ndimage.gaussian_filter1d(np.interp(steps, np.arange(len(profile)), radii), 1.5, mode="nearest")
    high = ndimage.gaussian_filter1d(np.interp(steps, np.arange(len(profile)), heights), 1.5, mode="nearest")
    right = list(zip(wide.tolist(), high.tolist(), strict=True))
    return [*right, *((-x, y) for x, y in reversed(right))]


def _bottle(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    belly, neck = float(rng.uniform(0.14, 0.24)), float(rng.uniform(0.04, 0.08))
    profile = [(belly * 0.95, 0.0), (belly, 0.05), (belly, 0.55), (belly * 0.8, 0.66), (neck, 0.78), (neck, 0.93)]
    draw.polygon(place(_turned_body([*profile, (neck * 1.4, 0.94), (neck * 1.4, 1.0)])), fill=255)


def _mug(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    half = float(rng.uniform(0.24, 0.32))
    ring = np.linspace(0, 2 * np.pi, 80)
    for radius, value in ((0.19, 255), (0.12, 0)):
        draw.polygon(
            place([(half + 0.02 + radius * float(np.cos(t)), 0.36 + radius * float(np.sin(t))) for t in ring]),
            fill=value,
        )
    draw.polygon(place(_turned_body([(half * 0.9, 0.0), (half, 0.06), (half, 0.35), (half, 0.7)])), fill=255)


def _carton(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    half, depth = float(rng.uniform(0.18, 0.34)), float(rng.uniform(0.05, 0.16))
    draw.polygon(
        place(
            [(-half, 0.0), (half, 0.0), (half + depth, 0.06), (half + depth, 0.86), (-half + depth, 0.86), (-half, 0.8)]
        ),
        fill=255,
    )


def _shoe(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    long = float(rng.uniform(0.55, 0.68))
    corners = [(-0.5, 0.0), (0.5, 0.0), (0.56, 0.1), (0.42, 0.2), (0.1, 0.26), (-0.12, 0.46), (-0.42, 0.5), (-0.5, 0.3)]
    xs, ys = (np.array(values) for values in zip(*corners, strict=True))
    steps = np.linspace(0, len(corners), 200, endpoint=False)
    smooth_x = ndimage.gaussian_filter1d(np.interp(steps, range(len(corners) + 1), [*xs, xs[0]]), 5, mode="wrap")
    smooth_y = ndimage.gaussian_filter1d(np.interp(steps, range(len(corners) + 1), [*ys, ys[0]]), 5, mode="wrap")
    draw.polygon(place([(2 * long * float(x), float(y)) for x, y in zip(smooth_x, smooth_y, strict=True)]), fill=255)


def _lamp(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    shade, stem = float(rng.uniform(0.2, 0.3)), float(rng.uniform(0.012, 0.025))
    draw.polygon(place([(-shade, 0.62), (shade, 0.62), (shade * 0.6, 1.0), (-shade * 0.6, 1.0)]), fill=255)
    draw.polygon(place([(-stem, 0.02), (stem, 0.02), (stem, 0.64), (-stem, 0.64)]), fill=255)
    draw.polygon(place(_turned_body([(0.17, 0.0), (0.17, 0.03), (0.05, 0.06)])), fill=255)


def _two_jars(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    for shift, high in ((-0.24, float(rng.uniform(0.5, 0.7))), (0.24, float(rng.uniform(0.3, 0.48)))):
        outline = _turned_body([(0.17, 0.0), (0.18, 0.04), (0.18, high), (0.15, high + 0.05), (0.16, high + 0.14)])
        draw.polygon(place([(x + shift, y) for x, y in outline]), fill=255)


def _ring(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    inner = float(rng.uniform(0.22, 0.29))
    ring = np.linspace(0, 2 * np.pi, 160)
    for radius, value in ((0.38, 255), (inner, 0)):
        draw.polygon(place([(radius * float(np.cos(t)), 0.38 + radius * float(np.sin(t))) for t in ring]), fill=value)


def _bag(draw: ImageDraw.ImageDraw, place: Place, rng: np.random.Generator) -> None:
    arc = np.linspace(0, np.pi, 60)
    wide = float(rng.uniform(0.13, 0.2))
    for radius, value in ((1.0, 255), (0.78, 0)):
        draw.polygon(
            place([(wide * radius * float(np.cos(t)), 0.56 + 0.36 * radius * float(np.sin(t))) for t in arc]),
            fill=value,
        )
    draw.polygon(place([(-0.36, 0.0), (0.36, 0.0), (0.3, 0.6), (-0.3, 0.6)]), fill=255)


def _surface(
    rng: np.random.Generator, alpha: Floats, body: Point | tuple[float, ...], backdrop: tuple[float, ...]
) -> Floats:
    """The product's color everywhere: its body lit from a side, with a label or stripes on most."""
    height, width = alpha.shape
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.argwhere(alpha > 0.5)
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0)
    across, down = (xs - left) / max(right - left, 1), (ys - top) / max(bottom - top, 1)
    side = 1 if rng.random() < 0.5 else -1
    light = 0.9 + 0.1 * side * np.cos(np.clip(across, 0, 1) * np.pi) - 0.08 * np.clip(down, 0, 1)
    rim = ndimage.gaussian_filter(alpha, 14)
    light = light - 0.1 * np.clip(1 - (rim - 0.5) * 2, 0, 1)
    color = np.broadcast_to(np.array(body, np.float32), (height, width, 3)).copy()
    kind = int(rng.integers(4))
    second = np.array(BODIES[int(rng.integers(len(BODIES)))], np.float32)
    if np.abs(second - np.array(backdrop)).max() < 0.06:
        second = np.array((0.2, 0.2, 0.22), np.float32)
    if kind == 1:
        color[(across > 0.3) & (across < 0.7) & (down > 0.45) & (down < 0.7)] = second
    elif kind == 2:
        color[(np.floor(down * 9) % 3) == 1] = second
    elif kind == 3:
        grain = ndimage.gaussian_filter(rng.normal(size=(height, width)), 2.5)
        color = color * (1 + 0.05 * grain / grain.std())[..., None].astype(np.float32)
    glint = np.exp(-(((across - 0.5 + 0.22 * side) / 0.06) ** 2)) * 0.18
    return np.clip(color * light[..., None] + glint[..., None], 0, 1).astype(np.float32)


def _backdrop(rng: np.random.Generator, width: int, height: int, color: tuple[float, ...]) -> Floats:
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = xs / width - 0.5, ys / height - 0.5
    kind = int(rng.integers(3))
    strength = float(rng.uniform(0.05, 0.22))
    light = np.ones((height, width), np.float32)
    if kind == 1:
        turn = float(rng.uniform(0, 2 * np.pi))
        light = 1 - strength * (0.5 + x * np.cos(turn) + y * np.sin(turn))
    elif kind == 2:
        light = 1 - strength * 1.6 * (x * x + y * y)
    return (np.array(color, np.float32) * light[..., None]).astype(np.float32)


def _shadow(rng: np.random.Generator, alpha: Floats, base: float) -> Floats:
    """A soft contact shadow on the floor, and on most shots a wider one that falls to a side."""
    height, width = alpha.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    contact = alpha.max(axis=0)[None] * np.exp(-(((rows - base * height) / (0.02 * height)) ** 2))
    shadow = 0.35 * ndimage.gaussian_filter(contact, 0.012 * width)
    if rng.random() < 0.7:
        slant = float(rng.uniform(-1.2, 1.2))
        flat = ndimage.affine_transform(
            alpha, np.array([[4.0, 0.0], [slant, 1.0]]), offset=(-3.0 * base * height, -slant * base * height), order=1
        )
        shift = ndimage.shift(flat, (0, float(rng.uniform(-0.05, 0.05)) * width), order=1)
        shadow = np.maximum(shadow, float(rng.uniform(0.1, 0.3)) * ndimage.gaussian_filter(shift, 0.02 * width))
    return np.clip(shadow, 0, 0.6).astype(np.float32)
