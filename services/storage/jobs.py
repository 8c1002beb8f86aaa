"""Jobs in the database, as people see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import ConflictError, NotFoundError
from services.jobs.models import ItemSpan, ItemStatus, Job, JobItem, JobRound, JobStatus, NewItem
from services.storage.database import Database
from services.storage.job_pausing import latest_next_try, pause, require_stoppable, resume
from services.storage.job_rows import forget_outcome, item_of, jobs_of, lock_job, settle_canceled
from services.storage.job_spans import newest_spans
from services.storage.job_tables import JobItemRow, JobRow


class SqlJobRepository:
    """See :class:`services.ports.jobs.JobRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_job(self, job: Job, items: Sequence[NewItem]) -> None:
        rows = [
            {
                "job_id": job.id,
                "position": position,
                "name": item.name,
                "arguments": dict(item.arguments),
                "status": ItemStatus.QUEUED.value,
            }
            for position, item in enumerate(items)
        ]
        with self._database.transaction() as session:
            session.add(
                JobRow(
                    id=job.id,
                    kind=job.kind,
                    tenant_id=job.tenant_id,
                    username=job.username,
                    title=job.title,
                    arguments=dict(job.arguments),
                    created_at=job.created_at,
                    status=JobStatus.QUEUED.value,
                )
            )
            session.flush()
            if rows:
                session.execute(insert(JobItemRow), rows)

    def get_job(self, tenant_id: str, job_id: str) -> Job:
        with self._database.transaction() as session:
            return jobs_of(session, [_own(session.get(JobRow, job_id), tenant_id)])[0]

    def list_jobs(self, tenant_id: str, *, kind: str | None = None, limit: int) -> list[Job]:
        query = (
            select(JobRow)
            .where(JobRow.tenant_id == tenant_id)
            .order_by(JobRow.created_at.desc(), JobRow.id.desc())
            .limit(limit)
        )
        if kind is not None:
            query = query.where(JobRow.kind == kind)
        with self._database.transaction() as session:
            return jobs_of(session, session.scalars(query))

    def list_items(
        self, tenant_id: str, job_id: str, *, status: ItemStatus | None = None, offset: int = 0, limit: int
    ) -> list[JobItem]:
        query = select(JobItemRow).where(JobItemRow.job_id == job_id)
        if status is not None:
            query = query.where(JobItemRow.status == status.value)
        with self._database.transaction() as session:
            _own(session.get(JobRow, job_id), tenant_id)
            rows = session.scalars(query.order_by(JobItemRow.position).offset(offset).limit(limit))
            return [item_of(row) for row in rows]

    def cancel_job(self, tenant_id: str, job_id: str, at: datetime) -> list[int]:
        with self._database.transaction() as session:
            job = _own(lock_job(session, job_id), tenant_id)
            require_stoppable(job)
            canceled = _items(session, job_id, ItemStatus.QUEUED)
            for item in canceled:
                item.status = ItemStatus.CANCELED.value
                item.next_try_at = None
                item.finished_at = at
            job.cancel_requested = True
            settle_canceled(session, job, at)
            return [item.position for item in canceled]

    def pause_job(self, tenant_id: str, job_id: str, at: datetime) -> list[int]:
        with self._database.transaction() as session:
            return pause(session, _own(lock_job(session, job_id), tenant_id), at)

    def resume_job(self, tenant_id: str, job_id: str, at: datetime) -> JobRound | None:
        with self._database.transaction() as session:
            return resume(_own(lock_job(session, job_id), tenant_id), at)

    def list_spans(self, tenant_id: str, job_id: str, *, limit: int) -> list[ItemSpan]:
        with self._database.transaction() as session:
            _own(session.get(JobRow, job_id), tenant_id)
            return newest_spans(session, job_id, limit)

    def latest_next_try(self, tenant_id: str, job_id: str) -> datetime | None:
        with self._database.transaction() as session:
            _own(session.get(JobRow, job_id), tenant_id)
            return latest_next_try(session, job_id)

    def retry_job(self, tenant_id: str, job_id: str, positions: Collection[int] | None = None) -> JobRound:
        with self._database.transaction() as session:
            job = _own(lock_job(session, job_id), tenant_id)
            items = _items(session, job_id, ItemStatus.FAILED)
            if positions is not None:
                wanted = set(positions)
                items += _items(session, job_id, ItemStatus.CANCELED)
                items = [item for item in items if item.position in wanted]
            _require_retryable(JobStatus(job.status), bool(items), chosen=positions is not None)
            for item in items:
                forget_outcome(item)
                item.lost = item.failed_tries = 0
            forget_outcome(job)
            job.cancel_requested = False
            job.round += 1
            job.finish_worker_id = None
            job.finish_lost = 0
            return JobRound(job_id, job.round)


def _own(row: JobRow | None, tenant_id: str) -> JobRow:
    if row is None or row.tenant_id != tenant_id:
        raise NotFoundError("This job does not exist in this tenant.", code="job-not-found")
    return row


def _items(session: DatabaseSession, job_id: str, status: ItemStatus) -> list[JobItemRow]:
    query = select(JobItemRow).where(JobItemRow.job_id == job_id, JobItemRow.status == status.value)
    return list(session.scalars(query.order_by(JobItemRow.position)))


def _require_retryable(status: JobStatus, some_items: bool, *, chosen: bool) -> None:
    if status.live:
        raise ConflictError("This job still runs.", code="job-runs", remedy="Wait until it has ended, then retry.")
    if status is JobStatus.CANCELED and not chosen:
        raise ConflictError(
            "This job was canceled.", code="job-canceled", remedy="Start a new one with what is still to be done."
        )
    if not some_items and (chosen or status is JobStatus.DONE):
        cause = "Nothing of this choice failed or was canceled." if chosen else "Nothing of this job failed."
        raise ConflictError(cause, code="nothing-failed", remedy="There is nothing to retry.")
