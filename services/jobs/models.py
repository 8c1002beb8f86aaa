"""What a background job is: a piece of work made of items, with a finish once all of them ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class RetryPolicy:
    """How often an item is tried whose error may pass by itself, and how long it waits in between.

    The wait is drawn between nothing and a limit that doubles from try to try, so that many items which failed at once
    do not come back at once. A backend that says how long to wait is obeyed, and the draw comes on top.

    Attributes:
        most_tries: All tries together; 1 never tries again.
        first_wait_seconds: The limit of the first wait.
        longest_wait_seconds: No single wait is longer, whatever the backend says.
    """

    most_tries: int = 4
    first_wait_seconds: float = 20.0
    longest_wait_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class LaneLimit:
    """How much a backend may be asked for by all workers together.

    Attributes:
        at_once: Items that run at the same time; None leaves it to the workers' own places.
        starts: Items that begin within any ``period_seconds``; None for no such limit.
    """

    at_once: int | None = None
    starts: int | None = None
    period_seconds: float = 60.0


class Pace(StrEnum):
    """How eagerly workers look for queued work."""

    IDLE = "idle"  # nothing is to be done: look seldom
    STEADY = "steady"  # fill a free place soon
    BRISK = "brisk"  # items are short: besides, hold the next ones ready


@dataclass(frozen=True, slots=True)
class JobItem:
    """One item of a job.

    Attributes:
        position: Its place in the job, from 0.
        stage: A word for what is happening to it, such as ``reading``; empty when nothing is.
        progress: The share of its work that is done, 0 to 1, where that is known.
        result: What came of it, as its kind returned it; empty unless done.
        error_code: Set when failed, and while it waits for its next try, with ``cause`` and ``remedy``; see
            :class:`Failure`.
        attempts: How often work on it began, over all retries.
        failed_tries: How many of these ended in an error that may pass, since somebody started or retried the job.
        next_try_at: When it is tried again by itself; only set while it waits for that.
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
    failed_tries: int = 0
    next_try_at: datetime | None = None
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
        paused_at: Since when nothing more of it begins, because somebody paused it; what ran then still ends.
        resumed_at: When somebody last ended a pause.
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
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
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
    def paused(self) -> bool:
        """Whether it is live and nothing more of it begins; something may still run, see ``counts``."""
        return self.status.live and self.paused_at is not None and not self.cancel_requested

    @property
    def can_pause(self) -> bool:
        """Whether a pause would hold anything back."""
        return self.can_cancel and not self.paused

    @property
    def can_resume(self) -> bool:
        """Whether it waits for somebody to let it go on."""
        return self.paused

    @property
    def can_cancel(self) -> bool:
        """Whether a cancel would stop anything."""
        return self.status.live and not self.finishing and not self.cancel_requested

    @property
    def left_count(self) -> int:
        """How many items a cancel left undone; a retry of these goes on with the job. 0 while it is live."""
        return 0 if self.status.live else self.counts[ItemStatus.CANCELED]

    @property
    def can_retry(self) -> bool:
        """Whether something failed that a retry of all that failed would run again."""
        failed = self.counts[ItemStatus.FAILED] > 0
        return self.status is JobStatus.FAILED or (self.status is JobStatus.DONE and failed)


@dataclass(frozen=True, slots=True)
class JobRound:
    """One run over what is queued of a job: the first, or a retry."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """An item on its way to the engine.

    Attributes:
        turn: Which of its tries this is, from 0: the :attr:`JobItem.failed_tries` that it begins with.
        lane: The backend that it waits for, see :class:`services.ports.jobs.JobKind`; empty for the workers' places.
        not_before: The engine holds it back until then.
    """

    position: int
    turn: int = 0
    lane: str = ""
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingItems:
    """What waits of a job in its present round."""

    job_round: JobRound
    job: Job
    items: Sequence[JobItem]


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """When the work on an ended item began and ended."""

    started_at: datetime
    finished_at: datetime

    @property
    def seconds(self) -> float:
        """How long the work took."""
        return max((self.finished_at - self.started_at).total_seconds(), 0.0)


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
