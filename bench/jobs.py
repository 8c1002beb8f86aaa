"""What the engine of background jobs costs beside the work: time lost between items, and a worker that has none."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.machine import cpu_seconds, resident_mib
from bench.page import Figures, goals, percent, table
from bench.places import Places
from tests.jobs.running_workers import WorkerHome
from tests.jobs.worker_program import USUAL_TIMINGS

PLACES = 2
ITEM_SECONDS = (0.5, 2.0)
BUSY_SECONDS = 60.0  # of perfectly packed work for each length of items
IDLE_SECONDS = 60.0
GOAL_LOST = 0.05
GOAL_IDLE = 0.02


def measure(places: Places) -> Figures:
    """One worker with two places on SQLite, which first has nothing to do and then one job after the other."""
    folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=places.work))
    settings = {"FRONTLINE_WORKER_CONCURRENCY": str(PLACES), USUAL_TIMINGS: "1"}
    home = WorkerHome(folder, f"sqlite:///{folder / 'frontline.sqlite3'}", **settings)
    try:
        worker = home.start_worker().pid
        home.wait_for_end(home.submit([{}] * 4))
        time.sleep(10)
        used, began = cpu_seconds(worker), time.perf_counter()
        time.sleep(IDLE_SECONDS)
        idle = (cpu_seconds(worker) - used) / (time.perf_counter() - began)
        busy = [_packed(home, worker, seconds) for seconds in ITEM_SECONDS]
        return {"idle": {"share_of_a_core": round(idle, 4), "resident_mib": round(resident_mib(worker))}, "busy": busy}
    finally:
        home.close()


def _packed(home: WorkerHome, worker: int, seconds: float) -> Figures:
    count = int(BUSY_SECONDS * PLACES / seconds)
    used = cpu_seconds(worker)
    job_id = home.submit([{"seconds": seconds}] * count)
    job = home.wait_for_end(job_id, patience_seconds=10 * BUSY_SECONDS)
    used = cpu_seconds(worker) - used
    items = home.items(job_id)
    begun = min(item.started_at for item in items if item.started_at)
    ended = max(item.finished_at for item in items if item.finished_at)
    took = (ended - begun).total_seconds()
    figures = {
        "item_seconds": seconds,
        "items": count,
        "first_item_after_seconds": round((begun - job.created_at).total_seconds(), 2),
        "took_seconds": round(took, 2),
        "perfect_seconds": BUSY_SECONDS,
        "share_lost": round(1 - BUSY_SECONDS / took, 4),
        "lost_ms_per_item": round((took - BUSY_SECONDS) * PLACES / count * 1000, 1),
        "worker_cpu_ms_per_item": round(used / count * 1000, 1),
    }
    print(figures, flush=True)
    return figures


def text(figures: Figures) -> str:
    """The section."""
    idle, busy = figures["idle"], figures["busy"]
    shortest = busy[0]
    reached = goals(
        [
            (
                f"Time lost against perfect packing, items of {shortest['item_seconds']:g} s",
                f"< {100 * GOAL_LOST:g} %",
                percent(shortest["share_lost"]),
                shortest["share_lost"] < GOAL_LOST,
            ),
            (
                "Processor of a worker that has nothing to do, of one core",
                f"< {100 * GOAL_IDLE:g} %",
                percent(idle["share_of_a_core"]),
                idle["share_of_a_core"] < GOAL_IDLE,
            ),
        ]
    )
    rows = [
        (
            f"{one['item_seconds']:g} s",
            f"{one['items']}",
            f"{one['took_seconds']:.1f} s",
            percent(one["share_lost"]),
            f"{one['lost_ms_per_item']:.0f} ms",
            f"{one['worker_cpu_ms_per_item']:.0f} ms",
            f"{one['first_item_after_seconds']:.1f} s",
        )
        for one in busy
    ]
    drawn = table(
        ("Items of", "Items", "Took", "Lost", "Lost per item", "Worker's CPU per item", "First begins after"), rows
    )
    return (
        f"{reached}\n\n{drawn}\n\nOne worker, {PLACES} places, SQLite; the items only wait, so that nothing but the "
        f"engine stands between them, and {BUSY_SECONDS:g} s would be perfect. The CPU is all that the worker used "
        f"while the job lasted, the waiting loops of the items included. A worker holds {idle['resident_mib']} MiB."
    )
