"""What image batches need from the outside: cutting out, labels, backgrounds, and where all of it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.images.background_models import (
    Backdrop,
    BackgroundPicture,
    BackgroundRequest,
    GeneratorNotice,
    PlacedSubject,
)
from services.images.mask_models import CutOut, MaskEdit, MaskHints, MaskState
from services.images.models import (
    BatchImage,
    BatchNotice,
    CompositeReview,
    ImageBatch,
    ImageChange,
    ImageFailure,
    Label,
    UnsafeContent,
)
from services.ports.files import FileStore


class SubjectCutter(Protocol):
    """Finds the subject of a picture. Safe to call from many threads; the same input gives the same matte.

    Attributes:
        name: Changes whenever the mattes change, so that stored ones are made anew.
    """

    @property
    def name(self) -> str: ...

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        """Cut the subject out of an upright RGB or RGBA picture.

        The matte has the picture's size. With hints the subject is where they say. A picture whose own alpha
        cuts something out keeps that as its matte, unless there are hints. A picture without a subject is no error: its
        matte is empty, and the doubts say so.

        Raises:
            BackendError: the network that cuts out failed.
        """
        ...

    def clean_edges(self, picture: Image.Image, matte: Image.Image) -> Image.Image:
        """The picture as RGB with the old background's color taken out of the half-transparent pixels.

        Pixels whose matte is 255 stay as they are.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when it cannot work."""
        ...


class LabelDetector(Protocol):
    """Says what is in a picture. Safe to call from many threads.

    Attributes:
        name: Changes whenever the labels change, so that stored ones are made anew.
        lane: Of what costs money, the name that limits of backends are set by; its labels speak of the photo alone, so
            that another way to cut out needs no other call. Empty for what is free.
    """

    @property
    def name(self) -> str: ...

    @property
    def lane(self) -> str: ...

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        """The labels of an upright RGB picture, the surest or largest first, with ids that are unique in the picture.

        Raises:
            BackendError: it could not be asked.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when it cannot work."""
        ...


class PhotoModerator(Protocol):
    """Looks for what may not be in a photo. Safe to call from many threads; every call may cost money.

    Attributes:
        name: Changes whenever it would see something else, so that stored answers are asked for anew.
        lane: The name that limits of the backend are set by.
    """

    @property
    def name(self) -> str: ...

    @property
    def lane(self) -> str: ...

    def unsafe_content(self, picture: Image.Image) -> list[UnsafeContent]:
        """What it sees in an upright RGB picture, however unsure, the surest first.

        Raises:
            BackendError: it could not be asked.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when it cannot work."""
        ...


@runtime_checkable
class PaysForMattes(Protocol):
    """What a SubjectCutter has besides whose automatic mattes cost money, so that none is paid for twice.

    Its :meth:`SubjectCutter.cut_out` without hints is :meth:`ask` and :meth:`finish` in one.

    Attributes:
        matte_name: Changes whenever what is asked for changes; what is made of it may change without.
        lane: The name that limits of the backend are set by.
    """

    @property
    def matte_name(self) -> str: ...

    @property
    def lane(self) -> str: ...

    def must_ask(self, picture: Image.Image) -> bool:
        """Whether a picture needs asking: one whose own alpha cuts something out does not."""
        ...

    def ask(self, picture: Image.Image) -> NDArray[np.uint8]:
        """The matte, (height, width) of the picture, 255 = keep; costs money.

        Raises:
            BackendError: it could not be asked, or made nothing.
        """
        ...

    def finish(self, picture: Image.Image, matte: NDArray[np.uint8]) -> CutOut:
        """The cut-out with this matte; costs nothing."""
        ...


class BackgroundGenerator(Protocol):
    """Makes backgrounds from words. Safe to call from many threads.

    Attributes:
        name: What reports call it.
        verb: ``composed`` or ``generated``: how its pictures are spoken of.
        paid: Whether a call may cost money, so that none is made twice for the same.
        price_per_picture: In US dollars; None when it is not known. 0 for what costs nothing.
        seconds_per_picture: A guess for the first estimate.
        pictures_per_call: So many pictures one call makes at most; more of them are asked for in calls of their own.
    """

    @property
    def name(self) -> str: ...

    @property
    def verb(self) -> str: ...

    @property
    def paid(self) -> bool: ...

    @property
    def price_per_picture(self) -> float | None: ...

    @property
    def seconds_per_picture(self) -> float: ...

    @property
    def pictures_per_call(self) -> int: ...

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        """As many pictures of the canvas's size as were asked for, or fewer when some were blocked, never none.

        The same request and subject give the same pictures where the backend keeps to the seed.

        Raises:
            InputError: the prompt is empty or too long (``prompt-empty``, ``prompt-too-long``).
            BackendRejectedError: refused was the prompt (``prompt-blocked``), the photo (``photo-blocked``) or every
                picture (``picture-blocked``), or the model found no product to keep (``mask-not-found``).
            BackendThrottledError, BackendTimeoutError, BackendUnavailableError: later it may work.
            BackendMisconfiguredError: an administrator must act.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when it cannot work."""
        ...


@runtime_checkable
class TellsItsEnd(Protocol):
    """What a BackgroundGenerator may have besides: others end its model some day."""

    def notice(self) -> GeneratorNotice | None:
        """What people should know before a run; None for nothing. Does not raise, and keeps no page waiting."""
        ...


class BackdropSearch(Protocol):
    """Finds library pictures by the meaning of their captions."""

    def rank(self, query: str, captions: Sequence[str]) -> list[float]:
        """How near each caption is to the query, -1 to 1, in the captions' order."""
        ...

    @property
    def floor(self) -> float:
        """Below this nothing is close."""
        ...


class ImageFiles(FileStore, Protocol):
    """Photos and what is made of them, below the storage root."""


class ImageRepository(Protocol):
    """Batches, images, backdrops and reviews; each call is one transaction, scoped to the tenant.

    A run is a job whose arguments name its batch as ``batch_id``. Every method raises NotFoundError for what is not
    there or is another tenant's.
    """

    def insert_batch(self, batch: ImageBatch, images: Sequence[BatchImage]) -> None:
        """Keep a new batch with its images, whose positions are 0 … n - 1."""
        ...

    def add_images(self, tenant_id: str, batch_id: str, images: Sequence[BatchImage]) -> ImageBatch:
        """Add images after those that there are; positions and ``batch_id`` are set here."""
        ...

    def get_batch(self, tenant_id: str, batch_id: str) -> ImageBatch: ...

    def list_batches(self, tenant_id: str, *, limit: int) -> list[ImageBatch]:
        """Newest first."""
        ...

    def save_batch(self, batch: ImageBatch) -> None:
        """Replace title, pruning, wish and prepare_job_id."""
        ...

    def delete_batch(self, tenant_id: str, batch_id: str) -> None:
        """Forget the batch, its images, changes and notices, and the reviews of its runs."""
        ...

    def get_image(self, tenant_id: str, batch_id: str, position: int) -> BatchImage: ...

    def list_images(
        self, tenant_id: str, batch_id: str, *, positions: Collection[int] | None = None
    ) -> list[BatchImage]:
        """By position."""
        ...

    def save_labels(self, tenant_id: str, batch_id: str, position: int, labels: Sequence[Label]) -> None:
        """Replace the computed labels."""
        ...

    def save_mask(self, tenant_id: str, batch_id: str, position: int, mask: MaskState | None) -> None:
        """Replace the mask."""
        ...

    def save_failure(self, tenant_id: str, batch_id: str, position: int, failure: ImageFailure | None) -> None:
        """Replace why the image cannot be used."""
        ...

    def save_word(
        self,
        tenant_id: str,
        batch_id: str,
        position: int,
        *,
        decisions: Mapping[str, bool] | None = None,
        names: Mapping[str, str] | None = None,
        added_labels: Sequence[Label] | None = None,
        edit: MaskEdit | None = None,
    ) -> BatchImage:
        """Replace what a person said; what is None stays. Returns the image as it is now."""
        ...

    def images_with_file(self, tenant_id: str, sha256: str) -> int:
        """How many images of the tenant have this original."""
        ...

    def insert_backdrop(self, backdrop: Backdrop) -> None:
        """Raises ConflictError (``backdrop-taken``) when the tenant has that picture."""
        ...

    def list_backdrops(self, tenant_id: str) -> list[Backdrop]:
        """Newest first."""
        ...

    def get_backdrop(self, tenant_id: str, backdrop_id: str) -> Backdrop: ...

    def rename_backdrop(self, tenant_id: str, backdrop_id: str, caption: str) -> None: ...

    def delete_backdrop(self, tenant_id: str, backdrop_id: str) -> None: ...

    def save_review(self, tenant_id: str, review: CompositeReview) -> None:
        """Keep a person's word on a composite; it replaces the one before."""
        ...

    def delete_review(self, tenant_id: str, job_id: str, position: int, variation: int) -> None:
        """Take it back; nothing happens when there is none."""
        ...

    def list_reviews(self, tenant_id: str, job_id: str) -> list[CompositeReview]: ...


class ImageChanges(Protocol):
    """The last 50 changes of labels and masks of each batch, to be undone from the newest on.

    Every method raises NotFoundError for a batch that is not there or is another tenant's.
    """

    def append(
        self, tenant_id: str, batch_id: str, *, username: str, at: datetime, words: str, before: Mapping[str, Any]
    ) -> None:
        """Keep what a change replaced, JSON-able; the oldest beyond 50 is forgotten."""
        ...

    def pop_last(self, tenant_id: str, batch_id: str) -> ImageChange | None:
        """Take the newest out of the log; None when it is empty. Of two calls at once each gets another."""
        ...


class BatchNotices(Protocol):
    """What people are told in the app when a batch's job ends."""

    def insert(self, notice: BatchNotice) -> bool:
        """Keep it; False, and nothing happens, when this round of the job is told already or the batch is gone."""
        ...

    def list_open(self, username: str, tenant_ids: Collection[str]) -> list[BatchNotice]:
        """This person's in these tenants that were not dismissed, newest first."""
        ...

    def dismiss(self, username: str, notice_id: str, at: datetime) -> None:
        """Put it away; nothing happens when it is away already. Raises NotFoundError for another person's."""
        ...


class Notice(Protocol):
    """Tells people outside the app that a batch has ended."""

    def send(
        self, recipient: str, subject: str, text: str, *, key: str, facts: Mapping[str, str] | None = None
    ) -> None:
        """Tell it; the same key at most once where the channel can.

        Args:
            facts: Short ones, by which a channel may choose who hears of it: ``tenant``, ``kind``, ``result``.

        Raises:
            BackendError: it could not be told.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when nothing could be told now."""
        ...
