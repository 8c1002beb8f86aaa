"""Composes a scene from what was read in a prompt: wall, surface, light, and what floats before them."""

from __future__ import annotations

import numpy as np

from services.backends.local.backgrounds.lighting import Light, graded, light_of, lit
from services.backends.local.backgrounds.materials import GLOSS, Swatch, paint_material
from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    blurred,
    enlarged,
    gradient,
    mixed,
    rgb,
    shaded,
    smooth_step,
    toned,
)
from services.backends.local.backgrounds.overlays import overlaid
from services.backends.local.backgrounds.reading import Part, Reading
from services.backends.local.backgrounds.sceneries import SCENERIES, Scenery
from services.backends.local.backgrounds.stage import FLOOR_DETAIL, Stage, floor_size, laid_down

# Sceneries are out of focus: they are painted with so many pixels on the shorter side.
_SCENERY_DETAIL, _WALL_DETAIL = 560, 680
# Colors of a studio of which nothing is said; a seed picks one.
_NEUTRAL = ("#ebe8e3", "#e6e7e8", "#e9e4dc", "#e2e4e2")


def compose(reading: Reading, stage: Stage, seed: int) -> Floats:
    """The scene, (height, width, 3) of 0 to 1; the same for the same arguments."""
    random = np.random.default_rng([seed, 20240229])
    light = light_of(reading, random)
    scenery = _scenery(reading)
    if scenery is None:
        picture = _interior(reading, stage, random)
    else:
        if not light.said:
            light = light.at(str(random.choice(scenery.times)))
        picture = _place(scenery, reading, stage, random, light)
    picture = overlaid(picture, reading, stage, random)
    return graded(lit(picture, stage, light), reading, light)


def _scenery(reading: Reading) -> Scenery | None:
    return next((SCENERIES[place] for place in _most_exact(reading.places) if place in SCENERIES), None)


def _most_exact(places: tuple[str, ...]) -> tuple[str, ...]:
    """London before city, whichever was said first."""
    return tuple(sorted(places, key=lambda place: place in {"city", "studio", "gradient", "room"}))


def _interior(reading: Reading, stage: Stage, random: Random) -> Floats:
    """A wall and a floor, or one sweep of both where nothing is said of either."""
    wall_color = _color(reading.wall, reading, random, 0)
    if reading.wall.material in {None, "plain"} and not reading.surface.said:
        return _sweep(reading, stage, random, wall_color)
    if reading.wall.material in {None, "plain"}:
        if not reading.wall.colors and not reading.colors and reading.surface.said:
            wall_color = _companion(reading, random)
        wall = gradient(stage.height, stage.width, [(0, shaded(wall_color, -0.05)), (1, wall_color)])
    else:
        sharp = "sharp" in reading.extras
        detail = 1.0 if sharp else min(1.0, _WALL_DETAIL / stage.unit)
        size = (round(stage.width * detail), round(stage.height * detail))
        color = _material_color(reading.wall, reading)
        wall = paint_material(str(reading.wall.material), Swatch(size, stage.unit * detail, random, color, lies=False))
        focus = 0.0 if sharp else (0.012 if "blur" in reading.extras else 0.0024)
        wall = enlarged(blurred(wall, focus * stage.unit * detail), (stage.width, stage.height))
    if not reading.surface.said:
        # A wall alone: the product stands on a plain floor of its color.
        floor_color = wall.mean(axis=(0, 1)).astype(np.float32)
        return _joined(wall, _floor(Part("plain"), stage, random, shaded(floor_color, 0.12)), stage, 0.05)
    floor = _floor(reading.surface, stage, random, _material_color(reading.surface, reading))
    return _joined(wall, floor, stage, GLOSS.get(reading.surface.material or "", 0.0))


def _place(scenery: Scenery, reading: Reading, stage: Stage, random: Random, light: Light) -> Floats:
    sharp = "sharp" in reading.extras
    small = stage.scaled(1.0 if sharp else min(1.0, _SCENERY_DETAIL / stage.unit))
    wall = scenery.paint(small, random, light, reading)
    softness = scenery.softness
    if "blur" in reading.extras or "bokeh" in reading.extras:
        softness = max(softness * 1.4, 0.011)
    wall = enlarged(blurred(wall, (0.0 if sharp else softness) * small.unit), (stage.width, stage.height))
    part = reading.surface if reading.surface.said else Part(scenery.surface)
    color = _material_color(part, reading) if reading.surface.said else scenery.color
    floor = _floor(part, stage, random, color)
    floor = (floor * light.floor_tint).astype(np.float32)
    return _joined(wall, floor, stage, max(GLOSS.get(part.material or "", 0.0), scenery.mirror))


def _floor(part: Part, stage: Stage, random: Random, color: Floats | None) -> Floats:
    material = part.material or "plain"
    texture = paint_material(material, Swatch(floor_size(stage), stage.unit * FLOOR_DETAIL, random, color))
    return laid_down(texture, stage)


def _joined(wall: Floats, floor: Floats, stage: Stage, mirror: float) -> Floats:
    """Wall above the line, floor below it, with the wall mirrored in a glossy floor and a soft edge between."""
    picture = wall.copy()
    rows = stage.height - stage.line
    away = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    if mirror > 0:
        source = np.clip(stage.line - 1 - np.arange(rows), 0, stage.height - 1)
        mirrored = blurred(wall[source], 0.012 * stage.unit)
        floor = mixed(floor, mirrored, np.broadcast_to(mirror * (1 - 0.65 * away), floor.shape[:2]).astype(np.float32))
    # Far parts are out of focus and hazier; the very edge lies in the wall's shadow.
    far = blurred(floor, 0.0035 * stage.unit)
    floor = mixed(far, floor, np.broadcast_to(smooth_step(0.02, 0.3, away), floor.shape[:2]))
    floor = floor * (1 - 0.12 * np.exp(-away * 14))[..., None]
    picture[stage.line :] = floor
    band = max(2, round(0.0035 * stage.unit))
    top, bottom = max(stage.line - band, 0), min(stage.line + band, stage.height)
    strip = blurred(picture[max(top - 3 * band, 0) : bottom + 3 * band], band * 0.55)
    offset = top - max(top - 3 * band, 0)
    picture[top:bottom] = strip[offset : offset + bottom - top]
    return picture


def _sweep(reading: Reading, stage: Stage, random: Random, color: Floats) -> Floats:
    """One seamless roll of paper: wall, curve and floor, with the light falling off."""
    second = _second_color(reading, color)
    if "gradient" in reading.places or (len(reading.colors) > 1 and not reading.extras):
        return _gradient(stage, random, color, second)
    rows = np.arange(stage.height, dtype=np.float32) / stage.height
    line = stage.line / stage.height
    curve = smooth_step(line - 0.16, line + 0.12, rows)
    depth = 0.1 if float(color.mean()) > 0.35 else 0.24
    wall = 1 - depth * smooth_step(line - 0.35, line, rows) * (1 - curve)
    floor = (1 + depth * 0.55) * curve + wall * (1 - curve)
    return (color * floor[:, None, None] * np.ones((1, stage.width, 1), np.float32)).astype(np.float32)


def _gradient(stage: Stage, random: Random, first: Floats, second: Floats) -> Floats:
    angle = random.uniform(0.9, 1.6) if random.random() < 0.5 else random.uniform(1.5, 2.2)
    x = np.linspace(-0.5, 0.5, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, stage.height, dtype=np.float32)[:, None]
    share = smooth_step(-0.55, 0.55, (x * np.cos(angle) + y * np.sin(angle)).astype(np.float32))
    # Mixed in light, not in stored values: the middle stays clean instead of turning muddy.
    return np.sqrt(mixed(first**2, second**2, share))


def _second_color(reading: Reading, color: Floats) -> Floats:
    if len(reading.colors) > 1:
        return toned(rgb(reading.colors[1]), reading.tones)
    return shaded(color, -0.4 if float(color.mean()) > 0.6 else 0.55)


def _color(part: Part, reading: Reading, random: Random, place: int) -> Floats:
    if part.colors:
        return toned(rgb(part.colors[0]), part.tones or reading.tones)
    if reading.colors:
        return toned(rgb(reading.colors[min(place, len(reading.colors) - 1)]), reading.tones)
    if reading.extra_colors:
        return toned(rgb(reading.extra_colors[0]), reading.tones)
    base = rgb(_NEUTRAL[int(random.integers(len(_NEUTRAL)))])
    tones = (*part.tones, *reading.tones)
    if "pastel" in tones or "vivid" in tones:
        base = rgb(("#f2a7b5", "#9ec9ee", "#a9dcc0", "#f6d28b", "#c7b2ea")[int(random.integers(5))])
    if "dark" in tones:
        base = rgb("#6f6e70")
    if "warm" in tones:
        base = rgb("#eddcc6")
    return toned(base, tones)


def _material_color(part: Part, reading: Reading) -> Floats | None:
    """The color that was asked for, or None for the material's own."""
    if part.colors:
        return toned(rgb(part.colors[0]), part.tones)
    if part.tones and part.material not in {None, "plain"}:
        own = {"wood": "#ab7d55", "marble": "#f1efec", "concrete": "#a9a7a3", "stone": "#6c6d70", "linen": "#e9e1d2"}
        if part.material == "marble" and "dark" in part.tones:
            return rgb("#26272b")
        if part.material in own:
            return toned(rgb(own[part.material]), part.tones)
    if part.material in {None, "plain"} and reading.colors:
        return toned(rgb(reading.colors[-1]), reading.tones)
    return None


def _companion(reading: Reading, random: Random) -> Floats:
    """A quiet wall for a surface of which alone something was said."""
    quiet = {
        "wood": ("#e7e0d5", "#dfe2dc", "#d8d3cb"), "marble": ("#e4e2df", "#dcd7d2", "#e9e4de"),
        "sand": ("#eadfcd", "#cfe2ea", "#f0e6d6"), "grass": ("#dcebf2", "#e9f0dd", "#d3e6ee"),
        "snow": ("#dfe9f2", "#cfdeeb", "#e8eff5"), "water": ("#d9eef3", "#e6f2f4", "#cfe8f0"),
    }.get(reading.surface.material or "", ("#e8e5e0", "#dedfdd", "#e6dfd6"))  # fmt: skip
    color = rgb(quiet[int(random.integers(len(quiet)))])
    tones = (*reading.surface.tones, *reading.tones)
    if "dark" in tones or "spotlight" in reading.lights or "night" in reading.lights:
        color = rgb("#4b4a4b")
    return toned(color, tuple(tone for tone in reading.tones if tone != "dark"))
