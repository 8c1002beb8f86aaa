"""Skies of every time of the day."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from services.backends.local.backgrounds.lighting import Light
from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    blurred,
    gradient,
    mixed,
    rgb,
    smooth_noise,
    smooth_step,
    to_floats,
    warped,
)
from services.backends.local.backgrounds.stage import Stage

# From the zenith to the horizon.
SKY_COLORS = {
    "day": ("#4f94d6", "#93c4ea", "#e3f0f6"),
    "sunrise": ("#7ba5d3", "#eecbb4", "#ffe6b8"),
    "sunset": ("#414d8c", "#d67f8c", "#ffc27a"),
    "dusk": ("#1c2c5c", "#5f6299", "#e3a08d"),
    "night": ("#060b1d", "#0f1b3e", "#2f4070"),
    "overcast": ("#aeb8c1", "#cbd2d7", "#e5e8e9"),
}
# The lit and the shaded side of clouds.
_CLOUD_COLORS = {
    "day": ("#ffffff", "#c9d8e6"),
    "sunrise": ("#fff1e0", "#dba9a4"),
    "sunset": ("#ffc49a", "#8f5f86"),
    "dusk": ("#d99aa0", "#3f4577"),
    "night": ("#2d3a63", "#141d3d"),
    "overcast": ("#eef1f3", "#b3bcc4"),
}


def paint_sky(stage: Stage, random: Random, light: Light, *, horizon: int, cloudiness: float = 0.35) -> Floats:
    """A sky down to the row of the horizon; below, its lowest color goes on.

    Args:
        cloudiness: 0 for none to 1 for a sky full of clouds.
    """
    share = max(0.05, min(1.0, horizon / stage.height))
    top, middle, low = (rgb(color) for color in SKY_COLORS[light.time])
    sky = gradient(stage.height, stage.width, [(0, top), (share * 0.62, middle), (share, low), (1, low)])
    if light.time in {"sunset", "sunrise", "dusk"}:
        sky = _with_glow(sky, stage, light, horizon)
    if light.time == "night":
        sky = with_stars(sky, stage, random, horizon, 130)
    if cloudiness > 0:
        sky = _with_clouds(sky, stage, random, light, horizon, cloudiness)
    return sky


def with_stars(sky: Floats, stage: Stage, random: Random, horizon: int, count: int) -> Floats:
    """Stars of unequal brightness above the horizon."""
    mask = Image.new("L", (stage.width, stage.height))
    pen = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y = random.random() * stage.width, random.random() ** 1.3 * horizon * 0.9
        radius = stage.unit * float(random.choice([0.0006, 0.0009, 0.0014], p=[0.6, 0.3, 0.1]))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(110 + 145 * random.random()))
    points = to_floats(mask)
    return np.clip(sky + points[..., None] * 0.85, 0, 1).astype(np.float32)


def _with_glow(sky: Floats, stage: Stage, light: Light, horizon: int) -> Floats:
    """The light about a low sun, beside the product."""
    column = stage.center + light.side * 0.36 * stage.width
    x = (np.arange(stage.width, dtype=np.float32)[None, :] - column) / stage.unit
    y = (np.arange(stage.height, dtype=np.float32)[:, None] - horizon * 0.96) / stage.unit
    near = np.exp(-(x * x * 2.2 + y * y * 6))
    core = np.exp(-(x * x + y * y) * 260)
    warm = rgb("#ffe2a8" if light.time != "dusk" else "#f7b48c")
    strength = 0.75 if light.time != "dusk" else 0.4
    result = mixed(sky, np.broadcast_to(warm, sky.shape), (near * strength).astype(np.float32))
    if light.time != "dusk":
        result = mixed(result, np.broadcast_to(rgb("#fff8e2"), sky.shape), np.clip(core * 1.3, 0, 1).astype(np.float32))
    return result


def _with_clouds(sky: Floats, stage: Stage, random: Random, light: Light, horizon: int, cloudiness: float) -> Floats:
    size = (stage.width, stage.height)
    unit = stage.unit
    bend = smooth_noise(random, size, 0.25 * unit, 2)
    billows = warped(
        smooth_noise(random, size, (0.62 * unit, 0.24 * unit), 6, 0.56), bend * 0.05 * unit, bend * 0.03 * unit
    )
    cover = 0.42 - 0.62 * cloudiness
    thickness = smooth_step(cover, cover + 0.55, billows)
    rows = np.arange(stage.height, dtype=np.float32)[:, None] / max(horizon, 1)
    thickness = thickness * np.clip(1.35 - rows, 0, 1) * min(1.0, 0.55 + cloudiness)
    below = np.roll(thickness, -max(1, round(0.03 * unit)), axis=0)
    lit = np.clip(0.72 + 0.6 * (thickness - below) - 0.35 * np.clip(billows - 0.5, 0, 1), 0, 1)
    bright, dark = (rgb(color) for color in _CLOUD_COLORS[light.time])
    clouds = mixed(np.broadcast_to(dark, sky.shape), np.broadcast_to(bright, sky.shape), lit.astype(np.float32))
    return blurred(mixed(sky, clouds, (thickness * 0.92).astype(np.float32)), 0.0012 * unit)
