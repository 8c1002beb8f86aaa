"""A picture at the size that it is cut out at, and the patches of even color that it falls into."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_SIDE = 320
PATCHES_ALONG = 26
SHORTEST_SPACING = 3

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The reduced picture and its patches.

    Attributes:
        rgb: (height, width, 3).
        lab: The same in CIE Lab: L 0 to 100, a and b about -128 to 127.
        patch_map: (height, width): the patch of every pixel, from 0.
        means: (patches, 3): mean Lab.
        sizes: (patches,): pixels.
        centers: (patches, 2): x and y in shares of the picture.
        neighbors: (pairs, 2): patches that touch, each pair once.
        border: (patches,): whether the patch touches the picture's border.
    """

    rgb: Pixels
    lab: Floats
    patch_map: Indices
    means: Floats
    sizes: Floats
    centers: Floats
    neighbors: Indices
    border: Mask

    @property
    def count(self) -> int:
        """How many patches there are."""
        return len(self.sizes)

    def average(self, values: NDArray[np.generic]) -> Floats:
        """The mean of a (height, width) map over every patch."""
        sums = np.bincount(self.patch_map.ravel(), np.asarray(values, np.float32).ravel(), self.count)
        return (sums / self.sizes).astype(np.float32)

    def spread_out(self, values: Floats) -> Floats:
        """The values of the patches as a (height, width) map."""
        return np.asarray(values, np.float32)[self.patch_map]


def reduced(rgb: Pixels, longer_side: int = LONGER_SIDE) -> Pixels:
    """The picture with its longer side at most so long, and no side below one pixel."""
    height, width = rgb.shape[:2]
    scale = longer_side / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def to_lab(rgb: Pixels) -> Floats:
    """CIE Lab in its natural units."""
    shares = np.divide(rgb, np.float32(255), dtype=np.float32)
    return np.asarray(cv2.cvtColor(shares, cv2.COLOR_RGB2LAB), np.float32)


def read_scene(rgb: Pixels) -> Scene:
    """Cut a reduced picture into patches and describe them."""
    lab = to_lab(rgb)
    patch_map = _patches(rgb)
    count = int(patch_map.max()) + 1
    flat = patch_map.ravel()
    sizes = np.bincount(flat, minlength=count).astype(np.float32)
    height, width = patch_map.shape
    ys, xs = np.mgrid[0:height, 0:width]

    def average(values: NDArray[np.generic]) -> Floats:
        return (np.bincount(flat, np.asarray(values, np.float64).ravel(), count) / sizes).astype(np.float32)

    means = np.stack([average(lab[..., channel]) for channel in range(3)], axis=1)
    centers = np.stack([average((xs + 0.5) / width), average((ys + 0.5) / height)], axis=1)
    pairs = np.concatenate(
        [
            np.stack([patch_map[:, :-1].ravel(), patch_map[:, 1:].ravel()], axis=1),
            np.stack([patch_map[:-1].ravel(), patch_map[1:].ravel()], axis=1),
        ]
    )
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])
    neighbors = np.stack([codes // count, codes % count], axis=1)
    border = np.zeros(count, bool)
    for line in (patch_map[0], patch_map[-1], patch_map[:, 0], patch_map[:, -1]):
        border[line] = True
    return Scene(rgb, lab, patch_map, means, sizes, centers, neighbors, border)


def _patches(rgb: Pixels) -> Indices:
    """Watershed from a regular grid of seeds: even patches that end where the color changes."""
    height, width = rgb.shape[:2]
    spacing = max(round(max(height, width) / PATCHES_ALONG), SHORTEST_SPACING)
    ys = np.arange(spacing // 2, height, spacing) if height > spacing else np.array([height // 2])
    xs = np.arange(spacing // 2, width, spacing) if width > spacing else np.array([width // 2])
    markers = np.zeros((height + 2, width + 2), np.int32)
    numbers = np.arange(1, len(ys) * len(xs) + 1, dtype=np.int32).reshape(len(ys), len(xs))
    markers[np.ix_(ys + 1, xs + 1)] = numbers
    # Watershed leaves the outermost pixels out, hence the margin.
    smooth = cv2.copyMakeBorder(cv2.GaussianBlur(rgb, (0, 0), 0.8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    cv2.watershed(smooth, markers)
    inner = markers[1:-1, 1:-1]
    lines = inner <= 0
    while lines.any():
        grown = cv2.dilate(np.where(lines, 0, inner).astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
        filled = lines & (grown > 0)
        if not filled.any():
            inner = np.where(lines, 1, inner)
            break
        inner = np.where(filled, grown, inner)
        lines = inner <= 0
    _, compact = np.unique(inner, return_inverse=True)
    return compact.reshape(height, width).astype(np.int64)
