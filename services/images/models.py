"""What an image batch is made of: photos with their labels and masks, and what people said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.images.background_models import BackgroundWish
from services.images.mask_models import Box, MaskEdit, MaskState


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
class UnsafeContent:
    """Something in a photo that may not go on.

    Attributes:
        name: Such as ``Exposed Nudity``.
        category: The more general name; empty for none.
        confidence: 0 to 1.
    """

    name: str
    category: str
    confidence: float


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
class ImageFailure:
    """Why an image cannot be used, in the words of an AppError."""

    code: str
    cause: str
    remedy: str


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


@dataclass(frozen=True, slots=True)
class ImageChange:
    """A change of labels or masks that can be undone.

    Attributes:
        number: Rises within the batch, from 1; never given twice.
        words: What was done, to be told to people.
        before: What stood there before, JSON-able; read only by who wrote it.
    """

    number: int
    username: str
    at: datetime
    words: str
    before: Mapping[str, Any]


class NoticeState(StrEnum):
    """How a batch's job ended."""

    FINISHED = "finished"  # every item succeeded
    PARTLY = "partly"
    FAILED = "failed"  # no item succeeded
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class BatchNotice:
    """What a person is told in the app about the end of a batch's job.

    Attributes:
        username: Whom it tells.
        title: The batch's title.
        words: What happened.
        round: Of the job; each round is told once.
        dismissed_at: When the person put it away; None while it is shown.
    """

    id: str
    tenant_id: str
    username: str
    job_id: str
    batch_id: str
    title: str
    words: str
    state: NoticeState
    created_at: datetime
    round: int = 1
    dismissed_at: datetime | None = None
