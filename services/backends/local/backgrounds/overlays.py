"""What floats before or stands in a scene: lights out of focus, confetti, shapes, snow, a podium."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    blurred,
    enlarged,
    rgb,
    shaded,
    to_floats,
    to_image,
    toned,
)
from services.backends.local.backgrounds.reading import Reading
from services.backends.local.backgrounds.stage import Stage

_WARM_LIGHTS = ("#ffd48a", "#ffbe62", "#fff0cf", "#ffa64d")
_CORNERS = ((1, 1), (1, -1), (-1, -1), (-1, 1))
_PARTY = ("#f2545b", "#f7b538", "#3fa7d6", "#59cd90", "#b983ff", "#ff8fb1")


def overlaid(picture: Floats, reading: Reading, stage: Stage, random: Random) -> Floats:
    """The scene with the extras that were asked for."""
    if "shapes" in reading.extras:
        picture = _with_shapes(picture, reading, stage, random)
    if "bokeh" in reading.extras:
        colors = _asked(reading) or _WARM_LIGHTS
        dark = float(picture[: stage.line].mean()) < 0.45
        picture = with_bokeh(picture, stage, random, colors, count=46, largest=0.06, strength=1.0 if dark else 0.8)
    if "podium" in reading.extras:
        picture = _with_podium(picture, stage)
    if "confetti" in reading.extras:
        picture = _with_confetti(picture, stage, random, _asked(reading) or _PARTY)
    if "snowfall" in reading.extras or ("winter" in reading.places and "snowfall" not in reading.extras):
        picture = _with_snowfall(picture, stage, random)
    return picture


def with_bokeh(
    picture: Floats,
    stage: Stage,
    random: Random,
    colors: Sequence[str],
    *,
    count: int,
    largest: float,
    strength: float = 1.0,
) -> Floats:
    """Discs of light as a wide lens makes of lamps behind the product."""
    layer = Image.new("RGB", (stage.width, stage.height))
    pen = ImageDraw.Draw(layer, "RGBA")
    for _ in range(count):
        radius = stage.unit * largest * float(random.uniform(0.25, 1.0))
        x, y = random.random() * stage.width, stage.line * (random.random() ** 0.8)
        red, green, blue = (int(part * 255) for part in rgb(colors[int(random.integers(len(colors)))]))
        alpha = int(40 + 110 * random.random() ** 2)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(red, green, blue, alpha))
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            outline=(red, green, blue, min(255, alpha + 50)),
            width=max(1, round(radius * 0.07)),
        )
    lights = blurred(to_floats(layer), 0.0022 * stage.unit)
    glow = blurred(to_floats(layer), 0.05 * stage.unit)
    added = np.clip(lights * 0.85 + glow * 0.5, 0, 1) * np.float32(strength)
    # Light adds to light; what is bright already stays below white.
    return (1 - (1 - np.clip(picture, 0, 1)) * (1 - added)).astype(np.float32)


def _asked(reading: Reading) -> tuple[str, ...]:
    colors = reading.extra_colors
    if not reading.colors and not reading.wall.colors:
        colors = colors[1:]  # the first of them is the wall's
    shades = [toned(rgb(color), reading.tones) for color in colors]
    return tuple(_hex(shade) for color in shades for shade in (color, shaded(color, 0.4)))


def _hex(color: Floats) -> str:
    return "#" + "".join(f"{int(part * 255):02x}" for part in np.clip(color, 0, 1))


def _with_confetti(picture: Floats, stage: Stage, random: Random, colors: Sequence[str]) -> Floats:
    """Paper snippets: far ones small and soft, near ones large and out of focus."""
    for radius, count, soft in ((0.006, 90, 0.0008), (0.01, 60, 0.0012), (0.02, 14, 0.006)):
        layer = Image.new("RGBA", (stage.width, stage.height))
        pen = ImageDraw.Draw(layer)
        for _ in range(count):
            x, y = random.random() * stage.width, random.random() * stage.height
            turn, size = random.random() * np.pi, stage.unit * radius * float(random.uniform(0.7, 1.3))
            flat = float(random.uniform(0.25, 0.8))
            along = np.array([np.cos(turn), np.sin(turn)]) * size
            across = np.array([-np.sin(turn), np.cos(turn)]) * size * flat
            corners = [tuple(np.array([x, y]) + s * along + t * across) for s, t in _CORNERS]
            color = shaded(rgb(colors[int(random.integers(len(colors)))]), float(random.uniform(-0.2, 0.2)))
            red, green, blue = (int(part * 255) for part in np.clip(color, 0, 1))
            pen.polygon(corners, fill=(red, green, blue, 235))
        soft_layer = layer.convert("RGBa").filter(ImageFilter.GaussianBlur(soft * stage.unit)).convert("RGBA")
        picture = to_floats(Image.alpha_composite(to_image(picture).convert("RGBA"), soft_layer).convert("RGB"))
    return picture


def _with_shapes(picture: Floats, reading: Reading, stage: Stage, random: Random) -> Floats:
    """A few large calm shapes on the wall, in the wall's own colors or those that were asked for."""
    base = picture[: stage.line].mean(axis=(0, 1))
    asked = [rgb(color) for color in _asked(reading)]
    palette = asked or [shaded(base, 0.35), shaded(base, -0.14), toned(shaded(base, 0.1), ("warm", "vivid"))]
    image = to_image(picture)
    layer = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(layer)
    unit = stage.unit
    for number in range(6):
        red, green, blue = (int(part * 255) for part in np.clip(palette[number % len(palette)], 0, 1))
        x, y = random.random() * stage.width, random.random() * stage.line * 0.9
        radius = unit * float(random.uniform(0.1, 0.26))
        fill = (red, green, blue, 215)
        kind = number % 3
        if kind == 0:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        elif kind == 1:
            pen.rounded_rectangle((x - radius * 0.5, y, x + radius * 0.5, stage.line), radius * 0.5, fill=fill)
        else:
            box = (x - radius, y - radius, x + radius, y + radius)
            pen.arc(box, 180, 360, fill=fill, width=max(2, round(radius * 0.35)))
    covered = Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
    result = picture.copy()
    result[: stage.line] = to_floats(covered)[: stage.line]
    return result


def _with_podium(picture: Floats, stage: Stage) -> Floats:
    """A round podium under the product, in the color of the floor."""
    wide = max(0.3 * stage.unit, stage.extent * 0.72 + 0.04 * stage.unit)
    flat, tall = wide * 0.2, 0.16 * stage.unit
    top = min(stage.base - 0.35 * flat, stage.height - 0.12 * stage.unit)
    center = stage.center
    base = picture[min(stage.base, stage.height - 2) :].mean(axis=(0, 1))
    across = np.clip((np.arange(stage.width, dtype=np.float32) - center) / wide, -1, 1)
    round_light = 0.84 + 0.15 * np.cos((across + 0.35) * 1.7)
    lid_box = (center - wide, top - flat, center + wide, top + flat)
    foot_box = (center - wide, top + tall - flat, center + wide, top + tall + flat)
    shade_box = (center - wide * 1.1, top + tall - flat * 0.7, center + wide * 1.1, top + tall + flat * 1.35)
    lid = _drawn(stage, lid_box)
    body = np.maximum(
        _drawn(stage, foot_box), _drawn(stage, (center - wide, top, center + wide, top + tall), oval=False)
    )
    shadow = blurred(_drawn(stage, shade_box), 0.02 * stage.unit)
    rows = slice(max(0, int(top - 2 * flat)), stage.height)
    part = picture[rows] * (1 - np.float32(0.24) * shadow[rows])[..., None]
    side = np.clip(base * round_light[None, :, None] * np.float32(0.97), 0, 1)
    part = part + (side - part) * body[rows][..., None]
    part = part + (np.clip(shaded(base, 0.3), 0, 1) - part) * lid[rows][..., None]
    return np.concatenate([picture[: rows.start], np.asarray(part, np.float32)])


def _drawn(stage: Stage, box: tuple[float, float, float, float], *, oval: bool = True) -> Floats:
    """The mask of an ellipse or a rectangle with smooth edges, (height, width)."""
    mask = Image.new("L", (stage.width, stage.height))
    pen = ImageDraw.Draw(mask)
    (pen.ellipse if oval else pen.rectangle)(box, fill=255)
    return to_floats(mask.filter(ImageFilter.GaussianBlur(0.8)))


def _with_snowfall(picture: Floats, stage: Stage, random: Random) -> Floats:
    """Flakes of three distances."""
    half = stage.scaled(0.5)
    layer = Image.new("L", (half.width, half.height))
    pen = ImageDraw.Draw(layer)
    flakes: Floats = np.zeros((half.height, half.width), np.float32)
    for radius, count, soft in ((0.0018, 160, 0.0005), (0.0035, 70, 0.0018), (0.009, 14, 0.006)):
        for _ in range(count):
            x, y = random.random() * half.width, random.random() * half.height
            size = half.unit * radius * float(random.uniform(0.6, 1.2))
            pen.ellipse((x - size, y - size, x + size, y + size), fill=int(150 + 90 * random.random()))
        flakes = np.maximum(flakes, blurred(to_floats(layer), soft * half.unit))
        pen.rectangle((0, 0, half.width, half.height), fill=0)
    cover = enlarged(flakes, (stage.width, stage.height))[..., None] * np.float32(0.9)
    return np.asarray(picture + (1 - picture) * cover, np.float32)
