"""Skylines: rows of buildings with lit windows, and the landmarks by which a city is known at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw

from services.backends.local.backgrounds.landmarks import LANDMARKS, Landmark, Place
from services.backends.local.backgrounds.lighting import Light
from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    blurred,
    mixed,
    rgb,
    smooth_step,
    to_floats,
    to_image,
)
from services.backends.local.backgrounds.skies import SKY_COLORS, paint_sky
from services.backends.local.backgrounds.stage import Stage

_DARK = {
    "day": "#4d5c6e",
    "sunrise": "#5f5a72",
    "sunset": "#33294b",
    "dusk": "#151b38",
    "night": "#080c1c",
    "overcast": "#6a737c",
}
_LAYERS = 3


@dataclass(frozen=True, slots=True)
class _Layer:
    """One row of buildings: 0 far away to 1 in front."""

    nearness: float
    color: Floats
    lowest: float
    highest: float


def city_painter(landmarks: str) -> Callable[[Stage, Random, Light, object], Floats]:
    """A painter of the skyline with these landmarks."""

    def paint(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
        return _paint_city(stage, random, light, LANDMARKS.get(landmarks, ()))

    return paint


def _paint_city(stage: Stage, random: Random, light: Light, landmarks: tuple[Landmark, ...]) -> Floats:
    sky = paint_sky(stage, random, light, horizon=stage.line, cloudiness=0.3)
    picture = to_image(sky)
    haze, dark = rgb(SKY_COLORS[light.time][2]), rgb(_DARK[light.time])
    for number in range(_LAYERS):
        nearness = number / (_LAYERS - 1)
        color = haze + (dark - haze) * np.float32(0.34 + 0.62 * nearness)
        layer = _Layer(nearness, color.astype(np.float32), 0.2 - 0.08 * nearness, 0.5 - 0.19 * nearness)
        _draw_buildings(picture, stage, random, light, layer)
        if number == 1:
            _draw_landmarks(picture, stage, random, light, color.astype(np.float32), landmarks)
    return _with_haze(to_floats(picture), stage, light, haze)


def _draw_buildings(picture: Image.Image, stage: Stage, random: Random, light: Light, layer: _Layer) -> None:
    pen = ImageDraw.Draw(picture)
    unit, left = stage.unit, -0.05 * stage.unit
    while left < stage.width:
        width = unit * float(random.uniform(0.05, 0.12)) * (0.8 + 0.5 * layer.nearness)
        # Lower in the middle, where the product stands.
        middle = abs((left + width / 2) / stage.width - 0.5) * 2
        tall = layer.lowest + (layer.highest - layer.lowest) * float(random.random()) ** 1.7 * (0.45 + 0.75 * middle)
        top = stage.line - tall * stage.line * 1.15
        tone = layer.color * np.float32(random.uniform(0.88, 1.1))
        fill = _bytes(tone)
        pen.rectangle((left, top, left + width, stage.line), fill=fill)
        shady = (left + width * 0.66, left + width) if light.side < 0 else (left, left + width * 0.34)
        pen.rectangle((shady[0], top, shady[1], stage.line), fill=_bytes(tone * np.float32(0.88)))
        _draw_roof(pen, random, left, top, width, fill)
        _draw_windows(pen, random, light, layer, (left, top, width, stage.line - top), unit)
        left += width * float(random.uniform(0.86, 1.12))


def _draw_roof(
    pen: ImageDraw.ImageDraw, random: Random, left: float, top: float, width: float, fill: tuple[int, int, int]
) -> None:
    kind = random.random()
    if kind < 0.2:
        pen.rectangle((left + width * 0.2, top - width * 0.22, left + width * 0.8, top), fill=fill)
    elif kind < 0.32:
        pen.polygon([(left, top), (left + width / 2, top - width * 0.4), (left + width, top)], fill=fill)
    elif kind < 0.44:
        pen.rectangle((left + width * 0.46, top - width * 0.7, left + width * 0.52, top), fill=fill)
    elif kind < 0.52:
        pen.polygon([(left, top), (left, top - width * 0.45), (left + width, top)], fill=fill)


def _draw_windows(
    pen: ImageDraw.ImageDraw,
    random: Random,
    light: Light,
    layer: _Layer,
    box: tuple[float, float, float, float],
    unit: float,
) -> None:
    left, top, width, height = box
    across, down = unit * (0.0075 + 0.003 * layer.nearness), unit * (0.011 + 0.0045 * layer.nearness)
    columns, rows = int(width / across) - 1, int(height / down) - 1
    if columns < 1 or rows < 1:
        return
    glowing = light.time in {"dusk", "night", "sunset"}
    lit_share = {"night": 0.42, "dusk": 0.36, "sunset": 0.2}.get(light.time, 0.0)
    start = left + (width - columns * across) / 2
    pane = layer.color * np.float32(0.8 if glowing else 1.0) + np.float32(0.0 if glowing else 0.07)
    choice = random.random((rows, columns))
    for row in range(rows):
        y = top + down * (row + 0.7)
        for column in range(columns):
            lit = choice[row, column] < lit_share * (0.55 + 0.45 * layer.nearness)
            if not lit and (glowing or layer.nearness < 0.4):
                continue
            x = start + across * (column + 0.22)
            color = _WARM[int(choice[row, column] * 977) % len(_WARM)] if lit else pane
            faded = layer.color + (color - layer.color) * np.float32(0.5 + 0.5 * layer.nearness)
            pen.rectangle((x, y, x + across * 0.55, y + down * 0.5), fill=_bytes(faded))


_WARM = [rgb(color) for color in ("#ffd98f", "#ffcb74", "#ffe7bd", "#f7b765", "#fff1d8", "#cfe3ff")]


def _draw_landmarks(
    picture: Image.Image,
    stage: Stage,
    random: Random,
    light: Light,
    color: Floats,
    landmarks: tuple[Landmark, ...],
) -> None:
    """Beside the product, the tallest outside the middle; which of them stands where is the seed's choice."""
    if not landmarks:
        return
    places = [0.13, 0.87, 0.3, 0.7, 0.5][: len(landmarks)]
    order = random.permutation(min(2, len(landmarks)))
    chosen = [landmarks[number] for number in order] + list(landmarks[2:])
    glow = light.time in {"dusk", "night", "sunset"}
    shade = _bytes(color * np.float32(0.8))
    lamp = _bytes(_WARM[0] if glow else np.clip(color * np.float32(1.5), 0, 1))
    for landmark, share in zip(chosen, places, strict=False):
        x = (share + float(random.uniform(-0.02, 0.02))) * stage.width
        height = landmark.height * stage.line
        landmark.draw(ImageDraw.Draw(picture), Place(x, float(stage.line), height, shade, lamp))


def _with_haze(picture: Floats, stage: Stage, light: Light, haze: Floats) -> Floats:
    """Thicker toward the street, where at night the glow of the lamps lies."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None] / max(stage.line, 1)
    thick = smooth_step(0.62, 1.02, rows) * (0.32 if light.time in {"day", "overcast", "sunrise"} else 0.2)
    color = haze if light.time != "night" else rgb("#6d5a4e")
    picture = mixed(picture, np.broadcast_to(color, picture.shape), np.broadcast_to(thick, picture.shape[:2]))
    if light.time in {"dusk", "night", "sunset"}:
        bright = np.clip(picture - 0.62, 0, 1)
        picture = np.clip(picture + 0.9 * blurred(bright, 0.012 * stage.unit), 0, 1)
    return picture.astype(np.float32)


def _bytes(color: Floats) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in np.clip(color * 255, 0, 255))
    return red, green, blue


CITY_PLACES: Mapping[str, str] = MappingProxyType(
    {"city": "", "london": "london", "paris": "paris", "new york": "new york"}
)
