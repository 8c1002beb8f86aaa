"""A worker process: runs what is queued, shows that it lives, and takes over from workers that do not."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.jobs.dispatch import Caretaker, DurableRounds
from services.jobs.models import STALE_SECONDS
from services.jobs.pacing import Pacer
from services.jobs.running import JobRunner
from services.logs import get_logger
from services.ports.jobs import JobEngine, JobKind, JobRuns, WorkerRegistry, WorkTaker

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerTimings:
    """How often a worker does what, in seconds; a worker that was silent for ``stale`` is taken for dead."""

    beat: float = 5.0
    stale: float = STALE_SECONDS
    dispatch: float = 1.0
    take_over: float = 5.0
    revive: float = 60.0
    tidy: float = 3600.0


def new_worker_id() -> str:
    """A name that no other start of a worker has."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


class JobWorker:
    """One worker; start it, and stop it once.

    Args:
        worker_id: See :func:`new_worker_id`.
        engine: The durable queue.
        taker: What takes work from that queue in this process.
        kinds: What can be run, by name.
        concurrency: How many items and finishes run at once; for the registry, the taker holds to it.
    """

    def __init__(
        self,
        worker_id: str,
        runs: JobRuns,
        registry: WorkerRegistry,
        engine: JobEngine,
        taker: WorkTaker,
        kinds: Mapping[str, JobKind],
        *,
        concurrency: int,
        timings: WorkerTimings | None = None,
    ) -> None:
        self.worker_id = worker_id
        self._runs = runs
        self._registry = registry
        self._engine = engine
        self._taker = taker
        self._concurrency = concurrency
        self._timings = timings or WorkerTimings()
        self._runner = JobRunner(runs, kinds, worker_id)
        self._rounds = DurableRounds(runs, self._runner, engine, kinds)
        self._pacer = Pacer(runs, taker)
        self._caretaker = Caretaker(worker_id, runs, engine, registry, stale_seconds=self._timings.stale)
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._beat()  # before any work, or another worker would take that over
        self._taker.start(self._rounds)
        for name, work in (("heartbeat", self._keep_beating), ("caretaker", self._keep_caring)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        _log.info("worker-started", worker=self.worker_id, concurrency=self._concurrency)

    def stop(self, wait_seconds: int) -> None:
        """Take no more work, let what runs end within the seconds, and hand back the rest.

        Threads whose work does not end may still run afterwards; their results count no more. The process should end.
        """
        self._taker.stop(wait_seconds=wait_seconds)
        self._runner.stop()
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._runs.release(self.worker_id)
        count = self._engine.take_back(self.worker_id)
        self._registry.leave(self.worker_id)
        _log.info("worker-stopped", worker=self.worker_id, handed_back=count)

    def _beat(self) -> None:
        self._registry.breathe(self.worker_id, socket.gethostname(), os.getpid(), self._concurrency)

    def _keep_beating(self) -> None:
        while not self._ending.wait(self._timings.beat):
            self._attempt(self._beat)

    def _keep_caring(self) -> None:
        tasks: list[tuple[float, Callable[[], None]]] = [
            (self._timings.dispatch, self._caretaker.dispatch),
            (self._timings.take_over, self._caretaker.take_over),
            (self._timings.revive, self._caretaker.revive),
            (self._timings.tidy, self._caretaker.tidy),
            (self._timings.dispatch, self._pacer.keep_pace),
        ]
        due = [0.0] * len(tasks)
        looked_at = time.time()
        while not self._ending.wait(min(self._timings.dispatch, self._timings.take_over)):
            now = time.time()
            if now - looked_at > self._timings.stale / 2:
                # This process, perhaps the whole machine, was asleep: the others must get the time to breathe again.
                due[1] = now + self._timings.stale
            looked_at = now
            for number, (pause, task) in enumerate(tasks):
                if now >= due[number]:
                    due[number] = now + pause
                    self._attempt(task)

    def _attempt(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # the next time may be better; work goes on meanwhile
            if not self._ending.is_set():
                _log.warning("worker-upkeep-failed", task=task.__name__, error=type(error).__name__)
