"""Faults in the middle of a job, in two worker processes: every item ends once, none is lost, none is done twice."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from services.jobs.models import ItemStatus, JobStatus
from tests.jobs.running_workers import WorkerHome
from tests.jobs.traced_work import FOUR_QUICK_TRIES, PATIENT_KIND, read_trace

pytestmark = pytest.mark.slow

PLACES = 2  # of a worker
CUTS = 3


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[WorkerHome]:
    settings = {"FRONTLINE_WORKER_STOP_SECONDS": "2", "FRONTLINE_WORKER_CONCURRENCY": str(PLACES)}
    made = WorkerHome(tmp_path, database_url, **settings)
    yield made
    made.close()


def assert_each_item_ended_once(home: WorkerHome, job_id: str, count: int, *, cut_off: int = 0) -> None:
    """All are done, and none ran more than once, but for those that ran in a process when that died.

    Args:
        cut_off: How many these may be.
    """
    job = home.job(job_id)
    items = home.items(job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.item_count) == (JobStatus.DONE, count, count)
    assert job.result["counts"]["done"] == count
    assert [item.result["name"] for item in items] == [str(number) for number in range(count)]
    begun = Counter(line.subject for line in read_trace(home.folder) if line.event == "begin")
    ended = Counter(line.subject for line in read_trace(home.folder) if line.event == "end")
    assert [begun[item.name] for item in items] == [item.attempts for item in items]
    assert sum(item.attempts - 1 for item in items) <= cut_off
    assert all(1 <= ended[item.name] <= item.attempts for item in items)
    assert ended["finish"] == 1


def test_worker_killed_in_the_middle(home: WorkerHome) -> None:
    first = home.start_worker()
    home.start_worker()
    job_id = home.submit([{"seconds": 0.4}] * 16)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= 5, "some items are done")
    first.send_signal(signal.SIGKILL)
    home.wait_for_end(job_id)
    assert_each_item_ended_once(home, job_id, 16, cut_off=PLACES)


def test_every_worker_killed_in_the_middle(home: WorkerHome) -> None:
    workers = [home.start_worker(), home.start_worker()]
    job_id = home.submit([{"seconds": 0.4}] * 16)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= 5, "some items are done")
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    home.start_worker()
    home.start_worker()
    home.wait_for_end(job_id)
    assert_each_item_ended_once(home, job_id, 16, cut_off=2 * PLACES)


def test_worker_killed_during_the_finish(home: WorkerHome) -> None:
    home.start_worker()
    home.start_worker()
    job_id = home.submit([{}] * 6, finish_kills_until="killed")
    home.wait_for_end(job_id)
    assert_each_item_ended_once(home, job_id, 6)
    assert (home.folder / "killed").exists()
    assert home.count("begin", "finish") == 2


def test_web_killed_in_the_middle_takes_its_worker_along_and_another_goes_on(home: WorkerHome) -> None:
    web, job_id = home.start_web(10)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= 2, "some items are done")
    web.send_signal(signal.SIGKILL)
    web.wait()
    home.start_worker(wait=False)
    home.wait_for_end(job_id)
    # The worker of the web hands back what it cannot end; what it was killed over runs again.
    assert_each_item_ended_once(home, job_id, 10, cut_off=PLACES)


def test_connections_to_the_database_cut_in_the_middle(home: WorkerHome, database_url: str) -> None:
    home.start_worker()
    home.start_worker()
    job_id = home.submit([{"seconds": 0.3}] * 24)
    for done in range(3, 3 + 5 * CUTS, 5):
        home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= done, "more is done")  # noqa: B023
        cut_connections(database_url, home.folder)
    home.wait_for_end(job_id)
    # A claim whose confirmation was cut off is made again, without any work in between.
    assert_claims_aside(home, job_id, 24)


def test_third_of_the_tries_throttled_at_random(home: WorkerHome) -> None:
    draw = random.Random(11)
    refusals = [throttled_tries(draw) for _ in range(24)]
    assert 0.2 < sum(refusals) / (sum(refusals) + len(refusals)) < 0.4
    home.start_worker()
    home.start_worker()
    job_id = home.submit([{"seconds": 0.05, "throttled": tries} for tries in refusals], kind=PATIENT_KIND)
    home.wait_for_end(job_id)
    assert_each_item_ended_once(home, job_id, 24, cut_off=sum(refusals))
    assert [item.attempts for item in home.items(job_id)] == [tries + 1 for tries in refusals]
    assert [home.count("end", str(number)) for number in range(24)] == [1] * 24


def throttled_tries(draw: random.Random) -> int:
    """How many tries of an item are refused when 30 % of all are, and the last one never is."""
    tries = 0
    while tries < FOUR_QUICK_TRIES.most_tries - 1 and draw.random() < 0.3:
        tries += 1
    return tries


def cut_connections(database_url: str, folder: Path) -> None:
    """End every connection to the database; a SQLite file, which has none, is kept from everybody for a moment."""
    if make_url(database_url).get_backend_name() == "sqlite":
        files = [sqlite3.connect(path, timeout=60) for path in sorted(folder.glob("frontline*.sqlite3"))]
        for file in files:
            file.execute("BEGIN EXCLUSIVE")
        time.sleep(0.5)
        for file in files:
            file.rollback()
            file.close()
        return
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def assert_claims_aside(home: WorkerHome, job_id: str, count: int) -> None:
    """All are done, each began and ended once, and so did the finish."""
    job = home.job(job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.item_count) == (JobStatus.DONE, count, count)
    assert job.result["counts"]["done"] == count
    for event in ("begin", "end"):
        happened = Counter(line.subject for line in read_trace(home.folder) if line.event == event)
        assert happened == Counter([*map(str, range(count)), "finish"])
