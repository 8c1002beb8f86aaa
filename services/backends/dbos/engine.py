"""DBOS in a worker process: takes work from the queue, bounded, and runs it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping

from sqlalchemy import Connection, create_engine, event, make_url

from services.backends.dbos.engine_log import listen_to_engine
from services.backends.dbos.places import Places
from services.backends.dbos.queue import (
    APPLICATION_NAME,
    APPLICATION_VERSION,
    BUSY_POLLING_SECONDS,
    FINISH,
    ITEM,
    QUEUE,
    SCHEMA,
    START,
    DbosQueue,
    lane_queue,
)
from services.errors import BackendUnavailableError
from services.jobs.models import JobRound, LaneLimit, Pace, QueuedItem
from services.ports.jobs import RoundSteps

# An item that is held ready for longer is left to other workers: those before it take longer than was thought.
READY_SECONDS = 5.0
_LOCK_SECONDS = 30.0


class DbosEngine:
    """Runs the steps of rounds as DBOS workflows; one per process, because DBOS is.

    The workflows keep nothing in DBOS but their ids: the rows of the jobs say what is done, and a workflow that runs
    again finds it there.

    Args:
        database_url: DBOS's database, as :func:`services.backends.dbos.queue.jobs_database_url` names it.
        worker_id: The name under which DBOS notes who runs what.
        concurrency: Items and finishes that run at once in a worker; all workers share the value set last.
        lanes: The limits of backends; their items run beside the worker's own places, at places of the lane.
    """

    def __init__(
        self, database_url: str, worker_id: str, concurrency: int, lanes: Mapping[str, LaneLimit] | None = None
    ) -> None:
        self._database_url = database_url
        self._worker_id = worker_id
        self._concurrency = concurrency
        self._lanes = dict(lanes or {})
        self._own_places = Places(concurrency)
        self._lane_places = {name: Places(self._lane_width(limit)) for name, limit in self._lanes.items()}
        self._queue = DbosQueue(database_url, self._lanes)
        self._running = False
        self._pace_lock = threading.Lock()

    def start(self, steps: RoundSteps) -> None:
        """Make DBOS's tables if they are not there, and begin to take work."""
        listen_to_engine()
        _let_readers_and_writers_meet(self._database_url)

        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        config = DBOSConfig(
            name=APPLICATION_NAME,
            system_database_url=self._database_url,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_version=APPLICATION_VERSION,
            executor_id=self._worker_id,
            use_listen_notify=False,
            sys_db_pool_size=5 + 2 * self._concurrency + sum(map(self._lane_width, self._lanes.values())),
            log_level="WARNING",
        )
        claims = _OneClaimAtATime(self._database_url) if self._lanes and _is_sqlite(self._database_url) else None
        if claims is not None:
            config["system_database_engine"] = claims.engine
        DBOS(config=config)

        # No limit on recoveries: the rows count lost workers, and give up with words.
        @DBOS.workflow(name=START, max_recovery_attempts=None)
        def start_round(job_id: str, number: int) -> None:
            steps.start(JobRound(job_id, number))

        @DBOS.workflow(name=ITEM, max_recovery_attempts=None)
        def run_item(job_id: str, number: int, position: int, turn: int = 0, lane: str = "") -> None:
            job_round = JobRound(job_id, number)
            places = self._lane_places.get(lane, self._own_places)
            with places.taken(patience_seconds=READY_SECONDS) as entered:
                if entered:
                    steps.run_item(job_round, position, turn)
            if not entered and not self._put_back(job_round, QueuedItem(position, turn, lane)):
                with places.taken():
                    steps.run_item(job_round, position, turn)

        @DBOS.workflow(name=FINISH, max_recovery_attempts=None)
        def run_finish(job_id: str, number: int) -> None:
            with self._own_places.taken(urgent=True):
                steps.run_finish(JobRound(job_id, number))

        DBOS.launch()
        if claims is not None:
            claims.begin()
        self._running = True
        self.set_pace(Pace.STEADY)

    def set_pace(self, pace: Pace) -> None:
        """See :class:`services.ports.jobs.WorkTaker`: DBOS keeps it with the queues, for all workers.

        DBOS looks into every queue that is registered, and every second for queues that came. A pause between two looks
        that was long once shrinks but slowly; so while nothing is to be done no queue is registered. Work that waits in
        a queue stays there meanwhile.
        """
        from dbos import DBOS

        with self._pace_lock:
            if not self._running:
                return
            if pace is Pace.IDLE:
                for queue in (QUEUE, *map(lane_queue, self._lanes)):
                    DBOS.delete_queue(queue)
                return
            ready = self._concurrency if pace is Pace.BRISK else 0
            DBOS.register_queue(
                QUEUE,
                worker_concurrency=self._concurrency + ready,
                polling_interval_sec=BUSY_POLLING_SECONDS,
                on_conflict="always_update",
            )
            for name, limit in self._lanes.items():
                DBOS.register_queue(
                    lane_queue(name),
                    worker_concurrency=self._lane_width(limit),
                    global_concurrency=limit.at_once,
                    limiter={"limit": limit.starts, "period": limit.period_seconds} if limit.starts else None,
                    polling_interval_sec=BUSY_POLLING_SECONDS,
                    on_conflict="always_update",
                )

    def stop(self, *, wait_seconds: int) -> None:
        """Take no more work, wait for what runs, at most so long, and close the connections."""
        from dbos import DBOS

        deadline = time.monotonic() + wait_seconds
        with self._pace_lock:
            self._running = False
        for places in (self._own_places, *self._lane_places.values()):
            places.close(deadline)
        DBOS.destroy()

    def _put_back(self, job_round: JobRound, item: QueuedItem) -> bool:
        try:
            self._queue.put_back(job_round, item)
        except BackendUnavailableError:
            return False
        return True

    def _lane_width(self, limit: LaneLimit) -> int:
        """How many items of a lane one worker runs at once."""
        return limit.at_once or self._concurrency


class _OneClaimAtATime:
    """An engine for SQLite whose transactions begin with the lock for writing.

    DBOS counts what runs and then claims the next, but on SQLite its transaction begins with the claim: two workers
    that count at the same time would both find room, and a lane would be overrun.
    """

    def __init__(self, database_url: str) -> None:
        self.engine = create_engine(database_url, connect_args={"timeout": _LOCK_SECONDS})
        self._locking = False
        event.listen(self.engine, "connect", self._prepare)
        event.listen(self.engine, "begin", self._lock)

    def begin(self) -> None:
        """Lock from now on; DBOS locks by itself while it makes its tables."""
        self._locking = True

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA foreign_keys=ON")

    def _lock(self, connection: Connection) -> None:
        if self._locking:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_sqlite(database_url: str) -> bool:
    return make_url(database_url).get_backend_name() == "sqlite"


def _let_readers_and_writers_meet(database_url: str) -> None:
    """In WAL mode, which the file keeps, several workers do not wait for each other's reads."""
    url = make_url(database_url)
    if _is_sqlite(database_url) and url.database:
        connection = sqlite3.connect(url.database, timeout=_LOCK_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
