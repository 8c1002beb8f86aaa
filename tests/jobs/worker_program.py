"""A worker that knows the kind of job of the tests; run with ``python -m tests.jobs.worker_program FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from app.worker import run_until_stopped
from services.bootstrap import build_services
from services.jobs.worker import WorkerTimings
from tests.jobs.traced_work import KIND, TracedWork

# A dead worker is noticed sooner than people need it, so that tests need not wait.
TIMINGS = WorkerTimings(beat=0.5, stale=4.0, dispatch=0.3, take_over=0.5, revive=2.0)

if __name__ == "__main__":
    run_until_stopped(
        build_services(),
        kinds={KIND: TracedWork(Path(sys.argv[1]))},
        timings=TIMINGS,
        follow_input="--beside-web" in sys.argv,
    )
