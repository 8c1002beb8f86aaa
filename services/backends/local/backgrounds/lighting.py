"""Light: how it falls off over a scene, spots, shadows of windows and leaves, and the colors of the time of day."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from services.backends.local.backgrounds.noise import Floats, Random, blurred, smooth_step, to_floats
from services.backends.local.backgrounds.reading import Reading
from services.backends.local.backgrounds.stage import Stage


@dataclass(frozen=True, slots=True)
class Light:
    """How a scene is lit.

    Attributes:
        time: ``day``, ``sunrise``, ``sunset``, ``dusk``, ``night`` or ``overcast``.
        side: -1 from the left to 1 from the right.
        spot: Strength of a spotlight on the product's place, 0 to 1.
        falloff: How much darker the corners are, 0 to 1.
        cast: ``window``, ``leaves`` or empty: what throws a shadow over the scene.
        floor_tint: Color that the light gives to what lies in it.
        seed: For the shapes of the shadows.
        said: Whether the prompt names the time.
    """

    time: str
    side: float
    spot: float
    falloff: float
    cast: str
    floor_tint: Floats
    seed: int
    said: bool

    def at(self, time: str) -> Light:
        """The same light at another time."""
        return replace(self, time=time, floor_tint=np.array(_TINTS[time], np.float32))


_TINTS = {
    "day": (1.0, 1.0, 1.0),
    "sunrise": (1.04, 0.97, 0.9),
    "sunset": (1.06, 0.9, 0.78),
    "dusk": (0.72, 0.72, 0.86),
    "night": (0.42, 0.45, 0.58),
    "overcast": (0.95, 0.97, 1.0),
}


def light_of(reading: Reading, random: Random) -> Light:
    """The light that a prompt asks for; a seed chooses the side that it comes from."""
    said = next((light for light in reading.lights if light in _TINTS), None)
    time = said or "day"
    side = float(random.uniform(0.45, 0.9) * random.choice([-1, 1]))
    spot = 1.0 if "spotlight" in reading.lights else 0.0
    dark = "dark" in reading.tones
    falloff = 0.5 if spot else (0.34 if dark else 0.2)
    cast = next((extra for extra in reading.extras if extra in {"window", "leaves"}), "")
    tint = np.array(_TINTS[time], np.float32)
    return Light(time, side, spot, falloff, cast, tint, int(random.integers(1 << 30)), said is not None)


def lit(picture: Floats, stage: Stage, light: Light) -> Floats:
    """The scene in its light: brighter on one side and about the product, darker in the corners."""
    x = (np.arange(stage.width, dtype=np.float32)[None, :] - stage.center) / stage.unit
    y = (np.arange(stage.height, dtype=np.float32)[:, None] - (stage.base - 0.3 * stage.unit)) / stage.unit
    away = np.sqrt((x - 0.28 * light.side) ** 2 + (y * 0.9) ** 2)
    factor = 1.04 - light.falloff * smooth_step(0.25, 1.15, away) - 0.05 * light.side * -x
    if light.spot:
        cone = smooth_step(0.62, 0.12, np.sqrt(x * x + (y * 1.05) ** 2))
        factor = factor * (0.42 + 0.72 * cone * light.spot)
    if light.cast:
        factor = factor * _cast_shadow(stage, light)
    return (picture * factor[..., None]).astype(np.float32)


def graded(picture: Floats, reading: Reading, light: Light) -> Floats:
    """The last touch: warmth, depth of the colors."""
    tint = np.ones(3, np.float32)
    if "warm" in reading.tones or light.time in {"sunset", "sunrise"}:
        tint = tint * np.array([1.035, 1.0, 0.95], np.float32)
    if "cool" in reading.tones:
        tint = tint * np.array([0.965, 1.0, 1.035], np.float32)
    return np.asarray(np.clip(picture * tint, 0, 1), np.float32)


def _cast_shadow(stage: Stage, light: Light) -> Floats:
    """Light through a window or through leaves, as a factor."""
    random = np.random.default_rng(light.seed)
    size = (max(64, stage.width // 3), max(64, stage.height // 3))
    unit = min(size)
    mask = Image.new("L", size, 0 if light.cast == "window" else 255)
    pen = ImageDraw.Draw(mask)
    if light.cast == "window":
        _draw_window(pen, size, unit, light.side, random)
        soft, dark = 0.012, 0.66
    else:
        _draw_leaves(pen, size, unit, light.side, random)
        soft, dark = 0.014, 0.76
    shape = blurred(to_floats(mask), soft * unit)
    full = Image.fromarray(shape).resize((stage.width, stage.height), Image.Resampling.BICUBIC)
    return (dark + (1.1 - dark) * np.asarray(full)).astype(np.float32)


def _draw_window(pen: ImageDraw.ImageDraw, size: tuple[int, int], unit: float, side: float, random: Random) -> None:
    lean, width, height = 0.35 * np.sign(side), 0.2 * unit, 0.3 * unit
    left = size[0] / 2 - 1.1 * width + random.uniform(-0.2, 0.2) * unit
    top = random.uniform(0.02, 0.12) * unit
    for column in range(2 + int(size[0] > size[1] * 1.3)):
        for row in range(2):
            x, y = left + column * width * 1.13, top + row * height * 1.1
            corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
            pen.polygon([(a + lean * b + 0.0 * unit, b + 0.14 * (a - left)) for a, b in corners], fill=255)


def _draw_leaves(pen: ImageDraw.ImageDraw, size: tuple[int, int], unit: float, side: float, random: Random) -> None:
    """Two palm fronds that hang in from the lit side."""
    for number in range(3):
        start = np.array([size[0] * (0.0 if side < 0 else 1.0), random.uniform(-0.1, 0.3) * size[1]])
        heading = (0.35 + 0.3 * number + random.uniform(-0.1, 0.1)) * (1 if side < 0 else -1)
        direction = np.array([np.cos(heading) * (1 if side < 0 else -1), abs(np.sin(heading))])
        across = np.array([-direction[1], direction[0]])
        length = random.uniform(0.75, 1.05) * unit
        for step in np.linspace(0.12, 1, 15):
            stem = start + direction * length * step + np.array([0, 0.14 * unit * step * step])
            for hand in (-1, 1):
                long = 0.33 * unit * np.sin(np.pi * min(1, step * 0.85 + 0.1)) + 0.03 * unit
                tip = stem + (direction * 0.62 + across * hand * 0.78) * long
                middle = (stem + tip) / 2
                wide = across * hand * 0.016 * unit - direction * 0.012 * unit
                pen.polygon([tuple(stem), tuple(middle + wide), tuple(tip), tuple(middle - wide)], fill=0)
