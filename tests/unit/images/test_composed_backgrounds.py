"""Scenes that are composed from prompts, and the library before them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.backends.local.backgrounds.generator import ComposedBackgrounds
from services.backends.local.backgrounds.materials import MATERIAL_PAINTERS
from services.backends.local.backgrounds.reading import read_prompt
from services.backends.local.backgrounds.sceneries import SCENERIES
from services.backends.local.backgrounds.vocabulary import COLORS, EXTRAS, FILLERS, LIGHTS, MATERIALS, PLACES, TONES
from services.backends.local.caption_search import CaptionSearch
from services.backends.local.onnx_embedder import OnnxEmbedder
from services.images.backdrops import LibraryPicture
from services.images.background_models import LARGEST_SEED, BackgroundRequest, PlacedSubject
from tests.contract.background_generator import placed_subject
from tests.fakes import FakeEmbedder

SUBJECT = placed_subject((240, 240))
PROMPTS = ("London city", "white marble table", "beach at sunset", "pink studio", "wooden table and brick wall")


def scene(prompt: str, seed: int = 0, negative: str = "", subject: PlacedSubject = SUBJECT) -> NDArray[np.uint8]:
    (picture,) = ComposedBackgrounds().generate(BackgroundRequest(prompt, negative, seed=seed), subject)
    return picture.pixels


def mean_color(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(picture.reshape(-1, 3).mean(axis=0))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_same_seed_gives_the_same_picture_and_another_seed_another(prompt: str) -> None:
    np.testing.assert_array_equal(scene(prompt, 4), scene(prompt, 4))
    assert (scene(prompt, 4) != scene(prompt, 5)).mean() > 0.05


def test_variations_are_the_pictures_of_the_following_seeds() -> None:
    pictures = ComposedBackgrounds().generate(BackgroundRequest("city", seed=LARGEST_SEED, count=3), SUBJECT)
    assert [picture.seed for picture in pictures] == [LARGEST_SEED, 0, 1]
    for picture in pictures:
        assert picture.seed is not None
        np.testing.assert_array_equal(picture.pixels, scene("city", picture.seed))


def test_products_of_a_batch_stand_before_the_same_scene() -> None:
    other = PlacedSubject(255 - SUBJECT.pixels, SUBJECT.matte)
    np.testing.assert_array_equal(scene("city", 3), scene("city", 3, subject=other))


@pytest.mark.parametrize("prompt", sorted({*PLACES} | {*MATERIALS} | {*EXTRAS} | {*LIGHTS} | {*TONES}))
def test_every_known_word_makes_a_picture_and_is_said_to_be_understood(prompt: str) -> None:
    (picture,) = ComposedBackgrounds().generate(BackgroundRequest(prompt), placed_subject((96, 72)))
    assert picture.pixels.std() > 0
    assert picture.note.startswith("Understood: ")
    assert "Not understood" not in picture.note


def test_there_are_about_a_hundred_color_words_and_no_word_has_two_meanings() -> None:
    assert len(COLORS) >= 100
    tables = {
        "colors": COLORS,
        "materials": MATERIALS,
        "places": PLACES,
        "lights": LIGHTS,
        "extras": EXTRAS,
        "tones": TONES,
    }
    for (one, first), (two, second) in itertools.combinations(tables.items(), 2):
        assert set(first) & set(second) == set(), (one, two)
    assert not FILLERS & set().union(*tables.values())


def test_every_word_leads_to_a_painter() -> None:
    assert set(MATERIALS.values()) <= set(MATERIAL_PAINTERS)
    assert set(PLACES.values()) - set(SCENERIES) == {"studio", "gradient"}


@pytest.mark.parametrize(
    ("prompt", "channel"),
    [("red background", 0), ("green studio", 1), ("navy blue backdrop", 2), ("pastel blue", 2), ("dark green", 1)],
)
def test_color_that_was_asked_for_is_the_pictures(prompt: str, channel: int) -> None:
    color = mean_color(scene(prompt))
    assert color[channel] == color.max()
    assert color.max() - color.min() > 8


def test_tones_make_a_color_darker_lighter_or_paler() -> None:
    plain, dark, pastel = (mean_color(scene(f"{tone} blue background").copy()) for tone in ("", "dark", "pastel"))
    assert dark.mean() < plain.mean() - 20
    assert pastel.mean() > plain.mean() + 20
    assert mean_color(scene("warm studio"))[0] > mean_color(scene("cool studio"))[0]


def test_color_belongs_to_the_noun_that_follows_it() -> None:
    reading = read_prompt("white marble table with a dark green wall")
    assert reading.surface.material == "marble"
    assert reading.surface.colors == (COLORS["white"],)
    reading = read_prompt("red brick wall, oak floor")
    assert (reading.wall.material, reading.wall.colors) == ("brick", (COLORS["red"],))
    assert (reading.surface.material, reading.surface.colors) == ("wood", ())


def test_product_stands_on_the_surface_and_the_wall_begins_behind_it() -> None:
    subject = placed_subject((240, 240))
    lowest = int(np.flatnonzero((subject.matte > 0).any(axis=1))[-1])
    picture = scene("black wall and white table", subject=subject).astype(int)
    assert picture[lowest].mean() > 150
    assert picture[: lowest // 3].mean() < 80


def test_light_words_change_the_light() -> None:
    assert scene("city at night").mean() < scene("city at noon").mean() - 40
    sunset, noon = mean_color(scene("beach at sunset")), mean_color(scene("beach at noon"))
    assert sunset[0] - sunset[2] > noon[0] - noon[2] + 15
    spot = scene("white studio, spotlight").astype(int)
    assert spot[80:160, 80:160].mean() > spot[:40, :40].mean() + 40


def test_city_reads_as_a_skyline_with_lit_windows_at_night() -> None:
    picture = scene("city at night", 2).astype(int)
    warm = (picture[..., 0] > 140) & (picture[..., 0] > picture[..., 2] + 30)
    above = warm[: int(240 * 0.7)]
    assert above.sum() > 60
    assert warm[:40].sum() < above.sum() / 20


def test_london_is_another_skyline_than_paris_or_no_city_in_particular() -> None:
    london, paris, city = (scene(f"{name} at noon", 2) for name in ("London", "Paris", "city"))
    assert (london != paris).mean() > 0.05
    assert (london != city).mean() > 0.05
    np.testing.assert_array_equal(london, scene("London city skyline at noon", 2))


def test_blur_takes_the_detail_out_and_sharp_leaves_it_in() -> None:
    def detail(prompt: str) -> float:
        wall = scene(prompt, 1, subject=placed_subject((480, 480)))[:200].astype(float)
        return float(np.abs(np.diff(wall, axis=1)).mean())

    assert detail("blurred brick wall") < detail("brick wall") < detail("brick wall, sharp")


@pytest.mark.parametrize(
    ("prompt", "negative", "same_as"),
    [
        ("blue and red studio", "red", "blue studio"),
        ("marble table, bokeh", "bokeh lights", "marble table"),
        ("wooden table", "wood", "table"),
        ("beach at night", "night", "beach"),
    ],
)
def test_negative_prompt_takes_away_what_it_names(prompt: str, negative: str, same_as: str) -> None:
    np.testing.assert_array_equal(scene(prompt, 1, negative), scene(same_as, 1))
    assert (scene(prompt, 1) != scene(same_as, 1)).any()


def test_no_and_without_in_the_prompt_take_away_too() -> None:
    assert read_prompt("pink studio without bokeh, no red").extras == ()
    assert read_prompt("marble table, no wood").surface.material == "marble"
    assert read_prompt("city without lights on a wooden table").surface.material == "wood"


def test_words_that_are_not_understood_are_told() -> None:
    reading = read_prompt("a majestic unicorn on a wooden table with zebras")
    assert reading.understood == ("wooden", "table")
    assert reading.missed == ("majestic", "unicorn", "zebras")
    assert reading.note() == "Understood: wooden, table. Not understood: majestic, unicorn, zebras."


def test_prompt_of_which_nothing_is_understood_gives_a_neutral_studio_and_says_so() -> None:
    (picture,) = ComposedBackgrounds().generate(BackgroundRequest("majestic unicorn"), SUBJECT)
    assert "neutral studio" in picture.note
    assert "majestic, unicorn" in picture.note
    color = mean_color(picture.pixels)
    assert color.max() - color.min() < 15
    assert color.mean() > 170


def test_soft_gradients_show_no_steps() -> None:
    column = scene("dark blue studio", subject=placed_subject((64, 1200)))[:, 32].astype(int)
    changes = [bool(step.any()) for step in np.diff(column, axis=0)]
    longest = max((len(list(group)) for change, group in itertools.groupby(changes) if not change), default=0)
    assert longest < 20


@pytest.mark.parametrize("size", [(3000, 400), (400, 3000)])
def test_large_canvas_is_painted_smaller_and_enlarged(size: tuple[int, int]) -> None:
    assert scene("wooden table", subject=placed_subject(size)).shape == (size[1], size[0], 3)


def test_empty_matte_still_gets_a_scene() -> None:
    empty = PlacedSubject(np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80), np.uint8))
    assert scene("city", subject=empty).shape == (60, 80, 3)


def colored(caption: str, color: tuple[int, int, int]) -> LibraryPicture:
    return LibraryPicture(caption, lambda: Image.new("RGB", (300, 200), color))


LIBRARY = (colored("White marble counter", (9, 9, 9)), colored("Sandy beach", (200, 150, 90)))


def test_library_picture_whose_caption_fits_is_taken_and_called_so() -> None:
    generator = ComposedBackgrounds(lambda: LIBRARY, CaptionSearch(FakeEmbedder()))
    (picture,) = generator.generate(BackgroundRequest("white marble counter"), SUBJECT)
    assert (picture.origin, picture.note) == ("library", "White marble counter")
    assert (picture.pixels == 9).all()


def test_further_variations_of_a_library_match_are_composed() -> None:
    generator = ComposedBackgrounds(lambda: LIBRARY, CaptionSearch(FakeEmbedder()))
    pictures = generator.generate(BackgroundRequest("white marble counter", count=3, seed=5), SUBJECT)
    assert [picture.origin for picture in pictures] == ["library", "composed", "composed"]
    assert [picture.seed for picture in pictures] == [5, 6, 7]


@pytest.mark.parametrize("library", [(), LIBRARY])
def test_prompt_that_is_close_to_no_caption_is_composed(library: Sequence[LibraryPicture]) -> None:
    generator = ComposedBackgrounds(lambda: library, CaptionSearch(FakeEmbedder()))
    (picture,) = generator.generate(BackgroundRequest("London at night"), SUBJECT)
    assert picture.origin == "composed"


@pytest.mark.slow
def test_captions_are_found_by_meaning_and_nothing_close_is_told_apart(model_home: Path) -> None:
    captions = ["White marble counter in a bright kitchen", "London skyline at dusk", "Sandy beach with turquoise sea"]
    search = CaptionSearch(OnnxEmbedder(model_home))
    for query, place in (("kitchen worktop", 0), ("city background", 1), ("ocean shore", 2)):
        scores = search.rank(query, captions)
        assert int(np.argmax(scores)) == place
        assert scores[place] >= search.floor
    for query in ("race car", "dinosaur", "black background", "birthday balloons"):
        assert max(search.rank(query, captions)) < search.floor


def test_no_caption_has_no_score() -> None:
    assert CaptionSearch(FakeEmbedder()).rank("anything", []) == []
