"""What background jobs need from the outside, and what a use case implements to be run as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from services.jobs.models import (
    ClaimedFinish,
    ClaimedItem,
    Failure,
    ItemSpan,
    ItemStatus,
    Job,
    JobItem,
    JobRound,
    NewItem,
    Pace,
    QueuedItem,
    RetryPolicy,
    WaitingItems,
    Worker,
)


class StageListener(Protocol):
    """Hears how far the work is; cheap to call often, because writing is throttled.

    Let every exception of a call pass: it ends work that no longer counts.
    """

    def __call__(self, stage: str, progress: float | None = None) -> None:
        """Tell the stage, a word or two such as ``reading``, and the share that is done, 0 to 1, where known."""
        ...


class JobKind(Protocol):
    """A kind of background work. Safe to call from many threads, and in several processes at once.

    Both methods are **idempotent**: after a crash the same item runs again from its beginning, perhaps while the one
    that was taken for dead still runs. What they return is JSON-able and is what pages show.

    An AppError makes the item failed with its code, message, remedy and ``retryable``; so does any other exception,
    with a neutral cause and a reference that is in the log. The other items go on. An item whose AppError is
    ``retryable`` is tried again by itself first, see :class:`TriesAgain`. See also :class:`UsesLanes` and
    :class:`ServesPurpose`.

    Attributes:
        kind: A stable name in kebab-case, such as ``load-files``; stored with every job.
    """

    @property
    def kind(self) -> str: ...

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        """Do the work of one item and return what came of it.

        Raises:
            AppError: this item failed.
        """
        ...

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        """Complete the job once all items ended; may take minutes.

        Runs once per round, also when items failed (``job.counts`` says how many), not when the job was canceled. A
        kind that needs the items' results takes a JobRepository in its constructor and calls ``list_items``.

        Raises:
            AppError: the job failed; a retry runs the failed items, if any, and the finish again.
        """
        ...


@runtime_checkable
class TriesAgain(Protocol):
    """What a kind may have besides: its own policy of tries; without it, that of a plain :class:`RetryPolicy` holds.

    An error that has ``retry_after_seconds``, as a throttling backend's may, is obeyed. The finish is not tried again.
    """

    @property
    def retry_policy(self) -> RetryPolicy: ...


@runtime_checkable
class UsesLanes(Protocol):
    """What a kind may have besides: the backend that an item waits for.

    A lane has places of its own beside the workers' and limits over all workers, so that a backend that is slow or
    throttled does not keep other work waiting.
    """

    def lane(self, job: Job, item: JobItem) -> str | None:
        """The name of the backend, as the settings name it; None for work that this machine does by itself."""
        ...


@runtime_checkable
class ServesPurpose(Protocol):
    """What a kind may have besides: what its calls of models and paid services are made for.

    Attributes:
        purpose: See :class:`services.ports.model_calls.Attribution`.
    """

    @property
    def purpose(self) -> str: ...


class JobQueue(Protocol):
    """Tells the engine at once what the tables say already.

    Both calls come after the rows are committed and never raise: workers find by themselves what did not arrive.
    """

    def enqueue(self, job_round: JobRound) -> None:
        """There is a round to run."""
        ...

    def cancel(self, job_round: JobRound, positions: Sequence[int]) -> None:
        """These items will not run in this round: take them out of the queue."""
        ...


class JobRepository(Protocol):
    """Jobs and items as people see them; each call is one transaction, scoped to the tenant."""

    def insert_job(self, job: Job, items: Sequence[NewItem]) -> None:
        """Keep a new, queued job with its items in this order."""
        ...

    def get_job(self, tenant_id: str, job_id: str) -> Job:
        """Raises NotFoundError, also for another tenant's."""
        ...

    def list_jobs(self, tenant_id: str, *, kind: str | None = None, limit: int) -> list[Job]:
        """Newest first."""
        ...

    def list_items(
        self, tenant_id: str, job_id: str, *, status: ItemStatus | None = None, offset: int = 0, limit: int
    ) -> list[JobItem]:
        """By position. Raises NotFoundError, also for another tenant's job."""
        ...

    def cancel_job(self, tenant_id: str, job_id: str, at: datetime) -> list[int]:
        """Cancel the queued items, and the job itself unless items still run; returns the canceled positions.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended, or its finish has begun.
        """
        ...

    def pause_job(self, tenant_id: str, job_id: str, at: datetime) -> list[int]:
        """Let nothing more of the job begin; returns the positions that wait now. Pausing twice is pausing once.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended, its finish has begun, or somebody canceled it.
        """
        ...

    def resume_job(self, tenant_id: str, job_id: str, at: datetime) -> JobRound | None:
        """Let a paused job go on with what waits, in another round; None when it was not paused.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has ended.
        """
        ...

    def list_spans(self, tenant_id: str, job_id: str, *, limit: int) -> list[ItemSpan]:
        """When the work on done and failed items began and ended, the latest end first.

        Raises NotFoundError, also for another tenant's job.
        """
        ...

    def latest_next_try(self, tenant_id: str, job_id: str) -> datetime | None:
        """When the last of the items that wait for another try will have it; None when none does.

        Raises NotFoundError, also for another tenant's job.
        """
        ...

    def retry_job(self, tenant_id: str, job_id: str, positions: Collection[int] | None = None) -> JobRound:
        """Queue failed items for another round of the same job, and the finish after them.

        Args:
            positions: Those of these that failed or were canceled, also in a canceled job; None takes all that failed,
                if any. What is still canceled at the end leaves the job canceled.

        Raises:
            NotFoundError: there is no such job, or it is another tenant's.
            ConflictError: it has not ended, nothing failed, or it was canceled and no positions are given.
        """
        ...


class JobRuns(Protocol):
    """Jobs and items as workers see them; each call is one transaction.

    A claim is named by its attempt: a worker that was taken for dead and went on has an older one, and nothing that it
    says counts any more.
    """

    def undispatched_rounds(self) -> list[JobRound]:
        """Rounds of live jobs that the engine does not have yet, oldest job first; paused ones wait."""
        ...

    def live_rounds(self) -> list[JobRound]:
        """The current rounds of all live jobs that are not paused, oldest job first."""
        ...

    def mark_dispatched(self, job_round: JobRound) -> None:
        """The engine has the whole round."""
        ...

    def renew_round(self, job_round: JobRound) -> None:
        """The engine lost this round: what has not ended is queued again, in the next round."""
        ...

    def queued_positions(self, job_round: JobRound) -> list[int]:
        """Items that wait in this round; none when it is not the job's round, or the job has ended or is paused."""
        ...

    def waiting_items(self, job_id: str, position: int | None = None) -> WaitingItems | None:
        """The items that wait in the job's present round, or that one if it does; None when the job ended or pauses."""
        ...

    def begin_item(
        self, job_round: JobRound, position: int, worker_id: str, at: datetime, *, turn: int | None = None
    ) -> ClaimedItem | None:
        """Claim an item; None when there is nothing to do: ended, canceled, paused, or of another round or turn.

        An item that another claim left running lost its worker; after ``MOST_LOST_WORKERS`` of these it fails, so that
        an item that kills its worker does not go round forever.

        Args:
            turn: The :attr:`JobItem.failed_tries` that the item must have; None takes it as it is.
        """
        ...

    def postpone_item(self, claim: ClaimedItem, failure: Failure, next_try_at: datetime, at: datetime) -> bool:
        """Queue the item for another try, and keep why; a canceled job's item fails. False as of :meth:`end_item`."""
        ...

    def report_item(self, claim: ClaimedItem, stage: str, progress: float | None) -> bool:
        """Keep how far the item is; False when the claim no longer counts."""
        ...

    def end_item(self, claim: ClaimedItem, outcome: Mapping[str, Any] | Failure, at: datetime) -> bool:
        """Keep what came of the item, and end a canceled job with its last one; False when the claim does not count."""
        ...

    def finish_is_due(self, job_round: JobRound) -> bool:
        """Whether every item of the live job ended, it is not canceled or paused, and this is its round."""
        ...

    def due_finish(self, job_id: str) -> JobRound | None:
        """The round whose finish is due; it may be later than that of the item which ended last."""
        ...

    def begin_finish(self, job_round: JobRound, worker_id: str, at: datetime) -> ClaimedFinish | None:
        """Claim the finish; None when it is not due. A finish that lost too many workers fails the job."""
        ...

    def report_finish(self, claim: ClaimedFinish, stage: str, progress: float | None) -> bool:
        """Keep how far the finish is; False when the claim no longer counts."""
        ...

    def end_finish(self, claim: ClaimedFinish, outcome: Mapping[str, Any] | Failure, at: datetime) -> bool:
        """End the job: failed by the failure or because nothing was done, canceled if items still are, or done."""
        ...

    def something_to_do(self) -> bool:
        """Whether a job is live and not paused, or an item still runs."""
        ...

    def longest_recent_seconds(self, at: datetime) -> float | None:
        """The longest that an item of a live job took of late, or takes already; None when none has begun."""
        ...

    def release(self, worker_id: str) -> None:
        """Give back what this worker still runs, as if it had never begun; its claims no longer count."""
        ...


class WorkerRegistry(Protocol):
    """Who works, by heartbeats. Silence is measured by the database's clock, which all machines share."""

    def breathe(self, worker_id: str, host: str, process_id: int, concurrency: int) -> None:
        """This worker lives."""
        ...

    def leave(self, worker_id: str) -> None:
        """This worker ends in order and runs nothing any more."""
        ...

    def workers(self, *, silent_seconds: float) -> list[Worker]:
        """Those that gave a sign of life within these seconds and have not left, longest at work first."""
        ...

    def forget(self, *, silent_seconds: float) -> None:
        """Drop those that have been silent for longer."""
        ...


class RoundSteps(Protocol):
    """What the engine calls; every step may run again, also while an earlier run of it still lasts."""

    def start(self, job_round: JobRound) -> None:
        """Enqueue what waits in the round."""
        ...

    def run_item(self, job_round: JobRound, position: int, turn: int | None = None) -> None:
        """Run one item, and enqueue what follows: its next try, or the finish after the last item."""
        ...

    def run_finish(self, job_round: JobRound) -> None:
        """Run the finish."""
        ...


class WorkTaker(Protocol):
    """Takes queued work in this process and has it run, a bounded number at once."""

    def start(self, steps: RoundSteps) -> None:
        """Begin; returns at once."""
        ...

    def set_pace(self, pace: Pace) -> None:
        """Look for work as eagerly as this, from now on, in every worker; may be called again and again."""
        ...

    def stop(self, *, wait_seconds: int) -> None:
        """Take no more, and wait for what runs, at most so long."""
        ...


class JobEngine(Protocol):
    """The durable queue as workers see it. Everything may be called again: ids make a second call the same as one."""

    def enqueue(self, job_round: JobRound) -> None:
        """Have :meth:`RoundSteps.start` run by some worker."""
        ...

    def enqueue_items(self, job_round: JobRound, items: Sequence[QueuedItem]) -> None:
        """Have these items run by some worker; items of small jobs and the first ones of large jobs come first."""
        ...

    def enqueue_finish(self, job_round: JobRound) -> None:
        """Have the finish run by some worker, before any item that waits."""
        ...

    def has_work(self, job_round: JobRound) -> bool:
        """Whether anything of this job waits or runs; what began before a pause has an earlier round."""
        ...

    def hand_over(self, living_worker_ids: Collection[str]) -> int:
        """Queue again what runs at workers that are not among these; returns how much that was."""
        ...

    def take_back(self, worker_id: str) -> int:
        """Queue again what runs at this worker; returns how much that was."""
        ...

    def forget_ended(self, *, older_than_seconds: float) -> None:
        """Drop the engine's own records of work that ended before."""
        ...
