"""Places under the sky: sea, mountains, woods, gardens, desert, winter, space."""

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
    to_image,
    warped,
)
from services.backends.local.backgrounds.skies import SKY_COLORS, paint_sky, with_stars
from services.backends.local.backgrounds.stage import Stage


def beach(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """The sea up to the sky, with surf where the sand begins."""
    horizon = round(stage.line * 0.66)
    picture = paint_sky(stage, random, light, horizon=horizon, cloudiness=0.3)
    deep, shallow = (rgb("#1f6d99"), rgb("#67c3c4"))
    low = rgb(SKY_COLORS[light.time][2])
    if light.time in {"sunset", "sunrise", "dusk", "night", "overcast"}:
        share = np.float32(0.45 if light.time != "night" else 0.25)
        dim = {"night": 0.22, "dusk": 0.5, "sunset": 0.75}.get(light.time, 0.9)
        deep, shallow = ((color * np.float32(dim) * (1 - share) + low * share) for color in (deep, shallow))
    rows = max(2, stage.line - horizon)
    sea = gradient(rows, stage.width, [(0, low * 0.5 + deep * 0.5), (0.12, deep), (1, shallow)])
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    unit = stage.unit
    far = smooth_noise(random, (stage.width, rows), (0.05 * unit, 0.003 * unit), 2)
    near = smooth_noise(random, (stage.width, rows), (0.32 * unit, 0.012 * unit), 3)
    waves = far * (1 - depth) + near * depth
    column = (np.arange(stage.width, dtype=np.float32)[None, :] - stage.center - light.side * 0.36 * stage.width) / unit
    path = np.exp(-((column / (0.06 + 0.2 * depth)) ** 2)) if light.time in {"sunset", "sunrise", "dusk"} else 0.0
    sea = sea * (1 + 0.16 * waves)[..., None] + (np.clip(waves, 0, 1) * (0.1 + 0.8 * path))[..., None] * low
    foam_line = 0.93 + 0.03 * smooth_noise(random, (stage.width, 1), 0.3 * unit, 3)
    foam = np.exp(-(((depth - foam_line) / 0.018) ** 2)) + 0.55 * np.exp(-(((depth - foam_line + 0.1) / 0.012) ** 2))
    lace = smooth_step(-0.35, 0.4, smooth_noise(random, (stage.width, rows), (0.03 * unit, 0.008 * unit), 2))
    white = np.broadcast_to(np.minimum(low + 0.25, 1), sea.shape).astype(np.float32)
    picture[horizon : stage.line] = mixed(sea.astype(np.float32), white, (foam * lace * 0.85).astype(np.float32))
    return np.clip(picture, 0, 1)


def mountain(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Ridges behind ridges in the haze, the far ones with snow."""
    picture = paint_sky(stage, random, light, horizon=stage.line, cloudiness=0.35)
    haze = rgb(SKY_COLORS[light.time][2])
    near = {"night": "#0c1526", "dusk": "#232c4a", "sunset": "#3d3550"}.get(light.time, "#35586a")
    across = np.arange(stage.width)
    down = np.arange(stage.height, dtype=np.float32)[:, None]
    askew = (down * 0.7).astype(int)
    ribs = smooth_noise(random, (stage.width, stage.height), (0.1 * stage.unit, 0.14 * stage.unit), 4, 0.62)
    for number in range(4):
        nearness = number / 3
        cell = stage.unit * (0.55 - 0.1 * number)
        ridge = smooth_noise(random, (stage.width, 1), cell, 7, 0.48)[0]
        top = stage.line * (0.46 + 0.13 * number) - ridge * stage.line * (0.2 - 0.035 * number)
        inside = smooth_step(-0.7, 0.7, down - top[None, :])
        color = haze + (rgb(near) - haze) * np.float32(0.36 + 0.58 * nearness)
        # Ribs of rock run down askew: rows are shifted sideways as they go down, on each ridge by more.
        rock = ribs[np.arange(stage.height)[:, None], (across[None, :] + askew + 97 * number) % stage.width]
        lit = np.clip(1 + 0.2 * rock * (1 - 0.45 * nearness), 0.6, 1.4)
        face: Floats = np.asarray(color * lit[..., None], np.float32)
        if number == 0:
            snow = smooth_step(0.16, 0.02, (down - top[None, :]) / stage.line + 0.05 * rock)
            face = mixed(face, np.broadcast_to(np.minimum(haze + 0.12, 1), face.shape), snow * 0.8)
        picture = mixed(picture, face.astype(np.float32), inside.astype(np.float32))
    return np.clip(picture, 0, 1)


def desert(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Dunes with a lit and a shaded side."""
    picture = paint_sky(stage, random, light, horizon=stage.line, cloudiness=0.05)
    haze = rgb(SKY_COLORS[light.time][2])
    dim = np.float32({"night": 0.3, "dusk": 0.6, "sunset": 0.85}.get(light.time, 1.0))
    down = np.arange(stage.height, dtype=np.float32)[:, None]
    for number in range(3):
        ridge = smooth_noise(random, (stage.width, 1), stage.unit * 0.7, 2, 0.35)[0]
        top = stage.line * (0.62 + 0.13 * number) - ridge * stage.line * 0.13
        crest = smooth_noise(random, (stage.width, 1), stage.unit * 0.3, 2)[0] * 0.05 * stage.unit
        below = down - top[None, :]
        lit = smooth_step(-0.012 * stage.unit, 0.012 * stage.unit, below - 0.07 * stage.line - 1.6 * crest[None, :])
        sunny, shady = rgb("#e6bd85") * dim, rgb("#b07a50") * dim
        face = mixed(np.broadcast_to(sunny, (*below.shape, 3)), np.broadcast_to(shady, (*below.shape, 3)), lit * 0.75)
        face = face + (haze - face) * np.float32(0.4 - 0.17 * number)
        picture = mixed(picture, face.astype(np.float32), smooth_step(-0.8, 0.8, below))
    return np.clip(picture, 0, 1)


def _foliage(
    stage: Stage, random: Random, colors: tuple[str, ...], light: Light, *, count: int, size: float, top: float
) -> Floats:
    """Discs of light and leaf out of focus, darker above, as a lens sees a wood behind the product."""
    dim = np.float32({"night": 0.25, "dusk": 0.5, "sunset": 0.85, "overcast": 0.85}.get(light.time, 1.0))
    low, high = rgb(colors[0]) * dim, rgb(colors[-1]) * dim
    glow = rgb(SKY_COLORS[light.time][2])
    base = gradient(stage.height, stage.width, [(0, low), (top, low * 0.6 + high * 0.4), (1, high)])
    picture = to_image(base)
    for number in range(3):
        layer = Image.new("RGBA", picture.size)
        pen = ImageDraw.Draw(layer)
        for _ in range(count):
            color = rgb(colors[int(random.integers(len(colors)))]) * dim
            if random.random() < 0.16:
                color = color * np.float32(0.45) + glow * np.float32(0.55)
            radius = stage.unit * size * float(random.uniform(0.35, 1.0)) * (1.2 - 0.3 * number)
            x, y = random.random() * stage.width, random.random() * stage.line
            red, green, blue = (int(part) for part in np.clip(color * 255, 0, 255))
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(red, green, blue, 70 + 30 * number))
        picture = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    return blurred(to_floats(picture), 0.006 * stage.unit)


def _trunks(picture: Floats, stage: Stage, random: Random, light: Light, color: str) -> Floats:
    image = to_image(picture)
    dim = np.float32({"night": 0.3, "dusk": 0.5}.get(light.time, 1.0))
    haze = picture[: max(1, stage.line)].mean(axis=(0, 1))
    for nearness in (0.35, 0.6, 0.95):
        pen = ImageDraw.Draw(image)
        for _ in range(5):
            x = float(random.random()) * stage.width
            if nearness > 0.9 and abs(x - stage.center) < 0.2 * stage.width:
                continue
            half = stage.unit * (0.008 + 0.02 * nearness) * float(random.uniform(0.7, 1.2))
            lean = float(random.uniform(-0.03, 0.03)) * stage.unit
            tone = haze + (rgb(color) * dim - haze) * np.float32(nearness)
            red, green, blue = (int(part) for part in np.clip(tone * 255, 0, 255))
            corners = [(x + lean - half * 0.8, 0), (x + lean + half * 0.8, 0), (x + half, stage.line)]
            pen.polygon([*corners, (x - half, stage.line)], fill=(red, green, blue))
    return to_floats(image)


def forest(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Trunks in green light."""
    greens = ("#22381f", "#3c5e2c", "#5c8a3a", "#86ad55", "#c3d68a")
    picture = _foliage(stage, random, greens, light, count=150, size=0.055, top=0.4)
    picture = _trunks(picture, stage, random, light, "#2c241b")
    return _with_beams(picture, stage, light)


def autumn(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Trunks among leaves of red and gold."""
    leaves = ("#4a2a18", "#93451c", "#c9702a", "#e0a13a", "#f0cc6a")
    picture = _foliage(stage, random, leaves, light, count=170, size=0.05, top=0.4)
    return _with_beams(_trunks(picture, stage, random, light, "#2e2018"), stage, light)


def garden(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """A sunny garden out of focus, with flowers."""
    greens = ("#5f8a45", "#7fa757", "#9cc06c", "#c2d893", "#e6efc4")
    picture = to_image(_foliage(stage, random, greens, light, count=140, size=0.06, top=0.25))
    layer = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(layer)
    petals = ("#f2a3b8", "#fbe28a", "#ffffff", "#c9a6e0", "#f58e72")
    for _ in range(110):
        x, y = random.random() * stage.width, stage.line * (1 - 0.42 * random.random() ** 1.6)
        radius = stage.unit * float(random.uniform(0.006, 0.02))
        red, green, blue = (int(part * 255) for part in rgb(petals[int(random.integers(len(petals)))]))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(red, green, blue, 165))
    picture = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    return _with_beams(blurred(to_floats(picture), 0.004 * stage.unit), stage, light)


def winter(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Snow-covered firs before a pale sky."""
    picture = paint_sky(stage, random, light, horizon=stage.line, cloudiness=0.25)
    haze = rgb(SKY_COLORS[light.time][2])
    dark = rgb({"night": "#0e1a2c", "dusk": "#26365a"}.get(light.time, "#46616b"))
    image = to_image(picture)
    for number in range(3):
        nearness = number / 2
        pen = ImageDraw.Draw(image)
        color = haze + (dark - haze) * np.float32(0.3 + 0.6 * nearness)
        snowy = np.clip(color * 0.45 + np.float32(0.55) * np.minimum(haze + 0.1, 1), 0, 1)
        left = -0.05 * stage.unit
        while left < stage.width * 1.03:
            tall = stage.line * float(random.uniform(0.22, 0.42)) * (0.75 + 0.55 * nearness)
            middle = abs(left / stage.width - 0.5) * 2
            _draw_fir(pen, left, stage.line + 2, tall * (0.55 + 0.5 * middle), color, snowy)
            left += tall * float(random.uniform(0.16, 0.34))
    return to_floats(image)


def _draw_fir(pen: ImageDraw.ImageDraw, x: float, ground: float, tall: float, color: Floats, snow: Floats) -> None:
    fill, white = (tuple(int(part) for part in np.clip(tone * 255, 0, 255)) for tone in (color, snow))
    for level in range(6):
        top = ground - tall * (1 - 0.13 * level)
        bottom = top + tall * 0.3
        half = tall * (0.05 + 0.042 * (level + 1))
        pen.polygon([(x, top), (x + half, bottom), (x, bottom - tall * 0.03), (x - half, bottom)], fill=fill)
        pen.polygon([(x, top), (x + half * 0.62, top + tall * 0.17), (x + half * 0.1, top + tall * 0.12)], fill=white)
        pen.polygon([(x, top), (x - half * 0.62, top + tall * 0.17), (x - half * 0.2, top + tall * 0.13)], fill=white)


def sky(stage: Stage, random: Random, light: Light, _reading: object) -> Floats:
    """Clouds all over."""
    return paint_sky(stage, random, light, horizon=stage.height, cloudiness=0.72)


def stars(stage: Stage, random: Random, _light: Light, _reading: object) -> Floats:
    """Space with nebulas."""
    size = (stage.width, stage.height)
    bend = smooth_noise(random, size, 0.4 * stage.unit, 2)
    push = bend * np.float32(0.1 * stage.unit)
    cloud = warped(smooth_noise(random, size, 0.6 * stage.unit, 6, 0.58), push, push)
    other = smooth_noise(random, size, 0.7 * stage.unit, 4)
    base = gradient(stage.height, stage.width, [(0, rgb("#05060f")), (1, rgb("#0d1026"))])
    picture = mixed(base, np.broadcast_to(rgb("#4a2f86"), base.shape), smooth_step(-0.1, 1.1, cloud) * 0.75)
    picture = mixed(picture, np.broadcast_to(rgb("#1f6f9f"), base.shape), smooth_step(0.1, 1.2, other) * 0.6)
    picture = mixed(picture, np.broadcast_to(rgb("#e08fb0"), base.shape), smooth_step(0.55, 1.5, cloud + other) * 0.5)
    return with_stars(picture, stage, random, stage.height, 420)


def _with_beams(picture: Floats, stage: Stage, light: Light) -> Floats:
    """Soft light that falls in from one side."""
    if light.time in {"night", "overcast"}:
        return picture
    x = np.linspace(0, 1, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, stage.height, dtype=np.float32)[:, None]
    near = (1 - x if light.side < 0 else x) * 0.8 + (1 - y) * 0.5
    glow = rgb("#fff2cf" if light.time == "day" else "#ffcf8f")
    return mixed(picture, np.broadcast_to(glow, picture.shape), smooth_step(0.45, 1.35, near) * np.float32(0.6))
