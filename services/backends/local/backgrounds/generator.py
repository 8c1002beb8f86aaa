"""Backgrounds without a model: a fitting picture of the brand library, or else a scene composed from the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.backends.local.backgrounds.reading import Reading, read_prompt
from services.backends.local.backgrounds.scene import compose
from services.backends.local.backgrounds.stage import Stage
from services.images.backdrops import LibraryPicture
from services.images.background_models import (
    LARGEST_SEED,
    MOST_VARIATIONS,
    BackgroundPicture,
    BackgroundRequest,
    PlacedSubject,
)
from services.images.placing import cover
from services.images.wishes import check_prompts
from services.ports.images import BackdropSearch

# Backgrounds are soft; larger ones are painted at this size and enlarged.
_LONGEST_SIDE = 2048
_ROWS_AT_ONCE = 512


class ComposedBackgrounds:
    """See :class:`services.ports.images.BackgroundGenerator`.

    Args:
        library: The pictures of one tenant's brand library; it is asked anew for every background.
        search: Compares the prompt to their captions; without it the library is not used.
    """

    name = "composed"
    verb = "composed"
    paid = False
    price_per_picture: float | None = 0.0
    seconds_per_picture = 0.4
    pictures_per_call = MOST_VARIATIONS

    def __init__(
        self, library: Callable[[], Sequence[LibraryPicture]] | None = None, search: BackdropSearch | None = None
    ) -> None:
        self._library = library
        self._search = search

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        check_prompts(request.prompt.strip(), request.negative_prompt)
        found = self._from_library(request, subject)
        reading = read_prompt(request.prompt, request.negative_prompt)
        seeds = [(request.seed + number) % (LARGEST_SEED + 1) for number in range(request.count)]
        return found + [
            BackgroundPicture(
                pixels=_painted(reading, subject, seed),
                seed=seed,
                holds_subject=False,
                origin="composed",
                note=reading.note(),
            )
            for seed in seeds[len(found) :]
        ]

    def check_ready(self) -> None:
        """It needs nothing."""

    def _from_library(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        """The library's pictures that are near enough, the nearest first; the seed does not change them."""
        pictures = self._library() if self._library is not None and self._search is not None else ()
        if not pictures or self._search is None:
            return []
        scores = self._search.rank(request.prompt, [picture.caption for picture in pictures])
        near = [place for place in np.argsort(scores)[::-1] if scores[place] >= self._search.floor]
        return [
            BackgroundPicture(
                pixels=cover(pictures[place].open(), subject.size),
                seed=(request.seed + number) % (LARGEST_SEED + 1),
                holds_subject=False,
                origin="library",
                note=pictures[place].caption,
            )
            for number, place in enumerate(near[: request.count])
        ]


def _painted(reading: Reading, subject: PlacedSubject, seed: int) -> NDArray[np.uint8]:
    width, height = subject.size
    factor = min(1.0, _LONGEST_SIDE / max(width, height))
    # Painters need some room; a tiny canvas is painted larger and made smaller.
    factor = max(factor, 96 / min(width, height))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    scene = compose(reading, Stage.around(subject, size), seed)
    return _with_grain(scene, (width, height), seed)


def _with_grain(scene: NDArray[np.float32], size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """As 8 bits of the canvas's size, with a grain too fine to see that keeps soft gradients from showing steps."""
    random = np.random.default_rng([seed, 7])
    grain = random.random((256, 257), dtype=np.float32) * np.float32(1.6) - np.float32(0.3)
    height, width = scene.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        part = scene[top : top + _ROWS_AT_ONCE] * np.float32(255)
        noise = np.resize(grain, (part.shape[0] * width)).reshape(part.shape[0], width)
        part += noise[..., None]
        np.clip(part, 0, 255, out=part)
        result[top : top + _ROWS_AT_ONCE] = part
    if (width, height) == size:
        return result
    return np.asarray(Image.fromarray(result).resize(size, Image.Resampling.LANCZOS))
