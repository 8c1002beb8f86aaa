"""What a worker does beside running items: brings rounds to the engine, and takes over from workers that are gone."""

from __future__ import annotations

from collections.abc import Mapping

from services.jobs.lanes import lane_of
from services.jobs.models import JobRound, QueuedItem, WaitingItems
from services.jobs.running import AfterItem, JobRunner
from services.logs import get_logger
from services.ports.jobs import JobEngine, JobKind, JobRuns, WorkerRegistry

ENGINE_RECORDS_SECONDS = 24 * 3600.0
WORKER_ROWS_SECONDS = 7 * 24 * 3600.0

_log = get_logger(__name__)


class DurableRounds:
    """See :class:`services.ports.jobs.RoundSteps`: a round is a start, its items in any order, and a finish.

    No step waits for another. The start enqueues the items; an item that is to be tried again enqueues itself for
    later; whichever item ends last enqueues the finish. A step that is interrupted runs again and finds in the rows
    what is done.

    Args:
        kinds: Name the lanes of their items; where that is not asked for, none are needed.
    """

    def __init__(
        self, runs: JobRuns, runner: JobRunner, engine: JobEngine, kinds: Mapping[str, JobKind] | None = None
    ) -> None:
        self._runs = runs
        self._runner = runner
        self._engine = engine
        self._kinds = kinds or {}

    def start(self, job_round: JobRound) -> None:
        self._runner.patiently(lambda: self._start(job_round))

    def run_item(self, job_round: JobRound, position: int, turn: int | None = None) -> None:
        after = self._runner.run_item(job_round, position, turn)
        self._runner.patiently(lambda: self._go_on(job_round.job_id, position, after))

    def _start(self, job_round: JobRound) -> None:
        waiting = self._runs.waiting_items(job_round.job_id)
        if waiting is not None and waiting.job_round == job_round:
            self._enqueue(waiting)
            self._runs.mark_dispatched(job_round)
        if self._runs.finish_is_due(job_round):
            self._engine.enqueue_finish(job_round)

    def _go_on(self, job_id: str, position: int, after: AfterItem) -> None:
        """Enqueue the finish, or the item's next try, also one that a crash kept from being enqueued."""
        if after.due is not None:
            self._engine.enqueue_finish(after.due)
        elif not after.ended and (waiting := self._runs.waiting_items(job_id, position)) is not None:
            self._enqueue(waiting)

    def _enqueue(self, waiting: WaitingItems) -> None:
        if waiting.items:
            kind = self._kinds.get(waiting.job.kind)
            queued = [
                QueuedItem(item.position, item.failed_tries, lane_of(kind, waiting.job, item), item.next_try_at)
                for item in waiting.items
            ]
            self._engine.enqueue_items(waiting.job_round, queued)

    def run_finish(self, job_round: JobRound) -> None:
        self._runner.run_finish(job_round)


class Caretaker:
    """Looks after rounds and workers; every worker has one, and all of them may act at once.

    Args:
        stale_seconds: A worker that was silent for longer is taken for dead.
    """

    def __init__(
        self, worker_id: str, runs: JobRuns, engine: JobEngine, registry: WorkerRegistry, *, stale_seconds: float
    ) -> None:
        self._worker_id = worker_id
        self._runs = runs
        self._engine = engine
        self._registry = registry
        self._stale_seconds = stale_seconds
        self._idle_rounds: set[JobRound] = set()

    def dispatch(self) -> None:
        """Bring to the engine what was submitted while it did not listen."""
        for job_round in self._runs.undispatched_rounds():
            self._engine.enqueue(job_round)

    def take_over(self) -> None:
        """Queue again what ran at workers that are gone; only the longest-serving one does, so that it happens once."""
        living = self._registry.workers(silent_seconds=self._stale_seconds)
        if living and living[0].id == self._worker_id:
            count = self._engine.hand_over({worker.id for worker in living})
            if count:
                _log.warning("work-taken-over", count=count)

    def revive(self) -> None:
        """Renew rounds that the engine has lost, as after its tables were deleted or restored from a backup.

        A live round always waits or runs somewhere. One without, at two looks in a row, is lost.
        """
        idle = {job_round for job_round in self._runs.live_rounds() if not self._engine.has_work(job_round)}
        for job_round in idle & self._idle_rounds:
            _log.warning("round-renewed", job=job_round.job_id, round=job_round.number)
            self._runs.renew_round(job_round)
        self._idle_rounds = idle

    def tidy(self) -> None:
        """Forget workers and engine records that nobody needs any more."""
        self._registry.forget(silent_seconds=WORKER_ROWS_SECONDS)
        self._engine.forget_ended(older_than_seconds=ENGINE_RECORDS_SECONDS)
