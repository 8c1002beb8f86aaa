"""What every BackgroundGenerator holds; a test class for an adapter inherits it and gives the fixture ``generator``."""

from __future__ import annotations

import numpy as np
import pytest

from services.errors import InputError
from services.images.background_models import LONGEST_PROMPT_CHARACTERS, BackgroundRequest, CompositeMode, PlacedSubject
from services.ports.images import BackgroundGenerator

ORIGINS = {"composed", "library", "generated"}


def placed_subject(size: tuple[int, int] = (320, 240)) -> PlacedSubject:
    """A striped block that stands in the lower half of the canvas."""
    width, height = size
    matte = np.zeros((height, width), np.uint8)
    matte[height // 3 : height * 5 // 6, width // 3 : width * 2 // 3] = 255
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[::2] = (180, 40, 30)
    return PlacedSubject(pixels, matte)


class BackgroundGeneratorContract:
    """Give a fixture ``generator``."""

    @pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 256), (613, 331), (90, 400), (33, 17)])
    def test_pictures_have_the_canvas_size(self, generator: BackgroundGenerator, size: tuple[int, int]) -> None:
        (picture,) = generator.generate(BackgroundRequest("wooden table"), placed_subject(size))
        assert picture.pixels.shape == (size[1], size[0], 3)
        assert picture.pixels.dtype == np.uint8

    @pytest.mark.parametrize("count", [1, 3, 5])
    def test_as_many_pictures_come_as_were_asked_for(self, generator: BackgroundGenerator, count: int) -> None:
        pictures = generator.generate(BackgroundRequest("beach", count=count), placed_subject())
        assert len(pictures) == count
        different = {picture.pixels.tobytes() for picture in pictures}
        assert len(different) == count

    @pytest.mark.parametrize("mode", list(CompositeMode))
    def test_origin_fits_the_verb(self, generator: BackgroundGenerator, mode: CompositeMode) -> None:
        (picture,) = generator.generate(BackgroundRequest("snow", mode=mode), placed_subject())
        assert picture.origin in ORIGINS
        assert (picture.origin == "generated") == (generator.verb == "generated")
        assert generator.verb in {"composed", "generated"}

    @pytest.mark.parametrize("prompt", ["", "   ", "\n\t"])
    def test_empty_prompt_is_refused(self, generator: BackgroundGenerator, prompt: str) -> None:
        with pytest.raises(InputError) as caught:
            generator.generate(BackgroundRequest(prompt), placed_subject())
        assert caught.value.code == "prompt-empty"

    def test_prompt_has_a_longest_length_and_that_one_works(self, generator: BackgroundGenerator) -> None:
        longest = ("wooden table " * 60)[:LONGEST_PROMPT_CHARACTERS]
        assert generator.generate(BackgroundRequest(longest, longest), placed_subject())
        for request in (BackgroundRequest(longest + "x"), BackgroundRequest("beach", longest + "x")):
            with pytest.raises(InputError) as caught:
                generator.generate(request, placed_subject())
            assert caught.value.code == "prompt-too-long"

    @pytest.mark.parametrize("prompt", ["日本の庭", "🙂🏖️", "a\x00b", "%s {0} <b>\"'", "....", "1 2 3"])
    def test_any_text_is_a_prompt(self, generator: BackgroundGenerator, prompt: str) -> None:
        assert generator.generate(BackgroundRequest(prompt), placed_subject())

    def test_arguments_are_left_as_they_were(self, generator: BackgroundGenerator) -> None:
        subject = placed_subject()
        before = subject.pixels.copy(), subject.matte.copy()
        generator.generate(BackgroundRequest("city"), subject)
        np.testing.assert_array_equal(subject.pixels, before[0])
        np.testing.assert_array_equal(subject.matte, before[1])

    def test_what_it_costs_is_told_or_said_to_be_unknown(self, generator: BackgroundGenerator) -> None:
        assert generator.name
        assert generator.seconds_per_picture > 0
        assert generator.price_per_picture is None or generator.price_per_picture >= 0
        assert generator.paid or generator.price_per_picture == 0

    def test_ready_generator_says_so(self, generator: BackgroundGenerator) -> None:
        generator.check_ready()
