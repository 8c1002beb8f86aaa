"""Sizes of pictures that a model takes, found for a canvas of any size."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """What a model takes.

    Attributes:
        least_side, most_side: In pixels; ``most_side`` a multiple of ``step``.
        most_pixels: Width times height.
        most_ratio: Of the longer side to the shorter.
        step: Both sides are multiples of it.
    """

    least_side: int
    most_side: int
    most_pixels: int
    most_ratio: float
    step: int = 1

    def around(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """(width, height) that is allowed, near to the canvas's size, and of its shape as far as the ratio may be."""
        width, height = float(canvas[0]), float(canvas[1])
        width, height = max(width, height / self.most_ratio), max(height, width / self.most_ratio)
        larger = max(1.0, self.least_side / min(width, height))
        width, height = width * larger, height * larger
        smaller = min(1.0, self.most_side / max(width, height), math.sqrt(self.most_pixels / (width * height)))
        fitted = self._stepped(width * smaller), self._stepped(height * smaller)
        # Rounding may have made a long picture a little too long.
        longest = self._stepped(min(fitted) * self.most_ratio)
        return min(fitted[0], longest), min(fitted[1], longest)

    def _stepped(self, side: float) -> int:
        least = math.ceil(self.least_side / self.step) * self.step
        return max(int(side / self.step + 1e-9) * self.step, least)
