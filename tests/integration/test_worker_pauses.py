"""Real worker processes and jobs that people pause, errors that pass, and backends that allow little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from services.jobs.models import ItemStatus, JobStatus
from tests.jobs.running_workers import TENANT, WorkerHome
from tests.jobs.traced_work import FOUR_QUICK_TRIES, PATIENT_KIND, read_trace
from tests.jobs.worker_program import LANE_LIMITS

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkerHome]:
    """Jobs in either database."""
    url = f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_database_url"))
    limits = {LANE_LIMITS: "narrow=1; slow=,2/3600"}
    made = WorkerHome(tmp_path, url, FRONTLINE_WORKER_STOP_SECONDS="2", **limits)
    yield made
    made.close()


def spans(home: WorkerHome, job_id: str) -> list[tuple[datetime, datetime]]:
    """When each item began and ended, by its beginning."""
    items = home.items(job_id)
    return sorted((item.started_at, item.finished_at) for item in items if item.started_at and item.finished_at)


def test_paused_job_waits_through_a_restart_and_loses_nothing(home: WorkerHome) -> None:
    first = home.start_worker()
    job_id = home.submit([{"seconds": 0.5}] * 8)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= 2, "some items are done")
    paused = home.jobs.pause(TENANT, job_id)
    assert (paused.paused, paused.can_resume) == (True, True)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.RUNNING] == 0, "what runs ends")
    done = home.job(job_id).counts[ItemStatus.DONE]
    begun = len(read_trace(home.folder))
    first.kill()
    first.wait()

    home.start_worker()
    home.start_worker()
    other = home.submit([{}] * 6)
    assert home.wait_for_end(other).status is JobStatus.DONE
    begun_by_the_other = 2 * 6 + 2
    assert len(read_trace(home.folder)) == begun + begun_by_the_other
    job = home.job(job_id)
    assert (job.status.live, job.paused, job.counts[ItemStatus.DONE]) == (True, True, done)

    home.jobs.resume(TENANT, job_id)
    job = home.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.paused) == (JobStatus.DONE, 8, False)
    assert [item.attempts for item in home.items(job_id)] == [1] * 8
    assert home.count("begin", "finish") == 2


def test_item_that_outlasts_pause_and_resume_is_done_once(home: WorkerHome) -> None:
    home.start_worker()
    home.start_worker()
    job_id = home.submit([{"waits_for": "leave"}, {"waits_for": "leave"}, {}, {}, {}])
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.RUNNING] == 2, "the long ones run")
    home.jobs.pause(TENANT, job_id)
    home.jobs.resume(TENANT, job_id)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] == 3, "the others are done")
    (home.folder / "leave").touch()
    job = home.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 5)
    assert [home.count("end", str(number)) for number in range(5)] == [1] * 5
    assert home.count("begin", "finish") == 1


def test_paused_job_can_be_canceled(home: WorkerHome) -> None:
    home.start_worker()
    job_id = home.submit([{"waits_for": "leave"}] * 8)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.RUNNING] > 0, "an item runs")
    home.jobs.pause(TENANT, job_id)
    home.jobs.cancel(TENANT, job_id)
    (home.folder / "leave").touch()
    job = home.wait_for_end(job_id)
    assert job.status is JobStatus.CANCELED
    assert job.counts[ItemStatus.DONE] + job.counts[ItemStatus.CANCELED] == 8
    assert home.count("begin", "finish") == 0


def test_errors_that_pass_are_tried_again_and_others_are_not(home: WorkerHome) -> None:
    home.start_worker()
    most = FOUR_QUICK_TRIES.most_tries
    job_id = home.submit(
        [{"throttled": 2, "retry_after": 0.2}, {"throttled": 99}, {"refused": True}, {"crashes": True}],
        kind=PATIENT_KIND,
    )
    job = home.wait_for_end(job_id)
    items = home.items(job_id)
    assert (job.status, [item.status.value for item in items]) == (
        JobStatus.DONE,
        ["done", "failed", "failed", "failed"],
    )
    assert [item.attempts for item in items] == [3, most, 1, 1]
    assert [item.error_code for item in items] == [None, "test-throttled", "test-refused", "unexpected"]
    assert home.count("begin", "finish") == 1


def test_item_that_waits_for_its_next_try_holds_no_place_and_survives_a_restart(home: WorkerHome) -> None:
    first = home.start_worker()
    waiting = home.submit([{"throttled": 1, "retry_after": 6.0}] * 4, kind=PATIENT_KIND)
    home.wait_until(lambda: [item.failed_tries for item in home.items(waiting)] == [1] * 4, "all four were refused")
    other = home.submit([{}] * 4)
    assert home.wait_for_end(other).status is JobStatus.DONE
    first.kill()
    first.wait()
    home.start_worker()
    job = home.wait_for_end(waiting)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 4)
    assert [item.attempts for item in home.items(waiting)] == [2] * 4


def test_backend_that_allows_little_keeps_no_other_job_waiting(home: WorkerHome) -> None:
    home.start_worker()
    home.start_worker()
    narrow = home.submit([{"lane": "narrow", "seconds": 0.05, "waits_for": "answer"}] * 20)
    home.wait_until(lambda: home.job(narrow).counts[ItemStatus.RUNNING] > 0, "the narrow lane works")
    assert home.wait_for_end(home.submit([{}] * 6)).status is JobStatus.DONE
    assert home.job(narrow).counts[ItemStatus.RUNNING] == 1
    (home.folder / "answer").touch()
    assert home.wait_for_end(narrow).counts[ItemStatus.DONE] == 20
    begun_and_ended = spans(home, narrow)
    overlapping = [now for (_, end), (now, _) in pairwise(begun_and_ended) if now < end]
    assert overlapping == []


def test_no_more_items_of_a_lane_begin_than_its_limit_allows(home: WorkerHome) -> None:
    home.start_worker()
    home.start_worker()
    limited = home.submit([{"lane": "slow"}] * 6)
    home.wait_until(lambda: home.job(limited).counts[ItemStatus.DONE] == 2, "two of the slow lane are done")
    assert home.wait_for_end(home.submit([{"seconds": 0.5}] * 6)).status is JobStatus.DONE
    job = home.job(limited)
    assert (job.counts[ItemStatus.DONE], job.counts[ItemStatus.QUEUED]) == (2, 4)
    home.jobs.cancel(TENANT, limited)
    assert home.wait_for_end(limited).status is JobStatus.CANCELED
