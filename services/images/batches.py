"""Everything that people do with a batch of product photos; pages and commands call this alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.access.models import Account
from services.errors import NotFoundError
from services.images.background_models import BackgroundWish
from services.images.batch_views import BatchSummary, CompositeResult, LabelCount, ResultFilter, RunEstimate, RunItem
from services.images.deletion import BatchDeletion
from services.images.desk import BatchDesk
from services.images.intake import ImageUpload, IntakeLimits
from services.images.labels import LabelEditing, count_labels
from services.images.mask_edits import MaskEditing
from services.images.mask_models import Box, Stroke
from services.images.models import BatchImage, BatchNotice, ImageBatch, Review
from services.images.previews import reduced_picture
from services.images.report import report_csv, report_json
from services.images.runs import BatchRuns, passes, run_wish
from services.images.takeaway import RunTakeaway
from services.images.uploads import BatchUploads
from services.images.workshop import ImageWorkshop
from services.jobs.models import Job
from services.jobs.service import JobService
from services.privacy.audit import AuditTrail

# Inside the class ``list`` is a method.
Summaries: TypeAlias = list[BatchSummary]
Images: TypeAlias = list[BatchImage]
LabelCounts: TypeAlias = list[LabelCount]
Jobs: TypeAlias = list[Job]
RunItems: TypeAlias = list[RunItem]
Notices: TypeAlias = list[BatchNotice]

__all__ = [
    "BatchSummary",
    "CompositeResult",
    "ImageBatchService",
    "LabelCount",
    "ResultFilter",
    "RunEstimate",
    "RunItem",
]


class ImageBatchService:
    """Batches of product photos, from upload to the zip of results.

    What changes something takes the account and raises AccessError unless it is a marketer or an administrator of the
    tenant. What only reads takes the tenant; callers check that the account belongs to it. Everything raises
    NotFoundError for what is not there or is another tenant's, and BackendUnavailableError when database or storage do
    not answer.

    Args:
        downloads: Folder on this machine for zip archives on their way to somebody.
        now: The clock, for tests.
    """

    def __init__(
        self,
        workshop: ImageWorkshop,
        jobs: JobService,
        audit: AuditTrail,
        limits: IntakeLimits,
        downloads: Path,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        ports = workshop.ports
        self._workshop = workshop
        self._repository = ports.repository
        self._now = now or (lambda: datetime.now(UTC))
        self._uploads = BatchUploads(ports.repository, workshop.originals, jobs, audit, limits, now=now)
        self._desk = BatchDesk(ports.repository, ports.changes, workshop.masks, self._uploads.recompute, now=now)
        self._labels = LabelEditing(self._desk)
        self._masks = MaskEditing(self._desk, ports.files, limits)
        self._runs = BatchRuns(
            ports.repository, ports.files, self._desk, workshop.backgrounds, jobs, audit, limits, now=now
        )
        self._takeaway = RunTakeaway(ports.repository, ports.files, self._runs, jobs, downloads)
        self._deletion = BatchDeletion(workshop, self._runs, jobs, audit)

    # Batches

    def create(self, account: Account, tenant_id: str, uploads: Sequence[ImageUpload], title: str = "") -> ImageBatch:
        """Store photos and zip archives of photos as a new batch, and start the job that makes labels and masks.

        Photos that are refused stay in the batch with their failure.

        Raises:
            InputError: ``no-files`` when nothing was given, ``too-many-images``; nothing was stored.
        """
        return self._uploads.create(account, tenant_id, uploads, title)

    def add(self, account: Account, tenant_id: str, batch_id: str, uploads: Sequence[ImageUpload]) -> ImageBatch:
        """Add photos to a batch, as :meth:`create`."""
        return self._uploads.add(account, tenant_id, batch_id, uploads)

    def get(self, tenant_id: str, batch_id: str) -> ImageBatch:
        """One batch."""
        return self._repository.get_batch(tenant_id, batch_id)

    def list(self, tenant_id: str, limit: int = 50) -> Summaries:
        """Batches with their counts, newest first."""
        runs = self._runs.last_runs(tenant_id)
        batches = self._repository.list_batches(tenant_id, limit=limit)
        return [self._summary(batch, runs.get(batch.id)) for batch in batches]

    def summary(self, tenant_id: str, batch_id: str) -> BatchSummary:
        """One batch with its counts."""
        batch = self._repository.get_batch(tenant_id, batch_id)
        return self._summary(batch, next(iter(self._runs.list_runs(tenant_id, batch_id)), None))

    def rename(self, account: Account, tenant_id: str, batch_id: str, title: str) -> ImageBatch:
        """Give the batch another title; an empty one changes nothing."""
        return self._uploads.rename(account, tenant_id, batch_id, title)

    def delete(self, account: Account, tenant_id: str, batch_id: str) -> None:
        """Stop what runs, and forget the batch with its photos, masks and results."""
        self._deletion.delete(account, tenant_id, batch_id)

    def images(self, tenant_id: str, batch_id: str) -> Images:
        """All images by position, the refused ones included."""
        batch = self._repository.get_batch(tenant_id, batch_id)
        return self._desk.with_current_masks(batch, self._repository.list_images(tenant_id, batch_id))

    def image(self, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        """One image."""
        batch = self._repository.get_batch(tenant_id, batch_id)
        return self._desk.with_current_masks(batch, [self._repository.get_image(tenant_id, batch_id, position)])[0]

    def preview(self, tenant_id: str, image: BatchImage) -> bytes:
        """The photo as a JPEG, its longer side at most 640 pixels. Raises NotFoundError for a refused image."""
        _require_photo(image)
        return self._workshop.previews.photo(tenant_id, image.sha256)

    def mask_preview(self, tenant_id: str, image: BatchImage) -> bytes:
        """PNG (RGBA) to lay over the preview: clear where the mask keeps, a calm tint where it drops."""
        _require_photo(image)
        key, matte = self._mask(tenant_id, image)
        return self._workshop.previews.mask(tenant_id, image.sha256, key, matte)

    def cut_out_preview(self, tenant_id: str, image: BatchImage) -> bytes:
        """PNG of the product on transparency, as large as the preview."""
        _require_photo(image)
        key, matte = self._mask(tenant_id, image)
        return self._workshop.previews.cut_out(tenant_id, image.sha256, key, matte)

    def prepare_again(self, account: Account, tenant_id: str, batch_id: str) -> Job:
        """Make the labels and masks that are missing or failed, in a new job.

        Raises:
            InputError: ``nothing-to-prepare``.
        """
        return self._uploads.prepare_again(account, tenant_id, batch_id)

    # Labels

    def label_counts(self, tenant_id: str, batch_id: str) -> LabelCounts:
        """The labels of all images, by name, most frequent first."""
        batch = self._repository.get_batch(tenant_id, batch_id)
        return count_labels(self._repository.list_images(tenant_id, batch_id), batch.pruning)

    def drop_everywhere(self, account: Account, tenant_id: str, batch_id: str, name: str) -> ImageBatch:
        """Let no label of this name survive in any image; single decisions for it are taken back."""
        return self._labels.drop_everywhere(account, tenant_id, batch_id, name)

    def keep_everywhere(self, account: Account, tenant_id: str, batch_id: str, name: str) -> ImageBatch:
        """Let every label of this name survive in every image."""
        return self._labels.keep_everywhere(account, tenant_id, batch_id, name)

    def set_least_confidence(self, account: Account, tenant_id: str, batch_id: str, share: float) -> ImageBatch:
        """Drop labels with less than this confidence, 0 to 1."""
        return self._labels.set_least_confidence(account, tenant_id, batch_id, share)

    def set_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str, keeps: bool
    ) -> BatchImage:
        """Keep or drop one label of one image. Raises NotFoundError (``label-not-found``)."""
        return self._labels.set_label(account, tenant_id, batch_id, position, label_id, keeps=keeps)

    def rename_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str, name: str
    ) -> BatchImage:
        """Call one label of one image something else. Raises InputError (``label-empty``)."""
        return self._labels.rename_label(account, tenant_id, batch_id, position, label_id, name)

    def add_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, name: str, box: Box | None = None
    ) -> BatchImage:
        """Add a label to one image; with a box it says where the subject is. Raises InputError (``label-empty``)."""
        return self._labels.add_label(account, tenant_id, batch_id, position, name, box)

    def forget_label(self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str) -> BatchImage:
        """Take away a label that a person added; a computed one cannot be forgotten, only dropped."""
        return self._labels.forget_label(account, tenant_id, batch_id, position, label_id)

    def undo(self, account: Account, tenant_id: str, batch_id: str) -> str:
        """Take back the newest change of labels or masks. Says what was undone; empty when there was nothing."""
        return self._desk.undo(account, tenant_id, batch_id)

    # Masks

    def draw_box(self, account: Account, tenant_id: str, batch_id: str, position: int, box: Box) -> BatchImage:
        """Say that the subject lies in this box. Raises InputError (``box-empty``)."""
        return self._masks.draw_box(account, tenant_id, batch_id, position, box)

    def add_stroke(self, account: Account, tenant_id: str, batch_id: str, position: int, stroke: Stroke) -> BatchImage:
        """Paint over the picture what is kept or dropped."""
        return self._masks.add_stroke(account, tenant_id, batch_id, position, stroke)

    def clear_edit(self, account: Account, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        """Take back box, strokes and uploaded mask of this image."""
        return self._masks.clear_edit(account, tenant_id, batch_id, position)

    def upload_mask(self, account: Account, tenant_id: str, batch_id: str, position: int, data: bytes) -> BatchImage:
        """Use this picture as the mask: its alpha if it has one, else white is kept.

        Raises:
            InputError: it is no picture, or not of the photo's shape (``mask-shape``).
        """
        return self._masks.upload_mask(account, tenant_id, batch_id, position, data)

    def approve_mask(
        self, account: Account, tenant_id: str, batch_id: str, position: int, approved: bool = True
    ) -> BatchImage:
        """Say that the mask is right, whatever its doubts."""
        return self._masks.approve(account, tenant_id, batch_id, position, approved=approved)

    def mask_queue(self, tenant_id: str, batch_id: str) -> Images:
        """Images with a mask: those that a person should look at first, then the others; each by position."""
        masked = [image for image in self.images(tenant_id, batch_id) if image.usable and image.mask is not None]
        return sorted(masked, key=lambda image: not (image.mask is not None and image.mask.doubtful))

    # Runs

    def estimate(
        self, tenant_id: str, batch_id: str, wish: BackgroundWish, positions: Collection[int] | None = None
    ) -> RunEstimate:
        """What a run over these images (all when None) would be. Raises as :meth:`start`, except ``no-images``."""
        return self._runs.estimate(tenant_id, batch_id, wish, positions)

    def keep_wish(self, account: Account, tenant_id: str, batch_id: str, wish: BackgroundWish) -> None:
        """Keep what somebody asks for so far, complete or not, so that a reload does not lose it."""
        self._runs.keep_wish(account, tenant_id, batch_id, wish)

    def start(
        self,
        account: Account,
        tenant_id: str,
        batch_id: str,
        wish: BackgroundWish,
        positions: Collection[int] | None = None,
    ) -> Job:
        """Start a run over these images, by their position in the batch; over all usable ones when None.

        Raises:
            InputError: ``prompt-empty``, ``prompt-too-long``, ``backdrop-missing``, ``picture-missing``,
                ``color-invalid``, ``size-without-place``, ``wish-invalid``, ``no-images``; nothing was started.
        """
        return self._runs.start(account, tenant_id, batch_id, wish, positions)

    def keep_picture(self, account: Account, tenant_id: str, data: bytes) -> str:
        """Store one's own background picture; its name belongs into ``BackgroundWish.picture``."""
        return self._runs.keep_picture(account, tenant_id, data)

    def runs(self, tenant_id: str, batch_id: str) -> Jobs:
        """The runs of a batch, newest first."""
        return self._runs.list_runs(tenant_id, batch_id)

    def run_wish(self, job: Job) -> BackgroundWish:
        """What a run was asked for."""
        return run_wish(job)

    def results(
        self,
        tenant_id: str,
        job_id: str,
        offset: int = 0,
        limit: int = 50,
        only: ResultFilter | str = ResultFilter.ALL,
    ) -> RunItems:
        """Items of a run by position."""
        return self._runs.items(tenant_id, job_id, ResultFilter(only))[offset : offset + limit]

    def result_counts(self, tenant_id: str, job_id: str) -> dict[ResultFilter, int]:
        """How many items :meth:`results` has with each filter."""
        items = self._runs.items(tenant_id, job_id, ResultFilter.ALL)
        return {only: sum(1 for one in items if passes(one, only)) for only in ResultFilter}

    def composite(self, tenant_id: str, file: str) -> bytes:
        """A result as it is stored, PNG or JPEG. Raises NotFoundError for any other file."""
        if not file.startswith(f"images/{tenant_id}/derived/") or not PurePosixPath(file).name.startswith("composite-"):
            raise NotFoundError("There is no such result.", code="file-missing")
        return self._workshop.ports.files.read(file)

    def composite_preview(self, tenant_id: str, file: str) -> bytes:
        """A result, its longer side at most 640 pixels: JPEG, or PNG where it is transparent."""
        return reduced_picture(self.composite(tenant_id, file))

    def retry(
        self,
        account: Account,
        tenant_id: str,
        job_id: str,
        positions: Collection[int] | None = None,
        wish: BackgroundWish | None = None,
    ) -> Job:
        """Run items again, by their position in the run; the failed ones when None.

        Without a wish the same run goes on with those of them that failed or were canceled. With one it is a new run.

        Raises:
            InputError: as :meth:`start`.
            ConflictError: it has not ended, or none of them failed or was canceled.
        """
        return self._runs.retry(account, tenant_id, job_id, positions, wish)

    def review(
        self, account: Account, tenant_id: str, job_id: str, position: int, variation: int, review: Review | None
    ) -> None:
        """Approve or reject one result of the item at this position of the run; None takes the word back."""
        self._runs.review(account, tenant_id, job_id, position, variation, review)

    def approve(self, account: Account, tenant_id: str, job_id: str, positions: Collection[int] | None = None) -> int:
        """Approve what nobody said anything of, of these items of the run or of all; returns how many results."""
        return self._runs.approve(account, tenant_id, job_id, positions)

    # What people take away

    def zip_file(self, tenant_id: str, job_id: str, only_approved: bool = False) -> Path:
        """A zip archive of the results under the photos' folders and names, on this machine's disk.

        Raises:
            InputError: ``no-results``.
        """
        return self._takeaway.zip_file(tenant_id, job_id, only_approved=only_approved)

    def zip_link(
        self, tenant_id: str, job_id: str, only_approved: bool = False, *, seconds: int, download_name: str
    ) -> str | None:
        """An address of the same archive, for whoever has it; None where the storage gives no links."""
        return self._takeaway.zip_link(
            tenant_id, job_id, only_approved=only_approved, seconds=seconds, download_name=download_name
        )

    def report_link(self, tenant_id: str, job_id: str, *, seconds: int) -> str | None:
        """An address of the report as a table, for whoever has it; None where the storage gives no links."""
        return self._takeaway.report_link(tenant_id, job_id, seconds=seconds)

    def report_json(self, tenant_id: str, job_id: str) -> bytes:
        """Everything about a run and its images, as JSON in UTF-8."""
        return report_json(self._takeaway.report(tenant_id, job_id))

    def report_csv(self, tenant_id: str, job_id: str) -> bytes:
        """The same as a table, one row per photo, for spreadsheets."""
        return report_csv(self._takeaway.report(tenant_id, job_id))

    def notices(self, account: Account) -> Notices:
        """What this person was told about batches that ended and did not put away, newest first."""
        return self._workshop.ports.notices.list_open(account.username, account.tenant_ids)

    def dismiss(self, account: Account, notice_id: str) -> None:
        """Put a notice away."""
        self._workshop.ports.notices.dismiss(account.username, notice_id, self._now())

    def _summary(self, batch: ImageBatch, last_run: Job | None) -> BatchSummary:
        images = self._repository.list_images(batch.tenant_id, batch.id)
        masks = [image.mask for image in images if image.usable and image.mask is not None]
        usable = sum(1 for image in images if image.usable)
        return BatchSummary(
            batch,
            usable=usable,
            refused=len(images) - usable,
            prepared=len(masks),
            doubtful=sum(1 for mask in masks if mask.doubtful),
            last_run=last_run,
        )

    def _mask(self, tenant_id: str, image: BatchImage) -> tuple[str, Callable[[], NDArray[np.uint8]]]:
        pruning = self._repository.get_batch(tenant_id, image.batch_id).pruning
        masks = self._workshop.masks
        return masks.key(image, pruning), lambda: masks.pixels(tenant_id, image, pruning)


def _require_photo(image: BatchImage) -> None:
    if not image.sha256:
        raise NotFoundError(f"{image.file_name} was refused, so there is no picture of it.", code="image-missing")
