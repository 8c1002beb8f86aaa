"""DBOS in a worker process: takes work from the queue, bounded, and runs it."""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import make_url

from services.backends.dbos.queue import APPLICATION_NAME, APPLICATION_VERSION, FINISH, ITEM, QUEUE, SCHEMA, START
from services.jobs.models import JobRound
from services.ports.jobs import RoundSteps

# A free place is filled after this long at most; short enough for items of a second, cheap enough for an idle worker.
POLLING_SECONDS = 0.1


class DbosEngine:
    """Runs the steps of rounds as DBOS workflows; one per process, because DBOS is.

    The workflows keep nothing in DBOS but their ids: the rows of the jobs say what is done, and a workflow that runs
    again finds it there.

    Args:
        database_url: DBOS's database, as :func:`services.backends.dbos.queue.jobs_database_url` names it.
        worker_id: The name under which DBOS notes who runs what.
        concurrency: Items and finishes that run at once in a worker; all workers share the value set last.
    """

    def __init__(self, database_url: str, worker_id: str, concurrency: int) -> None:
        self._database_url = database_url
        self._worker_id = worker_id
        self._concurrency = concurrency

    def start(self, steps: RoundSteps) -> None:
        """Make DBOS's tables if they are not there, and begin to take work."""
        _log_through_the_root()
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
            sys_db_pool_size=5 + self._concurrency,
            log_level="WARNING",
        )
        DBOS(config=config)

        # No limit on recoveries: the rows count lost workers, and give up with words.
        @DBOS.workflow(name=START, max_recovery_attempts=None)
        def start_round(job_id: str, number: int) -> None:
            steps.start(JobRound(job_id, number))

        @DBOS.workflow(name=ITEM, max_recovery_attempts=None)
        def run_item(job_id: str, number: int, position: int) -> None:
            steps.run_item(JobRound(job_id, number), position)

        @DBOS.workflow(name=FINISH, max_recovery_attempts=None)
        def run_finish(job_id: str, number: int) -> None:
            steps.run_finish(JobRound(job_id, number))

        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._concurrency,
            polling_interval_sec=POLLING_SECONDS,
            on_conflict="always_update",
        )

    def stop(self, *, wait_seconds: int) -> None:
        """Take no more work, wait for what runs, at most so long, and close the connections."""
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)


def _log_through_the_root() -> None:
    """DBOS adds a console of its own unless its logger has something already."""
    logging.getLogger("dbos").addHandler(logging.NullHandler())


def _let_readers_and_writers_meet(database_url: str) -> None:
    """In WAL mode, which the file keeps, several workers do not wait for each other's reads."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        connection = sqlite3.connect(url.database, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
