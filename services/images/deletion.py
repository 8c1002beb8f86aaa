"""A batch is forgotten with everything that was made of its photos, unless another batch has the same photo."""

from __future__ import annotations

import contextlib

from services.access.models import Account
from services.errors import ConflictError, NotFoundError
from services.images.batch_views import ResultFilter
from services.images.desk import require_marketer
from services.images.models import BatchImage
from services.images.runs import BatchRuns
from services.images.workshop import ImageWorkshop
from services.jobs.service import JobService
from services.privacy.audit import AuditTrail


class BatchDeletion:
    """Deletes batches."""

    def __init__(self, workshop: ImageWorkshop, runs: BatchRuns, jobs: JobService, audit: AuditTrail) -> None:
        self._workshop = workshop
        self._runs = runs
        self._jobs = jobs
        self._audit = audit

    def delete(self, account: Account, tenant_id: str, batch_id: str) -> None:
        """See :meth:`services.images.batches.ImageBatchService.delete`."""
        require_marketer(account, tenant_id)
        repository = self._workshop.ports.repository
        batch = repository.get_batch(tenant_id, batch_id)
        images = repository.list_images(tenant_id, batch_id)
        runs = self._runs.list_runs(tenant_id, batch_id)
        for job_id in [batch.prepare_job_id, *(job.id for job in runs)]:
            with contextlib.suppress(ConflictError, NotFoundError):
                self._jobs.cancel(tenant_id, job_id)
        made: dict[str, list[str]] = {}
        for job in runs:
            for one in self._runs.items(tenant_id, job.id, ResultFilter.DONE):
                made.setdefault(one.image.sha256, []).extend(composite.file for composite in one.composites)
        repository.delete_batch(tenant_id, batch_id)
        self._audit.record(
            "images-deleted", username=account.username, tenant_id=tenant_id, subject=batch_id, images=len(images)
        )
        for image in {image.sha256: image for image in images if image.sha256}.values():
            if not repository.images_with_file(tenant_id, image.sha256):
                self._forget(tenant_id, image, made.get(image.sha256, []))

    def _forget(self, tenant_id: str, image: BatchImage, composites: list[str]) -> None:
        workshop = self._workshop
        lists = {f"{file.rpartition('/')[0]}/composites.json" for file in composites}
        mask = image.mask.file if image.mask else ""
        for file in {*composites, *lists, mask, image.edit.uploaded or ""} - {""}:
            workshop.ports.files.delete(file)
        workshop.previews.forget(tenant_id, image.sha256, image.mask.key if image.mask else "")
        workshop.labels.forget(tenant_id, image.sha256)
        workshop.cut_outs.forget(tenant_id, image.sha256)
        workshop.originals.forget(tenant_id, image.sha256)
