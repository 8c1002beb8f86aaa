"""Where products are placed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.errors import InputError
from services.images.background_models import BackgroundWish, SizePreset
from services.images.placing import MOST_ENLARGEMENT, cover, measure, place, plan_placement, target_size

ORIGINAL = BackgroundWish(size=SizePreset.ORIGINAL)


def matte_of(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> Image.Image:
    """255 within the (left, top, right, bottom) boxes."""
    matte = np.zeros((size[1], size[0]), np.uint8)
    for left, top, right, bottom in boxes:
        matte[top:bottom, left:right] = 255
    return Image.fromarray(matte)


def photo_of(size: tuple[int, int], seed: int = 1) -> Image.Image:
    """Every pixel another color."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def box_of(matte: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is kept."""
    extent = measure(matte)
    return extent.left, extent.top, extent.right, extent.bottom


@pytest.mark.parametrize(
    ("preset", "size"),
    [
        (SizePreset.ORIGINAL, (640, 480)),
        (SizePreset.SQUARE, (1080, 1080)),
        (SizePreset.PORTRAIT, (1080, 1350)),
        (SizePreset.LANDSCAPE, (1920, 1080)),
        (SizePreset.MARKETPLACE, (2000, 2000)),
    ],
)
def test_every_preset_has_its_size(preset: SizePreset, size: tuple[int, int]) -> None:
    assert target_size((640, 480), preset) == size
    if preset is not SizePreset.ORIGINAL:
        placed = place(photo_of((640, 480)), matte_of((640, 480), (200, 100, 400, 300)), sized(preset, 0.1))
        assert placed.size == size
        assert placed.pixels.shape == (size[1], size[0], 3)


def sized(preset: SizePreset, padding: float | None) -> BackgroundWish:
    return BackgroundWish(size=preset, padding=padding)


def test_without_padding_the_product_stays_where_it_was_photographed_pixel_by_pixel() -> None:
    photo, matte = photo_of((120, 90)), matte_of((120, 90), (20, 10, 70, 60))
    placed = place(photo, matte, ORIGINAL)
    np.testing.assert_array_equal(placed.pixels, np.asarray(photo))
    np.testing.assert_array_equal(placed.matte, np.asarray(matte))


@pytest.mark.parametrize("padding", [0.0, 0.1, 0.3])
def test_padding_is_the_free_space_on_the_tighter_sides_and_the_product_is_centered(padding: float) -> None:
    matte = matte_of((1600, 1600), (200, 600, 1000, 1000))
    placed = place(photo_of((1600, 1600)), matte, sized(SizePreset.SQUARE, padding))
    left, top, right, bottom = box_of(placed.matte)
    assert left == pytest.approx(padding * 1080, abs=3)
    assert 1080 - right == pytest.approx(padding * 1080, abs=3)
    assert abs(top - (1080 - bottom)) <= 3
    assert (right - left) / (bottom - top) == pytest.approx(2, abs=0.03)


def test_scaled_product_is_the_scaled_original() -> None:
    photo = Image.fromarray(np.asarray(photo_of((50, 50)).resize((1000, 1000), Image.Resampling.BICUBIC)))
    box = (100, 100, 900, 900)
    placed = place(photo, matte_of((1000, 1000), box), BackgroundWish(padding=0.3))
    side = round(1000 * (1 - 2 * 0.3))
    expected = np.asarray(photo.crop(box).resize((side, side), Image.Resampling.LANCZOS), np.int16)
    left, top, _right, _bottom = box_of(placed.matte)
    inner = slice(10, side - 10)
    got = placed.pixels[top : top + side, left : left + side].astype(np.int16)
    assert np.abs(got[inner, inner] - expected[inner, inner]).max() <= 2


def test_old_background_does_not_bleed_into_a_scaled_edge() -> None:
    size = (400, 400)
    photo = np.full((400, 400, 3), (0, 255, 0), np.uint8)
    photo[100:300, 100:300] = (200, 30, 30)
    placed = place(Image.fromarray(photo), matte_of(size, (100, 100, 300, 300)), BackgroundWish(padding=0.31))
    visible = placed.pixels[placed.matte > 8]
    assert visible[:, 1].max() < 60


def test_nearly_the_same_size_is_not_scaled_so_that_pixels_stay_as_they_are() -> None:
    photo = photo_of((1080, 1080))
    placed = place(photo, matte_of((1080, 1080), (110, 300, 970, 700)), sized(SizePreset.SQUARE, 0.1))
    left, top, right, bottom = box_of(placed.matte)
    assert (right - left, bottom - top) == (860, 400)
    np.testing.assert_array_equal(placed.pixels[top:bottom, left:right], np.asarray(photo)[300:700, 110:970])


def test_small_photo_is_enlarged_to_a_limit_that_the_note_tells() -> None:
    matte = matte_of((200, 200), (50, 50, 150, 150))
    wish = sized(SizePreset.MARKETPLACE, 0.1)
    placed = place(photo_of((200, 200)), matte, wish)
    left, _top, right, _bottom = box_of(placed.matte)
    assert right - left == pytest.approx(100 * MOST_ENLARGEMENT, abs=4)
    notes = plan_placement((200, 200), measure(np.asarray(matte)), wish).notes
    assert "twice its size" in notes[0]


def test_product_that_is_made_smaller_has_no_note() -> None:
    matte = np.asarray(matte_of((2000, 2000), (100, 100, 1900, 1900)))
    assert plan_placement((2000, 2000), measure(matte), sized(SizePreset.SQUARE, 0.1)).notes == ()


@pytest.mark.parametrize(
    ("box", "side"),
    [
        ((300, 400, 600, 1000), "bottom"),
        ((300, 0, 600, 600), "top"),
        ((0, 300, 500, 700), "left"),
        ((500, 300, 1000, 700), "right"),
    ],
)
def test_product_that_the_photo_cuts_off_stays_at_that_border(box: tuple[int, int, int, int], side: str) -> None:
    placed = place(photo_of((1000, 1000)), matte_of((1000, 1000), box), sized(SizePreset.SQUARE, 0.15))
    left, top, right, bottom = box_of(placed.matte)
    gaps = {"left": left, "top": top, "right": 1080 - right, "bottom": 1080 - bottom}
    assert gaps.pop(side) <= 1
    assert all(gap >= 0.15 * 1080 - 3 for gap in gaps.values())


def test_product_cut_off_on_both_sides_reaches_from_side_to_side_again() -> None:
    placed = place(
        photo_of((1000, 1000)), matte_of((1000, 1000), (0, 600, 1000, 900)), sized(SizePreset.LANDSCAPE, 0.1)
    )
    left, _top, right, _bottom = box_of(placed.matte)
    assert left <= 1
    assert right >= 1919


def test_product_cut_off_on_both_sides_is_kept_whole_and_told_where_the_shape_does_not_allow_it() -> None:
    matte = matte_of((800, 1600), (0, 100, 800, 1500))
    wish = sized(SizePreset.LANDSCAPE, 0.1)
    placed = place(photo_of((800, 1600)), matte, wish)
    _left, top, _right, bottom = box_of(placed.matte)
    assert bottom - top == pytest.approx(1080 * 0.8, abs=4)
    assert "opposite sides" in plan_placement((800, 1600), measure(np.asarray(matte)), wish).notes[-1]


def test_speck_at_the_border_does_not_count_as_cut_off() -> None:
    matte = matte_of((400, 400), (100, 100, 300, 300), (0, 200, 1, 201))
    assert not measure(np.asarray(matte)).cut_left


def test_another_size_needs_padding() -> None:
    with pytest.raises(InputError) as caught:
        place(photo_of((100, 100)), matte_of((100, 100), (10, 10, 50, 50)), sized(SizePreset.SQUARE, None))
    assert caught.value.code == "size-without-place"


@pytest.mark.parametrize("padding", [-0.1, 0.46, float("nan")])
def test_padding_out_of_range_is_refused(padding: float) -> None:
    with pytest.raises(InputError) as caught:
        place(photo_of((100, 100)), matte_of((100, 100), (10, 10, 50, 50)), BackgroundWish(padding=padding))
    assert caught.value.code == "padding-invalid"


def test_matte_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        place(photo_of((50, 50)), Image.new("L", (50, 50)), ORIGINAL)
    assert caught.value.code == "no-mask-found"


def test_matte_of_another_size_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        place(photo_of((50, 50)), Image.new("L", (50, 51), 255), ORIGINAL)
    assert caught.value.code == "mask-size"


@pytest.mark.parametrize("size", [(100, 100), (300, 100), (100, 300), (2000, 1500)])
def test_backdrop_covers_the_canvas_from_its_middle_without_distortion(size: tuple[int, int]) -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[150:250, 250:350] = 255
    covered = cover(Image.fromarray(picture), size)
    assert covered.shape == (size[1], size[0], 3)
    bright = covered[..., 0] > 128
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    assert (rows[0] + rows[-1] + 1) / 2 == pytest.approx(size[1] / 2, abs=1.5)
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(size[0] / 2, abs=1.5)
    assert abs(len(rows) - len(columns)) <= 3
