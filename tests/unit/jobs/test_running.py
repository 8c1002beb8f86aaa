"""One item, one finish: what is kept of it, whatever it does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.access.models import Tenant
from services.errors import BackendUnavailableError, InputError
from services.jobs.models import ClaimedItem, ItemStatus, Job, JobItem, JobRound, JobStatus, NewItem
from services.jobs.running import JobRunner, WorkNoLongerCountsError
from services.ports.jobs import StageListener
from services.ports.model_calls import Attribution, current_attribution
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.jobs import SqlJobRepository

TENANT = "pharmacy"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROUND = JobRound("one", 1)
Work = Callable[[Job, JobItem, StageListener], Mapping[str, Any]]


class OneWork:
    """A kind that does what the test gives it."""

    kind = "test"

    def __init__(self, work: Work) -> None:
        self._work = work

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        return self._work(job, item, report)

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        return {}


class CountingRuns(SqlJobRuns):
    """Counts reports, and lets the database be away for a while."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reports: list[tuple[str, float | None]] = []
        self.absences = 0

    def report_item(self, claim: ClaimedItem, stage: str, progress: float | None) -> bool:
        self.reports.append((stage, progress))
        return super().report_item(claim, stage, progress)

    def end_item(self, *args: Any, **kwargs: Any) -> bool:
        if self.absences:
            self.absences -= 1
            raise BackendUnavailableError("The database did not answer.")
        return super().end_item(*args, **kwargs)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    made.migrate()
    SqlAccountRepository(made).insert_tenant(Tenant(TENANT, "Pharmacy"), START)
    SqlJobRepository(made).insert_job(
        Job("one", "test", TENANT, "ana", "A job", {}, START), [NewItem("a.md"), NewItem("b.md")]
    )
    yield made
    made.close()


def runner(runs: SqlJobRuns, work: Work, worker_id: str = "w1") -> JobRunner:
    return JobRunner(runs, {"test": OneWork(work)}, worker_id)


def item(database: Database) -> JobItem:
    return SqlJobRepository(database).list_items(TENANT, "one", limit=1)[0]


def fail(_job: Job, _item: JobItem, _report: StageListener) -> Mapping[str, Any]:
    raise InputError("The file is empty.", code="empty-file", remedy="Save it again.")


def test_result_is_kept_and_finish_is_due_after_the_last_item(database: Database) -> None:
    running = runner(SqlJobRuns(database), lambda job, item, report: {"name": item.name})
    assert running.run_item(ROUND, 0).due is None
    assert running.run_item(ROUND, 1).due == ROUND
    assert item(database).result == {"name": "a.md"}
    running.run_finish(ROUND)
    assert SqlJobRepository(database).get_job(TENANT, "one").status is JobStatus.DONE


def test_calls_are_attributed_to_who_submitted_the_job(database: Database) -> None:
    seen: list[Attribution] = []

    class Attributing(OneWork):
        purpose = "surveys"

        def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
            seen.append(current_attribution())
            return {}

    def work(_job: Job, _item: JobItem, _report: StageListener) -> Mapping[str, Any]:
        seen.append(current_attribution())
        return {}

    running = JobRunner(SqlJobRuns(database), {"test": Attributing(work)}, "w1")
    for position in (0, 1):
        running.run_item(ROUND, position)
    running.run_finish(ROUND)
    assert seen == [Attribution(TENANT, "ana", "surveys")] * 3
    assert current_attribution() == Attribution()


def test_error_with_words_makes_the_item_fail_with_them(database: Database) -> None:
    runner(SqlJobRuns(database), fail).run_item(ROUND, 0)
    failed = item(database)
    assert (failed.status, failed.error_code, failed.cause, failed.remedy, failed.retryable) == (
        ItemStatus.FAILED,
        "empty-file",
        "The file is empty.",
        "Save it again.",
        False,
    )


@pytest.mark.parametrize("result", [{"at": START}, {"share": float("nan")}, {1, 2}])
def test_result_that_cannot_be_stored_makes_the_item_fail(database: Database, result: Any) -> None:
    runner(SqlJobRuns(database), lambda *_: result).run_item(ROUND, 0)
    assert (item(database).status, item(database).error_code) == (ItemStatus.FAILED, "unexpected")


def test_kind_that_this_worker_does_not_know_makes_the_item_fail(database: Database) -> None:
    JobRunner(SqlJobRuns(database), {}, "w1").run_item(ROUND, 0)
    assert item(database).error_code == "unknown-job-kind"


def test_new_stages_are_written_at_once_and_shares_seldom(database: Database) -> None:
    def work(_job: Job, _item: JobItem, report: StageListener) -> Mapping[str, Any]:
        for number in range(1000):
            report("reading", number / 1000)
        report("cutting")
        report("cutting", 7.0)
        return {}

    runs = CountingRuns(database)
    runner(runs, work).run_item(ROUND, 0)
    assert (runs.reports[0], runs.reports[-1]) == (("reading", 0.0), ("cutting", None))
    assert len(runs.reports) < 10


def test_work_that_was_taken_over_ends_at_its_next_report(database: Database) -> None:
    runs = SqlJobRuns(database)
    after: list[str] = []

    def work(_job: Job, _item: JobItem, report: StageListener) -> Mapping[str, Any]:
        runner(runs, lambda *_: {"by": "w2"}, "w2").run_item(ROUND, 0)
        report("reading")
        after.append("went on")
        return {"by": "w1"}

    runner(runs, work).run_item(ROUND, 0)
    assert (item(database).result, after) == ({"by": "w2"}, [])


def test_work_ends_at_its_next_report_when_the_worker_stops(database: Database) -> None:
    runs = SqlJobRuns(database)
    stopped: list[bool] = []

    def work(_job: Job, _item: JobItem, report: StageListener) -> Mapping[str, Any]:
        running.stop()
        with pytest.raises(WorkNoLongerCountsError):
            report("reading")
        stopped.append(True)
        raise WorkNoLongerCountsError

    running = runner(runs, work)
    running.run_item(ROUND, 0)
    assert stopped == [True]
    assert item(database).status is ItemStatus.RUNNING  # the worker hands it back


def test_result_waits_for_a_database_that_is_away(database: Database) -> None:
    runs = CountingRuns(database)
    runs.absences = 1
    runner(runs, lambda *_: {"kept": True}).run_item(ROUND, 0)
    assert item(database).result == {"kept": True}


def test_worker_that_stops_does_not_wait_for_the_database(database: Database) -> None:
    runs = CountingRuns(database)
    runs.absences = 1_000_000
    running = runner(runs, lambda *_: {})

    def give_up() -> None:
        with pytest.raises(BackendUnavailableError):
            running.run_item(ROUND, 0)

    thread = threading.Thread(target=give_up)
    thread.start()
    running.stop()
    thread.join(10)
    assert not thread.is_alive()
