"""Materials seen from straight above, evenly lit: what tables, floors and walls are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import ImageDraw

from services.backends.local.backgrounds.noise import (
    Floats,
    Random,
    gradient,
    luminance,
    mixed,
    relief,
    rgb,
    shaded,
    smooth_noise,
    smooth_step,
    to_floats,
    to_image,
    warped,
)


@dataclass(frozen=True, slots=True)
class Swatch:
    """What to paint.

    Attributes:
        size: (width, height) in pixels.
        unit: The canvas's shorter side in pixels; all measures are shares of it.
        color: The material's main color; None for its own.
        lies: Whether it lies before the camera, else it stands as a wall.
    """

    size: tuple[int, int]
    unit: float
    random: Random
    color: Floats | None = None
    lies: bool = True

    def base(self, own: str) -> Floats:
        """The main color: the one asked for, or else the material's own."""
        return rgb(own) if self.color is None else self.color

    def noise(self, cell: float | tuple[float, float], octaves: int = 1, fade: float = 0.5) -> Floats:
        """Noise whose cell is a share of the unit."""
        pixels = tuple(part * self.unit for part in cell) if isinstance(cell, tuple) else cell * self.unit
        return smooth_noise(self.random, self.size, pixels, octaves, fade)  # type: ignore[arg-type]

    def places(self) -> tuple[Floats, Floats]:
        """(1, width) and (height, 1) coordinates in units."""
        width, height = self.size
        across = (np.arange(width, dtype=np.float32) / np.float32(self.unit))[None, :]
        down = (np.arange(height, dtype=np.float32) / np.float32(self.unit))[:, None]
        return across, down


def _plain(color: Floats, factor: Floats) -> Floats:
    return (color * factor[..., None]).astype(np.float32)


def wood(swatch: Swatch) -> Floats:
    """Planks with grain; they run away from the camera where they lie."""
    turned = Swatch(swatch.size[::-1], swatch.unit, swatch.random, swatch.color) if swatch.lies else swatch
    base = turned.base("#ab7d55")
    width, height = turned.size
    plank = 0.19 * turned.unit
    rows = np.arange(height, dtype=np.float32) / np.float32(plank) + np.float32(turned.random.random())
    number = np.floor(rows).astype(int)
    tones = turned.random.normal(0, 0.09, number.max() + 1).astype(np.float32)[number]
    shifts = turned.random.integers(0, max(2, width // 2), number.max() + 1)[number]
    bend = turned.noise((0.9, 0.16), 2)
    wave = np.sin((rows[:, None] * 8 + bend * 11 + tones[:, None] * 30) * 1.2)
    rings = 1.1 * (0.5 + 0.5 * wave) ** 5 - 0.3
    fiber = turned.noise((0.3, 0.0035), 2, 0.7)
    streaks = turned.noise((0.9, 0.02), 2)
    columns = (np.arange(width)[None, :] + shifts[:, None]) % width
    grain = np.take_along_axis(0.62 * rings + 0.5 * streaks + 0.42 * fiber, columns, axis=1)
    gap = np.abs(rows - np.round(rows)) * plank / turned.unit
    seam = np.clip(1 - smooth_step(0.004, 0.0, gap) * 0.62, 0, 1) * (1 - 0.12 * smooth_step(0.014, 0.0, gap))
    depth = 0.16 if luminance(base) > 0.25 else 0.28
    factor = (1 + tones[:, None] + depth * grain * 0.9) * seam[:, None]
    deep = base * np.array([0.7, 0.64, 0.6], np.float32)
    picture = _plain(mixed(base, deep, np.clip(0.4 + 0.6 * grain, 0, 1)), np.clip(factor, 0.1, 1.5))
    return picture.transpose(1, 0, 2) if swatch.lies else picture


def marble(swatch: Swatch) -> Floats:
    """Cloudy stone with fine veins."""
    base = swatch.base("#f1efec")
    dark_stone = luminance(base) < 0.4
    vein = shaded(base, 0.62) if dark_stone else base * np.array([0.5, 0.51, 0.54], np.float32)
    bend_x, bend_y = swatch.noise(0.45, 3), swatch.noise(0.45, 3)
    push = 0.2 * swatch.unit
    wide = warped(swatch.noise((0.95, 0.5), 2), bend_x * push, bend_y * push)
    fine = warped(swatch.noise((0.5, 0.3), 3), bend_y * push, bend_x * push)
    mask = smooth_step(-0.35, 0.6, swatch.noise(0.5, 1))
    veins = np.exp(-np.abs(wide) * 26) * (0.25 + 0.75 * mask) * 0.62
    veins += np.exp(-np.abs(fine) * 34) * mask * 0.34
    veins += np.exp(-np.abs(wide) * 5) * 0.17 * mask
    clouds = np.clip(0.14 * swatch.noise(0.6, 3) + 0.03, 0, 0.3)
    return mixed(base, vein, np.clip(veins + clouds, 0, 0.9).astype(np.float32))


def concrete(swatch: Swatch) -> Floats:
    """Cast concrete with clouds and pores."""
    base = swatch.base("#a9a7a3")
    clouds = swatch.noise(0.6, 5, 0.6)
    grit = swatch.random.standard_normal(clouds.shape, dtype=np.float32)
    pores = smooth_step(0.86, 1.1, swatch.noise(0.012, 1))
    bumps = swatch.noise(0.05, 3)
    factor = (1 + 0.1 * clouds + 0.022 * grit) * (1 - 0.28 * pores) * relief(bumps, 1.0)
    return _plain(base, factor.astype(np.float32))


def plaster(swatch: Swatch) -> Floats:
    """A lime-washed wall with the marks of the trowel."""
    base = swatch.base("#e6ded2")
    cloud = swatch.noise((0.7, 0.5), 4, 0.62)
    trowel = warped(swatch.noise((0.3, 0.05), 3), *(swatch.noise(0.4) * 0.12 * swatch.unit for _ in range(2)))
    return _plain(base, (1 + 0.055 * cloud + 0.03 * trowel) * relief(trowel, 0.9))


def linen(swatch: Swatch) -> Floats:
    """Woven cloth with soft folds."""
    base = swatch.base("#e9e1d2")
    across, down = swatch.places()
    thread = 2 * np.pi / 0.0075 if swatch.unit > 500 else 2 * np.pi / 0.012
    waver = swatch.noise(0.2, 2) * 0.01
    warp = np.sin((across + waver) * thread) * (1 + 0.5 * swatch.noise((0.008, 0.3)))
    weft = np.sin((down + waver) * thread) * (1 + 0.5 * swatch.noise((0.3, 0.008)))
    slubs = swatch.noise((0.14, 0.006)) + swatch.noise((0.006, 0.14))
    folds = swatch.noise((0.85, 0.4), 2, 0.4)
    light = relief(folds * 0.03 * swatch.unit, 0.55)
    return _plain(base, (1 + 0.045 * (warp - weft) / 2 + 0.035 * slubs + 0.03 * folds) * light)


def paper(swatch: Swatch) -> Floats:
    """Heavy paper with fibers."""
    base = swatch.base("#f0ebe1")
    fibers = swatch.noise((0.03, 0.004), 2) + swatch.noise((0.004, 0.03), 2)
    clouds = swatch.noise(0.5, 3)
    return _plain(base, (1 + 0.012 * fibers + 0.015 * clouds) * relief(swatch.noise(0.01, 2), 0.12))


def brick(swatch: Swatch) -> Floats:
    """A brick wall in running bond."""
    base = rgb("#a4553c")
    if swatch.color is not None:
        # Fired clay is never as pure as paint.
        base = mixed(swatch.color, rgb("#a4553c") * np.float32(luminance(swatch.color) / 0.44), 0.5)
    across, down = swatch.places()
    long, tall = 0.235, 0.078
    waver = swatch.noise(0.06, 2) * 0.0035
    rows = (down + waver) / tall
    row = np.floor(rows)
    columns = (across + waver) / long + 0.5 * (row % 2)
    column = np.floor(columns)
    in_row, in_column = rows - row, columns - column
    edge = np.minimum(np.minimum(in_row, 1 - in_row) * tall, np.minimum(in_column, 1 - in_column) * long)
    solid = smooth_step(0.0045, 0.0085, edge)
    table = swatch.random.normal(0, 1, (64, 64, 2)).astype(np.float32)
    chosen = table[row.astype(int) % 64, column.astype(int) % 64]
    rough = swatch.noise(0.02, 3, 0.7)
    stains = swatch.noise(0.5, 3)
    tone = 1 + 0.075 * chosen[..., 0] + 0.08 * rough + 0.06 * stains
    stones = _plain(base, tone) + (0.03 * chosen[..., 1])[..., None] * np.array([1, 0.4, 0.1], np.float32)
    mortar = mixed(rgb("#cbc2b6"), base, 0.25) if luminance(base) > 0.18 else shaded(base, 0.2)
    joints = _plain(mortar, 0.86 + 0.08 * rough)
    light = relief(np.clip(solid * 1.0 + 0.18 * rough, -1, 2), 0.42)
    return mixed(joints, stones, solid) * light[..., None]


def tile(swatch: Swatch) -> Floats:
    """Glazed tiles: oblong on walls, square on floors."""
    base = swatch.base("#f2f3f1")
    across, down = swatch.places()
    long, tall = (0.2, 0.2) if swatch.lies else (0.25, 0.125)
    rows = down / tall
    row = np.floor(rows)
    columns = across / long + (0 if swatch.lies else 0.5 * (row % 2))
    column = np.floor(columns)
    in_row, in_column = rows - row, columns - column
    edge = np.minimum(np.minimum(in_row, 1 - in_row) * tall, np.minimum(in_column, 1 - in_column) * long)
    solid = smooth_step(0.002, 0.0045, edge)
    bevel = smooth_step(0.004, 0.016, edge)
    table = swatch.random.normal(0, 1, (64, 64, 3)).astype(np.float32)
    chosen = table[row.astype(int) % 64, column.astype(int) % 64]
    tilt = (in_column - 0.5) * chosen[..., 0] + (in_row - 0.5) * chosen[..., 1]
    wave = swatch.noise(0.1, 2)
    glaze = _plain(base, 1 + 0.02 * chosen[..., 2] + 0.05 * tilt + 0.012 * wave)
    light = relief(bevel, 0.5)
    grout = shaded(base, -0.16) if luminance(base) > 0.3 else shaded(base, 0.25)
    return mixed(np.broadcast_to(grout, glaze.shape), glaze * light[..., None], solid)


def sand(swatch: Swatch) -> Floats:
    """Ripples that the wind left."""
    base = swatch.base("#dfc79c")
    _across, down = swatch.places()
    bend = swatch.noise((0.6, 0.3), 3)
    ripples = np.sin((down * 20 + bend * 4.2) * np.pi / 1.6)
    height = ripples * (0.55 + 0.35 * swatch.noise(0.5)) * 1.6 + 2.2 * swatch.noise(0.3, 3)
    grains = swatch.random.standard_normal(height.shape, dtype=np.float32)
    light = relief(height * 0.0042 * swatch.unit, 0.9)
    return _plain(base, (1 + 0.05 * grains + 0.03 * bend) * light)


def grass(swatch: Swatch) -> Floats:
    """A lawn of upright blades."""
    base = swatch.base("#5f8f3a")
    blades = swatch.noise((0.006, 0.035), 2, 0.7)
    leaning = warped(blades, swatch.noise(0.05) * 0.03 * swatch.unit, np.zeros(blades.shape, np.float32))
    patches = swatch.noise(0.4, 3)
    shade = np.clip(0.5 + 0.42 * leaning + 0.1 * patches, 0, 1)
    dark, light = shaded(base, -0.62), np.clip(base * np.array([1.45, 1.4, 1.1], np.float32), 0, 1)
    return mixed(dark, light, shade.astype(np.float32))


def snow(swatch: Swatch) -> Floats:
    """Fresh snow with blue hollows and sparkle."""
    base = swatch.base("#f4f8fc")
    drifts = swatch.noise((0.7, 0.35), 4, 0.45)
    light = relief(drifts * 0.05 * swatch.unit, 0.8)
    picture = mixed(base * np.array([0.8, 0.87, 0.97], np.float32), base, np.clip(light - 0.35 + 0.2 * drifts, 0, 1))
    sparkle = swatch.random.random(drifts.shape, dtype=np.float32) > 0.9985
    grain = 1 + 0.012 * swatch.random.standard_normal(drifts.shape, dtype=np.float32)
    return np.asarray(np.clip(picture * grain[..., None] + sparkle[..., None] * 0.12, 0, 1), np.float32)


def water(swatch: Swatch) -> Floats:
    """Clear shallow water with nets of light."""
    base = swatch.base("#3f9fbf")
    bend_x, bend_y = swatch.noise(0.25, 2), swatch.noise(0.25, 2)
    push = 0.1 * swatch.unit
    first = warped(swatch.noise(0.17, 2, 0.4), bend_x * push, bend_y * push)
    second = warped(swatch.noise(0.12, 2, 0.4), bend_y * push, bend_x * push)
    net = np.exp(-np.abs(first) * 9) * 0.6 + np.exp(-np.abs(second) * 9) * 0.45
    deep = np.clip(0.5 + 0.5 * swatch.noise(0.8, 2), 0, 1)
    picture = mixed(shaded(base, -0.35), shaded(base, 0.22), deep.astype(np.float32))
    return mixed(picture, shaded(base, 0.88), np.clip(net * net, 0, 0.85).astype(np.float32))


def stone(swatch: Swatch) -> Floats:
    """Dark slate with splits and specks."""
    base = swatch.base("#6c6d70")
    layers = swatch.noise((0.5, 0.2), 5, 0.58)
    cracks = np.exp(-np.abs(swatch.noise((0.7, 0.3), 3)) * 34) * smooth_step(0.0, 0.6, swatch.noise(0.35))
    specks = swatch.random.standard_normal(layers.shape, dtype=np.float32)
    fine = swatch.noise(0.03, 3, 0.7)
    factor = (1 + 0.1 * layers + 0.035 * specks + 0.05 * fine) * (1 - 0.3 * cracks)
    return _plain(base, factor * relief(fine * 0.004 * swatch.unit, 0.14))


def terrazzo(swatch: Swatch) -> Floats:
    """Chips of stone in light cement."""
    base = swatch.base("#efebe4")
    image = to_image(np.broadcast_to(base, (swatch.size[1], swatch.size[0], 3)))
    pen = ImageDraw.Draw(image)
    chips = ["#c9a58c", "#8c8f91", "#d9c7b0", "#b5695a", "#4f5a5c", "#ffffff", "#a9b7a4"]
    units = swatch.size[0] * swatch.size[1] / swatch.unit**2
    random = swatch.random
    for _ in range(int(560 * units)):
        x, y = random.random() * swatch.size[0], random.random() * swatch.size[1]
        radius = swatch.unit * float(np.clip(random.lognormal(-4.6, 0.55), 0.0025, 0.034))
        turns = np.sort(random.random(random.integers(4, 8))) * 2 * np.pi
        away = radius * (0.65 + 0.5 * random.random(len(turns)))
        points = [(x + r * np.cos(t) * 1.15, y + r * np.sin(t)) for r, t in zip(away, turns, strict=True)]
        color = shaded(rgb(chips[random.integers(len(chips))]), 0.15 * float(random.random()))
        pen.polygon(points, fill=tuple(int(part * 255) for part in color))
    return _plain_of(to_floats(image), 1 + 0.012 * swatch.random.standard_normal(swatch.size[::-1], dtype=np.float32))


def _plain_of(picture: Floats, factor: Floats) -> Floats:
    return (picture * factor[..., None]).astype(np.float32)


def metal(swatch: Swatch) -> Floats:
    """Brushed metal with broad reflections."""
    base = swatch.base("#b4b8bc")
    brush = swatch.noise((0.8, 0.002), 2, 0.8) if not swatch.lies else swatch.noise((0.9, 0.003), 2, 0.8)
    broad = swatch.noise((0.4, 2.0), 1)
    return _plain(base, 1 + 0.06 * brush + 0.16 * broad)


def silk(swatch: Swatch) -> Floats:
    """Draped cloth with flowing highlights."""
    base = swatch.base("#d9c3bb")
    across, down = swatch.places()
    bend = swatch.noise((1.1, 0.7), 2, 0.4)
    flow = across * 5.2 + down * 3.1 + bend * 2.6
    folds = np.sin(flow * 1.5) + 0.42 * np.sin(flow * 3.4 + 1.8 * swatch.noise(0.8)) + 0.16 * np.sin(flow * 7.3)
    slope = folds / 1.58
    dark, light = base * np.array([0.6, 0.55, 0.56], np.float32), shaded(base, 0.6)
    body = mixed(dark, base, smooth_step(-1.0, 0.3, slope))
    return mixed(body, light, (smooth_step(0.25, 1.05, slope) ** 1.5 * 0.85).astype(np.float32))


def leather(swatch: Swatch) -> Floats:
    """Grained leather."""
    base = swatch.base("#6e4630")
    cells = np.abs(swatch.noise(0.02, 2, 0.6)) + 0.6 * np.abs(swatch.noise(0.011, 1))
    height = np.clip(cells * 2.2, 0, 1)
    broad = swatch.noise(0.7, 2)
    return _plain(base, (0.78 + 0.26 * height + 0.09 * broad) * relief(height, 0.35))


def plain(swatch: Swatch) -> Floats:
    """Paint, with the slightest unevenness."""
    base = swatch.base("#ece9e4")
    return gradient(swatch.size[1], swatch.size[0], [(0, base), (1, base)])


MATERIAL_PAINTERS: Mapping[str, Callable[[Swatch], Floats]] = MappingProxyType(
    {
        painter.__name__: painter
        for painter in (
            brick, concrete, grass, leather, linen, marble, metal, paper, plain, plaster, sand, silk, snow, stone,
            terrazzo, tile, water, wood,
        )
    }
)  # fmt: skip
# How much of what stands behind is mirrored in them.
GLOSS: Mapping[str, float] = MappingProxyType(
    {
        "marble": 0.16,
        "tile": 0.18,
        "metal": 0.28,
        "water": 0.3,
        "terrazzo": 0.1,
        "stone": 0.08,
        "wood": 0.06,
        "plain": 0.05,
    }
)


def paint_material(name: str, swatch: Swatch) -> Floats:
    """The material by its key in the vocabulary, (height, width, 3)."""
    return np.clip(MATERIAL_PAINTERS[name](swatch), 0, 1).astype(np.float32)
