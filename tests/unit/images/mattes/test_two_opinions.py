"""Where a plain backdrop and a network differ, what each of them cannot see decides whom to follow."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.backends.local.mattes.backdrop import cut_from_backdrop, plain_backdrop
from services.backends.local.mattes.scene import Mask
from services.backends.local.mattes.two_opinions import compare, without_shadows

SIZE = (200, 160)


def drawn(*boxes: tuple[int, int, int, int], without: tuple[int, int, int, int] | None = None) -> Mask:
    mask = np.zeros(SIZE[::-1], bool)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    if without is not None:
        left, top, right, bottom = without
        mask[top:bottom, left:right] = False
    return mask


BODY = (60, 40, 140, 140)
STEM = (96, 10, 104, 40)


def test_outlines_that_lie_a_pixel_or_two_apart_are_the_same() -> None:
    compared = compare(drawn((58, 38, 142, 142)), drawn(BODY))
    assert compared.follow_backdrop
    assert compared.same
    assert (compared.lost, compared.added, compared.opened) == (0, 0, 0)


def test_thin_part_that_the_network_missed_is_kept() -> None:
    compared = compare(drawn(BODY, STEM), drawn(BODY))
    assert compared.follow_backdrop
    assert compared.added > 0


def test_large_part_that_the_network_missed_is_kept_and_doubted() -> None:
    compared = compare(drawn(BODY, (150, 40, 180, 110)), drawn(BODY))
    assert compared.follow_backdrop
    assert not compared.same


def test_opening_that_the_network_filled_stays_open_and_is_doubted() -> None:
    compared = compare(drawn(BODY, without=(75, 55, 125, 125)), drawn(BODY))
    assert compared.follow_backdrop
    assert not compared.same
    assert compared.opened > 0.3


def test_part_that_the_backdrop_lost_is_left_to_the_network() -> None:
    assert not compare(drawn((60, 40, 110, 140)), drawn(BODY)).follow_backdrop


def test_much_more_than_the_network_sees_is_left_to_the_network() -> None:
    assert not compare(drawn(BODY, (0, 0, 50, 160)), drawn((60, 40, 110, 140))).follow_backdrop


@pytest.mark.parametrize(("dark_to", "kept"), [(170, False), (145, True)])
def test_what_only_the_backdrop_sees_goes_where_most_of_it_looks_like_a_shadow(dark_to: int, kept: bool) -> None:
    extra = (142, 100, 172, 140)
    mask = without_shadows(drawn(BODY, extra), drawn(BODY), drawn((140, 100, dark_to, 140)))
    assert bool(mask[120, 160]) is kept
    assert mask[90, 100]


def mug(*, printed: bool) -> np.ndarray:
    """A red box with a rectangle of the backdrop's color in it: an opening, or a label with print on it."""
    picture = Image.new("RGB", (640, 480), "#f2f2f0")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((200, 100, 440, 400), fill="#b3202c")
    draw.rectangle((260, 180, 380, 320), fill="#f2f2f0")
    if printed:
        for top in range(200, 300, 24):
            draw.rectangle((280, top, 360, top + 8), fill="#303030")
    return np.asarray(picture)


@pytest.mark.parametrize("printed", [False, True])
def test_opening_shows_the_bare_backdrop_and_a_label_has_print_on_it(printed: bool) -> None:
    backdrop = plain_backdrop(mug(printed=printed))
    assert backdrop is not None
    assert bool(cut_from_backdrop(backdrop)[190, 270]) is printed
