"""A kind of job for tests, whose items do what their arguments say and leave a trace in a file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.errors import BackendThrottledError, InputError
from services.jobs.models import Job, JobItem
from services.ports.jobs import StageListener

KIND = "traced-work"


@dataclass(frozen=True)
class Trace:
    """One line of the file: what began or ended where."""

    event: str
    subject: str
    process_id: int


class TracedWork:
    """Items take ``seconds``; until the file named by ``until`` is there they fail, crash, or kill their process.

    Args:
        folder: Where ``trace`` and the files named by ``until`` are.
    """

    kind = KIND

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        self._trace("begin", item.name)
        report("working", 0.0)
        mend = item.arguments.get("until")
        broken = mend is None or not (self._folder / mend).exists()
        if broken and item.arguments.get("fails"):
            raise BackendThrottledError("The service asks to wait.", code="test-throttled")
        if broken and item.arguments.get("refused"):
            raise InputError("This item cannot be used.", code="test-refused", remedy="Leave it out.")
        if broken and item.arguments.get("crashes"):
            raise RuntimeError("a secret of the machine")
        if broken and item.arguments.get("kills"):
            os.kill(os.getpid(), signal.SIGKILL)
        _work(float(item.arguments.get("seconds", 0)), report)
        self._trace("end", item.name)
        return {"name": item.name, "process_id": os.getpid()}

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        self._trace("begin", "finish")
        report("publishing")
        mend = job.arguments.get("finish_until")
        if mend is not None and not (self._folder / mend).exists():
            raise BackendThrottledError("The finish has to wait.", code="test-throttled")
        _work(float(job.arguments.get("finish_seconds", 0)), report)
        self._trace("end", "finish")
        return {"counts": {status.value: count for status, count in job.counts.items()}}

    def _trace(self, event: str, subject: str) -> None:
        with (self._folder / "trace").open("a", encoding="utf-8") as file:
            file.write(f"{event} {os.getpid()} {subject}\n")


def read_trace(folder: Path) -> list[Trace]:
    """What happened so far, in order."""
    path = folder / "trace"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Trace(event, subject, int(pid)) for event, pid, subject in (line.split(" ", 2) for line in lines)]


def _work(seconds: float, report: StageListener) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        report("working", 1 - left / seconds)
        time.sleep(min(0.05, left))
