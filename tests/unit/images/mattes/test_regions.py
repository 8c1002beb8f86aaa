"""The connected subjects of a matte."""

from __future__ import annotations

import numpy as np

from services.backends.local.mattes.regions import find_regions


def test_regions_are_numbered_from_the_largest() -> None:
    matte = np.zeros((100, 200), np.uint8)
    matte[10:30, 10:30] = 255
    matte[40:90, 100:180] = 255
    rgb = np.zeros((100, 200, 3), np.uint8)
    rgb[40:90, 100:180] = (200, 100, 50)
    region_map, regions = find_regions(rgb, matte)
    assert [region.number for region in regions] == [1, 2]
    assert regions[0].color == "#c86432"
    assert regions[0].box.pixels((200, 100)) == (100, 40, 180, 90)
    assert regions[1].area_share == 400 / 20000
    assert (region_map[60, 140], region_map[20, 20], region_map[0, 0]) == (1, 2, 0)


def test_specks_belong_to_no_region() -> None:
    matte = np.zeros((200, 200), np.uint8)
    matte[50:150, 50:150] = 255
    matte[5, 5] = matte[10, 190] = 255
    region_map, regions = find_regions(np.zeros((200, 200, 3), np.uint8), matte)
    assert len(regions) == 1
    assert region_map[5, 5] == 0


def test_at_most_twenty_regions_are_told_apart() -> None:
    matte = np.zeros((300, 300), np.uint8)
    for row in range(6):
        for column in range(6):
            matte[50 * row + 5 : 50 * row + 30 + column, 50 * column + 5 : 50 * column + 30] = 255
    region_map, regions = find_regions(np.zeros((300, 300, 3), np.uint8), matte)
    assert len(regions) == 20
    assert region_map.max() == 20


def test_empty_matte_has_no_regions() -> None:
    region_map, regions = find_regions(np.zeros((5, 7, 3), np.uint8), np.zeros((5, 7), np.uint8))
    assert regions == ()
    assert not region_map.any()
