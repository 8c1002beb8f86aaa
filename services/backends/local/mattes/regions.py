"""The connected subjects of a matte."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.images.mask_models import Box, Region

MOST_REGIONS = 20
SMALLEST_SHARE_OF_LARGEST = 0.02
SMALLEST_SHARE_OF_PICTURE = 0.0005
COLOR_SAMPLES = 20_000

Pixels = NDArray[np.uint8]


def find_regions(rgb: Pixels, matte: Pixels) -> tuple[Pixels, tuple[Region, ...]]:
    """The map of regions and the regions, largest first; specks belong to none.

    Args:
        rgb: (height, width, 3).
        matte: (height, width), 255 = keep.
    """
    height, width = matte.shape
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(
        (matte >= 128).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    renumbering = np.zeros(count, np.uint8)
    regions: list[Region] = []
    if count > 1:
        areas = stats[1:, cv2.CC_STAT_AREA]
        least = max(areas.max() * SMALLEST_SHARE_OF_LARGEST, height * width * SMALLEST_SHARE_OF_PICTURE)
        # Equal areas stay in the order of the picture, so that numbers do not depend on the sort.
        for component in np.argsort(-areas, kind="stable")[:MOST_REGIONS] + 1:
            left, top, box_width, box_height, area = (int(value) for value in stats[component])
            if area < least and regions:
                break
            window = (slice(top, top + box_height), slice(left, left + box_width))
            color = _typical_color(rgb[window][numbered[window] == component])
            regions.append(
                Region(
                    number=len(regions) + 1,
                    box=Box.from_pixels(left, top, box_width, box_height, (width, height)),
                    area_share=area / (height * width),
                    color=color,
                )
            )
            renumbering[component] = len(regions)
    return renumbering[numbered], tuple(regions)


def _typical_color(pixels: Pixels) -> str:
    sample = pixels[:: max(len(pixels) // COLOR_SAMPLES, 1)]
    red, green, blue = (round(float(value)) for value in np.median(sample, axis=0))
    return f"#{red:02x}{green:02x}{blue:02x}"
