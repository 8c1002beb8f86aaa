"""The durable queue in DBOS's own tables, reached from any process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from services.jobs.models import JobRound
from services.logs import get_logger

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

APPLICATION_NAME = "frontline"
# Work that an older version queued is run by the next one: items are idempotent and know their arguments by name.
APPLICATION_VERSION = "1"
QUEUE = "work"
SCHEMA = "frontline_jobs"
START, ITEM, FINISH = "start_round", "run_item", "run_finish"

_WAITS_OR_RUNS = ["ENQUEUED", "PENDING", "DELAYED"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_IDS_PER_CALL = 500
_URGENT_PRIORITY = 1

_log = get_logger(__name__)


def jobs_database_url(database_url: str) -> str:
    """Where DBOS keeps its tables: a file beside our SQLite file, or a schema of our PostgreSQL database."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return url.render_as_string(hide_password=False)
    path = Path(url.database or "frontline.sqlite3")
    return f"sqlite:///{path.with_name(f'{path.stem}-jobs.sqlite3')}"


class DbosQueue:
    """See :class:`services.ports.jobs.JobQueue` and :class:`services.ports.jobs.JobEngine`.

    Connects when it is first used. Ids of workflows are made of job, round and item, so that what is enqueued twice
    runs once.

    Args:
        database_url: DBOS's database, as :func:`jobs_database_url` names it.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._client: DBOSClient | None = None
        self._lock = threading.Lock()

    def enqueue(self, job_round: JobRound) -> None:
        self._enqueue(START, "start", job_round, _URGENT_PRIORITY)

    def enqueue_items(self, job_round: JobRound, positions: Sequence[int]) -> None:
        # Every job's first items come before any job's later ones: a large job does not make a small one wait.
        for place, position in enumerate(positions):
            self._enqueue(ITEM, str(position), job_round, _URGENT_PRIORITY + 1 + place, position)

    def enqueue_finish(self, job_round: JobRound) -> None:
        self._enqueue(FINISH, "finish", job_round, _URGENT_PRIORITY)

    def cancel(self, job_round: JobRound, positions: Sequence[int]) -> None:
        ids = [_workflow_id(job_round, str(position)) for position in positions]
        for first in range(0, len(ids), _IDS_PER_CALL):
            self._connected().cancel_workflows(ids[first : first + _IDS_PER_CALL])

    def has_work(self, job_round: JobRound) -> bool:
        return bool(self._list(_WAITS_OR_RUNS, workflow_id_prefix=_workflow_id(job_round, ""), limit=1))

    def hand_over(self, living_worker_ids: Collection[str]) -> int:
        running = self._list(["PENDING"])
        return self._resume([flow.workflow_id for flow in running if flow.executor_id not in living_worker_ids])

    def take_back(self, worker_id: str) -> int:
        return self._resume([flow.workflow_id for flow in self._list(["PENDING"], executor_id=worker_id)])

    def forget_ended(self, *, older_than_seconds: float) -> None:
        before = (datetime.now(UTC) - timedelta(seconds=older_than_seconds)).isoformat()
        while ended := self._list(_ENDED, end_time=before, limit=_IDS_PER_CALL):
            self._connected().delete_workflows([flow.workflow_id for flow in ended])

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
                self._client = None

    def _enqueue(self, workflow: str, name: str, job_round: JobRound, priority: int, *arguments: Any) -> None:
        from dbos import EnqueueOptions

        options = EnqueueOptions(
            workflow_name=workflow,
            queue_name=QUEUE,
            workflow_id=_workflow_id(job_round, name),
            app_version=APPLICATION_VERSION,
            priority=priority,
        )
        self._connected().enqueue(options, job_round.job_id, job_round.number, *arguments)

    def _list(self, status: list[str], **filters: Any) -> list[WorkflowStatus]:
        return self._connected().list_workflows(
            status=status, application_name=APPLICATION_NAME, load_input=False, load_output=False, **filters
        )

    def _resume(self, ids: list[str]) -> int:
        for first in range(0, len(ids), _IDS_PER_CALL):
            self._connected().resume_workflows(ids[first : first + _IDS_PER_CALL], queue_name=QUEUE)
        return len(ids)

    def _connected(self) -> DBOSClient:
        with self._lock:
            if self._client is None:
                from dbos import DBOSClient, DBOSPortableJSONSerializer

                self._client = DBOSClient(
                    system_database_url=self._database_url,
                    dbos_system_schema=SCHEMA,
                    serializer=DBOSPortableJSONSerializer(),
                    application_name=APPLICATION_NAME,
                    lazy=True,
                    retry_connection_errors=False,
                )
            return self._client


class NotifyingQueue:
    """See :class:`services.ports.jobs.JobQueue`: tells the engine, and leaves it to the workers when that fails.

    The rows of the job are committed by then, and workers look for rows that the engine does not have: this only saves
    them the look. Before the first worker ever ran, for one, DBOS's tables do not exist.
    """

    def __init__(self, queue: DbosQueue) -> None:
        self._queue = queue

    def enqueue(self, job_round: JobRound) -> None:
        try:
            self._queue.enqueue(job_round)
        except Exception as error:
            _log.info("job-left-to-workers", job=job_round.job_id, error=type(error).__name__)

    def cancel(self, job_round: JobRound, positions: Sequence[int]) -> None:
        try:
            self._queue.cancel(job_round, positions)
        except Exception as error:
            _log.info("cancel-left-to-workers", job=job_round.job_id, error=type(error).__name__)


def _workflow_id(job_round: JobRound, name: str) -> str:
    return f"{job_round.job_id}:{job_round.number}:{name}"
