"""Jobs in the database, as workers see them: claims on items and on the finish, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session as DatabaseSession

from services.jobs.models import (
    ClaimedFinish,
    ClaimedItem,
    Failure,
    ItemStatus,
    JobRound,
    JobStatus,
    WaitingItems,
)
from services.storage.database import Database
from services.storage.job_rows import (
    LIVE_JOBS,
    item_of,
    jobs_of,
    keep_failure,
    keep_outcome,
    lock_job,
    settle_canceled,
    unended_count,
)
from services.storage.job_spans import longest_recent_seconds
from services.storage.job_tables import JobItemRow, JobRow

MOST_LOST_WORKERS = 3

_LOST = Failure(
    "worker-lost",
    f"The process that worked on this ended {MOST_LOST_WORKERS} times without a result.",
    "Try again, alone if it is large. If it happens again, leave it out and tell your administrator.",
    retryable=True,
)
_NOTHING_DONE = Failure(
    "no-item-done",
    "Not a single one succeeded.",
    "Look at the causes, correct them, and retry the failed ones.",
    retryable=True,
)


class SqlJobRuns:
    """See :class:`services.ports.jobs.JobRuns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def undispatched_rounds(self) -> list[JobRound]:
        return self._rounds(JobRow.dispatched_round < JobRow.round)

    def live_rounds(self) -> list[JobRound]:
        return self._rounds()

    def mark_dispatched(self, job_round: JobRound) -> None:
        with self._database.transaction() as session:
            if job := lock_job(session, job_round.job_id, JobRow.round == job_round.number):
                job.dispatched_round = job_round.number

    def renew_round(self, job_round: JobRound) -> None:
        with self._database.transaction() as session:
            job = _lock_round(session, job_round)
            if job is None:
                return
            session.execute(_give_back_items(JobItemRow.job_id == job.id))
            job.finish_worker_id = None
            job.round += 1

    def queued_positions(self, job_round: JobRound) -> list[int]:
        query = (
            select(JobItemRow.position)
            .join(JobRow, JobRow.id == JobItemRow.job_id)
            .where(
                JobRow.id == job_round.job_id,
                JobRow.round == job_round.number,
                JobRow.status.in_(LIVE_JOBS),
                JobRow.paused_at.is_(None),
                JobItemRow.status == ItemStatus.QUEUED.value,
            )
            .order_by(JobItemRow.position)
        )
        with self._database.transaction() as session:
            return list(session.scalars(query))

    def waiting_items(self, job_id: str, position: int | None = None) -> WaitingItems | None:
        query = select(JobItemRow).where(JobItemRow.job_id == job_id, JobItemRow.status == ItemStatus.QUEUED.value)
        if position is not None:
            query = query.where(JobItemRow.position == position)
        with self._database.transaction() as session:
            job = session.get(JobRow, job_id)
            if job is None or not JobStatus(job.status).live or job.paused_at is not None or job.cancel_requested:
                return None
            items = [item_of(row) for row in session.scalars(query.order_by(JobItemRow.position))]
            return WaitingItems(JobRound(job_id, job.round), jobs_of(session, [job])[0], items)

    def begin_item(
        self, job_round: JobRound, position: int, worker_id: str, at: datetime, *, turn: int | None = None
    ) -> ClaimedItem | None:
        with self._database.transaction() as session:
            job = lock_job(session, job_round.job_id, JobRow.status.in_(LIVE_JOBS))
            item = session.get(JobItemRow, (job_round.job_id, position), populate_existing=True)
            if job is None or item is None or not ItemStatus(item.status).live:
                return None
            # What began before a pause belongs to the round of that time.
            if job_round.number != (item.claimed_round if item.status == ItemStatus.RUNNING.value else job.round):
                return None
            if turn is not None and turn != item.failed_tries:
                return None
            if job.cancel_requested:
                item.status = ItemStatus.CANCELED.value
                item.finished_at = at
                settle_canceled(session, job, at)
                return None
            if item.status == ItemStatus.RUNNING.value:
                item.lost += 1
                if item.lost >= MOST_LOST_WORKERS:
                    item.status = ItemStatus.FAILED.value
                    item.worker_id = None
                    keep_outcome(item, _LOST, at)
                    return None
            if job.paused_at is not None or job.round != job_round.number:
                _give_back(item)  # it lost its worker, and is queued with the others
                return None
            item.status = ItemStatus.RUNNING.value
            item.attempts += 1
            item.worker_id = worker_id
            item.claimed_round = job.round
            item.started_at = at
            item.next_try_at = None
            item.stage = ""
            item.progress = None
            keep_failure(item, None)
            job.status = JobStatus.RUNNING.value
            job.started_at = job.started_at or at
            session.flush()
            return ClaimedItem(jobs_of(session, [job])[0], item_of(item), item.attempts)

    def report_item(self, claim: ClaimedItem, stage: str, progress: float | None) -> bool:
        statement = (
            update(JobItemRow)
            .where(
                JobItemRow.job_id == claim.item.job_id,
                JobItemRow.position == claim.item.position,
                JobItemRow.attempts == claim.attempt,
                JobItemRow.status == ItemStatus.RUNNING.value,
            )
            .values(stage=stage[:64], progress=progress)
        )
        return self._changed(statement)

    def end_item(self, claim: ClaimedItem, outcome: Mapping[str, Any] | Failure, at: datetime) -> bool:
        with self._database.transaction() as session:
            job = lock_job(session, claim.item.job_id)
            item = session.get(JobItemRow, (claim.item.job_id, claim.item.position), populate_existing=True)
            if job is None or item is None or not _counts(item, claim):
                return False
            failed = isinstance(outcome, Failure)
            item.status = (ItemStatus.FAILED if failed else ItemStatus.DONE).value
            item.worker_id = None
            keep_outcome(item, outcome, at)
            settle_canceled(session, job, at)
            return True

    def postpone_item(self, claim: ClaimedItem, failure: Failure, next_try_at: datetime, at: datetime) -> bool:
        with self._database.transaction() as session:
            job = lock_job(session, claim.item.job_id)
            item = session.get(JobItemRow, (claim.item.job_id, claim.item.position), populate_existing=True)
            if job is None or item is None or not _counts(item, claim):
                return False
            if job.cancel_requested:
                item.status = ItemStatus.FAILED.value
                item.worker_id = None
                keep_outcome(item, failure, at)
                settle_canceled(session, job, at)
                return True
            _give_back(item)
            keep_failure(item, failure)
            item.failed_tries += 1
            item.next_try_at = next_try_at
            return True

    def finish_is_due(self, job_round: JobRound) -> bool:
        return self.due_finish(job_round.job_id) == job_round

    def due_finish(self, job_id: str) -> JobRound | None:
        query = select(JobRow.round).where(
            JobRow.id == job_id,
            JobRow.status.in_(LIVE_JOBS),
            JobRow.cancel_requested.is_(False),
            JobRow.paused_at.is_(None),
        )
        with self._database.transaction() as session:
            number = session.scalar(query)
            return JobRound(job_id, number) if number is not None and not unended_count(session, job_id) else None

    def begin_finish(self, job_round: JobRound, worker_id: str, at: datetime) -> ClaimedFinish | None:
        with self._database.transaction() as session:
            job = _lock_round(session, job_round)
            if job is None or job.cancel_requested or job.paused_at is not None or unended_count(session, job.id):
                return None
            if job.finish_worker_id is not None:
                job.finish_lost += 1
                if job.finish_lost >= MOST_LOST_WORKERS:
                    job.status = JobStatus.FAILED.value
                    job.finish_worker_id = None
                    keep_outcome(job, _LOST, at)
                    return None
            job.status = JobStatus.RUNNING.value
            job.started_at = job.started_at or at
            job.finish_attempts += 1
            job.finish_worker_id = worker_id
            job.stage = ""
            job.progress = None
            session.flush()
            return ClaimedFinish(jobs_of(session, [job])[0], job.finish_attempts)

    def report_finish(self, claim: ClaimedFinish, stage: str, progress: float | None) -> bool:
        statement = (
            update(JobRow)
            .where(
                JobRow.id == claim.job.id,
                JobRow.finish_attempts == claim.attempt,
                JobRow.finish_worker_id.is_not(None),
            )
            .values(stage=stage[:64], progress=progress)
        )
        return self._changed(statement)

    def end_finish(self, claim: ClaimedFinish, outcome: Mapping[str, Any] | Failure, at: datetime) -> bool:
        with self._database.transaction() as session:
            job = lock_job(session, claim.job.id)
            if job is None or job.finish_worker_id is None or job.finish_attempts != claim.attempt:
                return False
            counts = jobs_of(session, [job])[0].counts
            keep_outcome(job, outcome, at)
            if isinstance(outcome, Failure):
                job.status = JobStatus.FAILED.value
            elif counts[ItemStatus.FAILED] and not counts[ItemStatus.DONE]:
                keep_outcome(job, _NOTHING_DONE, at)
                job.result = dict(outcome)
                job.status = JobStatus.FAILED.value
            elif counts[ItemStatus.CANCELED]:
                job.status = JobStatus.CANCELED.value  # a choice was retried after a cancel; the rest is still left
            else:
                job.status = JobStatus.DONE.value
            job.finish_worker_id = None
            return True

    def release(self, worker_id: str) -> None:
        with self._database.transaction() as session:
            session.execute(_give_back_items(JobItemRow.worker_id == worker_id))
            session.execute(
                update(JobRow)
                .where(JobRow.finish_worker_id == worker_id)
                .values(finish_worker_id=None, stage="", progress=None)
            )

    def something_to_do(self) -> bool:
        live = select(JobRow.id).where(JobRow.status.in_(LIVE_JOBS), JobRow.paused_at.is_(None)).limit(1)
        runs = select(JobItemRow.job_id).where(JobItemRow.worker_id.is_not(None)).limit(1)
        with self._database.transaction() as session:
            return session.scalar(live) is not None or session.scalar(runs) is not None

    def longest_recent_seconds(self, at: datetime) -> float | None:
        with self._database.transaction() as session:
            return longest_recent_seconds(session, at)

    def _rounds(self, *conditions: Any) -> list[JobRound]:
        query = (
            select(JobRow.id, JobRow.round)
            .where(JobRow.status.in_(LIVE_JOBS), JobRow.paused_at.is_(None), *conditions)
            .order_by(JobRow.created_at, JobRow.id)
        )
        with self._database.transaction() as session:
            return [JobRound(job_id, number) for job_id, number in session.execute(query)]

    def _changed(self, statement: Any) -> bool:
        with self._database.transaction() as session:
            result = session.execute(statement)
            assert isinstance(result, CursorResult)
            return result.rowcount > 0


def _lock_round(session: DatabaseSession, job_round: JobRound) -> JobRow | None:
    return lock_job(session, job_round.job_id, JobRow.round == job_round.number, JobRow.status.in_(LIVE_JOBS))


def _counts(item: JobItemRow, claim: ClaimedItem) -> bool:
    """Whether nobody else took the item over."""
    return (item.status, item.attempts) == (ItemStatus.RUNNING.value, claim.attempt)


def _give_back(item: JobItemRow) -> None:
    item.status = ItemStatus.QUEUED.value
    item.worker_id = None
    item.stage = ""
    item.progress = None


def _give_back_items(condition: Any) -> Any:
    return (
        update(JobItemRow)
        .where(condition, JobItemRow.status == ItemStatus.RUNNING.value)
        .values(status=ItemStatus.QUEUED.value, worker_id=None, stage="", progress=None)
    )
