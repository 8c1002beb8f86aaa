"""Rooms out of focus behind the product: kitchen, bathroom, living room, café, clinic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from services.backends.local.backgrounds.lighting import Light
from services.backends.local.backgrounds.materials import Swatch, paint_material
from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    gradient,
    mixed,
    rgb,
    smooth_step,
    to_floats,
    to_image,
)
from services.backends.local.backgrounds.overlays import with_bokeh
from services.backends.local.backgrounds.stage import Stage


class _Room:
    """Draws into a picture in shares: x of the width, y of what lies above the line (1 = the line)."""

    def __init__(self, picture: Image.Image, stage: Stage) -> None:
        self._pen = ImageDraw.Draw(picture)
        self._stage = stage

    def box(self, left: float, top: float, right: float, bottom: float, color: str, *, rounding: float = 0.0) -> None:
        """A rectangle."""
        width, height = self._stage.width, self._stage.line
        corners = (left * width, top * height, right * width, bottom * height)
        self._pen.rounded_rectangle(corners, rounding * self._stage.unit, fill=color)

    def disc(self, x: float, y: float, radius: float, color: str) -> None:
        """A disc with its radius as a share of the unit."""
        cx, cy, r = x * self._stage.width, y * self._stage.line, radius * self._stage.unit
        self._pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=color)

    def shape(self, points: Sequence[tuple[float, float]], color: str) -> None:
        """A polygon."""
        self._pen.polygon([(x * self._stage.width, y * self._stage.line) for x, y in points], fill=color)

    def plant(self, x: float, ground: float, tall: float, random: Random, pot: str = "#d9cdbd") -> None:
        """A pot plant of this height."""
        narrow = self._stage.line / self._stage.width
        self.shape(
            [(x - 0.13 * tall * narrow, ground - 0.26 * tall), (x + 0.13 * tall * narrow, ground - 0.26 * tall),
             (x + 0.1 * tall * narrow, ground), (x - 0.1 * tall * narrow, ground)], pot,
        )  # fmt: skip
        for turn in np.linspace(-1.25, 1.25, 11):
            lean = float(turn + random.uniform(-0.1, 0.1))
            tip = (x + np.sin(lean) * 0.7 * tall * narrow, ground - 0.26 * tall - np.cos(lean) * 0.74 * tall)
            middle = ((x + tip[0]) / 2, (ground - 0.26 * tall + tip[1]) / 2)
            across = (np.cos(lean) * 0.05 * tall * narrow, np.sin(lean) * 0.05 * tall)
            green = ("#47703f", "#5d8a4d", "#7aa35f")[int(random.integers(3))]
            self.shape(
                [(x, ground - 0.26 * tall), (middle[0] + across[0], middle[1] + across[1]), tip,
                 (middle[0] - across[0], middle[1] - across[1])], green,
            )  # fmt: skip


def _wall(stage: Stage, top: str, bottom: str) -> Image.Image:
    share = stage.line / stage.height
    return to_image(gradient(stage.height, stage.width, [(0, rgb(top)), (share, rgb(bottom)), (1, rgb(bottom))]))


def _window_glow(picture: Image.Image, stage: Stage, light: Light, strength: float = 0.55) -> Floats:
    """Daylight, or the light of lamps, from the lit side."""
    x = np.linspace(0, 1, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, stage.height, dtype=np.float32)[:, None]
    near = (1 - x if light.side < 0 else x) + 0.35 * (1 - y)
    warm = light.time in {"sunset", "sunrise", "dusk", "night"}
    glow = rgb("#ffd9a0" if warm else "#ffffff")
    floats = to_floats(picture)
    if light.time in {"dusk", "night"}:
        floats = floats * np.array([0.5, 0.47, 0.5], np.float32)
    return mixed(floats, np.broadcast_to(glow, floats.shape), smooth_step(0.55, 1.3, near) * np.float32(strength))


def kitchen(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Tiles, a shelf with crockery, cupboards, a window."""
    tiles = paint_material(
        "tile", Swatch((stage.width, stage.height), stage.unit * 0.62, random, rgb("#eeeae2"), lies=False)
    )
    picture = to_image(tiles)
    room = _Room(picture, stage)
    flip = light.side > 0

    def at(x: float) -> float:
        return 1 - x if flip else x

    def box(left: float, top: float, right: float, bottom: float, color: str, rounding: float = 0.0) -> None:
        first, last = sorted((at(left), at(right)))
        room.box(first, top, last, bottom, color, rounding=rounding)

    box(0.0, 0.0, 0.36, 0.62, "#f2ece0")
    box(0.03, 0.0, 0.33, 0.58, "#fbfdfb")
    box(0.175, 0.0, 0.19, 0.58, "#ddd2c0")
    box(0.0, 0.6, 0.38, 0.64, "#d8cbb6")
    front, edge = (("#8fa08c", "#7d8f7b"), ("#dcd6cb", "#c9c1b3"), ("#5f7485", "#526675"))[int(random.integers(3))]
    box(0.5, 0.0, 1.0, 0.26, front)
    for number in range(3):
        box(0.51 + 0.165 * number, 0.0, 0.655 + 0.165 * number, 0.24, edge)
        box(0.575 + 0.165 * number, 0.2, 0.595 + 0.165 * number, 0.215, "#c9a45c")
    box(0.5, 0.46, 0.98, 0.485, "#a8764a")
    crockery = (("#d9c2a5", 0.11), ("#b5674a", 0.08), ("#f4efe6", 0.13), ("#88a08a", 0.1), ("#e6ded0", 0.07))
    for number, (color, tall) in enumerate((*crockery, ("#6f8798", 0.12))):
        left = 0.53 + 0.073 * number
        box(left, 0.46 - tall, left + 0.05, 0.46, color, 0.008)
    room.plant(at(0.44), 1.0, 0.42, random)
    for number, (color, tall) in enumerate((("#b98a58", 0.26), ("#8a5a36", 0.2), ("#dfe3e2", 0.16))):
        left = 0.76 + 0.075 * number
        box(left, 1.0 - tall, left + 0.06, 1.0, color, 0.012)
    return _window_glow(picture, stage, light)


def bathroom(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Pale tiles, a round mirror, towels, a plant."""
    color = ("#e3ece8", "#e9e6e0", "#dfe7ec")[int(random.integers(3))]
    tiles = paint_material(
        "tile", Swatch((stage.width, stage.height), stage.unit * 0.8, random, rgb(color), lies=False)
    )
    picture = to_image(tiles)
    room = _Room(picture, stage)
    side = 0.26 if light.side > 0 else 0.74
    room.disc(side, 0.36, 0.2, "#c2a878")
    room.disc(side, 0.36, 0.188, "#f4f8f8")
    room.disc(side + 0.03, 0.31, 0.12, "#fcfdfd")
    other = 1 - side
    room.box(other - 0.17, 0.5, other + 0.17, 0.525, "#b98f62")
    for number, shade in enumerate(("#f5f1ea", "#e6d9c8", "#cfdad3")):
        room.box(other - 0.14, 0.43 - 0.055 * number, other + 0.06, 0.498 - 0.055 * number, shade, rounding=0.014)
    room.box(other + 0.09, 0.36, other + 0.13, 0.5, "#8a5a36", rounding=0.008)
    room.plant(side - 0.17 if side > 0.5 else side + 0.17, 1.0, 0.5, random, "#efe9df")
    room.box(other - 0.05, 0.84, other + 0.06, 1.0, "#f3efe8", rounding=0.02)
    return _window_glow(picture, stage, light)


def room(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """A living room: window, sofa, lamp, picture, plant."""
    top, bottom = (("#e9e2d6", "#ddd3c3"), ("#d5dbd3", "#c6cec3"), ("#e6dcd8", "#d8cac4"))[int(random.integers(3))]
    picture = _wall(stage, top, bottom)
    drawn = _Room(picture, stage)
    near, far = (0.0, 1.0) if light.side < 0 else (1.0, 0.0)
    sign = 1 if near < far else -1

    def box(left: float, upper: float, right: float, lower: float, color: str, rounding: float = 0.0) -> None:
        first, last = sorted((near + sign * left, near + sign * right))
        drawn.box(first, upper, last, lower, color, rounding=rounding)

    box(0.04, 0.06, 0.34, 0.74, "#fdfefd")
    box(0.185, 0.06, 0.197, 0.74, "#cfc5b5")
    box(0.04, 0.38, 0.34, 0.392, "#cfc5b5")
    box(0.0, 0.0, 0.075, 0.95, "#efe9df")
    box(0.31, 0.0, 0.38, 0.95, "#f1ece3")
    box(0.52, 0.16, 0.7, 0.46, "#b98f62")
    box(0.532, 0.175, 0.688, 0.445, "#f4efe6")
    drawn.disc(near + sign * 0.61, 0.31, 0.05, "#c9785a")
    sofa = ("#8c9a8d", "#a8998a", "#7f8fa0")[int(random.integers(3))]
    box(0.46, 0.66, 1.02, 1.02, sofa, 0.03)
    box(0.44, 0.76, 0.53, 1.02, sofa, 0.03)
    box(0.58, 0.68, 0.7, 0.86, "#e4cdb0", 0.02)
    box(0.66, 0.7, 0.76, 0.87, "#c9785a", 0.02)
    box(0.865, 0.3, 0.872, 1.0, "#5e5348")
    x = near + sign * 0.868
    drawn.shape([(x - 0.05, 0.2), (x + 0.05, 0.2), (x + 0.075, 0.36), (x - 0.075, 0.36)], "#fff0cf")
    drawn.plant(near + sign * 0.42, 1.0, 0.62, random)
    return _window_glow(picture, stage, light)


def cafe(stage: Stage, random: Random, _light: Light, _reading: object) -> Floats:
    """A warm dark room with lamps far out of focus."""
    picture = _wall(stage, "#2b211c", "#5a4030")
    drawn = _Room(picture, stage)
    for color in ("#4b372b", "#6a4b36", "#3a2c26", "#4b372b", "#6a4b36"):
        left = float(random.uniform(-0.05, 0.95))
        drawn.box(left, float(random.uniform(0.4, 0.7)), left + 0.14, 1.0, color)
    drawn.box(0.0, 0.3, 1.0, 0.325, "#7a5538")
    for _ in range(22):
        x = float(random.random())
        color = ("#9a6a3f", "#6f8278", "#b98a58")[int(random.integers(3))]
        drawn.box(x, 0.3 - float(random.uniform(0.05, 0.13)), x + 0.025, 0.3, color)
    return with_bokeh(
        to_floats(picture), stage, random, ("#ffcf87", "#ffb45e", "#ffe6bd", "#ff9f55"), count=34, largest=0.055
    )


def clinic(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Clean white shelves with boxes and bottles in white, teal and blue."""
    picture = _wall(stage, "#f3f8f8", "#e2edee")
    drawn = _Room(picture, stage)
    colors = ("#ffffff", "#f4f8f8", "#5fb3ad", "#8fcfc8", "#3c88a8", "#bfdfe6", "#e8eef0", "#f2b8a0", "#2f6f8f")
    for level in range(4):
        ground = 0.2 + 0.235 * level
        drawn.box(0, ground, 1, ground + 0.022, "#ffffff")
        drawn.box(0, ground + 0.022, 1, ground + 0.034, "#c8d8da")
        x = -0.02
        while x < 1:
            color = colors[int(random.integers(len(colors)))]
            wide, tall = float(random.uniform(0.025, 0.06)), float(random.uniform(0.07, 0.16))
            for number in range(int(random.integers(1, 4))):
                left = x + number * wide * 1.05
                drawn.box(left, ground - tall, left + wide, ground, color, rounding=0.004)
                if tall > 0.1:
                    drawn.box(
                        left, ground - tall * 0.6, left + wide, ground - tall * 0.32, colors[(level + number) % 4]
                    )
            x += wide * 3.2 + float(random.uniform(0.0, 0.04))
    return _window_glow(picture, stage, light, 0.6)
