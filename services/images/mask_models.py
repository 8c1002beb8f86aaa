"""Masks: where the subject of a photo is, what people said about it, and what was cut out.

Boxes are shares of the upright picture (after EXIF orientation), 0 to 1. Mattes are opacity: 255 keeps the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in shares of the picture's width and height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def from_pixels(cls, left: float, top: float, width: float, height: float, size: tuple[int, int]) -> Box:
        """The box of these pixels in a picture of this (width, height), clipped to it."""
        x0, x1 = (min(max(value / size[0], 0.0), 1.0) for value in (left, left + width))
        y0, y1 = (min(max(value / size[1], 0.0), 1.0) for value in (top, top + height))
        return cls(x0, y0, x1 - x0, y1 - y0)

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in a picture of this (width, height), at least one pixel large."""
        left = min(max(round(self.left * size[0]), 0), size[0] - 1)
        top = min(max(round(self.top * size[1]), 0), size[1] - 1)
        right = min(max(round((self.left + self.width) * size[0]), left + 1), size[0])
        bottom = min(max(round((self.top + self.height) * size[1]), top + 1), size[1])
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Stroke:
    """A brush stroke on the picture.

    Attributes:
        keeps: Whether what it touches belongs to the subject, else to the background.
        points: (x, y) pairs in shares of the picture, 0 to 1, in the order they were drawn.
        radius: Half the brush's width, as a share of the picture's longer side.
    """

    keeps: bool
    points: tuple[tuple[float, float], ...]
    radius: float


@dataclass(frozen=True, slots=True)
class MaskHints:
    """What people and labels know about where the subject is; empty for a mask by the picture alone.

    Attributes:
        keep_boxes: The subject lies in the union of these; nothing outside is kept.
        drop_boxes: What lies in these and in no ``keep_boxes`` is not kept.
        strokes: In the order they were drawn; a later one wins.
    """

    keep_boxes: tuple[Box, ...] = ()
    drop_boxes: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()


class MaskDoubt(StrEnum):
    """Why a mask should be looked at by a person."""

    EMPTY = "empty"  # nothing was found to keep
    TINY = "tiny"  # almost nothing is kept
    HUGE = "huge"  # almost everything is kept
    TOUCHES_BORDER = "touches-border"  # the subject runs into several sides of the picture
    FRAGMENTS = "fragments"  # it falls into many pieces
    COLORS_OVERLAP = "colors-overlap"  # subject and background look alike
    UNSTABLE = "unstable"  # another start gives another mask
    UNCLEAR = "unclear"  # nothing tells clearly what belongs to the subject


@dataclass(frozen=True, slots=True)
class Region:
    """One connected subject of a cut-out.

    Attributes:
        number: Its value in the map of regions, from 1, the largest first.
        area_share: Its pixels as a share of the picture's.
        color: Its typical color as ``#rrggbb``.
    """

    number: int
    box: Box
    area_share: float
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A subject cut out of its picture.

    Attributes:
        matte: (height, width) uint8, 255 = keep, at the picture's size.
        region_map: (height, width) uint8: 0 = background, else a region's number.
        regions: Largest first, at most 20.
        method: How it was made, in kebab-case: ``plain-backdrop``, ``grabcut``, ``network``, ``bedrock``,
            ``own-alpha``, ``given``.
        doubts: Why a person should look; empty when the mask looks right.
    """

    matte: NDArray[np.uint8]
    region_map: NDArray[np.uint8]
    regions: tuple[Region, ...]
    method: str
    doubts: tuple[MaskDoubt, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at it before it is used."""
        return bool(self.doubts)


@dataclass(frozen=True, slots=True)
class MaskEdit:
    """What a person did to the mask of one image; the newest edit replaces the one before.

    Attributes:
        box: Drawn around the subject.
        strokes: Painted over the picture.
        uploaded: The name in the storage of a mask that replaces the one that was found; None for none.
    """

    box: Box | None = None
    strokes: tuple[Stroke, ...] = ()
    uploaded: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was done."""
        return self == MaskEdit()


@dataclass(frozen=True, slots=True)
class MaskState:
    """The mask that an image has now.

    Attributes:
        file: The matte's name in the storage, an 8-bit grayscale PNG at the picture's size.
        key: Names everything that the mask was made from; equal keys are equal masks.
        method: See :class:`CutOut`.
        doubts: See :class:`CutOut`.
        approved: Whether a person looked and found it right, whatever the doubts.
        area_share: What it keeps of the picture, 0 to 1.
    """

    file: str
    key: str
    method: str
    doubts: tuple[MaskDoubt, ...] = ()
    approved: bool = False
    area_share: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether a person should still look at it."""
        return bool(self.doubts) and not self.approved
