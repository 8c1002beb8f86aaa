"""What is counted as waiting, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.jobs.models import ClaimedItem, JobRound
from services.storage.database import Database
from services.storage.job_depth import measure_queue
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.contract.job_repository import FAILURE, LATER, OTHER_TENANT, START, TENANT, new_items, new_job
from tests.contract.test_job_repositories import prepared

ROUND = JobRound("one", 1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield from prepared(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    else:
        yield from prepared(str(request.getfixturevalue("postgres_database_url")))


@pytest.fixture
def jobs(database: Database) -> SqlJobRepository:
    return SqlJobRepository(database)


@pytest.fixture
def runs(database: Database) -> SqlJobRuns:
    return SqlJobRuns(database)


def begin(runs: SqlJobRuns, position: int) -> ClaimedItem:
    claim = runs.begin_item(ROUND, position, "w1", START)
    assert claim is not None
    return claim


def test_empty_queue_has_no_standstill(database: Database) -> None:
    depth = measure_queue(database, LATER)
    assert (depth.waiting, depth.running, depth.standstill_seconds, depth.places, depth.hosts) == (0, 0, 0.0, 0, ())


def test_items_of_all_tenants_are_counted(database: Database, jobs: SqlJobRepository, runs: SqlJobRuns) -> None:
    jobs.insert_job(new_job(), new_items(3))
    jobs.insert_job(new_job("two", OTHER_TENANT), new_items(2))
    begin(runs, 0)
    depth = measure_queue(database, START)
    assert (depth.waiting, depth.running) == (4, 1)


def test_finish_waits_once_the_last_item_ended_and_then_runs(
    database: Database, jobs: SqlJobRepository, runs: SqlJobRuns
) -> None:
    jobs.insert_job(new_job(), new_items(1))
    runs.end_item(begin(runs, 0), {}, START)
    assert (measure_queue(database, START).waiting, measure_queue(database, START).running) == (1, 0)
    claim = runs.begin_finish(ROUND, "w1", START)
    assert claim is not None
    assert (measure_queue(database, START).waiting, measure_queue(database, START).running) == (0, 1)
    runs.end_finish(claim, {}, START)
    assert (measure_queue(database, START).waiting, measure_queue(database, START).running) == (0, 0)


def test_paused_jobs_and_items_that_wait_for_their_next_try_do_not_count(
    database: Database, jobs: SqlJobRepository, runs: SqlJobRuns
) -> None:
    jobs.insert_job(new_job(), new_items(2))
    runs.postpone_item(begin(runs, 0), FAILURE, LATER, START)
    assert measure_queue(database, START).waiting == 1
    assert measure_queue(database, LATER).waiting == 2
    jobs.pause_job(TENANT, "one", START)
    assert measure_queue(database, LATER).waiting == 0


def test_standstill_is_since_something_began_or_ended(
    database: Database, jobs: SqlJobRepository, runs: SqlJobRuns
) -> None:
    jobs.insert_job(new_job(), new_items(2))
    assert measure_queue(database, START + timedelta(minutes=2)).standstill_seconds == 120
    runs.end_item(begin(runs, 0), {}, START + timedelta(minutes=2))
    assert measure_queue(database, START + timedelta(minutes=2, seconds=5)).standstill_seconds == 5


def test_places_are_those_of_the_workers_that_live(database: Database, jobs: SqlJobRepository) -> None:
    jobs.insert_job(new_job(), new_items(6))
    assert measure_queue(database, START).waiting_per_place == 6
    registry = SqlWorkerRegistry(database)
    registry.breathe("w1", "alpha", 1, 2)
    registry.breathe("w2", "beta", 1, 2)
    registry.breathe("w3", "beta", 2, 2)
    registry.leave("w3")
    depth = measure_queue(database, START)
    assert (depth.places, depth.hosts, depth.waiting_per_place) == (4, ("alpha", "beta"), 1.5)
