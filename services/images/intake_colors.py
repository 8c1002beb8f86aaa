"""From the colors that a file holds to those of a screen: 8 bits of sRGB, with transparency where there is some."""

from __future__ import annotations

import io
import logging

import numpy as np
from PIL import Image, ImageCms, WebPImagePlugin

from services.images.intake_decoding import inverted_print_colors, white_is_zero

_log = logging.getLogger(__name__)

_STRIP_ROWS = 512


def screen_colors(picture: Image.Image) -> Image.Image:
    """A decoded picture as RGB, or as RGBA where a pixel is not opaque; its color profile is applied."""
    profile = picture.info.get("icc_profile")
    picture = inverted_print_colors(picture)
    if picture.mode.startswith("I;16"):
        picture = _eight_bits(picture)
    if picture.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _plain(_applied(picture, lab) or picture.getchannel("L").convert("RGB"))
    if picture.mode in {"LA", "La"} and profile:
        with_alpha = picture.convert("LA")
        colors = _with_profile(with_alpha.getchannel("L"), profile)
        colors.putalpha(with_alpha.getchannel("A"))
        return _plain(colors)
    if picture.mode not in {"L", "CMYK", "RGB", "RGBA"} or picture.has_transparency_data:
        gray = picture.mode in {"1", "L"} and not picture.has_transparency_data
        picture = picture.convert("L" if gray else "RGBA" if picture.has_transparency_data else "RGB")
    return _plain(_with_profile(picture, profile))


def all_transparent(picture: Image.Image) -> bool:
    """Whether no pixel of a decoded picture can be seen at all."""
    if picture.mode in {"RGBA", "RGBa", "LA", "La", "PA"}:
        extrema = picture.getextrema()
        return extrema[-1] == (0, 0)
    key = picture.info.get("transparency")
    if key is None:
        return False
    if picture.mode == "P":
        used = [index for index, count in enumerate(picture.histogram()) if count]
        opacity = key if isinstance(key, bytes) else bytes(0 if index == key else 255 for index in range(256))
        return all(index < len(opacity) and opacity[index] == 0 for index in used)
    extrema = picture.getextrema()
    keys = key if isinstance(key, tuple) else (key,)
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(band == (value, value) for band, value in zip(bands, keys, strict=False))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit gray scaled to 8 bits, in strips, so that no second copy of the large numbers is needed."""
    width, height = picture.size
    key = picture.info.get("transparency")
    inverted = white_is_zero(picture)
    gray = np.empty((height, width), dtype=np.uint8)
    alpha = np.full((height, width), 255, dtype=np.uint8) if isinstance(key, int) else None
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, height)
        strip = np.asarray(picture.crop((0, top, width, bottom)))
        scaled = ((strip.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
        gray[top:bottom] = 255 - scaled if inverted else scaled
        if alpha is not None:
            alpha[top:bottom][strip == key] = 0
    result = Image.fromarray(gray)
    if alpha is None:
        return result
    result.putalpha(Image.fromarray(alpha))
    return result


def _with_profile(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """L, CMYK, RGB or RGBA as RGB or RGBA in sRGB; a profile that does not fit the picture is passed over."""
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        try:
            opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
            _log.info("a color profile could not be read; the colors are taken as sRGB")
        else:
            applied = None if _is_srgb(opened) else _applied(picture, opened)
            if applied is not None:
                return applied
    return picture if picture.mode == target else picture.convert(target)


def _applied(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image | None:
    """The picture in sRGB, changed in place where its bands stay the same; None when the profile is for others."""
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    in_place = picture.mode == target
    try:
        transform = ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), picture.mode, target, ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
        result = ImageCms.applyTransform(picture, transform, inPlace=in_place)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        _log.info("a color profile does not fit its picture; the colors are taken as sRGB")
        return None
    return picture if result is None else result


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    try:
        return (profile.profile.profile_description or "").startswith("sRGB")
    except (OSError, ValueError, UnicodeError):
        return False


def _plain(picture: Image.Image) -> Image.Image:
    """The pixels alone: without an alpha that hides nothing, and without the file's profile, which is applied."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] == 255:
        picture = picture.convert("RGB")
    if isinstance(picture, WebPImagePlugin.WebPImageFile):
        picture = picture.copy()  # else its decoder would stay, with two more copies of the pixels
    picture.info = {}
    return picture
