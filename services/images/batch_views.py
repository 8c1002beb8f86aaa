"""What pages are shown of batches and runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.images.models import BatchImage, CompositeReview, ImageBatch, LabelSource
from services.images.paid_once import PAID_REPLY_LOST
from services.jobs.models import Job, JobItem


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch and how far it is.

    Attributes:
        usable: Images that can be worked on.
        refused: Images that cannot be used: refused at upload, or without labels and mask for a reason of their own.
        prepared: Usable images that have a mask.
        doubtful: Masks that a person should still look at.
        last_run: The newest run; None before the first.
    """

    batch: ImageBatch
    usable: int
    refused: int
    prepared: int
    doubtful: int
    last_run: Job | None = None


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label over all images of a batch.

    Attributes:
        name: As most images write it.
        images: How many have it.
        kept: In how many of them it survives.
        sources: Where it comes from, each once.
    """

    name: str
    images: int
    kept: int
    sources: tuple[LabelSource, ...]


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """What a run would be, before it is started.

    Attributes:
        images: How many would be worked on.
        pictures: How many results there would be.
        calls: How many calls would be made to a generator that may cost money; 0 for others.
        cost_usd: None when the price is not known, 0 for what costs nothing.
        seconds: By the clock, with the workers that live now.
        warnings: Sentences for people.
        blocked: (position, code, words) of the images that would fail or are left out.
    """

    images: int
    pictures: int
    calls: int
    cost_usd: float | None
    seconds: float
    warnings: tuple[str, ...] = ()
    blocked: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CompositeResult:
    """One picture that came of an image.

    Attributes:
        file: Its name in the storage, for :meth:`ImageBatchService.composite`.
        variation: From 1.
        seed: What it was made with; None when the generator did not say or no seed was needed.
        origin: ``composed``, ``library``, ``generated``, ``backdrop``, ``picture``, ``color``, ``transparent``.
        note: A few words more, such as the library picture's caption.
    """

    file: str
    variation: int
    seed: int | None
    origin: str
    note: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class RunItem:
    """One image of a run, and what came of it.

    Attributes:
        item: Its ``position`` is the one that reviews and retries of this run mean.
        image: The image as it is now.
        composites: Empty unless done.
        reviews: What people said, by variation.
    """

    item: JobItem
    image: BatchImage
    composites: tuple[CompositeResult, ...] = ()
    reviews: tuple[CompositeReview, ...] = ()

    @property
    def unreviewed(self) -> frozenset[int]:
        """The variations of which nobody said anything."""
        said = {review.variation for review in self.reviews}
        return frozenset(one.variation for one in self.composites if one.variation not in said)


def may_pass_unchanged(item: JobItem) -> bool:
    """Whether a failed item may succeed at another try with nothing changed."""
    return item.retryable or item.error_code == PAID_REPLY_LOST


class ResultFilter(StrEnum):
    """Which items of a run are looked at."""

    ALL = "all"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"
    APPROVED = "approved"
    REJECTED = "rejected"
    UNREVIEWED = "unreviewed"
