"""The sample photos and backdrops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app.sample_data
from app.sample_data.draw_backdrops import SAMPLE_BACKDROPS, SampleBackdrop, draw_backdrop
from app.sample_data.draw_products import PRODUCT_COUNT, SAMPLE_PHOTOS, SamplePhoto, draw_cut_out, draw_product
from services.images.backdrops import LONGEST_CAPTION_CHARACTERS
from services.images.intake import check_image, open_upright

FOLDER = Path(app.sample_data.__file__).parent


@pytest.mark.parametrize("number", range(PRODUCT_COUNT))
def test_every_product_has_a_photo_and_a_true_matte(number: int) -> None:
    picture, matte = draw_product(number, 96)
    assert (picture.mode, matte.mode) == ("RGB", "L")
    assert picture.size == matte.size == (96, 96)
    kept = np.asarray(matte)
    assert 0.04 < (kept > 128).mean() < 0.6
    assert kept[0].max() == kept[-1].max() == kept[:, 0].max() == kept[:, -1].max() == 0
    assert ((kept > 0) & (kept < 255)).any()
    again, same_matte = draw_product(number, 96)
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(again))
    np.testing.assert_array_equal(kept, np.asarray(same_matte))


def test_products_beyond_the_last_are_the_same_from_another_side() -> None:
    first, second = draw_product(0, 64)[0], draw_product(PRODUCT_COUNT, 64)[0]
    assert (np.asarray(first) != np.asarray(second)).any()


def test_photo_is_the_product_over_its_backdrop_with_the_true_matte() -> None:
    picture, matte = draw_product(8, (120, 90))
    own = draw_cut_out(8, (120, 90))
    opaque = np.asarray(matte) == 255
    difference = np.asarray(own)[..., :3].astype(int) - np.asarray(picture)
    assert np.abs(difference[opaque]).max() <= 1


@pytest.mark.parametrize("photo", SAMPLE_PHOTOS, ids=lambda photo: photo.file_name)
def test_every_photo_file_is_there_and_can_be_taken_in(photo: SamplePhoto) -> None:
    data = (FOLDER / "products" / photo.file_name).read_bytes()
    assert check_image(data).size == photo.size
    assert open_upright(data).mode == ("RGBA" if photo.cut_out else "RGB")


def test_photos_show_what_marketers_have() -> None:
    assert len(SAMPLE_PHOTOS) >= 12
    assert {Path(photo.file_name).suffix for photo in SAMPLE_PHOTOS} == {".jpg", ".png", ".webp", ".tif"}
    assert sum(photo.turned for photo in SAMPLE_PHOTOS) == 1
    assert sum(photo.cut_out for photo in SAMPLE_PHOTOS) == 1
    turned = next(photo for photo in SAMPLE_PHOTOS if photo.turned)
    with Image.open(FOLDER / "products" / turned.file_name) as stored:
        assert stored.size == turned.size[::-1]


@pytest.mark.parametrize("backdrop", SAMPLE_BACKDROPS, ids=lambda backdrop: backdrop.file_name)
def test_every_backdrop_is_there_and_is_what_our_code_draws(backdrop: SampleBackdrop) -> None:
    assert 0 < len(backdrop.caption) <= LONGEST_CAPTION_CHARACTERS
    stored = open_upright((FOLDER / "backdrops" / backdrop.file_name).read_bytes())
    assert stored.size == (1600, 1200)
    drawn = draw_backdrop(backdrop, (160, 120))
    small = np.asarray(stored.resize((160, 120)), np.float32)
    assert np.abs(small.mean(axis=(0, 1)) - np.asarray(drawn, np.float32).mean(axis=(0, 1))).max() < 25


def test_sample_pictures_are_small() -> None:
    files = [*(FOLDER / "products").iterdir(), *(FOLDER / "backdrops").iterdir()]
    assert sum(file.stat().st_size for file in files) < 6_000_000
    assert {file.name for file in files} == {one.file_name for one in (*SAMPLE_PHOTOS, *SAMPLE_BACKDROPS)}
