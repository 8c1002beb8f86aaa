"""Colors as they come in: print, 16 bits, palettes, transparency and profiles, all shown as a screen shows them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.images.intake import check_image, open_upright
from tests.unit.images.test_intake import RED, corners, encoded, png, refusal, tiff


def without_marker(jpeg: bytes, marker: bytes) -> bytes:
    """A JPEG less the first segment with this marker."""
    start = jpeg.index(marker)
    return jpeg[:start] + jpeg[start + 2 + struct.unpack(">H", jpeg[start + 2 : start + 4])[0] :]


def test_print_colors_become_screen_colors_however_they_are_counted() -> None:
    inks = Image.new("CMYK", (32, 32), (0, 204, 204, 25))  # a strong red
    adobe = encoded(inks, "JPEG", quality=95)
    plain = without_marker(encoded(Image.eval(inks, lambda ink: 255 - ink), "JPEG", quality=95), b"\xff\xee")
    for data in (adobe, plain, encoded(inks, "TIFF")):
        assert check_image(data).notes == ("Its print colors (CMYK) are shown in screen colors (RGB).",)
        picture = open_upright(data)
        assert picture.mode == "RGB"
        red, green, blue = np.asarray(picture).reshape(-1, 3).mean(axis=0)
        assert (red, green, blue) == pytest.approx((230, 46, 46), abs=4)


def test_16_bit_gray_is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65_535, 32 * 32).astype(np.uint16).reshape(32, 32)
    expected = np.rint(ramp / 257.0)
    for data in (
        encoded(Image.fromarray(ramp), "PNG"),
        encoded(Image.fromarray(ramp), "TIFF"),
        tiff(32, 32, ramp.tobytes(), bits=(16,)),
    ):
        picture = open_upright(data)
        assert picture.mode == "RGB"
        assert np.abs(np.asarray(picture).astype(int) - expected[..., None]).max() <= 1
    inverted = open_upright(tiff(32, 32, (65_535 - ramp).tobytes(), bits=(16,), photometric=0))
    assert np.abs(np.asarray(inverted).astype(int) - expected[..., None]).max() <= 1


def test_16_bit_colors_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65_535, 32 * 32 * 3).astype(np.uint16).reshape(32, 32, 3)
    for data in (
        png(32, 32, 16, 2, ramp.astype(">u2").tobytes()),
        tiff(32, 32, ramp.tobytes(), bits=(16, 16, 16), photometric=2),
    ):
        picture = open_upright(data)
        assert picture.mode == "RGB"
        assert np.abs(np.asarray(picture).astype(int) - ramp / 257.0).max() <= 1


def test_transparent_color_of_a_16_bit_picture_is_transparent() -> None:
    values = np.full((32, 32), 40_000, dtype=np.uint16)
    values[:16] = 300
    data = png(32, 32, 16, 0, values.astype(">u2").tobytes(), (b"tRNS", struct.pack(">H", 300)))
    alpha = np.asarray(open_upright(data))[..., 3]
    assert alpha[:16].max() == 0
    assert alpha[16:].min() == 255


def test_transparency_survives_in_every_way_that_it_can_be_written() -> None:
    colors = corners().convert("RGBA")
    colors.paste((0, 0, 0, 0), (0, 0, 48, 32))
    palette = corners().quantize(4)
    index = palette.getpixel((5, 5))
    gray = colors.convert("LA")
    for data in (
        encoded(colors, "PNG"),
        encoded(colors, "WEBP", lossless=True),
        encoded(colors, "TIFF"),
        encoded(colors, "HEIF"),
        encoded(palette, "PNG", transparency=index),
        encoded(gray, "PNG"),
        encoded(corners(), "PNG", transparency=RED),
    ):
        picture = open_upright(data)
        assert picture.mode == "RGBA"
        alpha = np.asarray(picture)[..., 3]
        assert alpha[4:28, 4:44].max() == 0
        assert alpha[36:, 52:].min() == 255


def test_alpha_that_hides_nothing_is_left_out() -> None:
    for mode in ("RGBA", "LA", "PA"):
        picture = corners().convert("L").convert(mode) if mode != "RGBA" else corners().convert(mode)
        assert open_upright(encoded(picture, "TIFF" if mode == "PA" else "PNG")).mode == "RGB"


def test_picture_of_which_nothing_can_be_seen_is_refused() -> None:
    palette = Image.new("P", (32, 32), 3)
    palette.putpalette([number % 256 for number in range(768)])
    clear_gray = png(32, 32, 16, 0, b"\x01\x2c" * 32 * 32, (b"tRNS", b"\x01\x2c"))
    for data in (
        encoded(Image.new("RGBA", (32, 32), (200, 10, 10, 0)), "PNG"),
        encoded(Image.new("LA", (32, 32), (200, 0)), "PNG"),
        encoded(Image.new("RGBA", (32, 32), (200, 10, 10, 0)), "WEBP", lossless=True),
        encoded(palette, "PNG", transparency=bytes(8)),
        encoded(palette, "PNG", transparency=3),
        encoded(Image.new("L", (32, 32), 7), "PNG", transparency=7),
        encoded(Image.new("RGB", (32, 32), RED), "PNG", transparency=RED),
        clear_gray,
    ):
        assert refusal(data) == "image-transparent"
    assert check_image(encoded(palette, "PNG", transparency=4)).format == "PNG"


DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(value) * 65_536) for value in values))


def curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)


def icc_profile(space: bytes, name: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile for screens with these tags beside its name and its white (D50)."""
    description = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(1 + 8 + 3 + 67)
    description += bytes(-len(description) % 4)
    tags = {b"desc": description, b"wtpt": xyz(np.array([0.9642, 1.0, 0.8249])), **tags}
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data
    total = 128 + 4 + len(table) + len(body)
    header = struct.pack(">I4sI", total, bytes(4), 0x02400000) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63_190, 65_536, 54_061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix_profile(primaries: NDArray[np.float64], gamma: float, name: bytes) -> bytes:
    """A profile of three primaries (XYZ, D50, in columns) and one gamma."""
    tags = {letter + b"XYZ": xyz(primaries[:, column]) for column, letter in enumerate((b"r", b"g", b"b"))}
    return icc_profile(b"RGB ", name, {**tags, **{letter + b"TRC": curve(gamma) for letter in (b"r", b"g", b"b")}})


def gray_profile(gamma: float) -> bytes:
    """A profile for gray of one gamma."""
    return icc_profile(b"GRAY", b"Gray", {b"kTRC": curve(gamma)})


def test_colors_of_display_p3_become_srgb() -> None:
    color = np.array([200.0, 110.0, 90.0])
    linear = np.linalg.inv(SRGB) @ DISPLAY_P3 @ (color / 255) ** 2.2
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(expected - color).max() > 8  # without the profile this test would fail
    profile = matrix_profile(DISPLAY_P3, 2.2, b"Display P3")
    flat = Image.new("RGB", (32, 32), tuple(int(value) for value in color))
    half = flat.convert("RGBA")
    half.putalpha(128)
    for picture, options in (
        (flat, {"format": "PNG"}),
        (flat, {"format": "TIFF"}),
        (flat, {"format": "WEBP", "lossless": True}),
        (half, {"format": "PNG"}),
    ):
        written = io.BytesIO()
        picture.save(written, icc_profile=profile, **options)
        opened = open_upright(written.getvalue())
        assert np.asarray(opened)[16, 16][:3] == pytest.approx(expected, abs=2)
        assert "icc_profile" not in opened.info
        assert opened.mode == picture.mode


@pytest.mark.parametrize("profile", [b"no profile at all", matrix_profile(DISPLAY_P3, 2.2, b"P3")[:200]])
def test_profile_that_cannot_be_read_is_passed_over(profile: bytes) -> None:
    picture = open_upright(encoded(corners(), "PNG", icc_profile=profile))
    assert np.array_equal(np.asarray(picture), np.asarray(corners()))


def test_profile_for_other_colors_is_passed_over() -> None:
    profile = matrix_profile(DISPLAY_P3, 2.2, b"P3")
    picture = open_upright(encoded(Image.new("L", (32, 32), 77), "PNG", icc_profile=profile))
    assert picture.getpixel((3, 3)) == (77, 77, 77)


def test_srgb_profile_changes_no_pixel() -> None:
    noise = Image.fromarray(np.random.default_rng(8).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    data = encoded(noise, "PNG", icc_profile=matrix_profile(SRGB, 2.2, b"sRGB IEC61966-2.1"))
    assert np.array_equal(np.asarray(open_upright(data)), np.asarray(noise))


def test_profile_of_a_gray_picture_with_alpha_is_applied_and_the_alpha_kept() -> None:
    gray = Image.merge("LA", (Image.new("L", (32, 32), 100), Image.new("L", (32, 32), 90)))
    profile = gray_profile(1.0)
    for picture in (gray, Image.new("L", (32, 32), 100)):
        seen = open_upright(encoded(picture, "PNG", icc_profile=profile)).getpixel((9, 9))
        assert isinstance(seen, tuple)
        # A linear gray of 100 is a much lighter one in sRGB: 1.055 * (100 / 255) ** (1 / 2.4) - 0.055.
        assert seen[:3] == pytest.approx((167, 167, 167), abs=2)
        assert seen[3:] == ((90,) if picture.mode == "LA" else ())
