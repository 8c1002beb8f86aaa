"""Silhouettes by which a city is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL.ImageDraw import ImageDraw

Fill = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a landmark stands: its middle, the row of the ground, its height in pixels, and its colors."""

    x: float
    ground: float
    height: float
    shade: Fill
    lamp: Fill

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A rectangle in shares of the height, from the middle and from the ground."""
        return (
            self.x + left * self.height,
            self.ground - top * self.height,
            self.x + right * self.height,
            self.ground - bottom * self.height,
        )

    def points(self, *pairs: tuple[float, float]) -> list[tuple[float, float]]:
        """Corners in the same shares."""
        return [(self.x + a * self.height, self.ground - b * self.height) for a, b in pairs]


@dataclass(frozen=True, slots=True)
class Landmark:
    """How to draw it, and its height as a share of what lies above the line."""

    draw: Callable[[ImageDraw, Place], None]
    height: float


def _clock_tower(pen: ImageDraw, place: Place) -> None:
    pen.rectangle(place.box(-0.075, 0, 0.075, 0.68), fill=place.shade)
    for step in range(3):
        x = -0.045 + 0.045 * step
        pen.rectangle(place.box(x - 0.006, 0.06, x + 0.006, 0.48), fill=_between(place, 0.16))
    pen.rectangle(place.box(-0.09, 0.52, 0.09, 0.7), fill=place.shade)
    pen.ellipse(place.box(-0.062, 0.55, 0.062, 0.674), fill=place.lamp)
    pen.line(place.points((0, 0.612), (0, 0.656)), fill=place.shade, width=max(1, round(place.height * 0.012)))
    pen.line(place.points((0, 0.612), (0.032, 0.6)), fill=place.shade, width=max(1, round(place.height * 0.012)))
    pen.polygon(place.points((-0.09, 0.7), (-0.055, 0.77), (0.055, 0.77), (0.09, 0.7)), fill=place.shade)
    pen.rectangle(place.box(-0.05, 0.77, 0.05, 0.81), fill=place.lamp)
    pen.polygon(place.points((-0.06, 0.81), (0, 1.0), (0.06, 0.81)), fill=place.shade)
    for side in (-1, 1):
        pen.polygon(place.points((side * 0.09, 0.68), (side * 0.08, 0.76), (side * 0.066, 0.68)), fill=place.shade)


def _wheel(pen: ImageDraw, place: Place) -> None:
    middle, radius = 0.54, 0.44
    wide = max(1, round(place.height * 0.012))
    pen.polygon(place.points((-0.22, 0), (-0.195, 0), (0.008, middle), (-0.008, middle)), fill=place.shade)
    pen.polygon(place.points((0.22, 0), (0.195, 0), (-0.008, middle), (0.008, middle)), fill=place.shade)
    for turn in np.linspace(0, 2 * np.pi, 32, endpoint=False):
        tip = (radius * float(np.cos(turn)), middle + radius * float(np.sin(turn)))
        pen.line(place.points((0, middle), tip), fill=place.shade, width=max(1, wide // 3))
    for away in (radius, radius * 0.955):
        pen.ellipse(place.box(-away, middle - away, away, middle + away), outline=place.shade, width=wide)
    for turn in np.linspace(0, 2 * np.pi, 32, endpoint=False):
        x, y = (radius + 0.022) * float(np.cos(turn)), middle + (radius + 0.022) * float(np.sin(turn))
        pen.ellipse(place.box(x - 0.015, y - 0.015, x + 0.015, y + 0.015), fill=place.lamp)
    pen.ellipse(place.box(-0.025, middle - 0.025, 0.025, middle + 0.025), fill=place.shade)


def _shard(pen: ImageDraw, place: Place) -> None:
    pen.polygon(place.points((-0.16, 0), (-0.02, 0.97), (0.004, 0.93), (0.024, 1.0), (0.16, 0)), fill=place.shade)
    pen.polygon(place.points((0.01, 0), (0.012, 0.93), (0.02, 0.93), (0.09, 0)), fill=_between(place, 0.12))
    for level in np.linspace(0.08, 0.86, 26):
        half = 0.15 * (1 - float(level))
        pen.line(place.points((-half, float(level)), (half, float(level))), fill=_between(place, 0.2), width=1)


def _gherkin(pen: ImageDraw, place: Place) -> None:
    heights = np.linspace(0, 1, 40)
    half = 0.19 * np.sqrt(np.clip(1 - ((heights - 0.32) / 0.68) ** 2, 0, 1)) ** 1.15
    half[heights < 0.32] = 0.19 * (1 - 0.35 * ((0.32 - heights[heights < 0.32]) / 0.32) ** 2)
    right = [(float(a), float(b)) for a, b in zip(half, heights, strict=True)]
    left = [(-a, b) for a, b in reversed(right)]
    pen.polygon(place.points(*right, *left), fill=place.shade)
    for start in np.linspace(-0.6, 0.6, 9):
        for lean in (-1, 1):
            line = [
                (float(half[step]) * float(np.clip(start + lean * heights[step] * 0.8, -1, 1)), float(heights[step]))
                for step in range(0, 39, 3)
            ]
            pen.line(place.points(*line), fill=_between(place, 0.18), width=1)


def _dome(pen: ImageDraw, place: Place) -> None:
    pen.rectangle(place.box(-0.46, 0, 0.46, 0.3), fill=place.shade)
    pen.polygon(place.points((-0.22, 0.3), (0, 0.4), (0.22, 0.3)), fill=place.shade)
    for side in (-0.4, 0.4):
        pen.rectangle(place.box(side - 0.07, 0, side + 0.07, 0.42), fill=place.shade)
        pen.polygon(place.points((side - 0.06, 0.42), (side, 0.56), (side + 0.06, 0.42)), fill=place.shade)
    pen.rectangle(place.box(-0.21, 0.3, 0.21, 0.56), fill=place.shade)
    for x in np.linspace(-0.16, 0.16, 6):
        pen.rectangle(place.box(float(x) - 0.01, 0.38, float(x) + 0.01, 0.53), fill=_between(place, 0.5))
    pen.ellipse(place.box(-0.19, 0.36, 0.19, 0.8), fill=place.shade)
    pen.rectangle(place.box(-0.04, 0.78, 0.04, 0.88), fill=place.shade)
    pen.polygon(place.points((-0.035, 0.88), (0, 1.0), (0.035, 0.88)), fill=place.shade)


def _iron_tower(pen: ImageDraw, place: Place) -> None:
    levels = np.linspace(0, 1, 60)
    half = 0.2 * np.exp(-levels * 3.6) + 0.006
    for side in (-1, 1):
        outer = [(side * float(a), float(b)) for a, b in zip(half, levels, strict=True)]
        inner = [
            (side * float(max(a - 0.042 * np.exp(-b * 2), 0)), float(b)) for a, b in zip(half, levels, strict=True)
        ]
        pen.polygon(place.points(*outer, *reversed(inner)), fill=place.shade)
    for level, deep in ((0.2, 0.035), (0.42, 0.028)):
        wide = float(0.2 * np.exp(-level * 3.6)) + 0.02
        pen.rectangle(place.box(-wide, level, wide, level + deep), fill=place.shade)
    pen.rectangle(place.box(-0.018, 0.42, 0.018, 0.93), fill=place.shade)
    pen.arc(place.box(-0.13, -0.02, 0.13, 0.2), 180, 360, fill=place.shade, width=max(1, round(place.height * 0.014)))
    thin = max(1, round(place.height * 0.005))
    for low in np.linspace(0.0, 0.4, 9):
        a, b = float(np.interp(low, levels, half)), float(np.interp(low + 0.05, levels, half))
        for side in (-1, 1):
            pen.line(
                place.points((side * a, float(low)), (side * (b - 0.03), float(low) + 0.05)),
                fill=place.shade,
                width=thin,
            )
    pen.line(place.points((0, 0.9), (0, 1.02)), fill=place.shade, width=max(1, round(place.height * 0.009)))
    pen.ellipse(place.box(-0.008, 0.995, 0.008, 1.011), fill=place.lamp)


def _stepped_tower(pen: ImageDraw, place: Place) -> None:
    for half, top in ((0.15, 0.36), (0.12, 0.52), (0.085, 0.74), (0.055, 0.8), (0.03, 0.84)):
        pen.rectangle(place.box(-half, 0, half, top), fill=place.shade)
    for x in (-0.05, -0.017, 0.017, 0.05):
        pen.rectangle(place.box(x - 0.005, 0.04, x + 0.005, 0.72), fill=_between(place, 0.25))
    pen.polygon(place.points((-0.012, 0.84), (0, 1.0), (0.012, 0.84)), fill=place.shade)
    pen.rectangle(place.box(-0.05, 0.755, 0.05, 0.775), fill=place.lamp)


def _arched_spire(pen: ImageDraw, place: Place) -> None:
    pen.rectangle(place.box(-0.1, 0, 0.1, 0.6), fill=place.shade)
    for number, (half, base) in enumerate(((0.1, 0.6), (0.08, 0.66), (0.06, 0.71), (0.042, 0.755))):
        pen.ellipse(place.box(-half, base - half, half, base + half), fill=place.shade)
        pen.arc(
            place.box(-half * 0.75, base - half * 0.75, half * 0.75, base + half * 0.75),
            200, 340, fill=_between(place, 0.7 - 0.1 * number), width=max(1, round(place.height * 0.006)),
        )  # fmt: skip
    pen.polygon(place.points((-0.022, 0.78), (0, 1.0), (0.022, 0.78)), fill=place.shade)


def _slant_tower(pen: ImageDraw, place: Place) -> None:
    pen.polygon(place.points((-0.11, 0), (-0.08, 0.82), (0.0, 0.88), (0.08, 0.82), (0.11, 0)), fill=place.shade)
    pen.polygon(place.points((-0.02, 0), (0.0, 0.88), (0.02, 0)), fill=_between(place, 0.2))
    pen.line(place.points((0, 0.86), (0, 1.02)), fill=place.shade, width=max(1, round(place.height * 0.012)))


def _between(place: Place, share: float) -> Fill:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(place.shade, place.lamp, strict=True))
    return red, green, blue


# The first two are the ones that a city is known by: they always stand clear of the product.
LANDMARKS: Mapping[str, tuple[Landmark, ...]] = MappingProxyType(
    {
        "london": (
            Landmark(_clock_tower, 0.72), Landmark(_wheel, 0.56), Landmark(_dome, 0.36), Landmark(_gherkin, 0.42),
            Landmark(_shard, 0.66),
        ),
        "paris": (Landmark(_iron_tower, 0.8), Landmark(_dome, 0.34)),
        "new york": (Landmark(_stepped_tower, 0.74), Landmark(_slant_tower, 0.82), Landmark(_arched_spire, 0.6)),
    }
)  # fmt: skip
