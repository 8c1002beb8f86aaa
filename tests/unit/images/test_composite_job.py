"""Every photo of a run ends once, as composites or with its own reason; what is paid for is paid for once."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.errors import (
    AppError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
    InputError,
)
from services.images.background_models import BackgroundKind, BackgroundWish, CompositeMode, SizePreset
from services.images.mask_models import Box
from services.images.models import ImageBatch
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, blank_photo, box_around, photo, square_of
from tests.unit.images.photo_fakes import LEFT, RIGHT, SIZE, FakeGenerator, opened

CLEAR = BackgroundWish(kind=BackgroundKind.TRANSPARENT)
OAK = BackgroundWish(prompt="oak table", seed=7)


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[PhotoDesk]:
    """A desk whose generator costs four cents a picture."""
    made = PhotoDesk(tmp_path, generator=FakeGenerator(paid=True, price=0.04))
    yield made
    made.close()


def item_of(desk: PhotoDesk, job: Job, position: int = 0) -> JobItem:
    return desk.jobs.list_items(TENANT, job.id)[position]


def results(desk: PhotoDesk, job: Job, position: int = 0) -> list[np.ndarray]:
    """The pictures that came of an item."""
    shown = desk.service.results(TENANT, job.id)[position]
    return [opened(desk.service.composite(TENANT, composite.file)) for composite in shown.composites]


def failed_with(desk: PhotoDesk, batch: ImageBatch, wish: BackgroundWish = CLEAR) -> JobItem:
    """The one item of a run that failed."""
    item = item_of(desk, desk.run(batch, wish))
    assert item.status is ItemStatus.FAILED
    return item


def test_result_says_what_it_was_made_with(desk: PhotoDesk) -> None:
    batch = desk.batch(shoe_png=photo(LEFT, RIGHT))
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    result = item_of(desk, desk.run(batch, OAK)).result
    assert result["labels_kept"] == ["Subject 1", "Shoe"]
    assert result["labels_dropped"] == ["Subject 2"]
    assert (result["backend"], result["verb"], result["mask_method"]) == ("fake", "composed", "fake")
    assert (result["calls"], result["cost_usd"], result["reused"]) == (0, 0.0, False)
    composite = result["composites"][0]
    assert (composite["seed"], composite["origin"], composite["width"], composite["height"]) == (7, "composed", *SIZE)


def test_precise_keeps_the_products_pixels_whatever_the_generator_returns(paid: PhotoDesk) -> None:
    paid.generator.holds_subject = True
    made = results(paid, paid.run(paid.batch(a_png=photo()), OAK))[0]
    left, top, right, bottom = LEFT
    assert (made[top : bottom + 1, left : right + 1] == (255, 64, 32)).all()
    assert tuple(made[2, 90]) == (10, 20, 7)


def test_default_takes_the_generators_picture_as_it_is(paid: PhotoDesk) -> None:
    paid.generator.holds_subject = True
    job = paid.run(paid.batch(a_png=photo()), BackgroundWish(prompt="oak table", mode=CompositeMode.DEFAULT))
    file = paid.service.results(TENANT, job.id)[0].composites[0].file
    assert file.endswith(".jpg")
    red, green, blue = (int(value) for value in results(paid, job)[0][30, 20])
    assert green > 200
    assert max(red, blue) < 60


def test_variations_take_the_seeds_after_the_first(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo()), BackgroundWish(prompt="oak table", seed=7, variations=3))
    shown = desk.service.results(TENANT, job.id)[0].composites
    assert [(one.variation, one.seed) for one in shown] == [(1, 7), (2, 8), (3, 9)]
    assert [int(made[2, 90, 2]) for made in results(desk, job)] == [7, 8, 9]


def test_color_and_transparency_need_no_generator(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    plain = BackgroundWish(kind=BackgroundKind.COLOR, color="#336699", shadow=0.0)
    assert tuple(results(desk, desk.run(batch, plain))[0][2, 90]) == (0x33, 0x66, 0x99)
    clear = results(desk, desk.run(batch, CLEAR))[0]
    assert (clear[2, 90, 3], clear[30, 20, 3]) == (0, 255)
    assert desk.generator.requests == []


def test_backdrop_and_own_picture_stand_behind_the_product(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    backdrop = desk.backdrops.add(MIA, TENANT, photo((0, 0, 95, 63), color="#112233"), "Slate wall")
    wish = BackgroundWish(kind=BackgroundKind.BACKDROP, backdrop_id=backdrop.id, shadow=0.0)
    job = desk.run(batch, wish)
    assert tuple(results(desk, job)[0][2, 90]) == (0x11, 0x22, 0x33)
    assert desk.service.results(TENANT, job.id)[0].composites[0].note == "Slate wall"
    own = desk.service.keep_picture(MIA, TENANT, photo((0, 0, 95, 63), color="#445566"))
    job = desk.run(batch, BackgroundWish(kind=BackgroundKind.PICTURE, picture=own, shadow=0.0))
    assert tuple(results(desk, job)[0][2, 90]) == (0x44, 0x55, 0x66)


def test_size_and_padding_make_the_canvas(desk: PhotoDesk) -> None:
    wish = BackgroundWish(kind=BackgroundKind.TRANSPARENT, size=SizePreset.SQUARE, padding=0.1)
    assert results(desk, desk.run(desk.batch(a_png=photo()), wish))[0].shape == (1080, 1080, 4)


def test_no_label_left_and_no_mask_found_are_told_apart(desk: PhotoDesk) -> None:
    dropped = desk.batch(a_png=photo())
    desk.service.drop_everywhere(MIA, TENANT, dropped.id, "Subject 1")
    assert failed_with(desk, dropped).error_code == "no-label-left"
    empty = desk.batch(a_png=blank_photo())
    item = failed_with(desk, empty)
    assert (item.error_code, item.retryable) == ("no-mask-found", False)
    assert "box" in item.remedy


def test_fixed_mask_lets_the_failed_item_succeed_when_it_is_retried(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo())
    desk.service.draw_box(MIA, TENANT, batch.id, 0, Box(0.9, 0.8, 0.1, 0.2))
    job = desk.run(batch, CLEAR)
    assert [one.item.error_code for one in desk.service.results(TENANT, job.id)] == ["no-mask-found", None]
    desk.service.draw_box(MIA, TENANT, batch.id, 0, box_around(LEFT))
    retried = desk.service.retry(MIA, TENANT, job.id)
    assert retried.id == job.id
    assert retried.counts[ItemStatus.DONE] == 2
    alpha = results(desk, retried)[0][:, :, 3]
    assert (square_of(alpha, LEFT), square_of(alpha, RIGHT)) == (1, 0)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (BackendRejectedError("The text was refused.", code="prompt-blocked"), "prompt-blocked", False),
        (BackendRejectedError("Every picture was refused.", code="picture-blocked"), "picture-blocked", False),
        (InputError("Wrong.", code="prompt-too-long"), "prompt-too-long", False),
    ],
)
def test_refusal_of_the_generator_is_the_items_reason(
    paid: PhotoDesk, error: AppError, code: str, retryable: bool
) -> None:
    paid.generator.errors = [error]
    item = failed_with(paid, paid.batch(a_png=photo()), OAK)
    assert (item.error_code, item.retryable, item.attempts) == (code, retryable, 1)


def test_throttled_item_is_tried_again_by_itself(paid: PhotoDesk) -> None:
    paid.generator.errors = [BackendThrottledError("Too many requests."), BackendThrottledError("Too many requests.")]
    job = paid.run(paid.batch(a_png=photo()), OAK)
    item = item_of(paid, job)
    assert (item.status, item.attempts) == (ItemStatus.DONE, 3)
    assert (item.result["calls"], item.result["cost_usd"]) == (1, 0.04)


def test_backend_that_stays_away_is_a_failure_that_can_be_retried(paid: PhotoDesk) -> None:
    paid.generator.errors = [BackendUnavailableError("Nobody answers.", code="generator-unavailable")] * 20
    item = failed_with(paid, paid.batch(a_png=photo()), OAK)
    assert (item.error_code, item.retryable) == ("generator-unavailable", True)


def test_fewer_pictures_than_asked_for_are_kept_and_told(paid: PhotoDesk) -> None:
    paid.generator.blocked = 1
    job = paid.run(paid.batch(a_png=photo()), BackgroundWish(prompt="oak table", variations=3))
    result = item_of(paid, job).result
    assert len(result["composites"]) == 2
    assert any("1 of 3" in note for note in result["notes"])
    assert result["cost_usd"] == pytest.approx(0.08)


def test_picture_of_another_size_is_refused(paid: PhotoDesk) -> None:
    paid.generator.size_error = 8
    batch = paid.batch(a_png=photo())
    item = failed_with(paid, batch, OAK)
    assert item.error_code == "wrong-size-returned"
    paid.generator.size_error = 0
    assert paid.service.retry(MIA, TENANT, item.job_id).counts[ItemStatus.DONE] == 1


def test_paid_picture_is_asked_for_once_over_retries_runs_and_batches(paid: PhotoDesk) -> None:
    batch = paid.batch(a_png=photo(), twin_png=photo())
    first = paid.run(batch, OAK)
    assert [item_of(paid, first, position).result["calls"] for position in (0, 1)] == [1, 0]
    again = paid.run(paid.batch(b_png=photo()), OAK)
    assert (item_of(paid, again).result["reused"], item_of(paid, again).result["cost_usd"]) == (True, 0.0)
    assert len(paid.generator.requests) == 1
    paid.run(batch, BackgroundWish(prompt="oak table", seed=8))
    assert len(paid.generator.requests) == 2


def test_generator_of_one_picture_a_call_is_paid_once_for_each_variation(paid: PhotoDesk) -> None:
    paid.generator.pictures_per_call = 1
    batch = paid.batch(one_png=photo())
    job = paid.run(batch, BackgroundWish(prompt="oak table", seed=7, variations=3))
    item = item_of(paid, job)
    assert [request.seed for request in paid.generator.requests] == [7, 8, 9]
    assert [one["seed"] for one in item.result["composites"]] == [7, 8, 9]
    assert (item.result["calls"], item.result["cost_usd"]) == (3, pytest.approx(0.12))
    more = item_of(paid, paid.run(batch, BackgroundWish(prompt="oak table", seed=8, variations=3)))
    assert [request.seed for request in paid.generator.requests] == [7, 8, 9, 10]
    assert more.result["calls"] == 1


def test_variations_that_were_paid_for_before_a_failure_are_not_paid_again(paid: PhotoDesk) -> None:
    paid.generator.pictures_per_call = 1
    paid.generator.errors = [BackendUnavailableError("Away.")]
    paid.generator.fails_from = 2
    job = paid.run(paid.batch(one_png=photo()), BackgroundWish(prompt="oak table", seed=7, variations=3))
    assert item_of(paid, job).status is ItemStatus.DONE
    assert [request.seed for request in paid.generator.requests] == [7, 8, 8, 9]


def test_variation_that_is_kept_back_leaves_the_others(paid: PhotoDesk) -> None:
    paid.generator.pictures_per_call = 1
    paid.generator.errors = [BackendRejectedError("Kept back.", code="picture-blocked")]
    job = paid.run(paid.batch(one_png=photo()), BackgroundWish(prompt="oak table", seed=7, variations=3))
    item = item_of(paid, job)
    assert [one["seed"] for one in item.result["composites"]] == [8, 9]
    assert any("1 of 3 variations" in note for note in item.result["notes"])


def test_reply_that_was_lost_fails_the_photo_and_a_retry_says_that_it_may_cost_twice(paid: PhotoDesk) -> None:
    paid.generator.errors = [BackendUnavailableError("Broke off.", code="reply-lost")]
    batch = paid.batch(one_png=photo())
    job = paid.run(batch, OAK)
    item = item_of(paid, job)
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "paid-reply-lost")
    assert len(paid.generator.requests) == 1
    # No worker may try it again, but a person may, and the report says so.
    (told,) = json.loads(paid.service.report_json(TENANT, job.id))["images"]
    assert (item.retryable, told["can_be_retried"]) == (False, True)
    paid.service.retry(MIA, TENANT, job.id)
    item = item_of(paid, job)
    assert (item.result["calls"], item.result["cost_usd"]) == (2, pytest.approx(0.08))
    assert any("may cost" in note for note in item.result["notes"])


def test_changed_mask_or_shadow_is_another_result_and_only_the_mask_costs_again(paid: PhotoDesk) -> None:
    batch = paid.batch(a_png=photo(LEFT, RIGHT))
    first = item_of(paid, paid.run(batch, OAK)).result
    softer = item_of(paid, paid.run(batch, BackgroundWish(prompt="oak table", seed=7, shadow=0.1))).result
    assert softer["composites"][0]["file"] != first["composites"][0]["file"]
    assert (len(paid.generator.requests), softer["calls"]) == (1, 0)
    paid.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    assert item_of(paid, paid.run(batch, OAK)).result["calls"] == 1


def test_picture_whose_stored_copy_was_deleted_is_asked_for_anew(paid: PhotoDesk) -> None:
    batch = paid.batch(a_png=photo())
    paid.run(batch, OAK)
    paid.files.files = {name: data for name, data in paid.files.files.items() if "/background-" not in name}
    paid.files.files = {name: data for name, data in paid.files.files.items() if "/composite" not in name}
    assert item_of(paid, paid.run(batch, OAK)).result["calls"] == 1
    assert len(paid.generator.requests) == 2


def test_full_disk_is_told_and_nothing_is_paid_for(paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = paid.batch(a_png=photo())

    def full(name: str, data: bytes) -> None:
        raise BackendUnavailableError("A file could not be stored.", code="storage-unavailable") from OSError(
            errno.ENOSPC, "No space left on device"
        )

    monkeypatch.setattr(paid.files, "write", full)
    item = failed_with(paid, batch, OAK)
    assert (item.error_code, item.retryable) == ("disk-full", True)
    assert paid.generator.requests == []


def test_storage_that_is_away_is_told_and_can_be_retried(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    desk.queue.paused = True
    job = desk.service.start(MIA, TENANT, batch.id, CLEAR)
    desk.files.broken = True
    desk.queue.run_waiting()
    item = item_of(desk, job)
    assert (item.error_code, item.retryable) == ("storage-unavailable", True)
    desk.files.broken = False
    desk.queue.paused = False
    assert desk.service.retry(MIA, TENANT, job.id).counts[ItemStatus.DONE] == 1


def test_original_that_is_gone_fails_its_item_alone(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=photo(RIGHT))
    image = desk.service.images(TENANT, batch.id)[0]
    desk.files.delete(f"images/{TENANT}/originals/{image.sha256}")
    job = desk.run(batch, CLEAR)
    assert [one.item.error_code for one in desk.service.results(TENANT, job.id)] == ["file-missing", None]
    assert job.status is JobStatus.DONE


def test_generator_that_is_paid_is_a_lane_of_its_own(paid: PhotoDesk) -> None:
    batch = paid.batch(a_png=photo())
    kind: Any = paid.kinds["replace-backgrounds"]
    paid.queue.paused = True
    asked = paid.service.start(MIA, TENANT, batch.id, OAK)
    colored = paid.service.start(MIA, TENANT, batch.id, CLEAR)
    assert kind.lane(asked, item_of(paid, asked)) == "fake-paid"
    assert kind.lane(colored, item_of(paid, colored)) is None


def test_result_says_that_print_colors_were_shown_in_screen_colors(desk: PhotoDesk) -> None:
    output = io.BytesIO()
    Image.open(io.BytesIO(photo())).convert("CMYK").save(output, "JPEG")
    batch = desk.batch(a_jpg=output.getvalue())
    result = item_of(desk, desk.run(batch, BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff"))).result
    assert any("CMYK" in note for note in result["notes"])
