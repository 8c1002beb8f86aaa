"""Keeps the workers that run beside the web: starts them, restarts one that dies, ends them with the web."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.logs import get_logger

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "app", "worker", "--beside-web")
SHORTEST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# Who lived for so long did not die of its start.
LIVED_WELL_SECONDS = 60.0

_log = get_logger(__name__)


@dataclass
class _Place:
    """One worker's place: its process, when that began, and how long to wait before the next."""

    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = SHORTEST_PAUSE_SECONDS
    next_start_at: float = 0.0


class WorkerProcesses:
    """Child processes that work on background jobs.

    Each child holds the other end of a pipe that only this process writes to. However this process ends, also by
    SIGKILL, the pipe closes and the child ends: there are no orphans.

    Args:
        count: How many.
        patience_seconds: How long a worker that was asked to end may take before it is killed.
        command: What to run, for tests.
    """

    def __init__(self, count: int, patience_seconds: float, command: Sequence[str] = COMMAND) -> None:
        self._places = [_Place() for _ in range(count)]
        self._patience_seconds = patience_seconds
        self._command = list(command)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="worker-processes", daemon=True)

    def start(self) -> None:
        """Start the workers, and restart from now on any that dies."""
        if self._places:
            self._thread.start()

    def stop(self) -> None:
        """Ask the workers to end, wait for them, and kill those that take too long."""
        self._stopping.set()
        if not self._places:
            return
        self._thread.join()
        running = [place.process for place in self._places if place.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self._patience_seconds
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("worker-killed", process_id=process.pid)
                process.kill()
                process.wait()

    def living(self) -> list[int]:
        """The process ids of those that run now."""
        return [
            place.process.pid for place in self._places if place.process is not None and place.process.poll() is None
        ]

    def _keep(self) -> None:
        while True:
            for place in self._places:
                self._look_after(place)
            if self._stopping.wait(0.2):
                return

    def _look_after(self, place: _Place) -> None:
        now = time.monotonic()
        if place.process is not None and place.process.poll() is not None:
            _log.warning("worker-died", process_id=place.process.pid, exit_code=place.process.returncode)
            if now - place.started_at > LIVED_WELL_SECONDS:
                place.pause = SHORTEST_PAUSE_SECONDS
            place.next_start_at = now + place.pause
            place.pause = min(place.pause * 2, LONGEST_PAUSE_SECONDS)
            place.process = None
        if place.process is None and now >= place.next_start_at:
            # A session of its own: Ctrl+C reaches the web alone, which then ends its workers in order.
            place.process = subprocess.Popen(self._command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
            place.started_at = now
