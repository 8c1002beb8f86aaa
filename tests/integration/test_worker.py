"""Real worker processes: they lose nothing and do nothing twice, whatever happens to them."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.jobs.models import ItemStatus, JobStatus
from tests.jobs.running_workers import TENANT, WorkerHome
from tests.jobs.traced_work import read_trace

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[WorkerHome]:
    """Jobs in either database."""
    made = WorkerHome(tmp_path, database_url, FRONTLINE_WORKER_STOP_SECONDS="2")
    yield made
    made.close()


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[WorkerHome]:
    """Jobs in SQLite, for what does not depend on the database."""
    made = WorkerHome(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}", FRONTLINE_WORKER_STOP_SECONDS="2")
    yield made
    made.close()


def ended(home: WorkerHome, subject: str) -> int:
    return home.count("end", subject)


def begun(home: WorkerHome, subject: str) -> int:
    return home.count("begin", subject)


def assert_only_what_ran_was_repeated(home: WorkerHome, job_id: str) -> None:
    """The killed worker ran two items at most: these began again, all others were done once."""
    items = home.items(job_id)
    assert [begun(home, item.name) for item in items] == [item.attempts for item in items]
    assert sum(item.attempts - 1 for item in items) <= 2
    assert all(ended(home, item.name) == 1 for item in items if item.attempts == 1)


def suspend_between_writes(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Suspend a process at a moment when it does not lock the SQLite files, as it would for everybody."""
    while True:
        process.send_signal(signal.SIGSTOP)
        try:
            for path in sorted(folder.glob("frontline*.sqlite3")):
                with closing(sqlite3.connect(path, timeout=0.5)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)


def test_job_submitted_before_any_worker_ran_is_done_once_one_does(home: WorkerHome) -> None:
    job_id = home.submit([{}] * 6)
    assert home.job(job_id).status is JobStatus.QUEUED
    home.start_worker()
    job = home.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 6)
    assert job.result["counts"]["done"] == 6
    assert Counter(line.subject for line in read_trace(home.folder) if line.event == "end") == Counter(
        [*map(str, range(6)), "finish"]
    )


def test_items_that_fail_do_not_stop_the_others_and_only_they_run_again(laptop: WorkerHome) -> None:
    laptop.start_worker()
    job_id = laptop.submit([{}, {"fails": True, "until": "mended"}, {"refused": True, "until": "mended"}, {}])
    job = laptop.wait_for_end(job_id)
    assert job.status is JobStatus.DONE
    assert [item.status.value for item in laptop.items(job_id)] == ["done", "failed", "failed", "done"]
    throttled, refused = laptop.items(job_id)[1:3]
    assert (throttled.error_code, throttled.cause, throttled.retryable) == (
        "test-throttled",
        "The service asks to wait.",
        True,
    )
    assert (refused.error_code, refused.remedy, refused.retryable) == ("test-refused", "Leave it out.", False)

    (laptop.folder / "mended").touch()
    laptop.jobs.retry_failed(TENANT, job_id)
    job = laptop.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.round) == (JobStatus.DONE, 4, 2)
    assert [begun(laptop, subject) for subject in ("0", "1", "2", "3", "finish")] == [1, 2, 2, 1, 2]


def test_killed_worker_loses_nothing_when_another_takes_over(home: WorkerHome) -> None:
    first = home.start_worker()
    job_id = home.submit([{"seconds": 1.0}] * 8)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] >= 2, "some items are done")
    home.start_worker()
    first.send_signal(signal.SIGKILL)
    job = home.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 8)
    assert [item.result["name"] for item in home.items(job_id)] == [str(number) for number in range(8)]
    assert_only_what_ran_was_repeated(home, job_id)
    assert ended(home, "finish") == 1


def test_killed_worker_loses_nothing_when_it_is_started_again(laptop: WorkerHome) -> None:
    first = laptop.start_worker()
    job_id = laptop.submit([{"seconds": 1.0}] * 5)
    laptop.wait_until(lambda: laptop.job(job_id).counts[ItemStatus.RUNNING] > 0, "an item runs")
    first.send_signal(signal.SIGKILL)
    first.wait()
    laptop.start_worker(wait=False)
    job = laptop.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 5)
    assert_only_what_ran_was_repeated(laptop, job_id)


def test_worker_that_was_only_slow_cannot_overwrite_what_another_did(laptop: WorkerHome) -> None:
    slow = laptop.start_worker()
    job_id = laptop.submit([{"waits_for": "leave"}])
    laptop.wait_until(lambda: begun(laptop, "0") == 1, "the item runs")
    suspend_between_writes(slow, laptop.folder)
    quick = laptop.start_worker(wait=False)
    laptop.wait_until(lambda: begun(laptop, "0") == 2, "another takes the item over")
    (laptop.folder / "leave").touch()
    job = laptop.wait_for_end(job_id)
    slow.send_signal(signal.SIGCONT)
    laptop.wait_until(lambda: len(laptop.jobs.workers()) == 2, "the slow worker breathes again")
    item = laptop.items(job_id)[0]
    assert (item.result["process_id"], item.attempts) == (quick.pid, 2)
    assert (job.status, begun(laptop, "finish")) == (JobStatus.DONE, 1)
    slow.terminate()
    assert slow.wait(60) == 0


def test_two_workers_share_a_job(home: WorkerHome) -> None:
    home.start_worker()
    home.start_worker()
    job_id = home.submit([{"waits_for": "both"}] * 12)
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.RUNNING] == 4, "all places of both are taken")
    (home.folder / "both").touch()
    home.wait_for_end(job_id)
    assert len({item.result["process_id"] for item in home.items(job_id)}) == 2
    assert [ended(home, str(number)) for number in range(12)] == [1] * 12


def test_canceled_job_ends_what_runs_and_begins_nothing_more(laptop: WorkerHome) -> None:
    laptop.start_worker()
    job_id = laptop.submit([{"waits_for": "leave"}] * 6)
    laptop.wait_until(lambda: laptop.job(job_id).counts[ItemStatus.RUNNING] == 2, "two items run")
    laptop.jobs.cancel(TENANT, job_id)
    (laptop.folder / "leave").touch()
    job = laptop.wait_for_end(job_id)
    assert job.status is JobStatus.CANCELED
    assert (job.counts[ItemStatus.DONE], job.counts[ItemStatus.CANCELED]) == (2, 4)
    assert len(read_trace(laptop.folder)) == 4
    assert begun(laptop, "finish") == 0


def test_item_that_kills_its_worker_fails_in_the_end(laptop: WorkerHome) -> None:
    job_id = laptop.submit([{"kills": True}, {}])
    for _ in range(3):
        process = laptop.start_worker(wait=False)
        laptop.wait_until(
            lambda: process.poll() is not None or not laptop.job(job_id).status.live,  # noqa: B023 - called at once
            "the worker is killed",
        )
    if laptop.job(job_id).status.live:
        laptop.start_worker(wait=False)
    job = laptop.wait_for_end(job_id)
    assert [item.status for item in laptop.items(job_id)] == [ItemStatus.FAILED, ItemStatus.DONE]
    assert laptop.items(job_id)[0].error_code == "worker-lost"
    assert job.status is JobStatus.DONE


def test_worker_that_is_stopped_hands_back_what_it_cannot_end(laptop: WorkerHome) -> None:
    first = laptop.start_worker()
    job_id = laptop.submit([{"seconds": 20.0, "until": "never"}, {"seconds": 0.5}])
    laptop.wait_until(lambda: laptop.job(job_id).counts[ItemStatus.DONE] == 1, "the short item is done")
    first.terminate()
    assert first.wait(60) == 0
    item = laptop.items(job_id)[0]
    assert item.status is ItemStatus.QUEUED
    assert laptop.jobs.workers() == []
    laptop.start_worker()
    laptop.wait_until(lambda: begun(laptop, "0") == 2, "another worker begins it again")


def test_worker_that_is_stopped_hands_back_what_it_held_ready(laptop: WorkerHome) -> None:
    first = laptop.start_worker()
    job_id = laptop.submit([{"seconds": 0.2}] * 6 + [{"waits_for": "leave"}] * 8)
    laptop.wait_until(
        lambda: [laptop.job(job_id).counts[status] for status in (ItemStatus.DONE, ItemStatus.RUNNING)] == [6, 2],
        "the short items are done and two others run",
    )
    first.terminate()
    assert first.wait(60) == 0
    assert laptop.job(job_id).counts[ItemStatus.QUEUED] == 8
    (laptop.folder / "leave").touch()
    laptop.start_worker()
    assert laptop.wait_for_end(job_id).counts[ItemStatus.DONE] == 14
    assert Counter(item.attempts for item in laptop.items(job_id)) == {1: 12, 2: 2}
    assert [ended(laptop, str(number)) for number in range(14)] == [1] * 14


def test_items_that_a_busy_worker_held_ready_are_run_by_one_that_is_free(home: WorkerHome) -> None:
    first = home.start_worker()
    job_id = home.submit([{"seconds": 0.1}] * 6 + [{"waits_for": "leave"}] * 2 + [{}] * 4)
    home.wait_until(
        lambda: [home.job(job_id).counts[status] for status in (ItemStatus.DONE, ItemStatus.RUNNING)] == [6, 2],
        "the long items take both places",
    )
    home.start_worker()
    home.wait_until(lambda: home.job(job_id).counts[ItemStatus.DONE] == 10, "the other worker runs the rest")
    (home.folder / "leave").touch()
    assert home.wait_for_end(job_id).counts[ItemStatus.DONE] == 12
    items = home.items(job_id)
    assert [item.attempts for item in items] == [1] * 12
    assert first.pid not in {item.result["process_id"] for item in items[8:]}


def test_finish_that_failed_runs_again_alone(laptop: WorkerHome) -> None:
    laptop.start_worker()
    job_id = laptop.submit([{}], finish_until="mended")
    job = laptop.wait_for_end(job_id)
    assert (job.status, job.cause, job.retryable) == (JobStatus.FAILED, "The finish has to wait.", True)
    (laptop.folder / "mended").touch()
    laptop.jobs.retry_failed(TENANT, job_id)
    assert laptop.wait_for_end(job_id).status is JobStatus.DONE
    assert (begun(laptop, "0"), begun(laptop, "finish")) == (1, 2)


def test_job_without_items_runs_its_finish(laptop: WorkerHome) -> None:
    laptop.start_worker()
    job = laptop.wait_for_end(laptop.submit([]))
    assert (job.status, job.item_count, ended(laptop, "finish")) == (JobStatus.DONE, 0, 1)


def test_jobs_go_on_after_the_tables_of_the_engine_were_lost(laptop: WorkerHome) -> None:
    first = laptop.start_worker()
    job_id = laptop.submit([{"seconds": 0.7}] * 6)
    laptop.wait_until(lambda: laptop.job(job_id).counts[ItemStatus.DONE] >= 1, "an item is done")
    first.kill()
    first.wait()
    for path in laptop.folder.glob("frontline-jobs.sqlite3*"):
        path.unlink()
    laptop.start_worker(wait=False)
    job = laptop.wait_for_end(job_id)
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 6)


def test_small_job_does_not_wait_behind_a_large_one(laptop: WorkerHome) -> None:
    laptop.start_worker()
    large = laptop.submit([{"seconds": 0.3}] * 150)
    laptop.wait_until(lambda: laptop.job(large).counts[ItemStatus.DONE] >= 2, "the large job has begun")
    small = laptop.submit([{}])
    laptop.wait_for_end(small)
    assert laptop.job(large).status.live


def test_unforeseen_error_is_told_neutrally_and_logged_under_its_reference(laptop: WorkerHome) -> None:
    laptop.start_worker()
    job_id = laptop.submit([{"crashes": True}, {}])
    laptop.wait_for_end(job_id)
    item = laptop.items(job_id)[0]
    assert item.error_code == "unexpected"
    assert "secret" not in item.cause + item.remedy
    reference = item.cause.split()[-1].rstrip(".")
    log = (laptop.folder / "worker-0.log").read_text()
    assert reference in log
    assert "RuntimeError" in log
