"""A small renderer of solid things that stand on a floor: sphere tracing of distance fields, in numpy.

A shape is a function of three float32 arrays (x, y, z; y points up, the floor is y = 0) that gives the distance to its
surface and the number of its material there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
Shape = Callable[[Floats, Floats, Floats], tuple[Floats, NDArray[np.int8]]]
Paint = Callable[[Floats, Floats, Floats], Floats]

FIELD_OF_VIEW = 0.36  # half the picture's shorter side at distance 1
MOST_STEPS = 96


@dataclass(frozen=True)
class Material:
    """Color: linear RGB 0-1 or a function of the point, (n, 3); gloss: 0 matt to 1 lacquer; metal tints reflections."""

    color: tuple[float, float, float] | Paint
    gloss: float = 0.3
    metal: float = 0.0


@dataclass(frozen=True)
class View:
    """Where the camera stands: turned about the thing and lifted above it in radians, and how much it fills."""

    turn: float = 0.4
    lift: float = 0.22
    fill: float = 0.62
    shift: tuple[float, float] = (0.0, 0.0)


def linear(color: str) -> tuple[float, float, float]:
    """#rrggbb as linear light."""
    return tuple(((int(color[at : at + 2], 16) / 255) ** 2.2) for at in (1, 3, 5))


def to_srgb(light: Floats) -> NDArray[np.uint8]:
    return (np.clip(light, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)


def _unit(vector: ArrayLike) -> Floats:
    array = np.asarray(vector, np.float32)
    return array / np.linalg.norm(array)


KEY_LIGHT = _unit((-0.55, 0.85, 0.6))


@dataclass(frozen=True)
class Camera:
    position: Floats
    right: Floats
    up: Floats
    forward: Floats
    scale: float
    shift: tuple[float, float]

    @classmethod
    def around(cls, low: ArrayLike, high: ArrayLike, view: View) -> Camera:
        low_corner, high_corner = np.asarray(low, np.float32), np.asarray(high, np.float32)
        center = (low_corner + high_corner) / 2
        radius = float(np.linalg.norm(high_corner - low_corner)) / 2
        distance = radius / (FIELD_OF_VIEW * view.fill)
        away = np.array(
            [np.sin(view.turn) * np.cos(view.lift), np.sin(view.lift), np.cos(view.turn) * np.cos(view.lift)]
        )
        forward = _unit(-away)
        right = _unit(np.cross(forward, (0, 1, 0)))
        up = np.cross(right, forward).astype(np.float32)
        return cls((center + away * distance).astype(np.float32), right, up, forward, FIELD_OF_VIEW, view.shift)

    def rays(self, size: tuple[int, int]) -> Floats:
        """Unit directions, (height, width, 3)."""
        width, height = size
        short = min(size)
        across = ((np.arange(width, dtype=np.float32) + 0.5) * 2 - width) / short - self.shift[0]
        down = (height - (np.arange(height, dtype=np.float32) + 0.5) * 2) / short - self.shift[1]
        rays = (
            self.forward + self.scale * across[None, :, None] * self.right + self.scale * down[:, None, None] * self.up
        )
        return np.asarray((rays / np.linalg.norm(rays, axis=2, keepdims=True)).astype(np.float32), np.float32)


def _trace(shape: Shape, origin: Floats, rays: Floats, low: Floats, high: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which of the (n, 3) rays hit, and how far away."""
    with np.errstate(divide="ignore"):
        inverse = 1 / np.where(np.abs(rays) < 1e-6, np.float32(1e-6), rays)
    first, second = (low - origin) * inverse, (high - origin) * inverse
    near = np.minimum(first, second).max(axis=1)
    far = np.maximum(first, second).min(axis=1)
    hit = np.zeros(len(rays), bool)
    distance = near.copy()
    active = np.flatnonzero(far > np.maximum(near, 0))
    for _ in range(MOST_STEPS):
        if not active.size:
            break
        points = origin + rays[active] * distance[active, None]
        step, _material = shape(points[:, 0], points[:, 1], points[:, 2])
        distance[active] += step * 0.85
        arrived = step < 6e-4
        hit[active[arrived]] = True
        active = active[~arrived & (distance[active] < far[active])]
    return hit, distance


def _normals(shape: Shape, points: Floats) -> Floats:
    step = np.float32(1.2e-3)
    normals = np.zeros_like(points)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        offset = np.array(corner, np.float32)
        moved = points + step * offset
        normals += shape(moved[:, 0], moved[:, 1], moved[:, 2])[0][:, None] * offset
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6), np.float32)


def _openness(shape: Shape, points: Floats, normals: Floats, reach: float) -> Floats:
    """1 in the open, less in creases and near the floor."""
    shut = np.zeros(len(points), np.float32)
    for number in range(1, 5):
        away = np.float32(reach * number / 4)
        moved = points + normals * away
        free = np.minimum(shape(moved[:, 0], moved[:, 1], moved[:, 2])[0], moved[:, 1])
        shut += np.clip(away - free, 0, None) / away * 0.5**number
    return np.asarray(np.clip(1 - 1.1 * shut, 0.12, 1), np.float32)


def _soft_shadow(shape: Shape, points: Floats, reach: float, softness: float) -> Floats:
    """Share of the key light that arrives."""
    light = np.ones(len(points), np.float32)
    along = np.full(len(points), reach * 0.02, np.float32)
    for _ in range(28):
        moved = points + KEY_LIGHT * along[:, None]
        free = shape(moved[:, 0], moved[:, 1], moved[:, 2])[0]
        light = np.minimum(light, np.clip(0.5 + 0.5 * free / (softness * along), 0, 1))
        along += np.clip(np.abs(free), reach * 0.015, reach * 0.15)
    return light * light * (3 - 2 * light)


def _studio(directions: Floats) -> Floats:
    """What a mirror would show: a large soft box to the left, a strip to the right, a bright top, a dark floor."""
    x, y, z = directions[:, 0], directions[:, 1], directions[:, 2]

    def window(value: Floats, middle: float, half: float, edge: float) -> Floats:
        return np.asarray(np.clip((half - np.abs(value - middle)) / edge + 0.5, 0, 1), np.float32)

    left = window(x, -0.72, 0.2, 0.08) * window(y, 0.28, 0.48, 0.1) * (z > -0.5)
    right = window(x, 0.86, 0.05, 0.04) * window(y, 0.2, 0.5, 0.12)
    top = np.clip((y - 0.75) * 4, 0, 1)
    base = 0.32 + 0.3 * np.clip(y, -0.6, 1)
    return np.asarray((base + 2.2 * left + 1.3 * right + 0.7 * top).astype(np.float32), np.float32)


def _shade(
    shape: Shape, materials: Sequence[Material], points: Floats, rays: Floats, reach: float, floor: Floats
) -> Floats:
    normals = _normals(shape, points)
    numbers = shape(points[:, 0], points[:, 1], points[:, 2])[1]
    albedo = np.zeros_like(points)
    gloss, metal = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
    for number, material in enumerate(materials):
        chosen = numbers == number
        if not chosen.any():
            continue
        part = points[chosen]
        paint = material.color
        albedo[chosen] = paint(part[:, 0], part[:, 1], part[:, 2]) if callable(paint) else np.asarray(paint)
        gloss[chosen], metal[chosen] = material.gloss, material.metal
    openness = _openness(shape, points, normals, reach * 0.35)
    lit = _soft_shadow(shape, points + normals * 0.01, reach, 0.35)
    facing = np.clip((normals @ KEY_LIGHT) * 0.8 + 0.2, 0, 1) * (0.35 + 0.65 * lit)
    fill = np.clip(normals @ _unit((0.9, 0.2, 0.5)), 0, 1) * 0.22
    sky = 0.26 + 0.16 * normals[:, 1]
    bounce = floor * (np.clip(-normals[:, 1] * 0.5 + 0.35, 0, 1) * 0.16)[:, None]
    diffuse = albedo * ((facing * 0.8 + fill + sky * openness)[:, None] + bounce * openness[:, None])
    seen = -(rays * normals).sum(axis=1)
    mirrored = rays + 2 * seen[:, None] * normals
    fresnel = 0.045 + 0.955 * np.clip(1 - seen, 0, 1) ** 5
    strength = (fresnel + (1 - fresnel) * metal * 0.75) * (gloss * 0.85 + 0.1)
    shine = (_studio(mirrored) * strength * (0.4 + 0.6 * openness))[:, None]
    tint = 1 + (albedo * 1.6 - 1) * metal[:, None]
    return np.asarray(diffuse * (1 - 0.8 * metal[:, None]) + shine * np.clip(tint, 0.05, 3), np.float32)


@dataclass(frozen=True)
class Floor:
    """Linear RGB of the floor by (x, z) and of the wall behind it."""

    paint: Callable[[Floats, Floats], Floats]
    wall: tuple[float, float, float]
    curve: float = 2.5  # the sweep's beginning, in radii behind the thing


def render(
    shape: Shape,
    materials: Sequence[Material],
    bounds: tuple[Sequence[float], Sequence[float]],
    floor: Floor,
    view: View,
    size: tuple[int, int],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture (h, w, 3), true matte (h, w) and the thing's own colors (h, w, 3), antialiased by 2 x 2 rays a pixel."""
    width, height = size
    low, high = np.asarray(bounds[0], np.float32), np.asarray(bounds[1], np.float32)
    camera = Camera.around(low, high, view)
    reach = float(np.linalg.norm(high - low)) / 2
    backdrop = _backdrop(shape, camera, reach, floor, size)
    ground = floor.paint(np.zeros(1, np.float32), np.full(1, reach, np.float32))
    light = np.zeros((height * 2, width * 2, 3), np.float32)
    kept = np.zeros((height * 2, width * 2), bool)
    rays = camera.rays((width * 2, height * 2))
    rows = max(16, 1_500_000 // (width * 2))
    for top in range(0, height * 2, rows):
        part = rays[top : top + rows].reshape(-1, 3)
        hit, distance = _trace(shape, camera.position, part, low, high)
        if not hit.any():
            continue
        chosen = part[hit]
        points = camera.position + chosen * distance[hit, None]
        shaded = np.zeros((len(part), 3), np.float32)
        shaded[hit] = _shade(shape, materials, points, chosen, reach, ground)
        light[top : top + rows] = shaded.reshape(-1, width * 2, 3)
        kept[top : top + rows] = hit.reshape(-1, width * 2)
    weight = kept.reshape(height, 2, width, 2).mean(axis=(1, 3), dtype=np.float32)
    own = light.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    own = own / (1 + 0.18 * own.max(axis=2, keepdims=True)) * 1.12
    picture = own + backdrop * (1 - weight[:, :, None])
    alone = to_srgb(own / np.maximum(weight, 1e-3)[:, :, None])
    return to_srgb(picture), (weight * 255 + 0.5).astype(np.uint8), alone


def _backdrop(shape: Shape, camera: Camera, reach: float, floor: Floor, size: tuple[int, int]) -> Floats:
    """Floor and wall with the thing's shadow, (h, w, 3) linear light."""
    rays = camera.rays(size)
    height_above = camera.position[1]
    down = np.minimum(rays[:, :, 1], -1e-3)
    distance = -height_above / down
    x = camera.position[0] + rays[:, :, 0] * distance
    z = camera.position[2] + rays[:, :, 2] * distance
    ahead = np.array([camera.forward[0], camera.forward[2]]) / np.hypot(camera.forward[0], camera.forward[2])
    depth = x * ahead[0] + z * ahead[1]
    wall = np.clip((depth - floor.curve * reach) / (2.2 * reach), 0, 1)
    wall = (wall * wall * (3 - 2 * wall))[:, :, None]
    painted = floor.paint(x.ravel(), z.ravel()).reshape(*x.shape, 3)
    glow = np.clip(1.06 - 0.09 * np.hypot(x + reach, z - reach) / reach, 0.62, 1.06)[:, :, None]
    upward = (0.9 + 0.35 * rays[:, :, 1:2] * (rays[:, :, 1:2] > -0.5)).astype(np.float32)
    plain = painted * glow * (1 - wall) + np.asarray(floor.wall, np.float32) * np.clip(upward, 0.6, 1.1) * wall
    near = (np.hypot(x, z) < 6 * reach) & (distance > 0)
    shadow = np.ones(x.shape, np.float32)
    if near.any():
        coarse = 3 if min(size) > 240 else 1
        rows, columns = np.arange(0, size[1], coarse), np.arange(0, size[0], coarse)
        picked = near[np.ix_(rows, columns)]
        points = np.stack(
            [x[np.ix_(rows, columns)], np.zeros((len(rows), len(columns))), z[np.ix_(rows, columns)]], axis=-1
        ).astype(np.float32)[picked]
        up = np.broadcast_to(np.array([0, 1, 0], np.float32), points.shape)
        dark = np.ones(picked.shape, np.float32)
        contact = np.zeros(len(points), np.float32)
        for number in range(1, 5):
            away = np.float32(reach * 0.3 * number / 4)
            moved = points + up * away
            contact += np.clip(away - shape(moved[:, 0], moved[:, 1], moved[:, 2])[0], 0, None) / away * 0.5**number
        soft = _soft_shadow(shape, points, reach, 0.55)
        dark[picked] = (0.5 + 0.5 * soft) * np.clip(1 - 0.95 * contact, 0.12, 1)
        shadow = np.asarray(Image.fromarray(dark).resize(size, Image.Resampling.BICUBIC))
    return np.asarray((plain * shadow[:, :, None]).astype(np.float32), np.float32)
