"""Image batches on real worker processes: every photo ends once, and is paid for once, whatever happens to them."""

from __future__ import annotations

import json
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.images.background_models import BackgroundWish
from services.images.intake import ImageUpload
from services.images.models import NoticeState
from services.jobs.models import ItemStatus, JobStatus
from tests.image_edit_server import EditRequest, ImageEditServer
from tests.integration.image_home import MIA, TENANT, ImageHome, OwnEdit, Till, image_home, shot

pytestmark = pytest.mark.slow

OAK = BackgroundWish(prompt="oak table in a bright kitchen", shadow=0.2)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def studio(tmp_path: Path, database_url: str) -> Iterator[tuple[ImageHome, ImageEditServer]]:
    """Batches in either database, and their generator."""
    with image_home(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[tuple[ImageHome, ImageEditServer]]:
    """Batches in SQLite, for what does not depend on the database."""
    with image_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}") as made:
        yield made


def twin_of(position: int) -> ImageUpload:
    """A photo that the batch has already, under another name."""
    return ImageUpload(f"twin-{position}.jpg", shot(position))


def test_killed_worker_loses_no_photo_makes_none_twice_and_pays_once_for_each(
    studio: tuple[ImageHome, ImageEditServer],
) -> None:
    home, painter = studio
    till = Till(painter, free=3)
    first = home.start_worker()
    batch = home.batch(8)
    assert home.wait_for_end(batch.prepare_job_id).counts[ItemStatus.DONE] == 8
    run = home.services.image_batches.start(MIA, TENANT, batch.id, OAK)
    home.wait_until(lambda: home.job(run.id).counts[ItemStatus.DONE] == 3, "three photos are done")
    home.wait_until(lambda: till.waiting == 2, "two calls are under way")
    first.send_signal(signal.SIGKILL)
    first.wait()
    till.open()
    home.start_worker()
    home.wait_for_end(run.id)

    # Nobody knows whether the two calls that were cut off are paid for: they wait for a person, and nothing else does.
    left = [item for item in home.items(run.id) if item.status is not ItemStatus.DONE]
    assert [(item.status, item.error_code) for item in left] == [(ItemStatus.FAILED, "paid-reply-lost")] * 2
    assert (len(till.paid), len(set(till.paid)), till.hung_up) == (6, 6, 2)
    assert [notice.state for notice in home.services.image_batches.notices(MIA)] == [NoticeState.PARTLY]
    home.services.image_batches.retry(MIA, TENANT, run.id)
    job = home.wait_for_end(run.id)
    assert (job.status, job.counts[ItemStatus.DONE], job.item_count) == (JobStatus.DONE, 8, 8)
    assert (len(till.paid), len(set(till.paid)), till.hung_up) == (8, 8, 2)
    items = home.items(run.id)
    # The report counts what may cost.
    assert sorted(item.result["calls"] for item in items) == [1] * 6 + [2] * 2
    with zipfile.ZipFile(home.services.image_batches.zip_file(TENANT, run.id)) as archive:
        assert archive.namelist() == [f"shoes/{number:03d}.png" for number in range(8)]
    report = json.loads(home.services.image_batches.report_json(TENANT, run.id))
    assert (report["run"]["calls"], report["run"]["cost_usd"]) == (10, pytest.approx(0.4))


def test_two_workers_share_a_run_and_pay_once_for_a_photo_that_is_in_it_twice(
    studio: tuple[ImageHome, ImageEditServer],
) -> None:
    home, painter = studio
    till = Till(painter)
    home.start_worker()
    home.start_worker()
    batch = home.batch(6)
    again = home.services.image_batches.add(MIA, TENANT, batch.id, [twin_of(position) for position in range(6)])
    home.wait_for_end(again.prepare_job_id)
    run = home.services.image_batches.start(MIA, TENANT, batch.id, OAK)
    job = home.wait_for_end(run.id)
    assert (job.counts[ItemStatus.DONE], job.item_count) == (12, 12)
    assert (len(till.paid), len(set(till.paid))) == (6, 6)
    assert sum(item.result["calls"] for item in home.items(run.id)) == 6


def test_throttled_photos_come_through_by_themselves(laptop: tuple[ImageHome, ImageEditServer]) -> None:
    home, painter = laptop
    refused: set[str] = set()

    def throttle_the_first_call_of_each(request: EditRequest) -> None:
        assert isinstance(request, OwnEdit)
        if request.content in refused:
            request.paint()
            return
        refused.add(request.content)
        request.send_text(429, json.dumps({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}))

    painter.reply = throttle_the_first_call_of_each
    home.start_worker()
    batch = home.batch(5)
    home.wait_for_end(batch.prepare_job_id)
    job = home.wait_for_end(home.services.image_batches.start(MIA, TENANT, batch.id, OAK).id)
    assert job.counts[ItemStatus.DONE] == 5
    assert [item.attempts for item in home.items(job.id)] == [2] * 5
    assert [item.result["calls"] for item in home.items(job.id)] == [1] * 5


def test_batch_of_which_everything_fails_ends_with_a_report_and_a_notice(
    laptop: tuple[ImageHome, ImageEditServer],
) -> None:
    home, painter = laptop
    blocked = json.dumps({"error": {"code": "moderation_blocked", "message": "no"}})
    painter.reply = lambda request: request.send_text(400, blocked)
    home.start_worker()
    batch = home.batch(3)
    home.wait_for_end(batch.prepare_job_id)
    job = home.wait_for_end(home.services.image_batches.start(MIA, TENANT, batch.id, OAK).id)
    assert (job.status, job.counts[ItemStatus.FAILED]) == (JobStatus.FAILED, 3)
    report = json.loads(home.services.image_batches.report_json(TENANT, job.id))
    assert {image["error_code"] for image in report["images"]} == {"prompt-blocked"}
    notice = home.services.image_batches.notices(MIA)[0]
    assert (notice.state, notice.words.split(".")[0]) == (
        NoticeState.FAILED,
        "None of the 3 photos got a new background",
    )
