"""Backgrounds: what is wished for, what a generator is asked for and returns, and the pictures of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_PROMPT_CHARACTERS = 512

MOST_VARIATIONS = 5

LARGEST_SEED = 2_147_483_646


class BackgroundKind(StrEnum):
    """Where the new background comes from."""

    PROMPT = "prompt"  # the configured generator reads the prompt
    BACKDROP = "backdrop"  # a picture of the brand library
    PICTURE = "picture"  # a picture of one's own, for this run
    COLOR = "color"
    TRANSPARENT = "transparent"


class CompositeMode(StrEnum):
    """How the product is treated."""

    PRECISE = "precise"  # the product's pixels stay as they were photographed
    DEFAULT = "default"  # a generator may blend the product's edge into the scene


class SizePreset(StrEnum):
    """The size and aspect of the result."""

    ORIGINAL = "original"
    SQUARE = "square"  # 1:1, 1080 x 1080
    PORTRAIT = "portrait"  # 4:5, 1080 x 1350
    LANDSCAPE = "landscape"  # 16:9, 1920 x 1080
    MARKETPLACE = "marketplace"  # 1:1, 2000 x 2000


@dataclass(frozen=True, slots=True)
class BackgroundWish:
    """Everything that says what the composites of a run should be; JSON-able by :meth:`values`.

    Attributes:
        prompt: At most 512 characters; needed for PROMPT.
        backdrop_id: The library's picture, for BACKDROP.
        picture: The name in the storage of one's own picture, for PICTURE.
        color: ``#rrggbb``, for COLOR.
        variations: 1 to 5; only PROMPT makes more than one.
        seed: 0 to 2147483646; the variations take it and the numbers after it.
        padding: Free space around the product on every side, as a share of the shorter side, 0 to 0.45; None leaves
            the product where and how large it is in the photo, which only ORIGINAL allows.
        shadow: Strength of the contact shadow, 0 to 1.
    """

    kind: BackgroundKind = BackgroundKind.PROMPT
    prompt: str = ""
    negative_prompt: str = ""
    backdrop_id: str = ""
    picture: str = ""
    color: str = "#ffffff"
    mode: CompositeMode = CompositeMode.PRECISE
    variations: int = 1
    seed: int = 0
    size: SizePreset = SizePreset.ORIGINAL
    padding: float | None = None
    shadow: float = 0.5

    def values(self) -> dict[str, Any]:
        """As JSON-able values; :meth:`from_values` reads them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> BackgroundWish:
        """Read :meth:`values`; unknown keys are ignored, so that older and newer versions read each other."""
        known = {name: value for name, value in values.items() if name in cls.__dataclass_fields__}
        for name, kind in (("kind", BackgroundKind), ("mode", CompositeMode), ("size", SizePreset)):
            if name in known:
                known[name] = kind(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSubject:
    """The product on the canvas of the result, before it has a background.

    Attributes:
        pixels: (height, width, 3) uint8; where ``matte`` is 0 the color means nothing.
        matte: (height, width) uint8, 255 = the product.
    """

    pixels: NDArray[np.uint8]
    matte: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.matte.shape[1], self.matte.shape[0]


@dataclass(frozen=True, slots=True)
class BackgroundRequest:
    """What a generator is asked for.

    Attributes:
        count: How many variations, 1 to 5.
        seed: Of the first variation.
    """

    prompt: str
    negative_prompt: str = ""
    mode: CompositeMode = CompositeMode.PRECISE
    seed: int = 0
    count: int = 1

    def parts(self, most: int) -> list[BackgroundRequest]:
        """The same variations in requests of at most so many, each from its own seed on."""
        starts = range(0, self.count, most)
        return [
            replace(self, seed=(self.seed + start) % (LARGEST_SEED + 1), count=min(most, self.count - start))
            for start in starts
        ]


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundPicture:
    """One picture that a generator returned.

    Attributes:
        pixels: (height, width, 3) uint8, of the canvas's size.
        seed: What it was made with; None when the generator did not say.
        holds_subject: Whether the product is in it already; else it is the background alone.
        origin: How it was made, to be told to people: ``composed``, ``library``, ``generated``.
        note: A few words more, such as the library picture's caption.
    """

    pixels: NDArray[np.uint8]
    seed: int | None
    holds_subject: bool
    origin: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class GeneratorNotice:
    """What people should know of a generator before they begin.

    Attributes:
        words: What is so, one sentence.
        remedy: What can be done, one sentence.
        ended: Whether it makes no pictures any more.
    """

    words: str
    remedy: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A picture of the brand library.

    Attributes:
        file: Its name in the storage.
        preview: The name in the storage of a small JPEG.
    """

    id: str
    tenant_id: str
    caption: str
    file: str
    preview: str
    sha256: str
    size: tuple[int, int]
    created_at: datetime
    created_by: str
