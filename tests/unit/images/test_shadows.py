"""Contact shadows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.images.shadows import contact_shadow, shadow_map, shadow_rows


def standing(size: tuple[int, int] = (300, 300)) -> NDArray[np.uint8]:
    """A block of a third of the canvas that stands two thirds down."""
    matte = np.zeros((size[1], size[0]), np.uint8)
    matte[size[1] // 3 : size[1] * 2 // 3, size[0] // 3 : size[0] * 2 // 3] = 255
    return matte


def test_shadow_is_darkest_where_the_product_meets_the_floor_and_fades_away() -> None:
    shadow = contact_shadow(standing(), 1.0)
    assert shadow.shape == (300, 300)
    assert shadow[201, 150] > 0.5
    assert shadow[201, 150] > shadow[210, 150] > shadow[235, 150]
    assert shadow[290, 150] < 0.02


def test_nothing_is_dark_far_from_the_product_or_above_it() -> None:
    shadow = contact_shadow(standing(), 1.0)
    assert shadow[:80].max() == 0
    assert shadow[150, :40].max() == 0


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_strength_scales_the_shadow(strength: float) -> None:
    full = contact_shadow(standing(), 1.0)
    np.testing.assert_allclose(contact_shadow(standing(), strength), full * strength, atol=1e-6)


def test_what_hangs_high_above_the_floor_throws_no_contact_shadow() -> None:
    matte = np.zeros((300, 300), np.uint8)
    matte[60:120, 60:240] = 255  # a lamp's shade
    matte[120:240, 140:160] = 255  # on its stem
    shadow = contact_shadow(matte, 1.0)
    assert shadow[242, 150] > 0.4
    assert shadow[124, 80] < 0.05


def test_each_of_two_feet_has_its_shadow_though_one_stands_farther_back() -> None:
    matte = np.zeros((300, 300), np.uint8)
    matte[50:80, 60:240] = 255
    matte[80:200, 60:90] = 255
    matte[80:225, 210:240] = 255
    shadow = contact_shadow(matte, 1.0)
    assert shadow[202, 75] > 0.4
    assert shadow[227, 225] > 0.4


def test_rows_are_those_of_the_whole_shadow() -> None:
    matte = standing((700, 500))
    small = shadow_map(matte)
    whole = shadow_rows(small, (700, 500), 0, 500)
    parts = [shadow_rows(small, (700, 500), top, min(top + 120, 500)) for top in range(0, 500, 120)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)


def test_product_that_leaves_the_canvas_below_has_no_shadow_on_itself_alone() -> None:
    matte = np.zeros((200, 200), np.uint8)
    matte[80:, 60:140] = 255
    shadow = contact_shadow(matte, 1.0)
    assert np.isfinite(shadow).all()
    assert shadow[:60].max() == 0


@pytest.mark.parametrize("matte", [np.zeros((40, 40), np.uint8), np.full((40, 40), 255, np.uint8)])
def test_empty_and_full_mattes_have_a_shadow_of_numbers(matte: NDArray[np.uint8]) -> None:
    shadow = contact_shadow(matte, 1.0)
    assert np.isfinite(shadow).all()
    assert 0 <= shadow.min() <= shadow.max() <= 1


def test_shadow_looks_the_same_at_every_size() -> None:
    small, large = contact_shadow(standing((300, 300)), 1.0), contact_shadow(standing((1200, 1200)), 1.0)
    shrunk = large.reshape(300, 4, 300, 4).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 0.02
