"""Rounds reach the engine, and nothing is taken over from a worker that lives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.access.models import Tenant
from services.errors import BackendThrottledError
from services.jobs.dispatch import Caretaker, DurableRounds
from services.jobs.models import Job, JobItem, JobRound, NewItem, QueuedItem, RetryPolicy
from services.jobs.running import JobRunner
from services.ports.jobs import StageListener
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository

TENANT = "pharmacy"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROUND = JobRound("one", 1)


class FakeEngine:
    """Remembers what it was told; ``working`` are the rounds that wait or run."""

    def __init__(self) -> None:
        self.working: set[JobRound] = set()
        self.items: list[int] = []
        self.queued: list[QueuedItem] = []
        self.finishes: list[JobRound] = []
        self.living: list[set[str]] = []

    def enqueue(self, job_round: JobRound) -> None:
        self.working.add(job_round)

    def enqueue_items(self, job_round: JobRound, items: Sequence[QueuedItem]) -> None:
        self.items += [item.position for item in items]
        self.queued += items

    def enqueue_finish(self, job_round: JobRound) -> None:
        self.finishes.append(job_round)

    def has_work(self, job_round: JobRound) -> bool:
        return job_round in self.working

    def hand_over(self, living_worker_ids: Collection[str]) -> int:
        self.living.append(set(living_worker_ids))
        return 1

    def take_back(self, worker_id: str) -> int:
        return 0

    def forget_ended(self, *, older_than_seconds: float) -> None:
        self.working.clear()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    made.migrate()
    SqlAccountRepository(made).insert_tenant(Tenant(TENANT, "Pharmacy"), START)
    yield made
    made.close()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def insert_job(database: Database, item_count: int) -> None:
    job = Job("one", "test", TENANT, "ana", "A job", {}, START)
    SqlJobRepository(database).insert_job(job, [NewItem(str(number)) for number in range(item_count)])


def caretaker(database: Database, engine: FakeEngine, worker_id: str = "w1") -> Caretaker:
    return Caretaker(worker_id, SqlJobRuns(database), engine, SqlWorkerRegistry(database), stale_seconds=30)


def test_rows_that_the_engine_does_not_have_are_brought_to_it(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 2)
    caretaker(database, engine).dispatch()
    assert engine.working == {ROUND}


def test_start_enqueues_what_waits_and_may_be_repeated(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 2)
    runs = SqlJobRuns(database)
    rounds = DurableRounds(runs, JobRunner(runs, {}, "w1"), engine)
    rounds.start(ROUND)
    assert (engine.items, engine.finishes, runs.undispatched_rounds()) == ([0, 1], [], [])
    rounds.run_item(ROUND, 0)
    rounds.start(ROUND)
    assert engine.items == [0, 1, 1]
    rounds.run_item(ROUND, 1)
    assert engine.finishes == [ROUND]


class LanedKind:
    """A kind whose items wait for the backend that their arguments name; each is refused ``throttled`` times."""

    kind = "test"
    retry_policy = RetryPolicy(most_tries=3, first_wait_seconds=10)

    def lane(self, job: Job, item: JobItem) -> str | None:
        return "bedrock" if item.name == "1" else None

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        if item.failed_tries < 1:
            raise BackendThrottledError("Too many requests.", retry_after_seconds=30)
        return {}

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        return {}


def test_item_that_is_tried_again_is_queued_in_its_lane_for_then(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 2)
    runs, kinds = SqlJobRuns(database), {"test": LanedKind()}
    runner = JobRunner(runs, kinds, "w1", now=lambda: START, draw=lambda low, high: high)
    rounds = DurableRounds(runs, runner, engine, kinds)
    rounds.start(ROUND)
    assert engine.queued == [QueuedItem(0), QueuedItem(1, lane="bedrock")]
    rounds.run_item(ROUND, 1, 0)
    again = QueuedItem(1, turn=1, lane="bedrock", not_before=START + timedelta(seconds=40))
    assert engine.queued[2:] == [again]
    rounds.run_item(ROUND, 1, 0)  # as after a crash before the try was queued
    assert engine.queued[2:] == [again, again]
    rounds.run_item(ROUND, 0, 0)
    rounds.run_item(ROUND, 0, 1)
    assert engine.finishes == []
    rounds.run_item(ROUND, 1, 1)
    assert engine.finishes == [ROUND]


def test_step_of_a_paused_job_queues_nothing(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 1)
    runs = SqlJobRuns(database)
    SqlJobRepository(database).pause_job(TENANT, "one", START)
    rounds = DurableRounds(runs, JobRunner(runs, {}, "w1"), engine)
    rounds.start(ROUND)
    rounds.run_item(ROUND, 0)
    assert (engine.queued, engine.finishes) == ([], [])


def test_start_of_a_job_without_items_enqueues_its_finish(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 0)
    runs = SqlJobRuns(database)
    DurableRounds(runs, JobRunner(runs, {}, "w1"), engine).start(ROUND)
    assert engine.finishes == [ROUND]


def test_only_the_longest_serving_worker_takes_over_and_spares_the_living(
    database: Database, engine: FakeEngine
) -> None:
    registry = SqlWorkerRegistry(database)
    registry.breathe("w1", "laptop", 1, 2)
    registry.breathe("w2", "laptop", 2, 2)
    caretaker(database, engine, "w2").take_over()
    assert engine.living == []
    caretaker(database, engine, "w1").take_over()
    assert engine.living == [{"w1", "w2"}]
    registry.leave("w1")
    caretaker(database, engine, "w2").take_over()
    assert engine.living[1:] == [{"w2"}]


def test_round_is_renewed_only_when_the_engine_lacked_it_twice_in_a_row(database: Database, engine: FakeEngine) -> None:
    insert_job(database, 1)
    runs = SqlJobRuns(database)
    keeper = caretaker(database, engine)
    keeper.revive()
    engine.working = {ROUND}
    keeper.revive()
    engine.working.clear()
    keeper.revive()
    assert runs.live_rounds() == [ROUND]
    keeper.revive()
    assert runs.live_rounds() == [JobRound("one", 2)]
