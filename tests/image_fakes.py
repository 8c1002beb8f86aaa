"""Stand-ins for what image batches need from the outside: records, ledger, notices and files, in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.errors import BackendUnavailableError, ConflictError, NotFoundError
from services.images.background_models import Backdrop
from services.images.mask_models import MaskEdit, MaskState
from services.images.models import (
    BatchImage,
    BatchNotice,
    CompositeReview,
    ImageBatch,
    ImageChange,
    ImageFailure,
    Label,
)
from tests import fakes


class FakeFiles(fakes.FakeFiles):
    """ImageFiles in memory.

    Attributes:
        broken: While True the storage does not answer, as with a full disk.
        written: The name of every write, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.written: list[str] = []

    def write(self, name: str, data: bytes) -> None:
        self._require()
        super().write(name, data)
        self.written.append(name)

    def read(self, name: str) -> bytes:
        self._require()
        return super().read(name)

    def exists(self, name: str) -> bool:
        self._require()
        return super().exists(name)

    def delete(self, name: str) -> None:
        self._require()
        super().delete(name)

    def delete_folder(self, name: str) -> None:
        self._require()
        super().delete_folder(name)

    def _require(self) -> None:
        if self.broken:
            raise BackendUnavailableError("A file could not be stored.", code="storage-unavailable")


class FakeImageRepository:
    """ImageRepository in memory.

    Attributes:
        runs: Tenant and batch of each job that is a run, by its id. A run that is not named here belongs to everybody.
    """

    def __init__(self) -> None:
        self.runs: dict[str, tuple[str, str]] = {}
        self._batches: dict[str, ImageBatch] = {}
        self._images: dict[str, list[BatchImage]] = {}
        self._backdrops: dict[str, Backdrop] = {}
        self._reviews: dict[tuple[str, int, int], CompositeReview] = {}
        self._changing = threading.RLock()

    def insert_batch(self, batch: ImageBatch, images: Sequence[BatchImage]) -> None:
        self._batches[batch.id] = replace(batch, image_count=len(images))
        self._images[batch.id] = _placed(images, batch.id, 0)

    def add_images(self, tenant_id: str, batch_id: str, images: Sequence[BatchImage]) -> ImageBatch:
        with self._changing:
            batch = self.get_batch(tenant_id, batch_id)
            self._images[batch_id] += _placed(images, batch_id, batch.image_count)
            self._batches[batch_id] = replace(batch, image_count=batch.image_count + len(images))
            return self._batches[batch_id]

    def get_batch(self, tenant_id: str, batch_id: str) -> ImageBatch:
        batch = self._batches.get(batch_id)
        if batch is None or batch.tenant_id != tenant_id:
            raise NotFoundError("There is no such batch.", code="batch-missing")
        return batch

    def list_batches(self, tenant_id: str, *, limit: int) -> list[ImageBatch]:
        own = [batch for batch in self._batches.values() if batch.tenant_id == tenant_id]
        return sorted(own, key=lambda batch: (batch.created_at, batch.id), reverse=True)[:limit]

    def save_batch(self, batch: ImageBatch) -> None:
        with self._changing:
            kept = self.get_batch(batch.tenant_id, batch.id)
            self._batches[batch.id] = replace(
                kept,
                title=batch.title,
                pruning=batch.pruning,
                wish=batch.wish,
                prepare_job_id=batch.prepare_job_id,
            )

    def delete_batch(self, tenant_id: str, batch_id: str) -> None:
        self.get_batch(tenant_id, batch_id)
        del self._batches[batch_id], self._images[batch_id]
        runs = {job_id for job_id, run in self.runs.items() if run == (tenant_id, batch_id)}
        self._reviews = {key: review for key, review in self._reviews.items() if key[0] not in runs}

    def get_image(self, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        self.get_batch(tenant_id, batch_id)
        if not 0 <= position < len(self._images[batch_id]):
            raise NotFoundError("There is no such image.", code="image-missing")
        return self._images[batch_id][position]

    def list_images(
        self, tenant_id: str, batch_id: str, *, positions: Collection[int] | None = None
    ) -> list[BatchImage]:
        self.get_batch(tenant_id, batch_id)
        return [image for image in self._images[batch_id] if positions is None or image.position in positions]

    def save_labels(self, tenant_id: str, batch_id: str, position: int, labels: Sequence[Label]) -> None:
        self._change(tenant_id, batch_id, position, labels=tuple(labels))

    def save_mask(self, tenant_id: str, batch_id: str, position: int, mask: MaskState | None) -> None:
        self._change(tenant_id, batch_id, position, mask=mask)

    def save_failure(self, tenant_id: str, batch_id: str, position: int, failure: ImageFailure | None) -> None:
        self._change(tenant_id, batch_id, position, failure=failure)

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
        values: dict[str, Any] = {
            "decisions": None if decisions is None else dict(decisions),
            "names": None if names is None else dict(names),
            "added_labels": None if added_labels is None else tuple(added_labels),
            "edit": edit,
        }
        given = {name: value for name, value in values.items() if value is not None}
        return self._change(tenant_id, batch_id, position, **given)

    def images_with_file(self, tenant_id: str, sha256: str) -> int:
        return sum(
            image.sha256 == sha256
            for batch_id, images in self._images.items()
            for image in images
            if self._batches[batch_id].tenant_id == tenant_id
        )

    def insert_backdrop(self, backdrop: Backdrop) -> None:
        if any(kept.sha256 == backdrop.sha256 for kept in self.list_backdrops(backdrop.tenant_id)):
            raise ConflictError("It is in the library already.", code="backdrop-taken")
        self._backdrops[backdrop.id] = backdrop

    def list_backdrops(self, tenant_id: str) -> list[Backdrop]:
        own = [backdrop for backdrop in self._backdrops.values() if backdrop.tenant_id == tenant_id]
        return sorted(own, key=lambda backdrop: (backdrop.created_at, backdrop.id), reverse=True)

    def get_backdrop(self, tenant_id: str, backdrop_id: str) -> Backdrop:
        backdrop = self._backdrops.get(backdrop_id)
        if backdrop is None or backdrop.tenant_id != tenant_id:
            raise NotFoundError("There is no such backdrop.", code="backdrop-missing")
        return backdrop

    def rename_backdrop(self, tenant_id: str, backdrop_id: str, caption: str) -> None:
        self._backdrops[backdrop_id] = replace(self.get_backdrop(tenant_id, backdrop_id), caption=caption)

    def delete_backdrop(self, tenant_id: str, backdrop_id: str) -> None:
        self.get_backdrop(tenant_id, backdrop_id)
        del self._backdrops[backdrop_id]

    def save_review(self, tenant_id: str, review: CompositeReview) -> None:
        self._require_run(tenant_id, review.job_id)
        self._reviews[review.job_id, review.position, review.variation] = review

    def delete_review(self, tenant_id: str, job_id: str, position: int, variation: int) -> None:
        if self.runs.get(job_id, (tenant_id, ""))[0] == tenant_id:
            self._reviews.pop((job_id, position, variation), None)

    def list_reviews(self, tenant_id: str, job_id: str) -> list[CompositeReview]:
        self._require_run(tenant_id, job_id)
        return [self._reviews[key] for key in sorted(self._reviews) if key[0] == job_id]

    def _change(self, tenant_id: str, batch_id: str, position: int, **values: Any) -> BatchImage:
        with self._changing:
            changed = replace(self.get_image(tenant_id, batch_id, position), **values)
            self._images[batch_id][position] = changed
            return changed

    def _require_run(self, tenant_id: str, job_id: str) -> None:
        if self.runs.get(job_id, (tenant_id, ""))[0] != tenant_id:
            raise NotFoundError("There is no such run.", code="run-missing")


class FakeImageChanges:
    """ImageChanges in memory, over the batches of a repository."""

    def __init__(self, repository: FakeImageRepository) -> None:
        self._repository = repository
        self._changes: dict[str, list[ImageChange]] = {}
        self._numbers: dict[str, int] = {}

    def append(
        self, tenant_id: str, batch_id: str, *, username: str, at: datetime, words: str, before: Mapping[str, Any]
    ) -> None:
        self._repository.get_batch(tenant_id, batch_id)
        number = self._numbers[batch_id] = self._numbers.get(batch_id, 0) + 1
        change = ImageChange(number, username, at, words, json.loads(json.dumps(before)))
        self._changes[batch_id] = [*self._changes.get(batch_id, []), change][-50:]

    def pop_last(self, tenant_id: str, batch_id: str) -> ImageChange | None:
        self._repository.get_batch(tenant_id, batch_id)
        changes = self._changes.get(batch_id)
        return changes.pop() if changes else None


class FakeBatchNotices:
    """BatchNotices in memory, over the batches of a repository."""

    def __init__(self, repository: FakeImageRepository) -> None:
        self.notices: dict[str, BatchNotice] = {}
        self._repository = repository

    def insert(self, notice: BatchNotice) -> bool:
        told = {(kept.job_id, kept.round) for kept in self.notices.values()}
        if (notice.job_id, notice.round) in told or not self._has_batch(notice):
            return False
        self.notices[notice.id] = notice
        return True

    def list_open(self, username: str, tenant_ids: Collection[str]) -> list[BatchNotice]:
        shown = [
            notice
            for notice in self.notices.values()
            if notice.username == username
            and notice.tenant_id in tenant_ids
            and notice.dismissed_at is None
            and self._has_batch(notice)
        ]
        return sorted(shown, key=lambda notice: (notice.created_at, notice.id), reverse=True)

    def dismiss(self, username: str, notice_id: str, at: datetime) -> None:
        notice = self.notices.get(notice_id)
        if notice is None or notice.username != username:
            raise NotFoundError("There is no such notice.", code="notice-missing")
        self.notices[notice_id] = replace(notice, dismissed_at=notice.dismissed_at or at)

    def _has_batch(self, notice: BatchNotice) -> bool:
        try:
            self._repository.get_batch(notice.tenant_id, notice.batch_id)
        except NotFoundError:
            return False
        return True


def _placed(images: Sequence[BatchImage], batch_id: str, start: int) -> list[BatchImage]:
    return [replace(image, batch_id=batch_id, position=position) for position, image in enumerate(images, start)]
