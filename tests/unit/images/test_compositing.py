"""Products over their new backgrounds."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.sample_data.draw_products import draw_cut_out, draw_product
from services.errors import BackendRejectedError, InputError
from services.images.background_models import BackgroundKind, BackgroundWish, PlacedSubject, SizePreset
from services.images.compositing import composite, contact_shadow, place

PICTURE = BackgroundWish(kind=BackgroundKind.PICTURE)


def subject(size: tuple[int, int] = (160, 120)) -> PlacedSubject:
    """Noise whose matte is 255 inside, soft at the edge, 0 outside."""
    random = np.random.default_rng(3)
    rows, columns = np.mgrid[: size[1], : size[0]]
    away = np.hypot(rows - size[1] / 2, columns - size[0] / 2)
    matte = (np.clip((size[1] / 3 - away) / 4 + 0.5, 0, 1) * 255).astype(np.uint8)
    return PlacedSubject(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8), matte)


def plain(placed: PlacedSubject, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.broadcast_to(np.array(color, np.uint8), placed.pixels.shape).copy()


@pytest.mark.parametrize("shadow", [0.0, 1.0])
@pytest.mark.parametrize("kind", [BackgroundKind.PROMPT, BackgroundKind.PICTURE, BackgroundKind.BACKDROP])
def test_opaque_pixels_of_the_product_are_the_photos_byte_by_byte(kind: BackgroundKind, shadow: float) -> None:
    photo, matte = draw_product(0, 160)
    placed = place(photo, matte, BackgroundWish())
    made = np.asarray(composite(placed, plain(placed, (3, 200, 90)), BackgroundWish(kind=kind, shadow=shadow)))
    opaque = np.asarray(matte) == 255
    assert opaque.sum() > 1000
    np.testing.assert_array_equal(made[opaque], np.asarray(photo)[opaque])


def test_scaled_product_keeps_the_scaled_pixels_byte_by_byte() -> None:
    photo, matte = draw_product(1, 200)
    wish = BackgroundWish(kind=BackgroundKind.COLOR, size=SizePreset.SQUARE, padding=0.2)
    placed = place(photo, matte, wish)
    made = np.asarray(composite(placed, None, wish))
    opaque = placed.matte == 255
    np.testing.assert_array_equal(made[opaque], placed.pixels[opaque])


def test_background_is_untouched_away_from_product_and_shadow() -> None:
    placed = subject()
    background = np.random.default_rng(5).integers(0, 256, placed.pixels.shape, dtype=np.uint8)
    made = np.asarray(composite(placed, background, PICTURE))
    free = (placed.matte == 0) & (contact_shadow(placed.matte, 0.5) == 0)
    assert free.sum() > 1000
    np.testing.assert_array_equal(made[free], background[free])


def test_shadow_darkens_the_background_only() -> None:
    placed = subject()
    background = plain(placed, (200, 200, 200))
    without = np.asarray(composite(placed, background, BackgroundWish(kind=BackgroundKind.PICTURE, shadow=0.0)))
    shaded = np.asarray(composite(placed, background, BackgroundWish(kind=BackgroundKind.PICTURE, shadow=1.0)))
    below = slice(102, 104), slice(75, 85)
    assert shaded[below].mean() < without[below].mean() - 40
    np.testing.assert_array_equal(shaded[placed.matte == 255], without[placed.matte == 255])
    assert (shaded.astype(int) <= without.astype(int) + 1).all()


def test_half_transparent_pixels_are_mixed_in_light_between_the_two_colors() -> None:
    matte = np.full((4, 4), 128, np.uint8)
    placed = PlacedSubject(np.full((4, 4, 3), 255, np.uint8), matte)
    made = np.asarray(
        composite(placed, np.zeros((4, 4, 3), np.uint8), BackgroundWish(kind=BackgroundKind.PICTURE, shadow=0))
    )
    # Half the light of white is stored as 188; mixing the stored values would give 128.
    assert set(made.ravel().tolist()) <= {187, 188, 189}


@pytest.mark.parametrize("value", [0, 1, 60, 128, 200, 255])
def test_mixing_a_color_with_itself_changes_nothing(value: int) -> None:
    matte = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = np.full((16, 16, 3), value, np.uint8)
    made = composite(PlacedSubject(pixels, matte), pixels, BackgroundWish(kind=BackgroundKind.PICTURE, shadow=0))
    assert np.abs(np.asarray(made, np.int16) - value).max() <= 1


def test_edge_over_a_new_background_is_as_the_true_rendering() -> None:
    photo, matte = draw_product(8, 240)
    own = draw_cut_out(8, 240)
    clean = own.convert("RGB")
    placed = place(clean, matte, BackgroundWish())
    made = np.asarray(
        composite(placed, plain(placed, (20, 40, 160)), BackgroundWish(kind=BackgroundKind.PICTURE, shadow=0))
    )
    edge = (placed.matte > 20) & (placed.matte < 235)
    share = (placed.matte[edge] / 255)[:, None]
    light = (np.asarray(clean)[edge] / 255.0) ** 2.2 * share + (np.array([20, 40, 160]) / 255.0) ** 2.2 * (1 - share)
    assert np.abs(made[edge] - 255 * light ** (1 / 2.2)).mean() < 3
    assert photo.size == (240, 240)


def test_transparent_result_has_the_matte_as_its_alpha_and_no_shadow() -> None:
    placed = subject()
    made = composite(placed, None, BackgroundWish(kind=BackgroundKind.TRANSPARENT, shadow=1.0))
    assert made.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(made)[..., 3], placed.matte)
    np.testing.assert_array_equal(np.asarray(made)[..., :3], placed.pixels)


@pytest.mark.parametrize("color", ["#ffffff", "#f2efe9", "#000000", "1A2B3C"])
def test_color_is_exact_away_from_the_shadow(color: str) -> None:
    placed = subject()
    made = np.asarray(composite(placed, None, BackgroundWish(kind=BackgroundKind.COLOR, color=color)))
    free = (placed.matte == 0) & (contact_shadow(placed.matte, 0.5) == 0)
    expected = tuple(bytes.fromhex(color.removeprefix("#")))
    assert {tuple(pixel) for pixel in made[free].tolist()} == {expected}


@pytest.mark.parametrize("color", ["", "red", "#fff", "#12345g", "#1234567"])
def test_what_is_no_color_is_refused(color: str) -> None:
    with pytest.raises(InputError) as caught:
        composite(subject(), None, BackgroundWish(kind=BackgroundKind.COLOR, color=color))
    assert caught.value.code == "color-invalid"


@pytest.mark.parametrize("background", [None, np.zeros((10, 10, 3), np.uint8)])
def test_background_of_another_size_is_refused(background: NDArray[np.uint8] | None) -> None:
    with pytest.raises(BackendRejectedError) as caught:
        composite(subject(), background, PICTURE)
    assert caught.value.code == "wrong-size-returned"


def test_arguments_are_left_as_they_were() -> None:
    placed = subject()
    background = plain(placed, (9, 9, 9))
    pixels, matte = placed.pixels.copy(), placed.matte.copy()
    composite(placed, background, PICTURE)
    assert (background == 9).all()
    np.testing.assert_array_equal(placed.pixels, pixels)
    np.testing.assert_array_equal(placed.matte, matte)


def test_large_picture_takes_little_more_memory_than_its_bytes() -> None:
    width, height = 4000, 3000
    matte = np.zeros((height, width), np.uint8)
    matte[500:2500, 1000:3000] = 255
    matte[480:500, 1000:3000] = 120
    photo = Image.new("RGB", (width, height), (120, 90, 60))
    background = np.full((height, width, 3), 200, np.uint8)
    tracemalloc.start()
    placed = place(photo, Image.fromarray(matte), BackgroundWish())
    composite(placed, background, PICTURE)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 * width * height * 3
