"""The photos with true masks that mattes are tuned and measured on, half of them each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from services.images.mask_models import Box

SETS = ("ecssd", "ebay")
Mask = NDArray[np.bool_]
LOOSENED_BY = 0.04
"""A person's box is a little larger than the product, on every side by this share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo and its true mask, both at full size."""

    name: str
    picture: Image.Image
    truth: Mask


def photos(data: Path, name: str, half: str) -> Iterator[Photo]:
    """One half of a set: ``tune`` are the even-numbered files in the order of their names, ``report`` the others."""
    files = sorted((data / "images" / name / "images").glob("*.jpg"))
    for file in files[0 if half == "tune" else 1 :: 2]:
        mask = np.asarray(Image.open(data / "images" / name / "masks" / f"{file.stem}.png"))
        # Instances have colors of their own there; the subject is all of them.
        truth = mask > 127 if mask.ndim == 2 else mask.max(axis=2) > 0
        yield Photo(file.stem, Image.open(file).convert("RGB"), truth)


def box_around(truth: Mask, margins: tuple[float, float, float, float] = (LOOSENED_BY,) * 4) -> Box:
    """The box of the mask, widened to the left, top, right and bottom by these shares of its size."""
    from services.images.mask_models import Box

    rows, columns = np.flatnonzero(truth.any(axis=1)), np.flatnonzero(truth.any(axis=0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    width, height = right - left, bottom - top
    left, right = left - margins[0] * width, right + margins[2] * width
    top, bottom = top - margins[1] * height, bottom + margins[3] * height
    return Box.from_pixels(left, top, right - left, bottom - top, (truth.shape[1], truth.shape[0]))
