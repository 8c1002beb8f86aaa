"""Runs one item or one finish, whatever engine asked for it, and keeps what came of it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.errors import AppError, BackendUnavailableError
from services.jobs.models import ClaimedFinish, ClaimedItem, Failure, Job, JobRound
from services.jobs.retrying import policy_of, wait_seconds
from services.logs import get_logger, new_reference
from services.ports.jobs import JobKind, JobRuns, ServesPurpose, StageListener
from services.ports.model_calls import attributed

SECONDS_BETWEEN_REPORTS = 1.0
LONGEST_PAUSE_SECONDS = 15.0

_log = get_logger(__name__)
_Kept = TypeVar("_Kept")
_Draw = Callable[[float, float], float]


class WorkNoLongerCountsError(Exception):
    """Another worker has taken this work over, or this one is stopping: end it, its result would be dropped."""


@dataclass(frozen=True, slots=True)
class AfterItem:
    """What follows a run of an item.

    Attributes:
        ended: Whether this run ended it; if not, it may wait for its next try.
        due: The round whose finish is due now.
    """

    ended: bool
    due: JobRound | None


class JobRunner:
    """Claims work, calls its kind, and keeps the result or the failure.

    Every method may be called again for the same work, also at the same time: claims make the result count once. A
    database that is away for a while is waited for, so that finished work is not lost to it.

    Args:
        runs: Where claims and results are kept.
        kinds: What can be run, by name.
        worker_id: Who claims.
        now: The clock, for tests.
        draw: A number between two, for tests; see :func:`services.jobs.retrying.wait_seconds`.
    """

    def __init__(
        self,
        runs: JobRuns,
        kinds: Mapping[str, JobKind],
        worker_id: str,
        *,
        now: Callable[[], datetime] | None = None,
        draw: _Draw = random.uniform,
    ) -> None:
        self._runs = runs
        self._kinds = kinds
        self._worker_id = worker_id
        self._now = now or (lambda: datetime.now(UTC))
        self._draw = draw
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let work end at its next report, and wait for nothing any more."""
        self._stopping.set()

    def run_item(self, job_round: JobRound, position: int, turn: int | None = None) -> AfterItem:
        """Work on one item, if it still needs it; one whose error may pass is left queued for later.

        Args:
            turn: See :meth:`services.ports.jobs.JobRuns.begin_item`.
        """
        claim = self.patiently(
            lambda: self._runs.begin_item(job_round, position, self._worker_id, self._now(), turn=turn)
        )
        ended = False
        if claim is not None:
            report = _Reports(lambda stage, share: self._runs.report_item(claim, stage, share), self._stopping)
            outcome = self._outcome_of_item(claim, report)
            if isinstance(outcome, _Postponed):
                self.patiently(lambda: self._runs.postpone_item(claim, outcome.failure, outcome.until, self._now()))
            elif outcome is not None:
                ended = self.patiently(lambda: self._runs.end_item(claim, outcome, self._now()))
        return AfterItem(ended, self.patiently(lambda: self._runs.due_finish(job_round.job_id)))

    def run_finish(self, job_round: JobRound) -> None:
        """Run the finish of the job, if it still needs it."""
        claim = self.patiently(lambda: self._runs.begin_finish(job_round, self._worker_id, self._now()))
        if claim is None:
            return
        report = _Reports(lambda stage, share: self._runs.report_finish(claim, stage, share), self._stopping)
        outcome = self._outcome_of_finish(claim, report)
        if outcome is not None:
            self.patiently(lambda: self._runs.end_finish(claim, outcome, self._now()))

    def _outcome_of_item(
        self, claim: ClaimedItem, report: StageListener
    ) -> Mapping[str, Any] | Failure | _Postponed | None:
        job, item = claim.job, claim.item
        fields = {"job": job.id, "kind": job.kind, "position": item.position, "attempt": claim.attempt}
        postponed: list[datetime] = []

        def work() -> Mapping[str, Any]:
            kind = self._kind(job.kind)
            try:
                with _on_behalf_of(job, kind):
                    return kind.run_item(job, item, report)
            except AppError as error:
                wait = wait_seconds(policy_of(kind), item.failed_tries, error, self._draw)
                if wait is not None:
                    postponed.append(self._now() + timedelta(seconds=wait))
                raise

        outcome = self._outcome(work, fields)
        return _Postponed(outcome, postponed[0]) if postponed and isinstance(outcome, Failure) else outcome

    def _outcome_of_finish(self, claim: ClaimedFinish, report: StageListener) -> Mapping[str, Any] | Failure | None:
        job = claim.job
        fields = {"job": job.id, "kind": job.kind, "attempt": claim.attempt}

        def work() -> Mapping[str, Any]:
            kind = self._kind(job.kind)
            with _on_behalf_of(job, kind):
                return kind.finish(job, report)

        return self._outcome(work, fields)

    def _outcome(
        self, work: Callable[[], Mapping[str, Any]], fields: Mapping[str, Any]
    ) -> Mapping[str, Any] | Failure | None:
        """What the work returned, or why it failed; None when it does not count any more."""
        started = time.monotonic()
        try:
            result = dict(work())
            json.dumps(result, allow_nan=False)
        except WorkNoLongerCountsError:
            _log.info("job-work-given-up", **fields)
            return None
        except AppError as error:
            _log.info("job-work-failed", code=error.code, **fields)
            return Failure(error.code, error.message_for_user, error.remedy, error.retryable)
        except Exception as error:  # one item must never take the others down
            reference = new_reference()
            _log.error("job-work-crashed", reference=reference, exc_info=error, **fields)
            return Failure(
                "unexpected",
                f"Something went wrong that was not foreseen. The reference is {reference}.",
                "Try again. If it happens again, tell your administrator the reference.",
                retryable=True,
            )
        _log.info("job-work-done", seconds=round(time.monotonic() - started, 2), **fields)
        return result

    def _kind(self, name: str) -> JobKind:
        try:
            return self._kinds[name]
        except KeyError:
            raise AppError(
                "This worker does not know this kind of work.",
                code="unknown-job-kind",
                remedy="An administrator must run web and workers in the same version; then retry.",
            ) from None

    def patiently(self, call: Callable[[], _Kept]) -> _Kept:
        """Wait out a database that does not answer, unless this process is to end."""
        pause = 0.5
        while True:
            try:
                return call()
            except BackendUnavailableError:
                _log.warning("database-awaited", seconds=pause)
                if self._stopping.wait(pause):
                    raise
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _on_behalf_of(job: Job, kind: JobKind) -> AbstractContextManager[None]:
    """Attribute the calls that a kind makes to whoever submitted the job."""
    purpose = kind.purpose if isinstance(kind, ServesPurpose) else ""
    return attributed(tenant_id=job.tenant_id, username=job.username, purpose=purpose)


@dataclass(frozen=True, slots=True)
class _Postponed:
    """An error that may pass, and when the item is tried again."""

    failure: Failure
    until: datetime


class _Reports:
    """A StageListener: writes a new stage at once, a new share at most once a second."""

    def __init__(self, write: Callable[[str, float | None], bool], stopping: threading.Event) -> None:
        self._write = write
        self._stopping = stopping
        self._stage: str | None = None
        self._written_at = float("-inf")
        self._lock = threading.Lock()

    def __call__(self, stage: str, progress: float | None = None) -> None:
        if self._stopping.is_set():
            raise WorkNoLongerCountsError
        with self._lock:
            now = time.monotonic()
            if stage == self._stage and now - self._written_at < SECONDS_BETWEEN_REPORTS:
                return
            self._stage = stage
            self._written_at = now
            share = None if progress is None else min(max(progress, 0.0), 1.0)
            try:
                counts = self._write(stage, share)
            except BackendUnavailableError:
                return  # a report may be lost; the result will wait for the database
        if not counts:
            raise WorkNoLongerCountsError
