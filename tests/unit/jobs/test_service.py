"""Starting, canceling and retrying jobs, with a queue that runs them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.access.models import Tenant
from services.backends.dbos.queue import DbosQueue, NotifyingQueue, jobs_database_url
from services.errors import BackendUnavailableError, ConflictError, InputError, NotFoundError
from services.jobs.kinds import LazyJobKinds
from services.jobs.models import Failure, ItemStatus, JobItem, JobRound, JobStatus, NewItem
from services.jobs.report import job_report_csv
from services.jobs.service import MOST_ITEMS, JobService
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.jobs.traced_work import KIND, TracedWork
from tests.jobs_inline import InlineJobQueue

TENANT = "pharmacy"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'frontline.sqlite3'}")
    made.migrate()
    SqlAccountRepository(made).insert_tenant(Tenant(TENANT, "Pharmacy"), START)
    yield made
    made.close()


@pytest.fixture
def queue(database: Database, tmp_path: Path) -> InlineJobQueue:
    return InlineJobQueue(SqlJobRuns(database), {KIND: TracedWork(tmp_path)})


@pytest.fixture
def jobs(database: Database, queue: InlineJobQueue) -> JobService:
    return JobService(SqlJobRepository(database), queue, SqlWorkerRegistry(database), {KIND})


def submit(jobs: JobService, *items: Mapping[str, Any]) -> str:
    named = [NewItem(f"file-{number}.md", item) for number, item in enumerate(items)]
    return jobs.submit(KIND, TENANT, "ana", "Load files", named).id


def test_submitted_job_runs_and_is_listed(jobs: JobService) -> None:
    job_id = submit(jobs, {}, {"refused": True})
    job = jobs.get(TENANT, job_id)
    assert (job.status, job.ended_count, job.item_count) == (JobStatus.DONE, 2, 2)
    assert [found.id for found in jobs.list_jobs(TENANT, KIND)] == [job_id]
    assert [item.name for item in jobs.list_items(TENANT, job_id, ItemStatus.FAILED)] == ["file-1.md"]


def test_retry_runs_the_failed_items(jobs: JobService, tmp_path: Path) -> None:
    job_id = submit(jobs, {}, {"refused": True, "until": "mended"})
    assert jobs.get(TENANT, job_id).can_retry
    (tmp_path / "mended").touch()
    job = jobs.retry_failed(TENANT, job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.can_retry) == (JobStatus.DONE, 2, False)


def test_cancel_reaches_the_queue_with_what_it_took_out(jobs: JobService, queue: InlineJobQueue) -> None:
    queue.paused = True
    job_id = submit(jobs, {}, {})
    assert jobs.cancel(TENANT, job_id).status is JobStatus.CANCELED
    queue.run_waiting()
    assert jobs.get(TENANT, job_id).counts[ItemStatus.CANCELED] == 2


def test_paused_job_waits_until_it_is_resumed(jobs: JobService, queue: InlineJobQueue) -> None:
    queue.paused = True
    job_id = submit(jobs, {}, {})
    assert jobs.pause(TENANT, job_id).paused
    queue.run_waiting()
    assert jobs.get(TENANT, job_id).counts[ItemStatus.QUEUED] == 2
    queue.paused = False
    job = jobs.resume(TENANT, job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 2)
    with pytest.raises(ConflictError):
        jobs.pause(TENANT, job_id)


def test_time_left_is_learned_from_earlier_jobs_and_then_from_the_job_itself(
    jobs: JobService, queue: InlineJobQueue, database: Database
) -> None:
    runs, now = SqlJobRuns(database), datetime.now(UTC)
    queue.paused = True

    def run(job_id: str, position: int, seconds: float) -> None:
        claim = runs.begin_item(JobRound(job_id, 1), position, "w1", now - timedelta(seconds=seconds))
        assert claim is not None
        assert runs.end_item(claim, {}, now)

    job_id = submit(jobs, {}, {}, {})
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    assert jobs.seconds_left(jobs.get(TENANT, job_id)) is None
    earlier = submit(jobs, {})
    run(earlier, 0, 50)
    finish = runs.begin_finish(JobRound(earlier, 1), "w1", now)
    assert finish is not None
    assert runs.end_finish(finish, {}, now)
    assert jobs.seconds_left(jobs.get(TENANT, job_id)) == pytest.approx(150)
    run(job_id, 0, 10)
    assert jobs.seconds_left(jobs.get(TENANT, job_id)) == pytest.approx(20)


def test_time_left_covers_the_wait_for_the_last_try(
    jobs: JobService, queue: InlineJobQueue, database: Database
) -> None:
    runs, now = SqlJobRuns(database), datetime.now(UTC)
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    queue.paused = True
    job_id = submit(jobs, {}, {})
    first, second = (runs.begin_item(JobRound(job_id, 1), position, "w1", now) for position in (0, 1))
    assert first is not None
    assert second is not None
    assert runs.end_item(first, {}, now + timedelta(seconds=1))
    failure = Failure("throttled", "Too many requests.", "Wait.", retryable=True)
    assert runs.postpone_item(second, failure, now + timedelta(seconds=300), now)
    left = jobs.seconds_left(jobs.get(TENANT, job_id))
    assert left is not None
    assert 200 < left <= 300


def test_nothing_is_said_of_the_time_left_while_nobody_works_on_the_job(
    jobs: JobService, queue: InlineJobQueue, database: Database
) -> None:
    submit(jobs, {})  # something to learn from
    queue.paused = True
    job_id = submit(jobs, {}, {})
    registry = SqlWorkerRegistry(database)
    assert jobs.seconds_left(jobs.get(TENANT, job_id)) is None  # no worker lives
    registry.breathe("w1", "laptop", 7, 2)
    assert jobs.seconds_left(jobs.get(TENANT, job_id)) is not None
    assert jobs.seconds_left(jobs.pause(TENANT, job_id)) is None
    assert jobs.seconds_left(jobs.cancel(TENANT, job_id)) is None


def test_job_of_another_tenant_is_not_found(jobs: JobService) -> None:
    job_id = submit(jobs, {})
    with pytest.raises(NotFoundError):
        jobs.get("clinic", job_id)


def test_too_many_items_are_refused_before_anything_is_kept(jobs: JobService) -> None:
    with pytest.raises(InputError):
        jobs.submit(KIND, TENANT, "ana", "Too many", [NewItem("a")] * (MOST_ITEMS + 1))
    assert jobs.list_jobs(TENANT) == []


def test_what_a_database_cannot_hold_is_refused_or_left_out(jobs: JobService) -> None:
    with pytest.raises(TypeError):
        jobs.submit(KIND, TENANT, "ana", "Title", [], {"at": START})
    with pytest.raises(ValueError, match="no kind"):
        jobs.submit("unheard-of", TENANT, "ana", "Title")
    job = jobs.submit(KIND, TENANT, "ana", "nul\x00l" + "x" * 400, [NewItem("a\x00b")])
    assert (job.title[:4], len(job.title)) == ("null", 300)
    assert jobs.list_items(TENANT, job.id)[0].name == "ab"


def test_without_a_worker_readiness_warns_and_says_what_to_do(jobs: JobService, database: Database) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        jobs.check_ready()
    assert "python -m app worker" in caught.value.remedy
    assert not jobs.essential
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    jobs.check_ready()


def test_engine_that_does_not_answer_does_not_stop_a_submission(database: Database, tmp_path: Path) -> None:
    unreachable = NotifyingQueue(DbosQueue(f"sqlite:///{tmp_path / 'missing' / 'jobs.sqlite3'}"))
    jobs = JobService(SqlJobRepository(database), unreachable, SqlWorkerRegistry(database), {KIND})
    job_id = submit(jobs, {})
    assert SqlJobRuns(database).undispatched_rounds() == [JobRound(job_id, 1)]
    assert jobs.cancel(TENANT, job_id).status is JobStatus.CANCELED


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("sqlite:////srv/data/frontline.sqlite3", "sqlite:////srv/data/frontline-jobs.sqlite3"),
        ("postgresql+psycopg://a:b@host/frontline", "postgresql+psycopg://a:b@host/frontline"),
    ],
)
def test_engine_keeps_its_tables_beside_ours(ours: str, theirs: str) -> None:
    assert jobs_database_url(ours) == theirs


def test_kinds_are_made_once_and_only_when_needed() -> None:
    made: list[str] = []

    def make() -> TracedWork:
        made.append(KIND)
        return TracedWork(Path())

    kinds = LazyJobKinds({KIND: make})
    assert (KIND in kinds, list(kinds), len(kinds), made) == (True, [KIND], 1, [])
    assert kinds[KIND] is kinds[KIND]
    assert made == [KIND]


def test_report_has_a_row_per_item_and_no_formulas() -> None:
    items: Sequence[JobItem] = [
        JobItem("one", 0, "=cmd()", {}, ItemStatus.DONE, result={"passages": 12}, attempts=1, finished_at=START),
        JobItem("one", 1, "b.md", {}, ItemStatus.FAILED, cause="Empty.", remedy="Save it again.", retryable=True),
        JobItem("one", 2, "c.md", {}, ItemStatus.CANCELED),
    ]
    text = job_report_csv(items, lambda item: f"{item.result['passages']} passages").decode("utf-8-sig")
    assert text.splitlines()[1:] == [
        "1,'=cmd(),done,12 passages,,,1,,2026-03-02T09:30:00+00:00",
        "2,b.md,failed,Empty.,Save it again.,yes,0,,",
        "3,c.md,canceled,,,,0,,",
    ]
