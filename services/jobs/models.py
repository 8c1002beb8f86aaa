"""What a background job is: a piece of work made of items, with a finish once all of them ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# A worker that was silent for so long is taken for dead. Its beat is much shorter: a busy machine may pause it.
STALE_SECONDS = 30.0


class JobStatus(StrEnum):
    """How far a job is. ``done`` may have failed items among the others; ``failed`` brought nothing."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def live(self) -> bool:
        """Whether something may still come of it without anybody's doing."""
        return self in {JobStatus.QUEUED, JobStatus.RUNNING}


class ItemStatus(StrEnum):
    """How far one item is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def live(self) -> bool:
        """Whether it has not ended yet."""
        return self in {ItemStatus.QUEUED, ItemStatus.RUNNING}


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item to work on.

    Attributes:
        name: What people call it, such as a file's name.
        arguments: What its kind needs to know; JSON-able.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item or a job failed, in the words of an AppError.

    Attributes:
        cause: What happened, one sentence, safe to show.
        remedy: What a person can do about it, one sentence.
        retryable: Whether the same again may work.
    """

    code: str
    cause: str
    remedy: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class JobItem:
    """One item of a job.

    Attributes:
        position: Its place in the job, from 0.
        stage: A word for what is happening to it, such as ``reading``; empty when nothing is.
        progress: The share of its work that is done, 0 to 1, where that is known.
        result: What came of it, as its kind returned it; empty unless done.
        error_code: Set when failed, with ``cause`` and ``remedy``; see :class:`Failure`.
        attempts: How often work on it began, over all retries.
    """

    job_id: str
    position: int
    name: str
    arguments: Mapping[str, Any]
    status: ItemStatus = ItemStatus.QUEUED
    stage: str = ""
    progress: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    cause: str = ""
    remedy: str = ""
    retryable: bool = False
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of background work.

    Attributes:
        kind: Names the :class:`services.ports.jobs.JobKind` that works on it.
        title: What people call it, such as "Load 12 files".
        round: 1, and one more for every retry.
        stage: A word for what the finish is doing; empty before it.
        progress: The share of the finish that is done, 0 to 1, where that is known.
        finishing: Whether all items ended and the finish began.
        cancel_requested: Whether somebody asked to stop it; what runs still ends.
        counts: How many items there are in each status; every status has its number.
        result: What the finish returned; empty unless done.
        error_code: Set when failed, with ``cause`` and ``remedy``; see :class:`Failure`.
    """

    id: str
    kind: str
    tenant_id: str
    username: str
    title: str
    arguments: Mapping[str, Any]
    created_at: datetime
    status: JobStatus = JobStatus.QUEUED
    round: int = 1
    stage: str = ""
    progress: float | None = None
    finishing: bool = False
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    counts: Mapping[ItemStatus, int] = field(default_factory=lambda: dict.fromkeys(ItemStatus, 0))
    result: Mapping[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    cause: str = ""
    remedy: str = ""
    retryable: bool = False

    @property
    def item_count(self) -> int:
        """How many items it has."""
        return sum(self.counts.values())

    @property
    def ended_count(self) -> int:
        """How many of them are done, failed or canceled."""
        return sum(count for status, count in self.counts.items() if not status.live)

    @property
    def can_cancel(self) -> bool:
        """Whether a cancel would stop anything."""
        return self.status.live and not self.finishing and not self.cancel_requested

    @property
    def can_retry(self) -> bool:
        """Whether something failed that a retry would run again."""
        failed = self.counts[ItemStatus.FAILED] > 0
        return self.status is JobStatus.FAILED or (self.status is JobStatus.DONE and failed)


@dataclass(frozen=True, slots=True)
class JobRound:
    """One run over what is queued of a job: the first, or a retry."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item that this process may work on now.

    Attributes:
        attempt: Names the claim: only the newest claim of an item may report and end it.
    """

    job: Job
    item: JobItem
    attempt: int


@dataclass(frozen=True, slots=True)
class ClaimedFinish:
    """The finish of a job that this process may run now; ``attempt`` names the claim."""

    job: Job
    attempt: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process as its heartbeat describes it.

    Attributes:
        id: Unique for every start of a worker.
        silent_seconds: How long ago it last gave a sign of life, by the database's clock.
    """

    id: str
    host: str
    process_id: int
    concurrency: int
    started_at: datetime
    silent_seconds: float
