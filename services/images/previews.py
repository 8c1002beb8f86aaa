"""Small pictures for the screen: the photo, its mask as a tint to lay over it, and the product on transparency."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.images.derived import content_key, derived_name, keep_file
from services.images.intake import PREVIEW_SIDE, open_preview
from services.images.thumbnails import cut_out_png, overlay_png, picture_jpeg, preview_jpeg
from services.ports.images import ImageFiles

_VERSION = 1
_FINE_QUALITY = 95


class OriginalBytes(Protocol):
    """Reads the photos that were uploaded."""

    def read(self, tenant_id: str, sha256: str) -> bytes:
        """The bytes as they were uploaded. Raises NotFoundError or BackendUnavailableError."""
        ...


class Previews:
    """Makes and keeps previews of photos."""

    def __init__(self, files: ImageFiles, originals: OriginalBytes) -> None:
        self._files = files
        self._originals = originals

    def photo(self, tenant_id: str, sha256: str) -> bytes:
        """JPEG, upright, its longer side at most 640 pixels; a transparent photo on white.

        Raises:
            AppError: the photo cannot be read or opened.
        """
        name = self._name(tenant_id, sha256)
        return self._kept(name, lambda: preview_jpeg(self._originals.read(tenant_id, sha256)))

    def mask(self, tenant_id: str, sha256: str, key: str, matte: Callable[[], NDArray[np.uint8]]) -> bytes:
        """PNG (RGBA) to lay over the preview: clear where the matte keeps, tinted where it drops.

        Args:
            key: Names the mask, see :class:`services.images.models.MaskState`.
            matte: Opens it; only called when the preview was not made yet.
        """
        return self._kept(_overlay_name(tenant_id, sha256, key), lambda: overlay_png(Image.fromarray(matte())))

    def cut_out(self, tenant_id: str, sha256: str, key: str, matte: Callable[[], NDArray[np.uint8]]) -> bytes:
        """PNG (RGBA) of the product on transparency, of the preview's size. Arguments as :meth:`mask`."""

        def make() -> bytes:
            small = open_preview(self._originals.read(tenant_id, sha256))
            return cut_out_png(small, Image.fromarray(matte()).resize(small.size, Image.Resampling.BOX))

        return self._kept(_cut_out_name(tenant_id, sha256, key), make)

    def _kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        if self._files.exists(name):
            return self._files.read(name)
        data = make()
        keep_file(self._files, name, data)
        return data

    def _name(self, tenant_id: str, sha256: str) -> str:
        return derived_name(tenant_id, sha256, content_key("preview", _VERSION), "preview.jpg")


def _overlay_name(tenant_id: str, sha256: str, key: str) -> str:
    return derived_name(tenant_id, sha256, content_key("overlay", _VERSION, key), "overlay.png")


def _cut_out_name(tenant_id: str, sha256: str, key: str) -> str:
    return derived_name(tenant_id, sha256, content_key("cut-out-preview", _VERSION, key), "cut-out.png")


def reduced_picture(data: bytes, side: int = PREVIEW_SIDE) -> bytes:
    """A picture with its longer side at most so long: JPEG, or PNG where it has an alpha."""
    with Image.open(io.BytesIO(data)) as picture:
        if picture.mode == "RGB":
            picture.draft("RGB", (side, side))
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        return png(picture) if picture.mode == "RGBA" else picture_jpeg(picture, side)


def on_white(picture: Image.Image) -> Image.Image:
    """As RGB; what is transparent becomes white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def png(picture: Image.Image, compress_level: int = 3) -> bytes:
    """The picture as PNG."""
    output = io.BytesIO()
    picture.save(output, "PNG", compress_level=compress_level)
    return output.getvalue()


def fine_jpeg(picture: Image.Image) -> bytes:
    """An RGB picture as JPEG in a quality for print, colors in full resolution."""
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=_FINE_QUALITY, subsampling=0)
    return output.getvalue()
