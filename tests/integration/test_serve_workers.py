"""The server with its worker: the worker breathes, comes back after a kill, and never outlives the server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from services.storage.database import Database
from services.storage.job_workers import SqlWorkerRegistry
from tests.integration.conftest import home_with_model
from tests.serving import running_server

pytestmark = pytest.mark.slow


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def readiness(url: str) -> tuple[bool, bool]:
    """Whether the web is ready, and whether workers are."""
    answer = httpx.get(f"{url}/readyz", timeout=30).json()
    [jobs] = [check for check in answer["capabilities"] if check["capability"] == "jobs"]
    return answer["ready"], jobs["ready"]


def gone(process_id: int) -> bool:
    return bool(not psutil.pid_exists(process_id) or psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE)


def test_worker_beside_the_web_breathes_comes_back_and_ends_with_it(tmp_path: Path, model_home: Path) -> None:
    home = home_with_model(tmp_path / "home", model_home)
    with running_server(home, FRONTLINE_WORKER_PROCESSES="1") as server:
        registry = SqlWorkerRegistry(Database(f"sqlite:///{home / 'frontline.sqlite3'}"))
        wait_until(lambda: readiness(server.url)[1])
        [first] = registry.workers(silent_seconds=30)
        os.kill(first.process_id, signal.SIGKILL)
        wait_until(lambda: any(worker.id != first.id for worker in registry.workers(silent_seconds=30)))
        [second] = [worker for worker in registry.workers(silent_seconds=30) if worker.id != first.id]
    assert gone(second.process_id)
    assert second.id not in {worker.id for worker in registry.workers(silent_seconds=30)}


def test_worker_ends_when_the_web_is_killed(tmp_path: Path, model_home: Path) -> None:
    home = home_with_model(tmp_path / "home", model_home)
    with running_server(home, FRONTLINE_WORKER_PROCESSES="1") as server:
        registry = SqlWorkerRegistry(Database(f"sqlite:///{home / 'frontline.sqlite3'}"))
        wait_until(lambda: bool(registry.workers(silent_seconds=30)))
        [worker] = registry.workers(silent_seconds=30)
        server.process.kill()
        wait_until(lambda: gone(worker.process_id))
    assert registry.workers(silent_seconds=30) == []


def test_web_is_ready_without_workers_and_says_that_there_are_none(tmp_path: Path, model_home: Path) -> None:
    with running_server(home_with_model(tmp_path / "home", model_home)) as server:
        answer = httpx.get(f"{server.url}/readyz", timeout=30).json()
        [jobs] = [check for check in answer["capabilities"] if check["capability"] == "jobs"]
    assert (jobs["code"], jobs["essential"]) == ("no-worker", False)
    assert answer["ready"]
