"""The durable queue in DBOS's own tables, reached from any process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.errors import BackendUnavailableError
from services.jobs.models import JobRound, QueuedItem
from services.logs import get_logger

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

APPLICATION_NAME = "frontline"
# Work that an older version queued is run by the next one: items are idempotent and know their arguments by name.
APPLICATION_VERSION = "1"
QUEUE = "work"
# While there is work a free place is filled after this long at most.
BUSY_POLLING_SECONDS = 0.1
SCHEMA = "frontline_jobs"
START, ITEM, FINISH = "start_round", "run_item", "run_finish"

_WAITS_OR_RUNS = ["ENQUEUED", "PENDING", "DELAYED"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_IDS_PER_CALL = 500
_URGENT_PRIORITY = 1

_log = get_logger(__name__)


def lane_queue(lane: str) -> str:
    """The queue of a lane's items."""
    return f"lane-{lane}" if lane else QUEUE


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
        lanes: The backends that have limits, and so a queue of their own.
    """

    def __init__(self, database_url: str, lanes: Collection[str] = ()) -> None:
        self._database_url = database_url
        self._lanes = frozenset(lanes)
        self._client: DBOSClient | None = None
        self._lock = threading.Lock()

    def enqueue(self, job_round: JobRound) -> None:
        self._enqueue(START, "start", job_round, _URGENT_PRIORITY)
        self._wake()

    def enqueue_items(self, job_round: JobRound, items: Sequence[QueuedItem]) -> None:
        # Every job's first items come before any job's later ones: a large job does not make a small one wait.
        for place, item in enumerate(items):
            lane = item.lane if item.lane in self._lanes else ""
            self._enqueue(
                ITEM,
                _item_name(item.position, item.turn),
                job_round,
                _URGENT_PRIORITY + 1 + place,
                item.position,
                item.turn,
                lane,
                lane=lane,
                not_before=item.not_before,
            )

    def put_back(self, job_round: JobRound, item: QueuedItem) -> None:
        """Queue an item again that this process took and did not begin; its run here does not count any more."""
        with _translated():
            self._connected().resume_workflows(
                [_workflow_id(job_round, _item_name(item.position, item.turn))], queue_name=lane_queue(item.lane)
            )

    def enqueue_finish(self, job_round: JobRound) -> None:
        self._enqueue(FINISH, "finish", job_round, _URGENT_PRIORITY)

    def cancel(self, job_round: JobRound, positions: Sequence[int]) -> None:
        waiting = self._list(["ENQUEUED", "DELAYED"], name=ITEM, workflow_id_prefix=_workflow_id(job_round, ""))
        unwanted = {str(position) for position in positions}
        ids = [flow.workflow_id for flow in waiting if flow.workflow_id.split(":")[2] in unwanted]
        with _translated():
            for first in range(0, len(ids), _IDS_PER_CALL):
                self._connected().cancel_workflows(ids[first : first + _IDS_PER_CALL])

    def has_work(self, job_round: JobRound) -> bool:
        return bool(self._list(_WAITS_OR_RUNS, workflow_id_prefix=f"{job_round.job_id}:", limit=1))

    def hand_over(self, living_worker_ids: Collection[str]) -> int:
        running = self._list(["PENDING"])
        return self._resume([flow for flow in running if flow.executor_id not in living_worker_ids])

    def take_back(self, worker_id: str) -> int:
        return self._resume(self._list(["PENDING"], executor_id=worker_id))

    def forget_ended(self, *, older_than_seconds: float) -> None:
        before = (datetime.now(UTC) - timedelta(seconds=older_than_seconds)).isoformat()
        while ended := self._list(_ENDED, end_time=before, limit=_IDS_PER_CALL):
            with _translated():
                self._connected().delete_workflows([flow.workflow_id for flow in ended])

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
                self._client = None

    def _enqueue(
        self,
        workflow: str,
        name: str,
        job_round: JobRound,
        priority: int,
        *arguments: Any,
        lane: str = "",
        not_before: datetime | None = None,
    ) -> None:
        from dbos import EnqueueOptions

        options = EnqueueOptions(
            workflow_name=workflow,
            queue_name=lane_queue(lane),
            workflow_id=_workflow_id(job_round, name),
            app_version=APPLICATION_VERSION,
            priority=priority,
        )
        if not_before is not None and (seconds := (not_before - datetime.now(UTC)).total_seconds()) > 0:
            options["delay_seconds"] = seconds
        with _translated():
            self._connected().enqueue(options, job_round.job_id, job_round.number, *arguments)

    def _wake(self) -> None:
        """Have idle workers look into the queue before they find out by themselves that there is something to do.

        They look at nothing while they are idle. How much each takes at once they set right within a second.
        """
        with _translated():
            self._connected().register_queue(
                QUEUE, worker_concurrency=1, polling_interval_sec=BUSY_POLLING_SECONDS, on_conflict="never_update"
            )

    def _list(self, status: list[str], **filters: Any) -> list[WorkflowStatus]:
        with _translated():
            return self._connected().list_workflows(
                status=status, application_name=APPLICATION_NAME, load_input=False, load_output=False, **filters
            )

    def _resume(self, flows: Sequence[WorkflowStatus]) -> int:
        by_queue: dict[str, list[str]] = {}
        for flow in flows:
            by_queue.setdefault(flow.queue_name or QUEUE, []).append(flow.workflow_id)
        with _translated():
            for queue, ids in by_queue.items():
                for first in range(0, len(ids), _IDS_PER_CALL):
                    self._connected().resume_workflows(ids[first : first + _IDS_PER_CALL], queue_name=queue)
        return len(flows)

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


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the database as ours, so that who can wait for it waits."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as exc:
        raise BackendUnavailableError("The queue's database did not answer.", code="queue-unavailable") from exc


def _item_name(position: int, turn: int) -> str:
    return f"{position}:{turn}" if turn else str(position)


def _workflow_id(job_round: JobRound, name: str) -> str:
    return f"{job_round.job_id}:{job_round.number}:{name}"
