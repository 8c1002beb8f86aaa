"""A home whose jobs real worker processes run, beside the services of this process."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from services.access.models import Tenant
from services.bootstrap import Services, build_services
from services.jobs.models import Job, JobItem
from services.settings import Settings
from services.storage.accounts import SqlAccountRepository
from tests.serving import ROOT, environment

PATIENCE_SECONDS = 120.0


class ServicesHome:
    """Services in this process and workers in others, over one database and one folder of files.

    Args:
        folder: Becomes FRONTLINE_HOME.
        tenant_id: The only tenant there is.
        settings: By the names of their environment variables.
    """

    def __init__(self, folder: Path, database_url: str, tenant_id: str, **settings: str) -> None:
        self.folder = folder
        self._tenant_id = tenant_id
        self._settings = {
            "FRONTLINE_DATABASE_URL": database_url,
            "FRONTLINE_WORKER_STOP_SECONDS": "2",
            **settings,
        }
        named = {name.removeprefix("FRONTLINE_").lower(): value for name, value in self._settings.items()}
        self.services: Services = build_services(Settings(home=folder, log_level="WARNING", **named))  # type: ignore[arg-type]
        tenant = Tenant(tenant_id, tenant_id.title())
        SqlAccountRepository(self.services.database).insert_tenant(tenant, datetime.now(UTC))
        self._workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, *module: str) -> subprocess.Popen[bytes]:
        """Start a worker, or the module with its arguments; the log stands in ``worker-N.log``."""
        with (self.folder / f"worker-{len(self._workers)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *(module or ("tests.integration.image_worker",))],
                cwd=ROOT,
                env=environment(self.folder, 1, **self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers.append(process)
        return process

    def job(self, job_id: str) -> Job:
        return self.services.jobs.get(self._tenant_id, job_id)

    def items(self, job_id: str) -> list[JobItem]:
        return self.services.jobs.list_items(self._tenant_id, job_id, limit=1000)

    def wait_for_end(self, job_id: str, patience_seconds: float = PATIENCE_SECONDS) -> Job:
        """The job once it has ended."""
        self.wait_until(lambda: not self.job(job_id).status.live, f"job ends: {self.job(job_id)}", patience_seconds)
        return self.job(job_id)

    def wait_until(self, happened: Callable[[], bool], what: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
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
        self.services.database.close()


def has_hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed the connection."""
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except ConnectionError:
        return True
