"""Small pictures for the screen show what they stand for, at one size, on any ground."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from services.errors import InputError
from services.images.intake import open_preview, open_upright, preview_size
from services.images.thumbnails import cut_out_png, overlay_png, picture_jpeg, preview_jpeg
from tests.unit.images.test_intake import corners, encoded, seen_corners

LIGHT, DARK = 245.0, 12.0


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def disk(size: tuple[int, int]) -> Image.Image:
    """A matte that keeps a disk in the middle."""
    matte = Image.new("L", size, 0)
    width, height = size
    ImageDraw.Draw(matte).ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=255)
    return matte


def over(overlay: bytes, ground: float) -> NDArray[np.float64]:
    """The brightness, 0 to 255, of the overlay over a plain gray photo."""
    values = np.asarray(opened(overlay)).astype(np.float64)
    alpha = values[..., 3:] / 255
    seen: NDArray[np.float64] = (values[..., :3] * alpha + ground * (1 - alpha)).mean(axis=2)
    return seen


@pytest.mark.parametrize(
    ("size", "small"),
    [((3001, 2001), (640, 427)), ((640, 640), (640, 640)), ((30, 1999), (10, 640)), ((20, 16), (20, 16))],
)
def test_preview_has_a_longer_side_of_640_and_is_never_larger_than_the_photo(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert preview_size(size) == small
    assert opened(preview_jpeg(encoded(corners(size), "JPEG"))).size == small
    assert opened(overlay_png(Image.new("L", size, 255))).size == small
    assert opened(cut_out_png(corners(size), Image.new("L", size, 255))).size == small


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
def test_preview_shows_the_photo_upright(picture_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    given = exif.tobytes() if picture_format == "HEIF" else exif
    preview = opened(preview_jpeg(encoded(corners((1500, 1001)), picture_format, exif=given)))
    assert preview.format == "JPEG"
    assert preview.size == (427, 640)
    assert seen_corners(preview) == "BRWG"


def test_quick_preview_of_a_jpeg_looks_like_the_slow_one() -> None:
    coarse = np.random.default_rng(4).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((2000, 1500), Image.Resampling.BICUBIC)
    data = encoded(photo, "JPEG", quality=95)
    slow = open_upright(data).resize((640, 480), Image.Resampling.LANCZOS)
    difference = np.asarray(open_preview(data)).astype(int) - np.asarray(slow).astype(int)
    assert np.abs(difference).mean() < 1.5


def test_transparency_lies_over_white_in_a_preview() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    clear.paste((200, 30, 30, 255), (0, 0, 32, 64))
    for data in (preview_jpeg(encoded(clear, "PNG")), picture_jpeg(clear)):
        preview = np.asarray(opened(data)).astype(int)
        assert preview[32, 60].min() > 250
        assert preview[32, 8] == pytest.approx((200, 30, 30), abs=6)


def test_preview_of_what_is_no_photo_is_refused() -> None:
    with pytest.raises(InputError):
        preview_jpeg(b"words")


def test_same_photo_gives_the_same_preview() -> None:
    data = encoded(corners((900, 700)), "JPEG")
    assert len({preview_jpeg(data) for _ in range(3)}) == 1


@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_what_is_dropped_steps_back_and_what_is_kept_stays_clear_on_any_photo(ground: float) -> None:
    seen = over(overlay_png(disk((400, 300))), ground)
    assert seen[150, 200] == ground
    assert abs(seen[5, 5] - ground) > 50
    values = np.asarray(opened(overlay_png(disk((400, 300)))))
    assert values[150, 200, 3] == 0
    assert 150 < values[5, 5, 3] < 255


@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_edge_is_a_line_that_shows_on_any_photo(ground: float) -> None:
    seen = over(overlay_png(disk((400, 300))), ground)
    row = seen[150, 90:110]
    assert row.max() - row.min() > 150
    both = np.asarray(opened(overlay_png(disk((400, 300)))))[..., 3] == 255
    assert 400 < both.sum() < 6000


def test_mask_that_keeps_or_drops_all_has_no_edge() -> None:
    kept = np.asarray(opened(overlay_png(Image.new("L", (80, 60), 255))))
    dropped = np.asarray(opened(overlay_png(Image.new("L", (80, 60), 0))))
    assert kept[..., 3].max() == 0
    assert len(np.unique(dropped.reshape(-1, 4), axis=0)) == 1


def test_soft_edges_are_covered_in_part() -> None:
    alpha = np.asarray(opened(overlay_png(Image.new("L", (40, 40), 200))))[..., 3]
    full = np.asarray(opened(overlay_png(Image.new("L", (40, 40), 0))))[..., 3]
    assert 0 < alpha[20, 20] < full[20, 20] / 3


def test_product_stands_alone_on_transparency() -> None:
    cut = opened(cut_out_png(corners((1200, 900)), disk((1200, 900))))
    assert (cut.mode, cut.size) == ("RGBA", (640, 480))
    values = np.asarray(cut)
    assert values[5, 5, 3] == 0
    assert values[200, 300].tolist() == [220, 20, 20, 255]


def test_what_a_photo_hides_itself_stays_hidden_in_the_product() -> None:
    photo = corners((64, 64)).convert("RGBA")
    photo.paste((9, 9, 9, 0), (0, 0, 32, 32))
    alpha = np.asarray(opened(cut_out_png(photo, Image.new("L", (64, 64), 255))))[..., 3]
    assert alpha[10, 10] == 0
    assert alpha[50, 50] == 255


def test_dropped_colors_do_not_bleed_into_the_edge_of_the_product() -> None:
    photo = Image.new("RGB", (1280, 1280), (0, 255, 0))
    photo.paste((255, 0, 0), (0, 0, 640, 1280))
    matte = Image.new("L", (1280, 1280), 0)
    matte.paste(255, (0, 0, 640, 1280))
    values = np.asarray(opened(cut_out_png(photo, matte)))
    seen = values[values[..., 3] > 8]
    assert seen[:, 1].max() < 40
