"""What every SubjectCutter holds; a test class for one adapter inherits it and gives the fixture ``cutter``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.images.mask_models import Box, CutOut, MaskDoubt, MaskHints, Stroke
from services.ports.images import SubjectCutter

SIZE = (180, 140)
SUBJECT = (60, 40, 120, 110)


def product_photo(size: tuple[int, int] = SIZE, subject: tuple[int, int, int, int] = SUBJECT) -> Image.Image:
    """A red block on a light, slightly uneven ground."""
    ground = np.random.default_rng(0).normal(215, 4, (size[1], size[0], 3))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    ImageDraw.Draw(picture).rectangle((subject[0], subject[1], subject[2] - 1, subject[3] - 1), fill=(190, 30, 40))
    return picture


def assert_consistent(found: CutOut, size: tuple[int, int]) -> None:
    """What holds for every cut-out of a picture of this (width, height)."""
    assert found.matte.shape == found.region_map.shape == (size[1], size[0])
    assert found.matte.dtype == found.region_map.dtype == np.uint8
    assert [region.number for region in found.regions] == list(range(1, len(found.regions) + 1))
    assert len(found.regions) <= 20
    areas = [region.area_share for region in found.regions]
    assert areas == sorted(areas, reverse=True)
    assert set(np.unique(found.region_map)) <= {0, *(region.number for region in found.regions)}
    for region in found.regions:
        pixels = found.region_map == region.number
        assert pixels.mean() == pytest.approx(region.area_share)
        assert (found.matte[pixels] >= 128).all()
        left, top, right, bottom = region.box.pixels(size)
        assert pixels[top:bottom, left:right].sum() == pixels.sum()
        assert len(region.color) == 7
        assert int(region.color[1:], 16) >= 0
    if not found.matte.any():
        assert found.doubts == (MaskDoubt.EMPTY,)


class SubjectCutterContract:
    """Give a fixture ``cutter``."""

    def test_cut_out_has_the_pictures_size_and_regions_that_fit_the_matte(self, cutter: SubjectCutter) -> None:
        assert_consistent(cutter.cut_out(product_photo()), SIZE)

    def test_same_picture_gives_the_same_matte(self, cutter: SubjectCutter) -> None:
        first, second = cutter.cut_out(product_photo()), cutter.cut_out(product_photo())
        np.testing.assert_array_equal(first.matte, second.matte)
        assert (first.regions, first.method, first.doubts) == (second.regions, second.method, second.doubts)

    def test_many_threads_may_call_at_once(self, cutter: SubjectCutter) -> None:
        hints = MaskHints(keep_boxes=(Box(0.2, 0.1, 0.6, 0.8),))
        expected = cutter.cut_out(product_photo(), hints).matte
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: cutter.cut_out(product_photo(), hints), range(8)):
                np.testing.assert_array_equal(found.matte, expected)

    def test_picture_with_its_own_alpha_keeps_it(self, cutter: SubjectCutter) -> None:
        alpha = Image.new("L", SIZE)
        ImageDraw.Draw(alpha).ellipse((30, 20, 150, 120), fill=255)
        alpha.putpixel((60, 60), 120)
        picture = product_photo()
        picture.putalpha(alpha)
        found = cutter.cut_out(picture)
        np.testing.assert_array_equal(found.matte, np.asarray(alpha))
        assert found.method == "own-alpha"

    def test_opaque_alpha_cuts_nothing_out(self, cutter: SubjectCutter) -> None:
        picture = product_photo()
        picture.putalpha(255)
        np.testing.assert_array_equal(cutter.cut_out(picture).matte, cutter.cut_out(product_photo()).matte)

    def test_nothing_is_kept_outside_the_boxes(self, cutter: SubjectCutter) -> None:
        boxes = (Box(0.1, 0.1, 0.3, 0.5), Box(0.6, 0.5, 0.3, 0.4))
        matte = cutter.cut_out(product_photo(), MaskHints(keep_boxes=boxes)).matte
        for box in boxes:
            left, top, right, bottom = box.pixels(SIZE)
            matte[top:bottom, left:right] = 0
        assert not matte.any()

    def test_nothing_is_kept_in_a_dropped_box_unless_a_kept_box_covers_it(self, cutter: SubjectCutter) -> None:
        left, top, right, bottom = SUBJECT
        lower = Box.from_pixels(left, top + 40, right - left, bottom - top - 40, SIZE)
        dropped = cutter.cut_out(product_photo(), MaskHints(drop_boxes=(lower,))).matte
        assert not dropped[top + 41 : bottom - 1, left:right].any()
        around = Box.from_pixels(left - 10, top - 10, right - left + 20, bottom - top + 20, SIZE)
        kept = cutter.cut_out(product_photo(), MaskHints(keep_boxes=(around,), drop_boxes=(lower,))).matte
        plain = cutter.cut_out(product_photo(), MaskHints(keep_boxes=(around,))).matte
        np.testing.assert_array_equal(kept, plain)

    def test_later_stroke_wins(self, cutter: SubjectCutter) -> None:
        points = ((0.45, 0.5), (0.55, 0.5))
        keep, drop = Stroke(True, points, 0.04), Stroke(False, points, 0.04)
        x, y = round(0.5 * (SIZE[0] - 1)), round(0.5 * (SIZE[1] - 1))
        assert cutter.cut_out(product_photo(), MaskHints(strokes=(drop, keep))).matte[y, x] == 255
        assert cutter.cut_out(product_photo(), MaskHints(strokes=(keep, drop))).matte[y, x] == 0

    def test_empty_hints_are_no_hints(self, cutter: SubjectCutter) -> None:
        np.testing.assert_array_equal(
            cutter.cut_out(product_photo(), MaskHints()).matte, cutter.cut_out(product_photo()).matte
        )

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 3), (7, 2), (16, 16), (900, 3), (3, 900), (2000, 20)])
    def test_tiny_and_very_long_pictures_are_cut_like_others(
        self, cutter: SubjectCutter, size: tuple[int, int]
    ) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        for picture in (Image.fromarray(noise), Image.new("RGB", size, "white")):
            assert_consistent(cutter.cut_out(picture), size)
            hints = MaskHints(keep_boxes=(Box(0.2, 0.2, 0.5, 0.5),), strokes=(Stroke(True, ((0.4, 0.4),), 0.1),))
            assert_consistent(cutter.cut_out(picture, hints), size)

    def test_clean_edges_leaves_sure_pixels_as_they_are(self, cutter: SubjectCutter) -> None:
        picture = product_photo()
        matte = Image.new("L", SIZE)
        ImageDraw.Draw(matte).rectangle((50, 30, 130, 120), fill=120)
        ImageDraw.Draw(matte).rectangle((60, 40, 119, 109), fill=255)
        cleaned = cutter.clean_edges(picture, matte)
        assert (cleaned.mode, cleaned.size) == ("RGB", SIZE)
        sure = np.asarray(matte) == 255
        np.testing.assert_array_equal(np.asarray(cleaned)[sure], np.asarray(picture)[sure])

    def test_name_is_one_short_line(self, cutter: SubjectCutter) -> None:
        assert cutter.name.strip() == cutter.name
        assert 0 < len(cutter.name) <= 100

    def test_ready_cutter_says_so(self, cutter: SubjectCutter) -> None:
        cutter.check_ready()
