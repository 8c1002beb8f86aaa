"""The product over its new background.

Opaque pixels of the product are copied, never computed, so that they stay the photo's byte by byte. Half-transparent
ones are mixed in linear light, as a lens would: mixing the stored values makes dark fringes.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import BackendRejectedError, InputError
from services.images.background_models import BackgroundKind, BackgroundWish, PlacedSubject
from services.images.placing import cover, measure, place, plan_placement, target_size
from services.images.shadows import contact_shadow, shadow_map, shadow_rows

__all__ = [
    "composite",
    "contact_shadow",
    "cover",
    "measure",
    "parse_color",
    "place",
    "plan_placement",
    "target_size",
]

_COLOR = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
# Rows that are worked on at once: bounds the memory beside the pictures themselves.
_PIXELS_AT_ONCE = 2_000_000


def _light_of_values() -> NDArray[np.float32]:
    values = np.arange(256) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _values_of_light(steps: int) -> NDArray[np.uint8]:
    light = np.arange(steps) / (steps - 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (values * 255 + 0.5).astype(np.uint8)


_LIGHT = _light_of_values()
_VALUES = _values_of_light(1 << 14)


def parse_color(color: str) -> tuple[int, int, int]:
    """The (red, green, blue) of ``#rrggbb``. Raises InputError (``color-invalid``)."""
    found = _COLOR.fullmatch(color.strip())
    if found is None:
        raise InputError(
            "This is not a color.",
            code="color-invalid",
            remedy="Write a color as # and six digits or letters from a to f, such as #f2efe9.",
        )
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def composite(placed: PlacedSubject, background: NDArray[np.uint8] | None, wish: BackgroundWish) -> Image.Image:
    """The product over the background, with its shadow on the background only.

    Args:
        background: (height, width, 3) of the canvas's size; it is not needed, and not looked at, for COLOR and
            TRANSPARENT.

    Returns:
        RGBA for TRANSPARENT, whose alpha is the matte and which has no shadow; RGB for the others.

    Raises:
        InputError: the color is none (``color-invalid``).
        BackendRejectedError: the background has another size or is missing (``wrong-size-returned``).
    """
    width, height = placed.size
    if wish.kind is BackgroundKind.TRANSPARENT:
        return Image.merge("RGBA", [*Image.fromarray(placed.pixels).split(), Image.fromarray(placed.matte)])
    if wish.kind is BackgroundKind.COLOR:
        result = np.empty((height, width, 3), np.uint8)
        result[:] = parse_color(wish.color)
    elif background is None or background.shape != (height, width, 3):
        raise BackendRejectedError(
            "The background has another size than the result.",
            code="wrong-size-returned",
            remedy="Try again, or choose another background.",
        )
    else:
        result = np.array(background, np.uint8)
    shadow = shadow_map(placed.matte) if wish.shadow > 0 else None
    rows = max(1, _PIXELS_AT_ONCE // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        if shadow is not None:
            dark = shadow_rows(shadow, (width, height), top, bottom) * np.float32(min(wish.shadow, 1.0))
            _darken(result[top:bottom], dark)
        _lay_over(result[top:bottom], placed.pixels[top:bottom], placed.matte[top:bottom])
    return Image.fromarray(result)


def _darken(background: NDArray[np.uint8], dark: NDArray[np.float32]) -> None:
    """Take light away, in place; where the shadow is nothing, values stay exactly what they were."""
    touched = dark > 0.002
    if not touched.any():
        return
    kept = 1 - dark[touched]
    background[touched] = (background[touched] * kept[:, None] + 0.5).astype(np.uint8)


def _lay_over(background: NDArray[np.uint8], pixels: NDArray[np.uint8], matte: NDArray[np.uint8]) -> None:
    opaque = matte == 255
    background[opaque] = pixels[opaque]
    half = (matte > 0) & ~opaque
    if half.any():
        share = (matte[half].astype(np.float32) / 255)[:, None]
        light = _LIGHT[pixels[half]] * share + _LIGHT[background[half]] * (1 - share)
        background[half] = _VALUES[(light * (len(_VALUES) - 1) + 0.5).astype(np.int32)]
