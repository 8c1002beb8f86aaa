"""What becomes of the photos of a run when something dies or is cut off in the middle of it."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from bench.page import Figures
from bench.places import Places
from services.images.background_models import BackgroundWish
from services.jobs.models import ItemStatus, Job
from tests.image_edit_server import ImageEditServer
from tests.integration.image_home import MIA, TENANT, ImageHome, Till, image_home
from tests.postgres import empty_database, running_postgres
from tests.serving import free_port

PHOTOS = 40
SECONDS_PER_PICTURE = 0.25
PATIENCE_SECONDS = 900.0
THROTTLED_OF_TEN = 3
OAK = BackgroundWish(prompt="oak table in a bright kitchen", shadow=0.2)

Fault = Callable[[ImageHome, str], None]


def measure_faults(places: Places, photos: int = PHOTOS) -> list[Figures]:
    """One run per fault; the generator is a small server that counts what it is paid for."""
    rows = []
    with _laptop(places) as (home, painter):
        worker = home.start_worker()

        def kill_worker(home: ImageHome, _job_id: str) -> None:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            home.start_worker()

        rows.append(_row("Worker killed, another started", home, painter, kill_worker, photos))
    with _laptop(places, FRONTLINE_WORKER_PROCESSES="1", FRONTLINE_PORT=str(free_port())) as (home, painter):
        web = home.start_worker("app", "serve")

        def kill_web(home: ImageHome, _job_id: str) -> None:
            web.send_signal(signal.SIGKILL)
            web.wait()
            home.start_worker("app", "serve")

        rows.append(_row("Web killed with the worker beside it, started again", home, painter, kill_web, photos))
    with running_postgres() as server, empty_database(server) as url:
        folder = Path(tempfile.mkdtemp(prefix="images-", dir=places.work))
        with image_home(folder, url, FRONTLINE_LOG_FORMAT="json") as (home, painter):
            home.start_worker()
            home.start_worker()

            def cut_connections(_home: ImageHome, _job_id: str) -> None:
                administration = create_engine(url, isolation_level="AUTOCOMMIT")
                for _ in range(3):
                    with administration.connect() as connection:
                        connection.execute(
                            text(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                            )
                        )
                    time.sleep(1.0)
                administration.dispose()

            rows.append(
                _row(
                    "All database connections cut three times, PostgreSQL, 2 workers",
                    home,
                    painter,
                    cut_connections,
                    photos,
                )
            )
    with _laptop(places) as (home, painter):
        home.start_worker()
        throttled = _row("30 % of the generator's calls throttled", home, painter, None, photos, throttle=True)
        rows.append(throttled)
    return rows


def ended_work(folder: Path, job_id: str) -> list[dict[str, Any]]:
    """What the workers' logs say of the items of a job that were worked on to their good end."""
    entries = []
    for path in folder.glob("worker-*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"job-work-done"' in line:
                entry = json.loads(line)
                if entry.get("job") == job_id and "position" in entry:
                    entries.append(entry)
    return entries


@contextmanager
def _laptop(places: Places, **settings: str) -> Iterator[tuple[ImageHome, ImageEditServer]]:
    folder = Path(tempfile.mkdtemp(prefix="images-", dir=places.work))
    settings = {"FRONTLINE_LOG_FORMAT": "json", **settings}
    with image_home(folder, f"sqlite:///{folder / 'frontline.sqlite3'}", **settings) as made:
        yield made


def _row(
    name: str,
    home: ImageHome,
    painter: ImageEditServer,
    fault: Fault | None,
    photos: int,
    *,
    throttle: bool = False,
) -> Figures:
    """Run the photos, let the fault happen once a third is done, and count what came of them.

    Of calls that the fault cut off nobody knows whether they were paid for: they wait for a person, who retries them.
    """
    away = (lambda number: number % 10 < THROTTLED_OF_TEN) if throttle else None
    till = Till(painter, seconds=SECONDS_PER_PICTURE, throttle=away)
    batch = home.batch(photos)
    home.wait_for_end(batch.prepare_job_id, PATIENCE_SECONDS)
    job = home.services.image_batches.start(MIA, TENANT, batch.id, OAK)
    if fault is not None:
        third = photos // 3
        home.wait_until(lambda: _done(home, job.id) >= third, "a third is done", PATIENCE_SECONDS)
        fault(home, job.id)
    ended = _patiently(home, job.id)
    paid_twice = sum(count - 1 for count in Counter(till.paid).values())
    left_to_a_person = sum(item.error_code == "paid-reply-lost" for item in home.items(job.id))
    if left_to_a_person:
        home.services.image_batches.retry(MIA, TENANT, job.id)
        ended = _patiently(home, job.id)
    items = home.items(job.id)
    done = [item for item in items if item.status is ItemStatus.DONE]
    worked = Counter(entry["position"] for entry in ended_work(home.folder, job.id))
    figures = {
        "fault": name,
        "photos": photos,
        "done": len(done),
        "failed": ended.counts[ItemStatus.FAILED],
        "lost": photos - ended.ended_count,
        "results_per_photo": max(len(item.result["composites"]) for item in done),
        "done_twice": sum(count - 1 for count in worked.values()),
        "paid_twice": paid_twice,
        "left_to_a_person": left_to_a_person,
        "calls_cut_off": till.hung_up,
        "throttled": till.throttled,
        "begun_again": sum(item.attempts - 1 for item in items),
        "outcome": ended.status.value,
    }
    print(figures, flush=True)
    return figures


def _done(home: ImageHome, job_id: str) -> int:
    return home.job(job_id).counts[ItemStatus.DONE]


def _patiently(home: ImageHome, job_id: str) -> Job:
    """The job once it ended, though the database may be away in between."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return home.wait_for_end(job_id, max(deadline - time.monotonic(), 1.0))
        except AssertionError:
            raise
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
