"""How long items took, read from their rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DatabaseSession

from services.jobs.models import ItemSpan, ItemStatus, JobStatus
from services.storage.job_tables import JobItemRow, JobRow

_WORKED = [ItemStatus.DONE.value, ItemStatus.FAILED.value]
_LATELY = 10
_JOBS_LOOKED_AT = 20


def newest_spans(session: DatabaseSession, job_id: str, limit: int) -> list[ItemSpan]:
    """The done and failed items of a job, the latest end first."""
    query = (
        select(JobItemRow.started_at, JobItemRow.finished_at)
        .where(
            JobItemRow.job_id == job_id,
            JobItemRow.finished_at.is_not(None),
            JobItemRow.started_at.is_not(None),
            JobItemRow.status.in_(_WORKED),
        )
        .order_by(JobItemRow.finished_at.desc())
        .limit(limit)
    )
    return [ItemSpan(started, finished) for started, finished in session.execute(query) if started and finished]


def longest_recent_seconds(session: DatabaseSession, at: datetime) -> float | None:
    """The longest of the items of live jobs that ended last or run at this moment; None when there is none."""
    jobs = session.scalars(
        select(JobRow.id)
        .where(JobRow.status == JobStatus.RUNNING.value, JobRow.paused_at.is_(None))
        .order_by(JobRow.created_at)
        .limit(_JOBS_LOOKED_AT)
    ).all()
    seconds = [span.seconds for job_id in jobs for span in newest_spans(session, job_id, _LATELY)]
    if not seconds:
        return None
    oldest = session.scalar(
        select(func.min(JobItemRow.started_at)).where(
            JobItemRow.job_id.in_(jobs), JobItemRow.status == ItemStatus.RUNNING.value
        )
    )
    return max([*seconds, (at - oldest).total_seconds() if oldest is not None else 0.0])
