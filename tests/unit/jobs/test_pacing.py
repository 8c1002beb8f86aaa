"""Workers look seldom while nothing is to be done, and hold items ready while these are short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.access.models import Tenant
from services.jobs.models import ClaimedItem, Job, JobRound, NewItem, Pace
from services.jobs.pacing import SECONDS_BETWEEN_REMINDERS, Pacer
from services.ports.jobs import RoundSteps
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.jobs import SqlJobRepository

TENANT = "pharmacy"
ROUND = JobRound("one", 1)


class PaceTaker:
    """Remembers the paces that it was told."""

    def __init__(self) -> None:
        self.paces: list[Pace] = []

    def start(self, steps: RoundSteps) -> None:
        raise NotImplementedError

    def set_pace(self, pace: Pace) -> None:
        self.paces.append(pace)

    def stop(self, *, wait_seconds: int) -> None:
        raise NotImplementedError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    made.migrate()
    SqlAccountRepository(made).insert_tenant(Tenant(TENANT, "Pharmacy"), datetime.now(UTC))
    yield made
    made.close()


def insert_job(database: Database) -> None:
    job = Job("one", "test", TENANT, "ana", "A job", {}, datetime.now(UTC))
    SqlJobRepository(database).insert_job(job, [NewItem("a"), NewItem("b"), NewItem("c")])


def claim(database: Database, position: int, ago_seconds: float) -> ClaimedItem:
    at = datetime.now(UTC) - timedelta(seconds=ago_seconds)
    claimed = SqlJobRuns(database).begin_item(ROUND, position, "w1", at)
    assert claimed is not None
    return claimed


def test_pace_follows_what_there_is_to_do(database: Database) -> None:
    taker, runs = PaceTaker(), SqlJobRuns(database)
    pacer = Pacer(runs, taker, clock=lambda: 0.0)
    pacer.keep_pace()
    insert_job(database)
    pacer.keep_pace()
    runs.end_item(claim(database, 0, 0.5), {}, datetime.now(UTC))
    pacer.keep_pace()
    claim(database, 1, 60)
    pacer.keep_pace()
    pacer.keep_pace()
    assert taker.paces == [Pace.IDLE, Pace.STEADY, Pace.BRISK, Pace.STEADY]


def test_paused_job_is_nothing_to_do_once_what_ran_has_ended(database: Database) -> None:
    taker, runs = PaceTaker(), SqlJobRuns(database)
    pacer = Pacer(runs, taker, clock=lambda: 0.0)
    insert_job(database)
    running = claim(database, 0, 60)
    SqlJobRepository(database).pause_job(TENANT, "one", datetime.now(UTC))
    pacer.keep_pace()
    runs.end_item(running, {}, datetime.now(UTC))
    pacer.keep_pace()
    assert taker.paces == [Pace.STEADY, Pace.IDLE]


def test_pace_is_set_again_now_and_then_because_others_may_have_changed_it(database: Database) -> None:
    taker = PaceTaker()
    seconds = [0.0]
    pacer = Pacer(SqlJobRuns(database), taker, clock=lambda: seconds[0])
    pacer.keep_pace()
    seconds[0] = SECONDS_BETWEEN_REMINDERS - 1
    pacer.keep_pace()
    seconds[0] = SECONDS_BETWEEN_REMINDERS + 1
    pacer.keep_pace()
    assert taker.paces == [Pace.IDLE, Pace.IDLE]
