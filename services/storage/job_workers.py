"""Heartbeats of the workers in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from services.jobs.models import Worker
from services.storage.database import Database
from services.storage.job_tables import WorkerRow


class SqlWorkerRegistry:
    """See :class:`services.ports.jobs.WorkerRegistry`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def breathe(self, worker_id: str, host: str, process_id: int, concurrency: int) -> None:
        with self._database.transaction() as session:
            now = _now(session)
            row = session.get(WorkerRow, worker_id)
            if row is None:
                row = WorkerRow(id=worker_id, started_at=now)
                session.add(row)
            row.host = host
            row.process_id = process_id
            row.concurrency = concurrency
            row.breathed_at = now
            row.left_at = None

    def leave(self, worker_id: str) -> None:
        with self._database.transaction() as session:
            now = _now(session)
            session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(left_at=now))

    def workers(self, *, silent_seconds: float) -> list[Worker]:
        with self._database.transaction() as session:
            now = _now(session)
            rows = session.scalars(
                select(WorkerRow)
                .where(WorkerRow.breathed_at >= now - timedelta(seconds=silent_seconds), WorkerRow.left_at.is_(None))
                .order_by(WorkerRow.started_at, WorkerRow.id)
            )
            return [
                Worker(
                    id=row.id,
                    host=row.host,
                    process_id=row.process_id,
                    concurrency=row.concurrency,
                    started_at=row.started_at,
                    silent_seconds=max(0.0, (now - row.breathed_at).total_seconds()),
                )
                for row in rows
            ]

    def forget(self, *, silent_seconds: float) -> None:
        with self._database.transaction() as session:
            before = _now(session) - timedelta(seconds=silent_seconds)
            session.execute(delete(WorkerRow).where(WorkerRow.breathed_at < before))


def _now(session: DatabaseSession) -> datetime:
    """The database's clock; SQLite has none of its own, and all its processes share this machine's."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)
