"""From the bytes of a picture to its pixels, never before its header says that they fit."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PIL import Image, ImageChops, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from pillow_heif.as_plugin import HeifImageFile

from services.errors import InputError
from services.images.intake_formats import PictureFormat, detect_picture, webp_size
from services.images.intake_limits import IntakeLimits

_log = logging.getLogger(__name__)

# The plugins are called by name: ``Image.open`` would also try formats that nobody asked for.
_OPENERS: dict[PictureFormat, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    PictureFormat.PNG: PngImagePlugin.PngImageFile,
    PictureFormat.JPEG: JpegImagePlugin.JpegImageFile,
    PictureFormat.WEBP: WebPImagePlugin.WebPImageFile,
    PictureFormat.TIFF: TiffImagePlugin.TiffImageFile,
    PictureFormat.HEIF: HeifImageFile,
}
_MODES = frozenset(
    ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "I;16", "I;16L", "I;16B")
)
# A photo has about ten scans; each more is another walk over all pixels.
_MOST_JPEG_SCANS = 100
_JPEG_SCAN_MARK = b"\xff\xda"
_TILE_WIDTH_TAG, _TILE_HEIGHT_TAG, _PHOTOMETRIC_TAG = 322, 323, 262
_ORIENTATION_TAG = 0x0112
MOST_COUNTED_PAGES = 100
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_header(data: bytes, limits: IntakeLimits) -> ImageFile.ImageFile:
    """Read a picture's header alone, and refuse what would be too much to decode.

    Raises:
        InputError: ``image-empty``, ``image-not-a-picture``, ``image-svg``, ``image-format``, ``image-truncated``,
            ``image-too-large-bytes``, ``image-too-many-pixels`` or ``image-too-small``.
    """
    found = detect_picture(data)
    if len(data) > limits.max_file_bytes:
        raise InputError(
            f"The file has {len(data) / 1e6:,.1f} MB; the limit is {limits.max_file_bytes / 1e6:,.1f} MB.",
            code="image-too-large-bytes",
            remedy="Save it smaller, for instance as JPEG, or ask your administrator to raise the limit.",
        )
    if found is PictureFormat.WEBP:
        _check_size(webp_size(data), limits)
    if found is PictureFormat.JPEG and data.count(_JPEG_SCAN_MARK) > _MOST_JPEG_SCANS:
        raise _too_many_pixels("The file would take far more work to open than any photo.")
    with damage_translated():
        picture = _OPENERS[found](io.BytesIO(data))
    _check_size(picture.size, limits)
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        _check_tiles(picture, limits)
    if picture.mode not in _MODES:
        raise InputError(
            "The picture holds numbers of 32 bits per color, as measurements do.",
            code="image-format",
            remedy="Save it with 8 or 16 bits per color and upload that file.",
        )
    return picture


def decode(picture: ImageFile.ImageFile, limits: IntakeLimits) -> None:
    """Decode the first frame in place.

    Raises:
        InputError: ``image-truncated``, or ``image-too-many-pixels`` where the header did not tell the truth.
    """
    with damage_translated():
        picture.load()
    _check_size(picture.size, limits)


def upright(picture: Image.Image) -> Image.Image:
    """The decoded picture turned as its EXIF orientation says; TIFF and HEIF are upright once they are decoded."""
    turn = _TURNS.get(orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 to 8; 1 where there is none or it cannot be read."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile | HeifImageFile):
        return 1
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # EXIF is written by anything and broken in any way; the picture is good without it
        _log.info("EXIF data could not be read; the picture is taken as it lies")
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def frame_count(data: bytes, picture: ImageFile.ImageFile) -> int:
    """How many frames or pages there are, at least 1; pages of a TIFF are counted no further than 100."""
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return max(1, int(getattr(picture, "n_frames", 1)))
    try:
        pages = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except Exception:  # it was opened a moment ago, but a count is no reason to refuse a picture
        return 1
    count = 1
    try:
        while count < MOST_COUNTED_PAGES:
            pages.seek(count)
            count += 1
    except Exception:  # the end, or a later page is damaged, which does not matter for the first
        return count
    return count


def inverted_print_colors(picture: Image.Image) -> Image.Image:
    """CMYK with 255 = full ink; Pillow takes every JPEG for Adobe's, which counts the other way round."""
    if picture.mode == "CMYK" and isinstance(picture, JpegImagePlugin.JpegImageFile) and "adobe" not in picture.info:
        return ImageChops.invert(picture)
    return picture


def white_is_zero(picture: Image.Image) -> bool:
    """Whether a 16-bit TIFF counts from white to black, which Pillow leaves as it is."""
    return (
        isinstance(picture, TiffImagePlugin.TiffImageFile)
        and picture.mode.startswith("I;16")
        and picture.tag_v2.get(_PHOTOMETRIC_TAG) == 0
    )


def _check_size(size: tuple[int, int] | None, limits: IntakeLimits) -> None:
    if size is None:
        return
    width, height = size
    if max(size) > limits.max_side:
        raise _too_many_pixels(
            f"The picture is {width:,} x {height:,} pixels; a side may have {limits.max_side:,} at most."
        )
    if width * height > limits.max_pixels:
        raise _too_many_pixels(
            f"The picture has {width * height / 1e6:,.0f} million pixels; the limit is {limits.max_pixels / 1e6:,.0f} "
            "million."
        )
    if min(size) < limits.min_side:
        raise InputError(
            f"The picture is {width:,} x {height:,} pixels; each side needs at least {limits.min_side}.",
            code="image-too-small",
            remedy="Upload the photo in its original size.",
        )


def _check_tiles(picture: TiffImagePlugin.TiffImageFile, limits: IntakeLimits) -> None:
    """A tile is decoded whole, however small the picture is that it belongs to."""
    sides = [picture.tag_v2.get(tag, 1) for tag in (_TILE_WIDTH_TAG, _TILE_HEIGHT_TAG)]
    if not all(isinstance(side, int) and side > 0 for side in sides):
        raise _damaged()
    if sides[0] * sides[1] > limits.max_pixels:
        raise _too_many_pixels("The picture's tiles are larger than any picture may be.")


@contextmanager
def damage_translated() -> Iterator[None]:
    """Whatever a decoder or a conversion trips over in the block becomes an InputError (``image-truncated``)."""
    try:
        yield
    except InputError:
        raise
    except Image.DecompressionBombError as exc:
        raise _too_many_pixels("The picture has more pixels than can be opened.") from exc
    except Exception as exc:  # decoders answer damage with whatever their parsing trips over
        raise _damaged() from exc


def _too_many_pixels(cause: str) -> InputError:
    return InputError(cause, code="image-too-many-pixels", remedy="Make the picture smaller, and upload that file.")


def _damaged() -> InputError:
    return InputError(
        "The picture is damaged or breaks off; it cannot be opened.",
        code="image-truncated",
        remedy="Copy the file again from where it came from, or save it anew.",
    )
