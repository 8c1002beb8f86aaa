"""The stage of a scene: where the product stands on the canvas, and how floors lie before the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.backends.local.backgrounds.noise import Floats, to_floats, to_image
from services.images.background_models import PlacedSubject

# The back edge of a table lies this far above the product's lowest point, as a share of the canvas's height.
_STANDING_DEPTH = 0.13
_HIGHEST_LINE, _LOWEST_LINE = 0.42, 0.86
# How far above its back edge a floor would vanish: the smaller, the flatter the camera looks over it.
_VANISHING = 0.5
# How many times deeper than high a piece of the floor is where it lies nearest.
_FORESHORTENING = 1.6
# Pixels of the flat picture for one of the scene, where it lies nearest.
FLOOR_DETAIL = 0.8


@dataclass(frozen=True, slots=True)
class Stage:
    """Measures of a canvas, in pixels of the picture that is painted.

    Attributes:
        line: Row of the back edge of table or floor.
        base: Row of the product's lowest point.
        center: Column of the product's middle.
        extent: The product's width.
    """

    width: int
    height: int
    line: int
    base: int
    center: float
    extent: float

    @property
    def unit(self) -> float:
        """The shorter side."""
        return float(min(self.width, self.height))

    def scaled(self, factor: float) -> Stage:
        """The same stage with fewer pixels."""
        if factor == 1:
            return self
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        line, base = round(self.line * factor), round(self.base * factor)
        return Stage(width, height, line, base, self.center * factor, self.extent * factor)

    @classmethod
    def around(cls, subject: PlacedSubject, size: tuple[int, int]) -> Stage:
        """The stage of this (width, height) for the product; an empty canvas has its line two thirds down."""
        width, height = size
        solid = subject.matte >= 128
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        if rows.size:
            bottom = (rows[-1] + 1) / solid.shape[0]
            left, right = columns[0] / solid.shape[1], (columns[-1] + 1) / solid.shape[1]
        else:
            bottom, left, right = 0.8, 0.3, 0.7
        line = min(max(bottom - _STANDING_DEPTH, _HIGHEST_LINE), _LOWEST_LINE)
        base = max(bottom, line + 0.02)
        return cls(
            width,
            height,
            round(line * height),
            round(base * height),
            (left + right) / 2 * width,
            (right - left) * width,
        )


def floor_size(stage: Stage) -> tuple[int, int]:
    """(width, height) of the flat picture that :func:`laid_down` needs for this stage."""
    _rows, vanish, nearest = _lengths(stage)
    depth = _FORESHORTENING * nearest * (nearest / vanish - 1)
    return round(stage.width * nearest / vanish * FLOOR_DETAIL) + 2, round(depth * FLOOR_DETAIL) + 2


def laid_down(texture: Floats, stage: Stage) -> Floats:
    """A flat picture of a floor as it lies before the camera: the rows from the stage's line to the bottom.

    Args:
        texture: Seen from straight above, of :func:`floor_size`; its lower edge lies nearest.
    """
    height, width = texture.shape[:2]
    rows, vanish, nearest = _lengths(stage)
    far = _FORESHORTENING * nearest * nearest * FLOOR_DETAIL
    spread = nearest * FLOOR_DETAIL
    last = height + far / nearest
    coefficients = (
        spread / vanish, width / 2 / vanish, width / 2 - stage.width / 2 * spread / vanish,
        0.0, last / vanish, last - far / vanish,
        0.0, 1 / vanish,
    )  # fmt: skip
    image = to_image(texture).transform(
        (stage.width, int(rows)), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    return to_floats(image)


def _lengths(stage: Stage) -> tuple[float, float, float]:
    """Rows of the floor, how far above them it would vanish, and the sum of both."""
    rows, vanish = float(stage.height - stage.line), _VANISHING * stage.height
    return rows, vanish, rows + vanish
