"""A batch is forgotten with everything that was made of its photos, unless another batch has the same photo."""

from __future__ import annotations

import contextlib

from services.access.models import Account
from services.errors import ConflictError, NotFoundError
from services.images.derived import derived_folder, run_folder
from services.images.desk import require_marketer
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
        repository.delete_batch(tenant_id, batch_id)
        self._audit.record(
            "images-deleted", username=account.username, tenant_id=tenant_id, subject=batch_id, images=len(images)
        )
        self._workshop.ports.files.delete_folder(run_folder(tenant_id, batch_id))
        for image in {image.sha256: image for image in images if image.sha256}.values():
            if not repository.images_with_file(tenant_id, image.sha256):
                self._workshop.originals.forget(tenant_id, image.sha256)
                self._workshop.ports.files.delete_folder(derived_folder(tenant_id, image.sha256))
