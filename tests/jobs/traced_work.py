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
from services.jobs.models import Job, JobItem, RetryPolicy
from services.ports.jobs import StageListener

KIND = "traced-work"
# The same work, whose errors that may pass are tried again by themselves, soon.
PATIENT_KIND = "patient-traced-work"
ONE_TRY = RetryPolicy(most_tries=1)
FOUR_QUICK_TRIES = RetryPolicy(most_tries=4, first_wait_seconds=0.4)


@dataclass(frozen=True)
class Trace:
    """One line of the file: what began or ended where."""

    event: str
    subject: str
    process_id: int


class TracedWork:
    """Items take ``seconds``, and then last until the file named by ``waits_for`` is there.

    Until the file named by ``until`` is there they fail, crash, or kill their process.

    The first ``throttled`` tries of an item are refused by a service that asks to wait for ``retry_after`` seconds. An
    item may name its ``lane``.

    Args:
        folder: Where ``trace`` and the files that arguments name are.
    """

    def __init__(self, folder: Path, kind: str = KIND, retry_policy: RetryPolicy = ONE_TRY) -> None:
        self._folder = folder
        self.kind = kind
        self.retry_policy = retry_policy

    def lane(self, job: Job, item: JobItem) -> str | None:
        return item.arguments.get("lane")

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        self._trace("begin", item.name)
        report("working", 0.0)
        if item.failed_tries < item.arguments.get("throttled", 0):
            asked = item.arguments.get("retry_after")
            raise BackendThrottledError("The service asks to wait.", code="test-throttled", retry_after_seconds=asked)
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
        awaited = item.arguments.get("waits_for")
        while awaited is not None and not (self._folder / awaited).exists():
            report("waiting")
            time.sleep(0.05)
        self._trace("end", item.name)
        return {"name": item.name, "process_id": os.getpid()}

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        self._trace("begin", "finish")
        report("publishing")
        killer = job.arguments.get("finish_kills_until")
        if killer is not None and not (self._folder / killer).exists():
            (self._folder / killer).touch()
            os.kill(os.getpid(), signal.SIGKILL)
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
