"""What an image batch is made of: photos, labels, masks, a wish for the background, and composites.

Boxes are shares of the upright picture (after EXIF orientation), 0 to 1. Mattes are opacity: 255 keeps the pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_PROMPT_CHARACTERS = 512
MOST_VARIATIONS = 5
LARGEST_SEED = 2_147_483_646


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in shares of the picture's width and height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def from_pixels(cls, left: float, top: float, width: float, height: float, size: tuple[int, int]) -> Box:
        """The box of these pixels in a picture of this (width, height), clipped to it."""
        x0, x1 = (min(max(value / size[0], 0.0), 1.0) for value in (left, left + width))
        y0, y1 = (min(max(value / size[1], 0.0), 1.0) for value in (top, top + height))
        return cls(x0, y0, x1 - x0, y1 - y0)

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in a picture of this (width, height), at least one pixel large."""
        left = min(max(round(self.left * size[0]), 0), size[0] - 1)
        top = min(max(round(self.top * size[1]), 0), size[1] - 1)
        right = min(max(round((self.left + self.width) * size[0]), left + 1), size[0])
        bottom = min(max(round((self.top + self.height) * size[1]), top + 1), size[1])
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Stroke:
    """A brush stroke on the picture.

    Attributes:
        keeps: Whether what it touches belongs to the subject, else to the background.
        points: (x, y) pairs in shares of the picture, 0 to 1, in the order they were drawn.
        radius: Half the brush's width, as a share of the picture's longer side.
    """

    keeps: bool
    points: tuple[tuple[float, float], ...]
    radius: float


@dataclass(frozen=True, slots=True)
class MaskHints:
    """What people and labels know about where the subject is; empty for a mask by the picture alone.

    Attributes:
        keep_boxes: The subject lies in the union of these; nothing outside is kept.
        drop_boxes: What lies in these and in no ``keep_boxes`` is not kept.
        strokes: In the order they were drawn; a later one wins.
    """

    keep_boxes: tuple[Box, ...] = ()
    drop_boxes: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()


class MaskDoubt(StrEnum):
    """Why a mask should be looked at by a person."""

    EMPTY = "empty"  # nothing was found to keep
    TINY = "tiny"  # almost nothing is kept
    HUGE = "huge"  # almost everything is kept
    TOUCHES_BORDER = "touches-border"  # the subject runs into several sides of the picture
    FRAGMENTS = "fragments"  # it falls into many pieces
    COLORS_OVERLAP = "colors-overlap"  # subject and background look alike
    UNSTABLE = "unstable"  # another start gives another mask


@dataclass(frozen=True, slots=True)
class Region:
    """One connected subject of a cut-out.

    Attributes:
        number: Its value in the map of regions, from 1, the largest first.
        area_share: Its pixels as a share of the picture's.
        color: Its typical color as ``#rrggbb``.
    """

    number: int
    box: Box
    area_share: float
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A subject cut out of its picture.

    Attributes:
        matte: (height, width) uint8, 255 = keep, at the picture's size.
        region_map: (height, width) uint8: 0 = background, else a region's number.
        regions: Largest first, at most 20.
        method: How it was made, in kebab-case: ``plain-backdrop``, ``grabcut``, ``network``, ``own-alpha``, ``given``.
        doubts: Why a person should look; empty when the mask looks right.
    """

    matte: NDArray[np.uint8]
    region_map: NDArray[np.uint8]
    regions: tuple[Region, ...]
    method: str
    doubts: tuple[MaskDoubt, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at it before it is used."""
        return bool(self.doubts)


class LabelSource(StrEnum):
    """Where a label comes from."""

    REGION = "region"  # a subject that was found in the picture
    FILE_NAME = "file-name"  # a word of the file's name
    MODEL = "model"  # named by a model
    PERSON = "person"  # typed by a person


@dataclass(frozen=True, slots=True)
class Label:
    """Something in a picture, or about all of it.

    Attributes:
        id: Stable within the image, also over renaming.
        confidence: 0 to 1; None where the source gives none.
        box: Where it is; None when it is about the whole picture. Only labels with a box change the mask.
        region: The number of its region in the automatic cut-out; None for others.
        area_share: The region's pixels as a share of the picture's.
        color: The region's typical color as ``#rrggbb``.
    """

    id: str
    name: str
    source: LabelSource
    confidence: float | None = None
    box: Box | None = None
    region: int | None = None
    area_share: float | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Pruning:
    """Which labels do not survive, for a whole batch.

    Attributes:
        dropped_names: Lowercase names that are dropped everywhere.
        least_confidence: Labels with less are dropped; labels without a confidence stay.
    """

    dropped_names: frozenset[str] = frozenset()
    least_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class MaskEdit:
    """What a person did to the mask of one image; the newest edit replaces the one before.

    Attributes:
        box: Drawn around the subject.
        strokes: Painted over the picture.
        uploaded: The name in the storage of a mask that replaces the one that was found; None for none.
    """

    box: Box | None = None
    strokes: tuple[Stroke, ...] = ()
    uploaded: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was done."""
        return self == MaskEdit()


@dataclass(frozen=True, slots=True)
class ImageFailure:
    """Why an image cannot be used, in the words of an AppError."""

    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MaskState:
    """The mask that an image has now.

    Attributes:
        file: The matte's name in the storage, an 8-bit grayscale PNG at the picture's size.
        key: Names everything that the mask was made from; equal keys are equal masks.
        method: See :class:`CutOut`.
        doubts: See :class:`CutOut`.
        approved: Whether a person looked and found it right, whatever the doubts.
        area_share: What it keeps of the picture, 0 to 1.
    """

    file: str
    key: str
    method: str
    doubts: tuple[MaskDoubt, ...] = ()
    approved: bool = False
    area_share: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether a person should still look at it."""
        return bool(self.doubts) and not self.approved


@dataclass(frozen=True, slots=True)
class BatchImage:
    """One photo of a batch.

    Attributes:
        position: Its place in the batch, from 0.
        file_name: As it was uploaded, with the folders of a zip; unique in the batch.
        sha256: Names the original's bytes; empty when it was refused.
        size: (width, height) upright, in pixels; (0, 0) when it was refused.
        format: ``PNG``, ``JPEG``, ``WEBP``, ``TIFF``, ``HEIF``; empty when it was refused.
        failure: Why it cannot be used: refused at upload, or its labels and mask could not be made.
        labels: None until they were computed.
        decisions: What a person said about single labels, by label id: True keeps. They win over the batch's pruning.
        names: What a person called single labels, by label id.
        added_labels: Labels that a person typed, with or without a box.
        edit: What a person did to the mask.
        mask: None until it was computed.
    """

    batch_id: str
    position: int
    file_name: str
    sha256: str = ""
    size: tuple[int, int] = (0, 0)
    format: str = ""
    byte_count: int = 0
    failure: ImageFailure | None = None
    labels: tuple[Label, ...] | None = None
    decisions: Mapping[str, bool] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    added_labels: tuple[Label, ...] = ()
    edit: MaskEdit = field(default_factory=MaskEdit)
    mask: MaskState | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be worked on."""
        return self.failure is None and bool(self.sha256)

    def all_labels(self) -> tuple[Label, ...]:
        """The computed ones and the typed ones, under the names that people gave them."""
        found = (*(self.labels or ()), *self.added_labels)
        return tuple(replace(label, name=self.names.get(label.id, label.name)) for label in found)

    def keeps(self, label: Label, pruning: Pruning) -> bool:
        """Whether this label survives: a person's word on it first, then the batch's pruning."""
        if label.id in self.decisions:
            return self.decisions[label.id]
        if label.name.casefold() in pruning.dropped_names:
            return False
        return label.confidence is None or label.confidence >= pruning.least_confidence


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


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Photos that are worked on together.

    Attributes:
        pruning: What holds for all images.
        wish: What was last asked for, so that the form shows it again.
        prepare_job_id: The job that computes labels and masks; empty before it was started.
        image_count: How many images there are, the refused ones included.
    """

    id: str
    tenant_id: str
    username: str
    title: str
    created_at: datetime
    pruning: Pruning = field(default_factory=Pruning)
    wish: BackgroundWish = field(default_factory=BackgroundWish)
    prepare_job_id: str = ""
    image_count: int = 0


class Review(StrEnum):
    """What a person said about a composite."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class CompositeReview:
    """A person's word on one composite of a run; runs are jobs, positions are the job's items."""

    job_id: str
    position: int
    variation: int
    review: Review
    username: str
    at: datetime
