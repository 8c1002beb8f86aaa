"""Pauses and resumptions of jobs in their rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import ConflictError
from services.jobs.models import ItemStatus, JobRound, JobStatus
from services.storage.job_tables import JobItemRow, JobRow


def pause(session: DatabaseSession, job: JobRow, at: datetime) -> list[int]:
    """Let nothing more of the locked job begin; returns the positions that wait.

    Raises:
        ConflictError: it has ended, its finish has begun, or somebody canceled it.
    """
    require_stoppable(job)
    if job.cancel_requested:
        raise ConflictError(
            "This job was canceled and is about to end.",
            code="job-canceled",
            remedy="Wait until what runs has ended; nothing more begins.",
        )
    if job.paused_at is None:
        job.paused_at = at
    query = select(JobItemRow.position).where(JobItemRow.job_id == job.id, JobItemRow.status == ItemStatus.QUEUED.value)
    return list(session.scalars(query.order_by(JobItemRow.position)))


def resume(job: JobRow, at: datetime) -> JobRound | None:
    """Let the locked job go on in a new round, if it is paused.

    Raises:
        ConflictError: it has ended.
    """
    if not JobStatus(job.status).live:
        raise ConflictError(
            "This job has ended already.",
            code="job-ended",
            remedy="Look at what came of it; nothing is left to resume.",
        )
    if job.paused_at is None or job.cancel_requested:
        return None
    job.paused_at = None
    job.resumed_at = at
    job.round += 1  # the engine took what waited out of its queue, and knows a round only once
    return JobRound(job.id, job.round)


def require_stoppable(job: JobRow) -> None:
    """Raise ConflictError when nothing of the job can be held back any more."""
    if not JobStatus(job.status).live:
        raise ConflictError(
            "This job has ended already.",
            code="job-ended",
            remedy="Nothing is left to stop; what was done stays.",
        )
    if job.finish_worker_id is not None:
        raise ConflictError(
            "Every item has ended and the job is being completed.",
            code="job-finishing",
            remedy="Wait until it is done; it cannot be stopped half-way.",
        )


def latest_next_try(session: DatabaseSession, job_id: str) -> datetime | None:
    """When the last of the items that wait for another try will have it."""
    query = select(func.max(JobItemRow.next_try_at)).where(
        JobItemRow.job_id == job_id, JobItemRow.status == ItemStatus.QUEUED.value
    )
    return session.scalar(query)
