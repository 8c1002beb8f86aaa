"""A worker that takes over from dead ones sooner than people need it; ``python -m tests.integration.image_worker``."""

from __future__ import annotations

from app.worker import run_until_stopped
from services.bootstrap import build_services, build_worker
from services.jobs.worker import WorkerTimings

TIMINGS = WorkerTimings(beat=0.5, stale=6.0, dispatch=0.3, take_over=0.5, revive=2.0)

if __name__ == "__main__":
    services = build_services()
    run_until_stopped(build_worker(services, timings=TIMINGS), services.settings.worker_stop_seconds)
