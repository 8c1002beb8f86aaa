"""Counts what waits for workers, over all tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session as DatabaseSession

from services.jobs.depth import QueueDepth
from services.jobs.models import STALE_SECONDS, ItemStatus
from services.storage.database import Database
from services.storage.job_rows import LIVE_ITEMS, LIVE_JOBS
from services.storage.job_tables import JobItemRow, JobRow
from services.storage.job_workers import SqlWorkerRegistry

_LIVE = JobRow.status.in_(LIVE_JOBS)
_OPEN = (_LIVE, JobRow.paused_at.is_(None), JobRow.cancel_requested.is_(False))
_HAS_LIVE_ITEMS = exists().where(JobItemRow.job_id == JobRow.id, JobItemRow.status.in_(LIVE_ITEMS))


def measure_queue(database: Database, at: datetime) -> QueueDepth:
    """The queue at that time; changes nothing.

    Raises:
        BackendUnavailableError: the database did not answer.
    """
    workers = SqlWorkerRegistry(database).workers(silent_seconds=STALE_SECONDS)
    ready = (
        JobItemRow.status == ItemStatus.QUEUED.value,
        or_(JobItemRow.next_try_at.is_(None), JobItemRow.next_try_at <= at),
    )
    with database.transaction() as session:
        waiting = _items(session, *_OPEN, *ready) + _jobs(session, *_OPEN, ~_HAS_LIVE_ITEMS, _unclaimed())
        running = _items(session, JobItemRow.status == ItemStatus.RUNNING.value) + _jobs(session, _LIVE, ~_unclaimed())
        moved_at = _last_movement(session) if waiting else None
    return QueueDepth(
        waiting=waiting,
        running=running,
        standstill_seconds=max(0.0, (at - moved_at).total_seconds()) if moved_at is not None else 0.0,
        places=sum(worker.concurrency for worker in workers),
        hosts=tuple(worker.host for worker in workers),
    )


def _unclaimed() -> Any:
    return JobRow.finish_worker_id.is_(None)


def _items(session: DatabaseSession, *conditions: Any) -> int:
    query = select(func.count()).select_from(JobItemRow).join(JobRow, JobRow.id == JobItemRow.job_id)
    return session.execute(query.where(*conditions)).scalar_one()


def _jobs(session: DatabaseSession, *conditions: Any) -> int:
    return session.execute(select(func.count()).select_from(JobRow).where(*conditions)).scalar_one()


def _last_movement(session: DatabaseSession) -> datetime | None:
    """The last time that anything of the open jobs was submitted, resumed, begun, ended, or due for another try."""
    jobs = select(func.max(JobRow.created_at), func.max(JobRow.resumed_at), func.max(JobRow.started_at)).where(*_OPEN)
    items = (
        select(func.max(JobItemRow.started_at), func.max(JobItemRow.finished_at))
        .join(JobRow, JobRow.id == JobItemRow.job_id)
        .where(*_OPEN)
    )
    ended = select(func.max(JobRow.finished_at))
    moments = [*session.execute(jobs).one(), *session.execute(items).one(), session.execute(ended).scalar_one()]
    return max((moment for moment in moments if moment is not None), default=None)
