"""A worker that knows the kinds of jobs of the tests; run with ``python -m tests.jobs.worker_program FOLDER``.

The environment may give it the limits of lanes, see :func:`services.jobs.lanes.parse_lane_limits`, and the timings of
workers for people.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.worker import run_until_stopped
from services.backends.dbos.engine import DbosEngine
from services.backends.dbos.queue import DbosQueue, jobs_database_url
from services.jobs.lanes import parse_lane_limits
from services.jobs.worker import JobWorker, WorkerTimings, new_worker_id
from services.logs import configure_logging
from services.settings import Settings, load_settings
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from tests.jobs.traced_work import FOUR_QUICK_TRIES, KIND, PATIENT_KIND, TracedWork

LANE_LIMITS = "TRACED_LANE_LIMITS"
USUAL_TIMINGS = "TRACED_USUAL_TIMINGS"
# A dead worker is noticed sooner than people need it, so that tests need not wait.
TIMINGS = WorkerTimings(beat=0.5, stale=6.0, dispatch=0.3, take_over=0.5, revive=2.0)


def traced_worker(settings: Settings, folder: Path, lane_limits: str = "") -> JobWorker:
    """A worker whose work leaves its trace in the folder."""
    url = jobs_database_url(settings.resolved_database_url)
    database = Database(settings.resolved_database_url)
    worker_id = new_worker_id()
    lanes = parse_lane_limits(lane_limits)
    return JobWorker(
        worker_id,
        SqlJobRuns(database),
        SqlWorkerRegistry(database),
        DbosQueue(url, lanes),
        DbosEngine(url, worker_id, settings.worker_concurrency, lanes),
        {KIND: TracedWork(folder), PATIENT_KIND: TracedWork(folder, PATIENT_KIND, FOUR_QUICK_TRIES)},
        concurrency=settings.worker_concurrency,
        timings=WorkerTimings() if os.environ.get(USUAL_TIMINGS) else TIMINGS,
    )


if __name__ == "__main__":
    known = load_settings()
    configure_logging(known.log_level, known.log_format)
    run_until_stopped(
        traced_worker(known, Path(sys.argv[1]), os.environ.get(LANE_LIMITS, "")),
        known.worker_stop_seconds,
        follow_input="--beside-web" in sys.argv,
    )
