"""How much one upload may bring, and what a checked picture is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds that hold before anything is decoded.

    Attributes:
        max_file_bytes: Largest picture as a file.
        max_pixels: Most pixels of a picture; one takes four bytes once it is decoded.
        min_side: Fewest pixels of the shorter side.
        max_images: Most pictures of one batch.
        max_archive_bytes: Most bytes of a zip, packed and unpacked.
        max_side: Most pixels of the longer side.
    """

    max_file_bytes: int = 40 * _MEBIBYTE
    max_pixels: int = 60_000_000
    min_side: int = 16
    max_images: int = 1000
    max_archive_bytes: int = 1024 * _MEBIBYTE
    max_side: int = 20_000


# What was taken in once is opened again under these, whatever the limits for new uploads are by then.
STORED_LIMITS = IntakeLimits(max_file_bytes=1024 * _MEBIBYTE, max_pixels=170_000_000, min_side=1, max_side=65_535)


@dataclass(frozen=True, slots=True)
class ImageUpload:
    """A file as somebody gave it.

    Attributes:
        name: Its name, with folders where there are any.
        data: The bytes, or where to get them; a file of a zip that could not be unpacked raises its InputError there.
    """

    name: str
    data: bytes | Callable[[], bytes]

    def read(self) -> bytes:
        """The bytes.

        Raises:
            InputError: the file could not be unpacked (``archive-damaged``, ``zip-bomb`` and the like).
        """
        return self.data if isinstance(self.data, bytes) else self.data()


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """A picture that can be used.

    Attributes:
        size: (width, height) in pixels after the EXIF orientation.
        format: ``PNG``, ``JPEG``, ``WEBP``, ``TIFF`` or ``HEIF``, by content.
        sha256: Of the bytes, hexadecimal.
        notes: What people should know of it, in sentences.
    """

    size: tuple[int, int]
    format: str
    byte_count: int
    sha256: str
    notes: tuple[str, ...] = ()
