"""The picture of one job: states in words, what can be done, and what came of each item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.job_progress import time_left
from services.access.models import Tenant
from services.jobs.models import Failure, JobRound, JobStatus, NewItem
from services.jobs.service import JobService
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.jobs.traced_work import KIND, TracedWork
from tests.jobs_inline import InlineJobQueue

TENANT = "pharmacy"


def page() -> None:
    """A page with one job on it, as a script of its own."""
    import streamlit as st

    from components.job_progress import draw_job

    draw_job(
        st.session_state["jobs"],
        st.session_state.get("tenant", "pharmacy"),
        st.session_state["job_id"],
        describe=lambda item: f"{item.result['name']} was read *well*",
        nouns=("file", "files"),
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'frontline.sqlite3'}")
    made.migrate()
    SqlAccountRepository(made).insert_tenant(Tenant(TENANT, "Pharmacy"), datetime.now(UTC))
    yield made
    made.close()


@pytest.fixture
def queue(database: Database, tmp_path: Path) -> InlineJobQueue:
    return InlineJobQueue(SqlJobRuns(database), {KIND: TracedWork(tmp_path)})


@pytest.fixture
def jobs(database: Database, queue: InlineJobQueue) -> JobService:
    return JobService(SqlJobRepository(database), queue, SqlWorkerRegistry(database), {KIND})


def submit(jobs: JobService, *items: Mapping[str, Any], **arguments: Any) -> str:
    named = [NewItem(f"file_{number}_.md", item) for number, item in enumerate(items)]
    return jobs.submit(KIND, TENANT, "ana", "Load files", named, arguments).id


def open_page(jobs: JobService, job_id: str, **state: Any) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in {"jobs": jobs, "job_id": job_id, **state}.items():
        app.session_state[name] = value
    app.run()
    assert not app.exception
    return app


def cells(app: AppTest) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in app.table[0].value.to_numpy().tolist()]


def words(app: AppTest) -> str:
    return "\n".join(element.value for kind in (app.markdown, app.caption) for element in kind)


def button_keys(app: AppTest) -> set[str]:
    return {str(button.key).rsplit(".", 1)[0] + "." for button in app.button}


def test_done_job_says_what_came_of_each_file_letter_by_letter(jobs: JobService) -> None:
    app = open_page(jobs, submit(jobs, {}, {}))
    assert "Done" in words(app)
    assert "2 done" in words(app)
    assert cells(app)[0] == [
        r"file\_0\_\.md",
        ":green-badge[:material/check_circle: Done]",
        r"file\_0\_\.md was read \*well\*",
    ]
    assert button_keys(app) == set()


def test_failed_file_says_why_and_what_to_do_and_can_be_retried(jobs: JobService, tmp_path: Path) -> None:
    job_id = submit(jobs, {}, {"refused": True, "until": "mended"})
    app = open_page(jobs, job_id)
    assert "Done, with failures" in words(app)
    assert cells(app)[1][2] == r"**This item cannot be used\.** Leave it out\."
    (tmp_path / "mended").touch()
    app.button(key=session_keys.JOB_RETRY_BUTTON + job_id).click().run()
    assert "2 done" in words(app)
    assert button_keys(app) == set()


def test_files_can_be_filtered_by_state(jobs: JobService) -> None:
    job_id = submit(jobs, {}, {"refused": True}, {})
    app = open_page(jobs, job_id)
    app.segmented_control(key=session_keys.JOB_FILTER + job_id).set_value("failed").run()
    assert [row[0] for row in cells(app)] == [r"file\_1\_\.md"]


def test_live_job_shows_how_far_it_is_and_can_be_canceled(
    jobs: JobService, queue: InlineJobQueue, database: Database
) -> None:
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    queue.paused = True
    job_id = submit(jobs, {}, {}, {}, {})
    runs = SqlJobRuns(database)
    first, second = (runs.begin_item(JobRound(job_id, 1), position, "w1", datetime.now(UTC)) for position in (0, 1))
    assert first is not None
    assert second is not None
    runs.end_item(first, {"name": "a"}, datetime.now(UTC))
    runs.report_item(second, "reading", 0.4)
    app = open_page(jobs, job_id)
    assert "In progress" in words(app)
    assert app.get("progress")[0].proto.value == 25
    assert cells(app)[1][1:] == [
        ":blue-badge[:material/progress_activity: In progress]",
        "Reading 40%".replace("%", r"\%"),
    ]
    assert not app.warning
    app.button(key=session_keys.JOB_CANCEL_BUTTON + job_id).click().run()
    assert "Stopping" in words(app)
    runs.end_item(second, {"name": "b"}, datetime.now(UTC))
    app.run()
    assert jobs.get(TENANT, job_id).status is JobStatus.CANCELED
    assert "Canceled" in words(app)


def test_job_is_paused_says_so_and_goes_on(jobs: JobService, queue: InlineJobQueue, database: Database) -> None:
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    queue.paused = True
    job_id = submit(jobs, {}, {}, {})
    runs = SqlJobRuns(database)
    running = runs.begin_item(JobRound(job_id, 1), 0, "w1", datetime.now(UTC))
    assert running is not None
    app = open_page(jobs, job_id)
    app.button(key=session_keys.JOB_PAUSE_BUTTON + job_id).click().run()
    assert ":material/pause_circle: Pausing" in words(app)
    assert "1 that began before still runs." in app.info[0].value
    runs.end_item(running, {"name": "a"}, datetime.now(UTC))
    app.run()
    assert ":material/pause_circle: Paused" in words(app)
    assert app.info[0].value == "Nothing more begins until somebody resumes it."
    assert button_keys(app) == {session_keys.JOB_RESUME_BUTTON, session_keys.JOB_CANCEL_BUTTON}
    queue.paused = False
    app.button(key=session_keys.JOB_RESUME_BUTTON + job_id).click().run()
    assert jobs.get(TENANT, job_id).status is JobStatus.DONE
    assert "3 done" in words(app)


def test_item_that_waits_for_its_next_try_says_why_and_when(
    jobs: JobService, queue: InlineJobQueue, database: Database
) -> None:
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    queue.paused = True
    job_id = submit(jobs, {}, {})
    runs, now = SqlJobRuns(database), datetime.now(UTC)
    claim = runs.begin_item(JobRound(job_id, 1), 0, "w1", now)
    assert claim is not None
    failure = Failure("throttled", "The service asks to wait.", "Wait a minute.", retryable=True)
    runs.postpone_item(claim, failure, now + timedelta(seconds=60), now)
    app = open_page(jobs, job_id)
    _, state, outcome = cells(app)[0]
    assert state == ":orange-badge[:material/autorenew: Tries again]"
    assert re.fullmatch(r"\*\*The service asks to wait\\\.\*\* Tries again in [1-6]?\d s\\\.", outcome)
    app.button(key=session_keys.JOB_PAUSE_BUTTON + job_id).click().run()
    assert cells(app)[0][2] == r"**The service asks to wait\.** Tries again after the pause\."


def test_live_job_says_about_how_long_it_will_take(jobs: JobService, queue: InlineJobQueue, database: Database) -> None:
    SqlWorkerRegistry(database).breathe("w1", "laptop", 7, 2)
    queue.paused = True
    job_id = submit(jobs, {}, {}, {})
    runs, now = SqlJobRuns(database), datetime.now(UTC)
    claim = runs.begin_item(JobRound(job_id, 1), 0, "w1", now - timedelta(seconds=90))
    assert claim is not None
    runs.end_item(claim, {"name": "a"}, now)
    app = open_page(jobs, job_id)
    assert app.get("progress")[0].proto.text == "1 of 3 files · about 3 minutes left"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "a few seconds left"),
        (30, "less than a minute left"),
        (50, "about a minute left"),
        (170, "about 3 minutes left"),
        (1000, "about 15 minutes left"),
        (3500, "about an hour left"),
        (5500, "about 1½ hours left"),
        (7300, "about 2 hours left"),
        (9100, "about 2½ hours left"),
        (36_000, "about 10 hours left"),
        (400_000, "more than two days left"),
    ],
)
def test_time_left_claims_no_precision(seconds: float, expected: str) -> None:
    assert time_left(seconds) == expected


def test_job_that_waits_for_a_worker_says_so(jobs: JobService, queue: InlineJobQueue) -> None:
    queue.paused = True
    app = open_page(jobs, submit(jobs, {}))
    assert "No worker runs" in app.warning[0].value


def test_failed_finish_says_why_and_can_be_tried_again(jobs: JobService, tmp_path: Path) -> None:
    job_id = submit(jobs, {}, finish_until="mended")
    app = open_page(jobs, job_id)
    assert "The finish has to wait" in app.error[0].value
    (tmp_path / "mended").touch()
    app.button(key=session_keys.JOB_RETRY_BUTTON + job_id).click().run()
    assert not app.error
    assert jobs.get(TENANT, job_id).status is JobStatus.DONE


def test_long_job_is_shown_in_pages_and_its_report_holds_all(jobs: JobService) -> None:
    job_id = submit(jobs, *[{}] * 60)
    app = open_page(jobs, job_id)
    assert len(cells(app)) == 25
    app.session_state[session_keys.JOB_PAGE + job_id] = 3
    app.run()
    assert [row[0] for row in cells(app)][-1] == r"file\_59\_\.md"
    assert len(cells(app)) == 10


def test_job_of_another_tenant_is_not_shown(jobs: JobService) -> None:
    app = open_page(jobs, submit(jobs, {}), tenant="clinic")
    assert "does not exist in this tenant" in app.error[0].value
    assert not app.table
