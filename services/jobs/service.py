"""What people do with background jobs: start, watch, pause, cancel, retry."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from services.errors import BackendUnavailableError, InputError
from services.jobs.models import (
    STALE_SECONDS,
    ItemSpan,
    ItemStatus,
    Job,
    JobItem,
    JobRound,
    JobStatus,
    NewItem,
    Worker,
)
from services.jobs.remaining import SPANS_NEEDED, estimate_seconds
from services.ports.jobs import JobQueue, JobRepository, WorkerRegistry

MOST_ITEMS = 20_000
LONGEST_TITLE_CHARACTERS = 300
_JOBS_TO_LEARN_FROM = 5


class JobService:
    """Starts jobs and shows how far they are; the work itself is done by workers.

    Jobs belong to a tenant; callers check that the account does too.

    Attributes:
        essential: Pages answer without workers; that none lives is for administrators to know, see
            :mod:`services.readiness`.

    Args:
        repository: Where jobs and items are kept; a row there is the order to work on it.
        queue: Tells the workers at once.
        registry: Knows which workers live.
        kinds: The kinds that workers can run.
        now: The clock, for tests.
    """

    essential: ClassVar[bool] = False

    def __init__(
        self,
        repository: JobRepository,
        queue: JobQueue,
        registry: WorkerRegistry,
        kinds: Collection[str],
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._queue = queue
        self._registry = registry
        self._kinds = kinds
        self._now = now or (lambda: datetime.now(UTC))

    def submit(
        self,
        kind: str,
        tenant_id: str,
        username: str,
        title: str,
        items: Sequence[NewItem] = (),
        arguments: Mapping[str, Any] | None = None,
        *,
        job_id: str | None = None,
    ) -> Job:
        """Keep the job and let the workers begin; returns at once, also when no worker runs.

        A job without items runs its finish only.

        Args:
            job_id: For callers that keep the id before the job begins; never used before. A new one when None.

        Raises:
            InputError: there are more than ``MOST_ITEMS`` items.
            ValueError: the kind is not known.
            TypeError: arguments are not JSON-able.
            BackendUnavailableError: the database did not answer; nothing was started.
        """
        if kind not in self._kinds:
            raise ValueError(f"no kind of job is called {kind!r}")
        if len(items) > MOST_ITEMS:
            raise InputError(
                f"These are {len(items):,} items; one job takes {MOST_ITEMS:,}.",
                code="too-many-items",
                remedy="Start several jobs with fewer items each.",
            )
        json.dumps([dict(arguments or {}), *(dict(item.arguments) for item in items)], allow_nan=False)
        job = Job(
            id=job_id or uuid.uuid4().hex,
            kind=kind,
            tenant_id=tenant_id,
            username=username,
            title=_storable(title)[:LONGEST_TITLE_CHARACTERS],
            arguments=dict(arguments or {}),
            created_at=self._now(),
            status=JobStatus.QUEUED,
        )
        self._repository.insert_job(job, [NewItem(_storable(item.name), item.arguments) for item in items])
        self._queue.enqueue(JobRound(job.id, job.round))
        return self.get(tenant_id, job.id)

    def get(self, tenant_id: str, job_id: str) -> Job:
        """One job.

        Raises:
            NotFoundError: there is none of that id, or it is another tenant's.
        """
        return self._repository.get_job(tenant_id, job_id)

    def list_jobs(self, tenant_id: str, kind: str | None = None, limit: int = 20) -> list[Job]:
        """The tenant's jobs, of one kind when given, newest first."""
        return self._repository.list_jobs(tenant_id, kind=kind, limit=limit)

    def list_items(
        self, tenant_id: str, job_id: str, status: ItemStatus | None = None, offset: int = 0, limit: int = 200
    ) -> list[JobItem]:
        """Items of a job by position, of one status when given.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
        """
        return self._repository.list_items(tenant_id, job_id, status=status, offset=offset, limit=limit)

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Stop what has not begun. What runs ends, and counts; the finish does not run.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended, or its finish has begun.
        """
        positions = self._repository.cancel_job(tenant_id, job_id, self._now())
        job = self.get(tenant_id, job_id)
        self._queue.cancel(JobRound(job.id, job.round), positions)
        return job

    def pause(self, tenant_id: str, job_id: str) -> Job:
        """Begin nothing more of the job until somebody resumes it. What runs ends, and counts.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended, its finish has begun, or somebody canceled it.
        """
        positions = self._repository.pause_job(tenant_id, job_id, self._now())
        job = self.get(tenant_id, job_id)
        self._queue.cancel(JobRound(job.id, job.round), positions)
        return job

    def resume(self, tenant_id: str, job_id: str) -> Job:
        """Let a paused job go on where it stood; one that is not paused goes on as it does.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended.
        """
        job_round = self._repository.resume_job(tenant_id, job_id, self._now())
        if job_round is not None:
            self._queue.enqueue(job_round)
        return self.get(tenant_id, job_id)

    def seconds_left(self, job: Job) -> float | None:
        """How long the items of the job will still take, learned from those that ended, or from its kind's last jobs.

        None when nothing is known yet, no worker lives, or the job is paused, being completed or at its end. An
        estimate: show it in words that claim no precision.
        """
        if not job.status.live or job.paused or job.cancel_requested or job.finishing or not self.workers():
            return None
        now = self._now()
        most = int(job.counts[ItemStatus.RUNNING])
        running = self.list_items(job.tenant_id, job.id, ItemStatus.RUNNING, limit=most) if most else []
        seconds = estimate_seconds(job, running, self._spans(job), now)
        if seconds is None:
            return None
        waits = self._repository.latest_next_try(job.tenant_id, job.id)
        return max(seconds, (waits - now).total_seconds()) if waits is not None else seconds

    def _spans(self, job: Job) -> list[ItemSpan]:
        """Of this job, of late those since its last pause; else of the last jobs of the same kind."""
        spans = self._repository.list_spans(job.tenant_id, job.id, limit=SPANS_NEEDED)
        since = [span for span in spans if job.resumed_at is None or span.started_at >= job.resumed_at]
        if since or spans:
            return since or spans
        for earlier in self.list_jobs(job.tenant_id, job.kind, limit=_JOBS_TO_LEARN_FROM):
            if not earlier.status.live and earlier.ended_count:
                spans = self._repository.list_spans(job.tenant_id, earlier.id, limit=SPANS_NEEDED)
                if spans:
                    return spans
        return []

    def retry_failed(self, tenant_id: str, job_id: str) -> Job:
        """Run the failed items again, and then the finish; a job whose finish alone failed runs the finish.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has not ended, was canceled, or nothing of it failed.
        """
        self._queue.enqueue(self._repository.retry_job(tenant_id, job_id))
        return self.get(tenant_id, job_id)

    def retry_items(self, tenant_id: str, job_id: str, positions: Collection[int]) -> Job:
        """Run those of these items again that failed or were canceled, and then the finish, in the same job.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has not ended, or none of these failed or was canceled.
        """
        self._queue.enqueue(self._repository.retry_job(tenant_id, job_id, positions))
        return self.get(tenant_id, job_id)

    def workers(self) -> list[Worker]:
        """The workers that live, longest at work first."""
        return self._registry.workers(silent_seconds=STALE_SECONDS)

    def check_ready(self) -> None:
        """Raise BackendUnavailableError when no worker lives: jobs are taken, and wait."""
        if not self.workers():
            raise BackendUnavailableError(
                f"No worker gave a sign of life within {STALE_SECONDS:.0f} seconds. Background jobs wait.",
                code="no-worker",
                remedy="Run `python -m app worker`, or set FRONTLINE_WORKER_PROCESSES to 1 or more and start again.",
            )


def _storable(text: str) -> str:
    """PostgreSQL refuses the null character in a text."""
    return text.replace("\x00", "")
