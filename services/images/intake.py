"""Photos come in: checked by content, within bounds, and opened the same way every time."""

from __future__ import annotations

import hashlib

from PIL import Image

from services.errors import InputError
from services.images.intake_archives import unpack
from services.images.intake_colors import all_transparent, screen_colors
from services.images.intake_decoding import (
    MOST_COUNTED_PAGES,
    damage_translated,
    decode,
    frame_count,
    open_header,
    orientation,
    upright,
)
from services.images.intake_formats import PictureFormat
from services.images.intake_limits import STORED_LIMITS, CheckedImage, ImageUpload, IntakeLimits
from services.ports.files import keep_once
from services.ports.images import ImageFiles

__all__ = [
    "PREVIEW_SIDE",
    "CheckedImage",
    "ImageUpload",
    "IntakeLimits",
    "OriginalStore",
    "check_image",
    "open_preview",
    "open_upright",
    "photo_notes",
    "preview_size",
    "unpack",
]

PREVIEW_SIDE = 640


def check_image(data: bytes, limits: IntakeLimits | None = None) -> CheckedImage:
    """Look whether a file is a photo that can be used; its first frame is decoded once.

    Raises:
        InputError: ``image-empty``, ``image-not-a-picture``, ``image-svg``, ``image-format``, ``image-truncated``,
            ``image-too-large-bytes``, ``image-too-many-pixels``, ``image-too-small`` or ``image-transparent``.
    """
    limits = limits or IntakeLimits()
    picture = open_header(data, limits)
    frames = frame_count(data, picture)
    decode(picture, limits)
    if all_transparent(picture):
        raise InputError(
            "Every pixel of the picture is transparent; there is nothing to see.",
            code="image-transparent",
            remedy="Save it again with the product's layer switched on.",
        )
    width, height = picture.size
    return CheckedImage(
        size=(height, width) if orientation(picture) >= 5 else (width, height),
        format=PictureFormat(picture.format or "").value,
        byte_count=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        notes=_notes(picture, frames),
    )


def photo_notes(data: bytes) -> tuple[str, ...]:
    """What people should know of a photo that passed :func:`check_image`, in sentences; its pixels are not decoded.

    Raises:
        InputError: as :func:`check_image`, though within wider bounds.
    """
    picture = open_header(data, STORED_LIMITS)
    return _notes(picture, frame_count(data, picture))


def open_upright(data: bytes) -> Image.Image:
    """The first frame as RGB, or RGBA where a pixel is not opaque; upright, 8 bits, sRGB; always the same pixels.

    Raises:
        InputError: as :func:`check_image`, though within wider bounds.
    """
    picture = open_header(data, STORED_LIMITS)
    decode(picture, STORED_LIMITS)
    with damage_translated():
        return screen_colors(upright(picture))


def open_preview(data: bytes, longer_side: int = PREVIEW_SIDE) -> Image.Image:
    """As :func:`open_upright` but at :func:`preview_size`, which may cost much less than the whole picture.

    Raises:
        InputError: as :func:`check_image`, though within wider bounds.
    """
    picture = open_header(data, STORED_LIMITS)
    whole = picture.size
    if picture.format == PictureFormat.JPEG:
        # Twice as large as wanted, so that the last step is an even one.
        picture.draft(None, (2 * longer_side, 2 * longer_side))
    was_drafted = picture.size != whole
    decode(picture, STORED_LIMITS)
    turned = orientation(picture) >= 5
    with damage_translated():
        result = screen_colors(upright(picture))
    full_size = (whole[::-1] if turned else whole) if was_drafted else result.size
    size = preview_size(full_size, longer_side)
    if size == result.size:
        return result
    return result.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def preview_size(size: tuple[int, int], longer_side: int = PREVIEW_SIDE) -> tuple[int, int]:
    """(width, height) of the preview of a picture of this (width, height); never larger."""
    longest = max(size)
    if longest <= longer_side:
        return size
    width, height = (max(1, round(side * longer_side / longest)) for side in size)
    return width, height


class OriginalStore:
    """Uploaded photos, each kept once per tenant under the hash of its bytes."""

    def __init__(self, files: ImageFiles) -> None:
        self._files = files

    @staticmethod
    def name(tenant_id: str, sha256: str) -> str:
        """Where the original lies in the storage."""
        return f"images/{tenant_id}/originals/{sha256}"

    def keep(self, tenant_id: str, data: bytes, checked: CheckedImage) -> str:
        """Store the bytes unless they are there already; returns their name in the storage.

        Raises:
            BackendUnavailableError: they could not be stored (``storage-unavailable``).
        """
        name = self.name(tenant_id, checked.sha256)
        keep_once(self._files, name, data)
        return name

    def read(self, tenant_id: str, sha256: str) -> bytes:
        """The bytes as they were uploaded.

        Raises:
            NotFoundError: there is no such original (``file-missing``).
            BackendUnavailableError: the storage did not answer.
        """
        return self._files.read(self.name(tenant_id, sha256))

    def open(self, tenant_id: str, sha256: str) -> Image.Image:
        """The original as :func:`open_upright` gives it.

        Raises:
            NotFoundError: there is no such original (``file-missing``).
            BackendUnavailableError: the storage did not answer.
            InputError: the stored bytes are damaged.
        """
        return open_upright(self.read(tenant_id, sha256))

    def forget(self, tenant_id: str, sha256: str) -> None:
        """Remove the original; nothing happens when it is not there.

        Raises:
            BackendUnavailableError: the storage did not answer.
        """
        self._files.delete(self.name(tenant_id, sha256))


def _notes(picture: Image.Image, frames: int) -> tuple[str, ...]:
    notes = []
    if frames > 1:
        is_tiff = picture.format == PictureFormat.TIFF
        count = f"{frames:,} or more" if is_tiff and frames == MOST_COUNTED_PAGES else f"{frames:,}"
        notes.append(f"Only the first of {count} {'pages' if is_tiff else 'frames'} is used.")
    if picture.mode == "CMYK":
        notes.append("Its print colors (CMYK) are shown in screen colors (RGB).")
    return tuple(notes)
