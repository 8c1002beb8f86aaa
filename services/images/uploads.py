"""Photos become batches: checked, stored once by content, and prepared in the background."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from services.access.models import Account
from services.errors import InputError
from services.images.derived import storing
from services.images.desk import require_marketer
from services.images.intake import ImageUpload, IntakeLimits, OriginalStore, check_image, unpack
from services.images.models import BatchImage, ImageBatch, ImageFailure
from services.images.prepare_job import PREPARE_IMAGES
from services.jobs.models import Job, NewItem
from services.jobs.service import JobService
from services.ports.images import ImageRepository
from services.privacy.audit import AuditTrail

LONGEST_TITLE_CHARACTERS = 120


class BatchUploads:
    """Makes batches of uploads, adds to them and starts their preparation.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        originals: OriginalStore,
        jobs: JobService,
        audit: AuditTrail,
        limits: IntakeLimits,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._originals = originals
        self._jobs = jobs
        self._audit = audit
        self._limits = limits
        self._now = now or (lambda: datetime.now(UTC))

    def create(self, account: Account, tenant_id: str, uploads: Sequence[ImageUpload], title: str) -> ImageBatch:
        """See :meth:`services.images.batches.ImageBatchService.create`."""
        require_marketer(account, tenant_id)
        batch_id = uuid.uuid4().hex
        images = self._take_in(tenant_id, batch_id, uploads, [])
        batch = ImageBatch(
            id=batch_id,
            tenant_id=tenant_id,
            username=account.username,
            title=_title(title) or _title_of(uploads, images),
            created_at=self._now(),
            image_count=len(images),
        )
        self._repository.insert_batch(batch, images)
        self._audit.record(
            "images-uploaded", username=account.username, tenant_id=tenant_id, subject=batch.id, images=len(images)
        )
        return self._prepare(account, batch, [image for image in images if image.usable])

    def add(self, account: Account, tenant_id: str, batch_id: str, uploads: Sequence[ImageUpload]) -> ImageBatch:
        """See :meth:`services.images.batches.ImageBatchService.add`."""
        require_marketer(account, tenant_id)
        before = self._repository.list_images(tenant_id, batch_id)
        images = self._take_in(tenant_id, batch_id, uploads, [image.file_name for image in before])
        batch = self._repository.add_images(tenant_id, batch_id, images)
        self._audit.record(
            "images-uploaded", username=account.username, tenant_id=tenant_id, subject=batch_id, images=len(images)
        )
        names = {image.file_name for image in images if image.usable}
        added = [image for image in self._repository.list_images(tenant_id, batch_id) if image.file_name in names]
        return self._prepare(account, batch, added)

    def rename(self, account: Account, tenant_id: str, batch_id: str, title: str) -> ImageBatch:
        """See :meth:`services.images.batches.ImageBatchService.rename`."""
        require_marketer(account, tenant_id)
        batch = self._repository.get_batch(tenant_id, batch_id)
        if _title(title):
            batch = replace(batch, title=_title(title))
            self._repository.save_batch(batch)
        return batch

    def prepare_again(self, account: Account, tenant_id: str, batch_id: str) -> Job:
        """See :meth:`services.images.batches.ImageBatchService.prepare_again`."""
        require_marketer(account, tenant_id)
        batch = self._repository.get_batch(tenant_id, batch_id)
        open_images = [
            image
            for image in self._repository.list_images(tenant_id, batch_id)
            if image.sha256 and (image.failure is not None or image.labels is None or image.mask is None)
        ]
        if not open_images:
            raise InputError(
                "Every photo that can be used has its labels and mask.",
                code="nothing-to-prepare",
                remedy="Go on with the masks or the background.",
            )
        return self._jobs.get(tenant_id, self._prepare(account, batch, open_images).prepare_job_id)

    def recompute(self, account: Account, batch: ImageBatch, positions: Collection[int]) -> None:
        """Start a job that makes what is missing of these images."""
        self._prepare(account, batch, self._repository.list_images(batch.tenant_id, batch.id, positions=positions))

    def _take_in(
        self, tenant_id: str, batch_id: str, uploads: Sequence[ImageUpload], taken: Collection[str]
    ) -> list[BatchImage]:
        images: list[BatchImage] = []
        for upload in unpack(uploads, self._limits, taken=taken):
            image = BatchImage(batch_id, len(images), upload.name)
            try:
                data = upload.read()
                checked = check_image(data, self._limits)
            except InputError as error:
                failure = ImageFailure(error.code, error.message_for_user, error.remedy)
                images.append(replace(image, failure=failure))
                continue
            with storing():
                self._originals.keep(tenant_id, data, checked)
            images.append(
                replace(
                    image,
                    sha256=checked.sha256,
                    size=checked.size,
                    format=checked.format,
                    byte_count=checked.byte_count,
                )
            )
        if not images:
            raise InputError("No photo was chosen.", code="no-files", remedy="Choose photos, or a zip of photos.")
        return images

    def _prepare(self, account: Account, batch: ImageBatch, images: Sequence[BatchImage]) -> ImageBatch:
        if not images:
            return batch
        items = [NewItem(image.file_name, {"position": image.position}) for image in images]
        title = f"Labels and masks: {batch.title}"
        arguments = {"batch_id": batch.id}
        job = self._jobs.submit(PREPARE_IMAGES, batch.tenant_id, account.username, title, items, arguments)
        # Read again: where jobs run at once, the job has changed the batch's images meanwhile.
        batch = replace(self._repository.get_batch(batch.tenant_id, batch.id), prepare_job_id=job.id)
        self._repository.save_batch(batch)
        return batch


def _title(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:LONGEST_TITLE_CHARACTERS]


def _title_of(uploads: Sequence[ImageUpload], images: Sequence[BatchImage]) -> str:
    """The name of the one file, zip or photo, that was given, else how many photos there are."""
    if len(uploads) == 1:
        stem = _title(PurePosixPath(uploads[0].name.replace("\\", "/")).stem)
        if stem:
            return stem
    return f"{len(images):,} photos" if len(images) != 1 else images[0].file_name[:LONGEST_TITLE_CHARACTERS]
