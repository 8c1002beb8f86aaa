"""Child processes beside the web: restarted when they die, gone when the web is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from app.worker_processes import WorkerProcesses
from tests.serving import ROOT

# Ends when its standard input does, as a real worker; does not mind SIGTERM where the test wants that.
FOLLOWER = [sys.executable, "-c", "import sys; sys.stdin.read()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
]
PARENT = """
import sys, time
from app.worker_processes import WorkerProcesses
workers = WorkerProcesses(1, 5, [sys.executable, "-c", "import sys; sys.stdin.read()"])
workers.start()
while not workers.living():
    time.sleep(0.05)
print(workers.living()[0], flush=True)
time.sleep(600)
"""


@contextmanager
def running(count: int, command: list[str], patience_seconds: float = 10) -> Iterator[WorkerProcesses]:
    workers = WorkerProcesses(count, patience_seconds, command)
    workers.start()
    try:
        wait_until(lambda: len(workers.living()) == count)
        yield workers
    finally:
        workers.stop()


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process_id: int) -> bool:
    return bool(psutil.pid_exists(process_id) and psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)


def test_so_many_run_as_are_asked_for_and_end_in_order() -> None:
    with running(2, FOLLOWER) as workers:
        process_ids = workers.living()
    assert len(set(process_ids)) == 2
    assert not any(map(alive, process_ids))


def test_none_run_when_none_are_asked_for() -> None:
    with running(0, FOLLOWER) as workers:
        assert workers.living() == []


def test_one_that_dies_is_started_again() -> None:
    with running(1, FOLLOWER) as workers:
        [first] = workers.living()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: workers.living() not in ([], [first]))
        [second] = workers.living()
        assert second != first
        assert alive(second)


def test_one_that_does_not_end_is_killed() -> None:
    with running(1, STUBBORN, patience_seconds=0.5) as workers:
        [process_id] = workers.living()
    assert not alive(process_id)


def test_one_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not alive(child))
