"""Small pictures for the screen: the photo, what of it is dropped, and the product alone."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from services.images.intake import PREVIEW_SIDE, open_preview, preview_size

_QUALITY = 82
# A medium blue: on white it darkens, on black it lightens, so that what is dropped steps back in any photo.
_TINT = (92, 122, 168)
_TINT_OPACITY = 0.74
# The line is light on the side of what is kept and dark on the other, so that one of the two shows on any color.
_INNER_LINE, _OUTER_LINE = (255, 255, 255, 255), (16, 24, 40, 255)


def preview_jpeg(photo: bytes, longer_side: int = PREVIEW_SIDE) -> bytes:
    """The photo of this file as a JPEG, upright, transparency over white; never larger than the photo.

    Raises:
        InputError: the file cannot be opened; see :func:`services.images.intake.check_image`.
    """
    return picture_jpeg(open_preview(photo, longer_side), longer_side)


def picture_jpeg(picture: Image.Image, longer_side: int = PREVIEW_SIDE) -> bytes:
    """An RGB or RGBA picture as a small JPEG, transparency over white."""
    small = _reduced(picture, longer_side)
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, (255, 255, 255, 255))
        small = Image.alpha_composite(white, small)
    written = io.BytesIO()
    small.convert("RGB").save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def overlay_png(matte: Image.Image, longer_side: int = PREVIEW_SIDE) -> bytes:
    """What lies over the preview of a photo to show its mask: an RGBA PNG of the preview's size.

    What is kept stays clear, what is dropped is covered with a tint, and a line runs between the two.

    Args:
        matte: L, 255 = keep, of the photo's size.
    """
    opacity = np.asarray(_reduced(matte, longer_side))
    height, width = opacity.shape
    overlay = np.empty((height, width, 4), dtype=np.uint8)
    overlay[..., :3] = _TINT
    overlay[..., 3] = np.rint((255 - opacity.astype(np.float32)) * _TINT_OPACITY).astype(np.uint8)
    kept = Image.fromarray(np.where(opacity >= 128, 255, 0).astype(np.uint8))
    grown = np.asarray(kept.filter(ImageFilter.MaxFilter(3)))
    shrunk = np.asarray(kept.filter(ImageFilter.MinFilter(3)))
    inside = np.asarray(kept) == 255
    overlay[inside & (shrunk == 0)] = _INNER_LINE
    overlay[~inside & (grown == 255)] = _OUTER_LINE
    return _png(Image.fromarray(overlay))


def cut_out_png(picture: Image.Image, matte: Image.Image, longer_side: int = PREVIEW_SIDE) -> bytes:
    """The product on transparency: an RGBA PNG of the preview's size.

    Args:
        picture: RGB or RGBA, upright; what it hides itself stays hidden.
        matte: L, 255 = keep, of the same size.
    """
    opacity = matte
    if picture.mode == "RGBA":
        opacity = ImageChops.multiply(matte, picture.getchannel("A"))
    product = picture.convert("RGB")
    product.putalpha(opacity)
    return _png(_reduced(product, longer_side))


def _reduced(picture: Image.Image, longer_side: int) -> Image.Image:
    size = preview_size(picture.size, longer_side)
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
