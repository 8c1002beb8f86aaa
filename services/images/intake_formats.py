"""What an upload is, told by its first bytes and never by its name."""

from __future__ import annotations

import re
import struct
import zlib
from enum import StrEnum

from services.errors import InputError

ACCEPTED = "PNG, JPEG, WEBP, TIFF and HEIC"
_SAVE_AS = "Save it as PNG or JPEG and upload that file."
_HEAD_BYTES = 4096


class PictureFormat(StrEnum):
    """A format of photos that is taken in."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    TIFF = "TIFF"
    HEIF = "HEIF"


_MARKS = (
    (b"\x89PNG\r\n\x1a\n", PictureFormat.PNG),
    (b"\xff\xd8\xff", PictureFormat.JPEG),
    (b"II*\0", PictureFormat.TIFF),
    (b"MM\0*", PictureFormat.TIFF),
    (b"II+\0", PictureFormat.TIFF),
    (b"MM\0+", PictureFormat.TIFF),
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_OTHER_PICTURES = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"\0\0\x01\0", "icon (ICO)"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"qoif", "QOI"),
    (b"#?RADIANCE", "HDR"),
    (b"v/1\x01", "OpenEXR"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
)
_OTHER_FILES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "an archive or an Office file"),
    (b"PK\x05\x06", "an archive"),
    (b"Rar!\x1a\x07", "an archive (RAR)"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7-Zip)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office file"),
)
_SVG = re.compile(rb"<(?:[a-z][\w.-]*:)?svg[\s>/]", re.IGNORECASE)
_GZIP_MARK = b"\x1f\x8b"


def detect_picture(data: bytes) -> PictureFormat:
    """The format of the picture that these bytes begin with.

    Raises:
        InputError: ``image-empty``, ``image-svg``, ``image-format`` or ``image-not-a-picture``.
    """
    if not data:
        raise InputError(
            "The file is empty (0 bytes).",
            code="image-empty",
            remedy="Check where the file came from; the copy may have been interrupted.",
        )
    found = known_picture(data)
    if found is not None:
        return found
    if _is_svg(data):
        raise InputError(
            "The file is a drawing (SVG), not a photo.",
            code="image-svg",
            remedy="Export it as PNG from the program that made it, and upload that file.",
        )
    other = _other_picture(data)
    if other is not None:
        raise InputError(
            f"The picture is in the format {other}; accepted are {ACCEPTED}.", code="image-format", remedy=_SAVE_AS
        )
    words = next((words for mark, words in _OTHER_FILES if data.startswith(mark)), None)
    words = words or ("text" if _is_text(data) else "of an unknown kind")
    raise InputError(
        f"The file is {words}, not a picture.",
        code="image-not-a-picture",
        remedy=f"Upload the photo itself; accepted are {ACCEPTED}.",
    )


def known_picture(data: bytes) -> PictureFormat | None:
    """The accepted format that these bytes begin with; None for anything else."""
    for mark, found in _MARKS:
        if data.startswith(mark):
            return found
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PictureFormat.WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and not _is_avif(data):
        return PictureFormat.HEIF
    return None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the header of a WEBP says, before a decoder makes room for it; None where it says nothing."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _is_avif(data: bytes) -> bool:
    """Whether an ISO media file is AVIF, which may name itself a still picture (mif1) first."""
    box_bytes = int.from_bytes(data[:4], "big")
    brands = data[8 : min(max(box_bytes, 12), 256)]
    return b"avif" in brands or b"avis" in brands


def _other_picture(data: bytes) -> str | None:
    if data[4:8] == b"ftyp":
        return "AVIF" if _is_avif(data) else None
    if data.startswith(b"BM") and int.from_bytes(data[6:10], "little") != 0:
        return None  # a text may begin with these letters; in a BMP these bytes are empty
    return next((name for mark, name in _OTHER_PICTURES if data.startswith(mark)), None)


def _is_svg(data: bytes) -> bool:
    head = data[:_HEAD_BYTES]
    if head.startswith(_GZIP_MARK):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES)
        except zlib.error:
            return False
    head = head.replace(b"\0", b"")  # UTF-16, as far as a mark of ASCII letters goes
    begins_markup = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")
    return begins_markup and _SVG.search(head) is not None and b"<html" not in head.lower()


def _is_text(data: bytes) -> bool:
    head = data[:_HEAD_BYTES]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last letter of the sample may be cut in two.
        return error.start >= len(head) - 3 and b"\0" not in head
    return b"\0" not in head
