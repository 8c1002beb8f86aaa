"""From the rows of jobs and items to what the use cases speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from services.jobs.models import Failure, ItemStatus, Job, JobItem, JobStatus
from services.storage.job_tables import JobItemRow, JobRow

LIVE_JOBS = [status.value for status in JobStatus if status.live]
LIVE_ITEMS = [status.value for status in ItemStatus if status.live]


def jobs_of(session: DatabaseSession, rows: Iterable[JobRow]) -> list[Job]:
    """The jobs of these rows, with how many items each has in which status."""
    found = list(rows)
    counts = {row.id: dict.fromkeys(ItemStatus, 0) for row in found}
    query = (
        select(JobItemRow.job_id, JobItemRow.status, func.count())
        .where(JobItemRow.job_id.in_(counts))
        .group_by(JobItemRow.job_id, JobItemRow.status)
    )
    for job_id, status, count in session.execute(query):
        counts[job_id][ItemStatus(status)] = count
    return [_job(row, counts[row.id]) for row in found]


def item_of(row: JobItemRow) -> JobItem:
    """The item of this row."""
    return JobItem(
        job_id=row.job_id,
        position=row.position,
        name=row.name,
        arguments=row.arguments,
        status=ItemStatus(row.status),
        stage=row.stage,
        progress=row.progress,
        result=row.result,
        error_code=row.error_code,
        cause=row.cause,
        remedy=row.remedy,
        retryable=row.retryable,
        attempts=row.attempts,
        failed_tries=row.failed_tries,
        next_try_at=row.next_try_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def lock_job(session: DatabaseSession, job_id: str, *conditions: Any) -> JobRow | None:
    """Hold the job until the end of the transaction, so that no two changes of it or its items interleave.

    Must be the first statement of the transaction: on SQLite a transaction that began with reading cannot always go on
    to write. None when there is no such job, or a condition does not hold.
    """
    held = session.execute(
        update(JobRow)
        .where(JobRow.id == job_id, *conditions)
        .values(status=JobRow.status)
        .execution_options(synchronize_session=False)
    )
    return session.get(JobRow, job_id, populate_existing=True) if held.rowcount else None  # type: ignore[attr-defined]


def unended_count(session: DatabaseSession, job_id: str) -> int:
    """How many items are queued or run."""
    query = (
        select(func.count())
        .select_from(JobItemRow)
        .where(JobItemRow.job_id == job_id, JobItemRow.status.in_(LIVE_ITEMS))
    )
    return session.execute(query).scalar_one()


def settle_canceled(session: DatabaseSession, job: JobRow, at: datetime) -> None:
    """End a job that somebody canceled once nothing of it runs any more."""
    session.flush()
    if job.cancel_requested and unended_count(session, job.id) == 0:
        job.status = JobStatus.CANCELED.value
        job.finished_at = at
        job.paused_at = None
        job.stage = ""
        job.progress = None


def keep_outcome(row: JobRow | JobItemRow, outcome: Mapping[str, Any] | Failure, at: datetime) -> None:
    """Write the result, or why there is none, into the row; its status is the caller's."""
    keep_failure(row, outcome if isinstance(outcome, Failure) else None)
    row.result = {} if isinstance(outcome, Failure) else dict(outcome)
    row.stage = ""
    row.progress = None
    row.finished_at = at


def keep_failure(row: JobRow | JobItemRow, failure: Failure | None) -> None:
    """Write the words of the failure into the row, or that there are none."""
    row.error_code = failure.code if failure else None
    row.cause = failure.cause if failure else ""
    row.remedy = failure.remedy if failure else ""
    row.retryable = failure.retryable if failure else False


def forget_outcome(row: JobRow | JobItemRow) -> None:
    """Make the row as if its work had never begun."""
    keep_failure(row, None)
    row.status = JobStatus.QUEUED.value
    row.result = {}
    row.stage = ""
    row.progress = row.started_at = row.finished_at = None


def _job(row: JobRow, counts: Mapping[ItemStatus, int]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        tenant_id=row.tenant_id,
        username=row.username,
        title=row.title,
        arguments=row.arguments,
        created_at=row.created_at,
        status=JobStatus(row.status),
        round=row.round,
        stage=row.stage,
        progress=row.progress,
        finishing=row.finish_worker_id is not None,
        cancel_requested=row.cancel_requested,
        paused_at=row.paused_at,
        resumed_at=row.resumed_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=counts,
        result=row.result,
        error_code=row.error_code,
        cause=row.cause,
        remedy=row.remedy,
        retryable=row.retryable,
    )
