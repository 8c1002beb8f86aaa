"""What people take away from a run: the zip of its results and its report."""

from __future__ import annotations

from pathlib import Path

from services.errors import InputError, NotFoundError
from services.images.batch_views import ResultFilter, RunItem
from services.images.derived import content_key, keep_file, run_folder, storing
from services.images.models import BatchImage, ImageBatch, Review
from services.images.packing import PackedFile, output_names, write_zip
from services.images.report import RunReport, report_csv
from services.images.runs import BatchRuns, refused_in_run, run_wish
from services.images.totals import run_totals
from services.jobs.models import Job
from services.jobs.service import JobService
from services.ports.images import ImageFiles, ImageRepository


class RunTakeaway:
    """See :class:`services.images.batches.ImageBatchService` for each call.

    Args:
        folder: Where zip archives lie until they were fetched.
    """

    def __init__(
        self, repository: ImageRepository, files: ImageFiles, runs: BatchRuns, jobs: JobService, folder: Path
    ) -> None:
        self._repository = repository
        self._files = files
        self._runs = runs
        self._jobs = jobs
        self._folder = folder

    def zip_file(self, tenant_id: str, job_id: str, *, only_approved: bool) -> Path:
        return write_zip(self._folder, self._files, self._packed(tenant_id, job_id, only_approved=only_approved))

    def zip_link(
        self, tenant_id: str, job_id: str, *, only_approved: bool, seconds: int, download_name: str
    ) -> str | None:
        """As :meth:`zip_file`, stored once for each state of the run; None where the storage gives no links."""
        packed = self._packed(tenant_id, job_id, only_approved=only_approved)
        folder = f"{self._run_folder(tenant_id, job_id)}/{'approved' if only_approved else 'all'}"
        key = content_key("zip", [(one.name, one.file) for one in packed])
        name = f"{folder}/{key}/results.zip"
        link = self._files.link(name, seconds=seconds, download_name=download_name)
        if link is None or self._files.exists(name):
            return link
        path = write_zip(self._folder, self._files, packed)
        try:
            with storing():
                self._files.write_from(name, path)
        finally:
            path.unlink(missing_ok=True)
        for other in self._files.folders(folder):
            if other != key:
                self._files.delete_folder(f"{folder}/{other}")
        return link

    def report_link(self, tenant_id: str, job_id: str, *, seconds: int) -> str | None:
        """An address of the report as a table, as it is now; None where the storage gives no links."""
        job = self._runs.get_run(tenant_id, job_id)
        # Each round has its own: the links of notices go on showing what they were about.
        name = f"{self._run_folder(tenant_id, job_id)}/report-{job.round}.csv"
        file_name = f"backgrounds-{job.created_at:%Y-%m-%d}.csv"
        link = self._files.link(name, seconds=seconds, download_name=file_name)
        if link is not None:
            keep_file(self._files, name, report_csv(self.report(tenant_id, job_id)))
        return link

    def _run_folder(self, tenant_id: str, job_id: str) -> str:
        job = self._runs.get_run(tenant_id, job_id)
        return f"{run_folder(tenant_id, str(job.arguments['batch_id']))}/{job_id}"

    def _packed(self, tenant_id: str, job_id: str, *, only_approved: bool) -> list[PackedFile]:
        job = self._runs.get_run(tenant_id, job_id)
        _, images = self._batch(job)
        items = self._runs.items(tenant_id, job_id, ResultFilter.ALL)
        names = _names(items, images)
        packed = []
        for one in items:
            approved = {review.variation for review in one.reviews if review.review is Review.APPROVED}
            for composite, name in zip(one.composites, names[one.item.name], strict=True):
                if composite.variation in approved or not only_approved:
                    packed.append(PackedFile(name, composite.file))
        if not packed:
            cause = "No result of this run was approved." if only_approved else "This run has no results yet."
            remedy = "Approve some results, or fetch all of them." if only_approved else "Wait until some are done."
            raise InputError(cause, code="no-results", remedy=remedy)
        return packed

    def report(self, tenant_id: str, job_id: str) -> RunReport:
        """Everything that the report of a run tells, as it is now."""
        job = self._runs.get_run(tenant_id, job_id)
        batch, images = self._batch(job)
        items = self._runs.items(tenant_id, job_id, ResultFilter.ALL)
        return RunReport(
            job=job,
            wish=run_wish(job),
            batch_title=batch.title if batch else "",
            items=items,
            refused=refused_in_run(job, batch, images),
            outputs=_names(items, images),
            totals=run_totals(self._jobs, job),
        )

    def _batch(self, job: Job) -> tuple[ImageBatch | None, list[BatchImage]]:
        batch_id = str(job.arguments["batch_id"])
        try:
            batch = self._repository.get_batch(job.tenant_id, batch_id)
            return batch, self._repository.list_images(job.tenant_id, batch_id)
        except NotFoundError:
            return None, []


def _names(items: list[RunItem], images: list[BatchImage]) -> dict[str, list[str]]:
    suffixes = {
        one.item.name: [f".{composite.file.rsplit('.', 1)[-1]}" for composite in one.composites] for one in items
    }
    every = [image.file_name for image in images if image.sha256]
    return output_names([one.item.name for one in items], suffixes, all_names=every)
