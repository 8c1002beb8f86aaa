"""Photos as they come in: what is taken, what is refused with which words, and what nobody may notice."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from services.errors import InputError, NotFoundError
from services.images.intake import IntakeLimits, OriginalStore, check_image, open_upright
from tests.image_fakes import FakeFiles
from tests.serving import ROOT

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)
SVG = b'<?xml version="1.0"?>\n<!-- a drawing -->\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def encoded(picture: Image.Image, picture_format: str, **options: object) -> bytes:
    """The picture as a file of this format."""
    written = io.BytesIO()
    if picture_format == "HEIF":
        heif = pillow_heif.from_pillow(picture)
        heif.info.update(options)
        heif.save(written, quality=-1, chroma=444)
    else:
        picture.save(written, picture_format, **options)
    return written.getvalue()


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture whose quarters are red, green, blue and white."""
    width, height = size
    picture = Image.new("RGB", size, WHITE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture


def seen_corners(picture: Image.Image) -> str:
    """The colors of the quarters as letters, in the order of reading."""
    known = {"R": RED, "G": GREEN, "B": BLUE, "W": WHITE}
    width, height = picture.size
    letters = ""
    for y in (height // 4, height * 3 // 4):
        for x in (width // 4, width * 3 // 4):
            seen = picture.convert("RGB").getpixel((x, y))
            assert isinstance(seen, tuple)
            distances = {
                letter: sum(abs(a - b) for a, b in zip(seen, color, strict=True)) for letter, color in known.items()
            }
            letters += min(distances, key=lambda letter: distances[letter])
    return letters


def png(width: int, height: int, depth: int, color_type: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG by hand, for what Pillow does not write; ``rows`` without their filter bytes, or broken on purpose."""
    stride = len(rows) // height if height else 0
    body = b"".join(b"\0" + rows[row * stride : (row + 1) * stride] for row in range(height if stride else 0))
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def tiff(width: int, height: int, pixels: bytes, *, bits: tuple[int, ...] = (8,), photometric: int = 1) -> bytes:
    """An uncompressed TIFF by hand, for what Pillow does not write."""
    values_at = 8 + 2 + 9 * 12 + 4
    bits_value = bits[0] if len(bits) == 1 else values_at
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, len(bits), bits_value),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, values_at + 8),
        (277, 3, 1, len(bits)),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<4H", *(*bits, 0, 0, 0, 0)[:4]) + pixels


def webp_header(width: int, height: int) -> bytes:
    """The head of an animated WEBP with a canvas of this size, and nothing behind it."""
    body = b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def refusal(data: bytes, limits: IntakeLimits | None = None) -> str:
    """The code that the file is refused with; the words must be there and end as sentences do."""
    with pytest.raises(InputError) as caught:
        check_image(data, limits)
    assert caught.value.message_for_user.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.code


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
def test_photo_of_each_format_is_taken_and_shows_what_it_shows(picture_format: str) -> None:
    data = encoded(corners(), picture_format)
    checked = check_image(data)
    assert (checked.size, checked.format, checked.byte_count) == ((96, 64), picture_format, len(data))
    assert checked.sha256 == hashlib.sha256(data).hexdigest()
    assert checked.notes == ()
    picture = open_upright(data)
    assert (picture.mode, picture.size, seen_corners(picture)) == ("RGB", (96, 64), "RGBW")


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
def test_same_file_gives_the_same_pixels_every_time(picture_format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 256, (61, 83, 3), dtype=np.uint8))
    data = encoded(noise, picture_format)
    assert len({open_upright(data).tobytes() for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image-empty"),
        (b"hello, this is no picture", "image-not-a-picture"),
        (bytes(range(256)) * 4, "image-not-a-picture"),
        (b"%PDF-1.7 ...", "image-not-a-picture"),
        (b"PK\x03\x04" + bytes(60), "image-not-a-picture"),
        (b"<html><body><svg></svg></body></html>", "image-not-a-picture"),
        (SVG, "image-svg"),
        (b"\xef\xbb\xbf  " + SVG, "image-svg"),
        (SVG.decode().encode("utf-16"), "image-svg"),
        (b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg:svg xmlns:svg="x">', "image-svg"),
        (encoded(corners(), "GIF"), "image-format"),
        (encoded(corners(), "BMP"), "image-format"),
        (encoded(corners(), "ICO"), "image-format"),
        (encoded(corners(), "AVIF"), "image-format"),
        (encoded(corners(), "JPEG2000"), "image-format"),
        (b"8BPS\0\1" + bytes(30), "image-format"),
        (encoded(corners().convert("F"), "TIFF"), "image-format"),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), "image-too-small"),
        (encoded(Image.new("RGB", (900, 15)), "PNG"), "image-too-small"),
    ],
)
def test_what_is_no_photo_is_refused_with_its_own_code(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_compressed_drawing_is_recognized() -> None:
    compressor = zlib.compressobj(wbits=31)
    assert refusal(compressor.compress(SVG) + compressor.flush()) == "image-svg"


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_photo_that_breaks_off_is_refused(picture_format: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(6).integers(0, 256, (200, 160, 3), dtype=np.uint8))
    data = encoded(noise, picture_format)
    cut = data[: max(16, int(len(data) * share))]
    assert refusal(cut) == "image-truncated"
    with pytest.raises(InputError):
        open_upright(cut)


def test_large_file_is_refused_unread() -> None:
    data = encoded(corners(), "PNG")
    assert refusal(data, IntakeLimits(max_file_bytes=len(data) - 1)) == "image-too-large-bytes"
    assert check_image(data, IntakeLimits(max_file_bytes=len(data))).byte_count == len(data)


# These have few pixels behind their headers or none: to decode them would end as damage.
@pytest.mark.parametrize(
    "data",
    [
        png(30_000, 30_000, 8, 2, b""),
        png(21_000, 100, 8, 2, b""),
        png(9_000, 9_000, 1, 0, b""),
        tiff(30_000, 30_000, b""),
        tiff(2**31 - 1, 2**31 - 1, b""),
        webp_header(16_384, 16_384),
        encoded(corners(), "JPEG").replace(b"\x00\x40\x00\x60", b"\x75\x30\x75\x30"),
    ],
    ids=["png", "long", "bits", "tiff", "huge-tiff", "webp", "jpeg"],
)
def test_picture_with_too_many_pixels_is_refused_by_its_header(data: bytes) -> None:
    assert refusal(data) == "image-too-many-pixels"


def test_tile_larger_than_any_picture_is_refused() -> None:
    data = tiff(64, 64, bytes(64 * 64))
    tiled = data.replace(struct.pack("<HHII", 278, 4, 1, 64), struct.pack("<HHII", 322, 4, 1, 60_000)).replace(
        struct.pack("<HHII", 279, 4, 1, 64 * 64), struct.pack("<HHII", 323, 4, 1, 60_000)
    )
    assert refusal(tiled) == "image-too-many-pixels"


def test_jpeg_that_repeats_its_scans_without_end_is_refused() -> None:
    data = encoded(corners(), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert check_image(data).format == "JPEG"
    assert refusal(data[:-2] + scan * 200 + data[-2:]) == "image-too-many-pixels"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its own peak")
def test_check_of_a_picture_at_the_limit_holds_one_copy_of_its_pixels() -> None:
    # In a process of its own, whose peak is not that of this one.
    program = """
import pathlib, struct, zlib
from services.images.intake import check_image
def peak_kilobytes():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
packer = zlib.compressobj(1)
rows = b"".join(packer.compress(bytes(30_001)) for _ in range(6_000)) + packer.flush()
parts = ((b"IHDR", struct.pack(">IIBBBBB", 10_000, 6_000, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
data = b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(
    struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
)
before = peak_kilobytes()
assert check_image(data).size == (10_000, 6_000)
print(peak_kilobytes() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Pillow keeps four bytes per pixel: 240 MB.
    decoded_bytes = 4 * 60_000_000
    assert 0.9 * decoded_bytes < int(done.stdout) * 1024 < 1.2 * decoded_bytes


TURNED = {1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"}


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_turned_as_the_camera_was_held(picture_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(corners(), picture_format, exif=exif)
    size = (64, 96) if orientation >= 5 else (96, 64)
    assert check_image(data).size == size
    picture = open_upright(data)
    assert (picture.size, seen_corners(picture)) == (size, TURNED[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_photo_is_turned_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(corners(), "HEIF", exif=exif.tobytes())
    picture = open_upright(data)
    assert check_image(data).size == picture.size == ((64, 96) if orientation >= 5 else (96, 64))
    assert seen_corners(picture) == TURNED[orientation]


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x09\0\0\0\xff\0\0\0",
    ],
)
def test_photo_with_broken_exif_is_taken_as_it_lies(exif: bytes) -> None:
    data = encoded(corners(), "JPEG", exif=exif)
    assert check_image(data).size == (96, 64)
    assert seen_corners(open_upright(data)) == "RGBW"


def test_orientation_outside_the_standard_is_passed_over() -> None:
    for value in (0, 9, 4711):
        exif = Image.Exif()
        exif[0x0112] = value
        assert seen_corners(open_upright(encoded(corners(), "JPEG", exif=exif))) == "RGBW"


@pytest.mark.parametrize("frames_format", ["WEBP", "PNG"])
def test_first_frame_of_an_animation_is_used_and_said_so(frames_format: str) -> None:
    others = [Image.new("RGB", (96, 64), (number, 0, 0)) for number in range(11)]
    data = encoded(corners(), frames_format, save_all=True, append_images=others, lossless=True)
    assert check_image(data).notes == ("Only the first of 12 frames is used.",)
    assert seen_corners(open_upright(data)) == "RGBW"


def test_first_page_of_a_tiff_is_used_and_said_so() -> None:
    data = encoded(corners(), "TIFF", save_all=True, append_images=[Image.new("RGB", (30, 30)), corners((40, 20))])
    assert check_image(data).notes == ("Only the first of 3 pages is used.",)
    assert seen_corners(open_upright(data)) == "RGBW"


def test_pages_without_end_are_counted_no_further_than_100() -> None:
    data = encoded(corners((16, 16)), "TIFF", save_all=True, append_images=[corners((16, 16))] * 150)
    assert check_image(data).notes == ("Only the first of 100 or more pages is used.",)


def test_original_is_stored_once_per_tenant_and_opens_upright() -> None:
    files = FakeFiles()
    store = OriginalStore(files)
    data = encoded(corners(), "PNG")
    checked = check_image(data)
    names = {store.keep("pharmacy", data, checked) for _ in range(3)}
    assert names == {f"images/pharmacy/originals/{checked.sha256}"} == set(files.written)
    assert len(files.written) == 1
    assert seen_corners(store.open("pharmacy", checked.sha256)) == "RGBW"
    assert store.read("pharmacy", checked.sha256) == data
    with pytest.raises(NotFoundError):
        store.open("clinic", checked.sha256)
    for _ in range(2):
        store.forget("pharmacy", checked.sha256)
    assert files.files == {}
