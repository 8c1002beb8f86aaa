"""Batches over the wire to AWS, on real workers: every photo ends, and nothing is paid for twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.images.background_models import BackgroundWish
from services.jobs.models import ItemStatus, JobStatus
from tests.aws_endpoint.endpoint import AwsEndpoint
from tests.aws_endpoint.services import bedrock_runtime_images, rekognition
from tests.integration.aws_image_home import MASK_MODEL, AwsImageHome, aws_image_home
from tests.integration.image_home import MIA, TENANT

PHOTOS = 4
OAK = BackgroundWish(prompt="oak table in a bright kitchen", seed=3, variations=2)
LABELS, INVOKE = ("rekognition", "DetectLabels"), ("bedrock-runtime", "InvokeModel")


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[tuple[AwsImageHome, AwsEndpoint]]:
    with aws_image_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}") as made:
        yield made


def test_batch_ends_whole_while_aws_throttles_and_nothing_is_paid_twice(
    wired: tuple[AwsImageHome, AwsEndpoint],
) -> None:
    home, endpoint = wired
    home.start_worker()
    endpoint.faults.share(throttled=0.2, errors=0.02, seed=1)
    batch = home.batch(PHOTOS)
    assert home.wait_for_end(batch.prepare_job_id).counts[ItemStatus.DONE] == PHOTOS
    job = home.services.image_batches.start(MIA, TENANT, batch.id, OAK)
    ended = home.wait_for_end(job.id)
    assert (ended.status, ended.counts[ItemStatus.DONE]) == (JobStatus.DONE, PHOTOS)
    for item in home.items(job.id):
        assert [one["seed"] for one in item.result["composites"]] == [3, 4]
        assert item.result["labels_kept"][0] == "Ball"
        assert (item.result["calls"], item.result["backend"], item.result["verb"]) == (2, "bedrock", "generated")
    assert (rekognition.paid.replies, rekognition.paid.twice) == (PHOTOS, 0)
    assert (bedrock_runtime_images.paid.replies, bedrock_runtime_images.paid.twice) == (2 * PHOTOS, 0)


def test_worker_that_is_killed_while_aws_paints_loses_no_photo_and_pays_twice_for_none(
    wired: tuple[AwsImageHome, AwsEndpoint],
) -> None:
    home, endpoint = wired
    worker = home.start_worker()
    batch = home.batch(PHOTOS)
    home.wait_for_end(batch.prepare_job_id)
    job = home.services.image_batches.start(MIA, TENANT, batch.id, OAK)
    home.wait_until(lambda: endpoint.count(*INVOKE) >= 2, "two pictures were asked for")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    home.start_worker()
    home.wait_for_end(job.id)
    # What was under way when the worker died may be paid for: it waits for a person, and nothing else does.
    left = [item for item in home.items(job.id) if item.status is not ItemStatus.DONE]
    assert {item.error_code for item in left} <= {"paid-reply-lost"}
    assert len(left) <= 2
    assert bedrock_runtime_images.paid.twice == rekognition.paid.twice == 0
    if left:
        home.services.image_batches.retry(MIA, TENANT, job.id)
    assert home.wait_for_end(job.id).counts[ItemStatus.DONE] == PHOTOS


def test_products_are_cut_out_by_the_mask_model_once_per_photo(tmp_path: Path) -> None:
    settings = {"FRONTLINE_MASK_BACKEND": "bedrock", "FRONTLINE_BEDROCK_MASK_MODEL": MASK_MODEL}
    with aws_image_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}", **settings) as (home, endpoint):
        home.start_worker()
        first, second = home.batch(PHOTOS), home.batch(PHOTOS)
        for batch in (first, second):
            assert home.wait_for_end(batch.prepare_job_id).counts[ItemStatus.DONE] == PHOTOS
        masks = [image.mask for image in home.services.image_batches.images(TENANT, second.id)]
        assert {mask.method for mask in masks if mask is not None} == {"bedrock"}
        assert endpoint.count(*INVOKE) == PHOTOS
