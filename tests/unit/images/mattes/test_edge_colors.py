"""The old background's color at a product's edge."""

from __future__ import annotations

import tracemalloc

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.backends.local.mattes.edge_colors import clean_edge_colors

NEW_BACKGROUND = np.array((20.0, 30.0, 60.0))


def rendered_product() -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """A picture before a yellow backdrop, its true alpha with a soft edge, and the product's own colors."""
    ys, xs = np.mgrid[0:300, 0:400]
    alpha = np.clip((110 + 10 * np.sin(np.arctan2(ys - 150, xs - 200) * 5) - np.hypot(xs - 200, ys - 150)) / 4, 0, 1)
    colors = np.stack([150 + 40 * np.sin(xs / 60), 60 + 0 * xs, 170 + 30 * np.cos(ys / 50)], axis=2)
    mixed = colors * alpha[..., None] + np.array((240.0, 220.0, 40.0)) * (1 - alpha[..., None])
    return np.rint(mixed).astype(np.uint8), alpha, colors


def edge_error(pixels: NDArray[np.uint8], matte: NDArray[np.float64]) -> float:
    """How far the product on another backdrop is from what it should look like there, along its edge."""
    _, alpha, colors = rendered_product()
    right = colors * alpha[..., None] + NEW_BACKGROUND * (1 - alpha[..., None])
    composed = pixels * matte[..., None] + NEW_BACKGROUND * (1 - matte[..., None])
    band = ndimage.maximum_filter((alpha > 0) & (alpha < 1), 3)
    return float(np.abs(composed - right)[band].mean())


def test_cleaned_edge_is_at_most_a_fifth_as_wrong_as_a_hard_mask() -> None:
    picture, alpha, _ = rendered_product()
    cleaned = clean_edge_colors(picture, np.rint(alpha * 255).astype(np.uint8))
    assert edge_error(cleaned, alpha) <= 0.2 * edge_error(picture, (alpha >= 0.5).astype(np.float64))
    assert edge_error(cleaned, alpha) <= 0.25 * edge_error(picture, alpha)


def test_large_picture_is_cleaned_in_pieces_that_do_not_show() -> None:
    picture, alpha, _ = rendered_product()
    matte = np.rint(alpha * 255).astype(np.uint8)
    wide = np.tile(picture, (5, 4, 1))
    cleaned = clean_edge_colors(wide, np.tile(matte, (5, 4)))
    np.testing.assert_allclose(cleaned[600:900, 800:1200], cleaned[300:600, 400:800], atol=2)


def test_matte_without_half_transparent_pixels_changes_nothing() -> None:
    picture, alpha, _ = rendered_product()
    hard = np.where(alpha >= 0.5, 255, 0).astype(np.uint8)
    np.testing.assert_array_equal(clean_edge_colors(picture, hard), picture)


def test_cleaning_needs_a_few_planes_of_the_picture_and_not_of_every_channel() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    matte = np.full((1000, 1000), 128, np.uint8)
    tracemalloc.start()
    try:
        clean_edge_colors(picture, matte)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A float32 plane takes 4 bytes for each pixel; all three channels at once would take over 100.
    assert peak < 70 * matte.size
