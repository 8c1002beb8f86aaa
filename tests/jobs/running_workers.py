"""A home with one tenant, whose jobs real worker processes run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.access.models import Tenant
from services.backends.dbos.queue import DbosQueue, NotifyingQueue, jobs_database_url
from services.jobs.models import Job, JobItem, NewItem
from services.jobs.service import JobService
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.jobs.traced_work import KIND, PATIENT_KIND, read_trace
from tests.serving import ROOT, environment

TENANT = "pharmacy"
PATIENCE_SECONDS = 90.0


class WorkerHome:
    """A database, a folder for traces, and the workers that a test starts.

    Args:
        folder: Becomes FRONTLINE_HOME; the trace stands in it.
        database_url: Where jobs are kept.
    """

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self._settings = {"FRONTLINE_DATABASE_URL": database_url, **settings}
        self.database = Database(database_url)
        self.database.migrate()
        SqlAccountRepository(self.database).insert_tenant(Tenant(TENANT, "Pharmacy"), datetime.now(UTC))
        self._queue = DbosQueue(jobs_database_url(database_url))
        self.jobs = JobService(
            SqlJobRepository(self.database),
            NotifyingQueue(self._queue),
            SqlWorkerRegistry(self.database),
            {KIND, PATIENT_KIND},
        )
        self._workers: list[subprocess.Popen[bytes]] = []

    def submit(self, items: Sequence[Mapping[str, Any]], *, kind: str = KIND, **arguments: Any) -> str:
        """Start a job whose items are called 0, 1, 2 … and have these arguments; returns its id."""
        named = [NewItem(str(number), item) for number, item in enumerate(items)]
        return self.jobs.submit(kind, TENANT, "ana", "A job", named, arguments).id

    def start_worker(self, *, wait: bool = True) -> subprocess.Popen[bytes]:
        """Start a worker; its log stands in ``worker-N.log``."""
        living = {worker.id for worker in self.jobs.workers()}
        process = self._start("tests.jobs.worker_program")
        if wait:
            self.wait_until(lambda: any(one.id not in living for one in self.jobs.workers()), "a worker breathes")
        return process

    def start_web(self, item_count: int) -> tuple[subprocess.Popen[bytes], str]:
        """Start a web process that has a worker beside it and submits a job; returns the id of that too."""
        process = self._start("tests.jobs.web_program", str(item_count))
        submitted = self.folder / "submitted"
        self.wait_until(submitted.exists, "the web submits a job")
        return process, submitted.read_text(encoding="utf-8")

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"worker-{len(self._workers)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(self.folder), *arguments],
                cwd=ROOT,
                env=environment(self.folder, 1, **self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers.append(process)
        return process

    def job(self, job_id: str) -> Job:
        return self.jobs.get(TENANT, job_id)

    def items(self, job_id: str) -> list[JobItem]:
        return self.jobs.list_items(TENANT, job_id, limit=1000)

    def count(self, event: str, subject: str) -> int:
        """How often the trace says that this began or ended."""
        return sum((line.event, line.subject) == (event, subject) for line in read_trace(self.folder))

    def wait_for_end(self, job_id: str, patience_seconds: float = PATIENCE_SECONDS) -> Job:
        """The job once it has ended."""
        self.wait_until(
            lambda: not self.job(job_id).status.live, f"job ends: {self.job(job_id)}", patience_seconds=patience_seconds
        )
        return self.job(job_id)

    def wait_until(
        self, happened: Callable[[], bool], what: str, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        deadline = time.monotonic() + patience_seconds
        while not happened():
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))
                raise AssertionError(f"never came: {what}\n{logs[-8000:]}")
            time.sleep(0.05)

    def close(self) -> None:
        """End every worker and give the connections back."""
        for process in self._workers:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._queue.close()
        self.database.close()
