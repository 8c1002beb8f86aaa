"""Labels, mattes and moderation that cost money are paid for once per photo, whatever crashes and whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from services.errors import BackendThrottledError, BackendUnavailableError
from services.images.mask_models import CutOut
from services.images.models import ImageBatch, Label, LabelSource
from services.images.prepare_job import PREPARE_IMAGES, PrepareImagesKind
from services.jobs.models import ItemStatus, Job
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, box_around, photo, square_of
from tests.unit.images.photo_fakes import LEFT, RIGHT, SIZE, FakeDetector, FakeModerator, FakePaidCutter

GREEN = photo(color="#10f020")
LOST = BackendUnavailableError("The connection broke off.", code="reply-lost")


class PaidDetector(FakeDetector):
    """Finds the left square, and what a test adds, in the photo alone."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = "rekognition"
        self.cut_outs: list[CutOut] = []

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        self.cut_outs.append(cut_out)
        super().detect(picture, cut_out, file_name)
        return [Label("found.1", "Bottle", LabelSource.MODEL, 0.9, box_around(LEFT)), *self.more]


@pytest.fixture
def detector() -> PaidDetector:
    return PaidDetector()


@pytest.fixture
def labeled(tmp_path: Path, detector: PaidDetector) -> Iterator[PhotoDesk]:
    made = PhotoDesk(tmp_path, detector=detector)
    yield made
    made.close()


@pytest.fixture
def cutter() -> FakePaidCutter:
    return FakePaidCutter()


@pytest.fixture
def matted(tmp_path: Path, cutter: FakePaidCutter) -> Iterator[PhotoDesk]:
    made = PhotoDesk(tmp_path, cutter=cutter)
    yield made
    made.close()


@pytest.fixture
def moderator() -> FakeModerator:
    return FakeModerator()


@pytest.fixture
def moderated(tmp_path: Path, moderator: FakeModerator) -> Iterator[PhotoDesk]:
    made = PhotoDesk(tmp_path, moderator=moderator)
    yield made
    made.close()


def prepared(desk: PhotoDesk, batch: ImageBatch) -> Job:
    return desk.jobs.get(TENANT, desk.service.get(TENANT, batch.id).prepare_job_id)


def test_paid_labels_are_asked_for_once_per_photo_over_names_runs_and_batches(
    labeled: PhotoDesk, detector: PaidDetector
) -> None:
    labeled.run(labeled.batch(a_png=photo(), b_png=photo()))
    labeled.run(labeled.batch(c_png=photo()))
    assert detector.calls == 1


def test_another_way_to_cut_out_pays_for_no_labels_again(labeled: PhotoDesk, detector: PaidDetector) -> None:
    batch = labeled.batch(a_png=photo())
    labeled.cutter.name = "bright-2"
    labeled.run(batch)
    assert detector.calls == 1


def test_paid_labels_come_back_from_the_ledger_when_their_file_was_lost(
    labeled: PhotoDesk, detector: PaidDetector
) -> None:
    batch = labeled.batch(a_png=photo())
    for name in [name for name in labeled.files.written if name.endswith("labels.json")]:
        labeled.files.delete(name)
    assert labeled.run(batch).counts[ItemStatus.DONE] == 1
    assert detector.calls == 1


def test_paid_labels_are_found_in_the_photo_without_cutting_it_out_first(
    labeled: PhotoDesk, detector: PaidDetector
) -> None:
    batch = labeled.batch(a_png=photo(LEFT, RIGHT))
    assert detector.cut_outs[0].matte.shape == (SIZE[1], SIZE[0])
    assert not detector.cut_outs[0].matte.any()
    # The box of the label is where the product is cut out, and nothing besides was cut.
    assert [hints is not None for hints in labeled.cutter.asked] == [True]
    matte = labeled.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (1, 0)


def test_throttled_labels_cost_nothing_and_are_asked_for_again(labeled: PhotoDesk, detector: PaidDetector) -> None:
    detector.error = BackendThrottledError("Slow down.")
    batch = labeled.batch(a_png=photo())
    assert prepared(labeled, batch).counts[ItemStatus.FAILED] == 1
    detector.error = None
    assert labeled.run(batch).counts[ItemStatus.DONE] == 1


def test_reply_that_was_lost_is_not_paid_again_by_itself(labeled: PhotoDesk, detector: PaidDetector) -> None:
    detector.error = LOST
    batch = labeled.batch(a_png=photo())
    assert detector.calls == 1
    failure = labeled.service.image(TENANT, batch.id, 0).failure
    assert failure is not None
    assert failure.code == "paid-reply-lost"
    assert "paid" in failure.remedy


def test_backend_that_is_asked_for_every_photo_is_the_lane_of_its_preparation(
    labeled: PhotoDesk, matted: PhotoDesk, moderated: PhotoDesk, desk: PhotoDesk
) -> None:
    lanes = []
    for one in (labeled, matted, moderated, desk):
        job = prepared(one, one.batch(a_png=photo()))
        kind = one.kinds[PREPARE_IMAGES]
        assert isinstance(kind, PrepareImagesKind)
        lanes.append(kind.lane(job, one.jobs.list_items(TENANT, job.id)[0]))
    assert lanes == ["rekognition", "bedrock", "rekognition", None]


def test_paid_matte_is_asked_for_once_per_photo_and_makes_the_mask(matted: PhotoDesk, cutter: FakePaidCutter) -> None:
    batch = matted.batch(a_png=photo(), b_png=photo())
    matted.run(batch)
    image = matted.service.image(TENANT, batch.id, 0)
    assert image.mask is not None
    assert image.mask.method == "paid"
    assert square_of(matted.matte(batch), LEFT) == 1
    assert cutter.paid == 1


def test_another_way_to_find_regions_pays_for_no_matte_again(matted: PhotoDesk, cutter: FakePaidCutter) -> None:
    batch = matted.batch(a_png=photo())
    cutter.name = "bright-2"
    matted.run(batch)
    assert cutter.paid == 1
    cutter.matte_name = "paid-matte-2"
    cutter.name = "bright-3"
    matted.run(batch)
    assert cutter.paid == 2


def test_matte_that_was_deleted_with_its_photo_is_paid_for_when_the_photo_comes_back(
    matted: PhotoDesk, cutter: FakePaidCutter
) -> None:
    first = matted.batch(a_png=photo())
    matted.service.delete(MIA, TENANT, first.id)
    again = matted.batch(a_png=photo())
    assert prepared(matted, again).counts[ItemStatus.DONE] == 1
    assert cutter.paid == 2


def test_box_of_a_person_is_followed_without_paying_for_another_matte(
    matted: PhotoDesk, cutter: FakePaidCutter
) -> None:
    batch = matted.batch(a_png=photo(LEFT, RIGHT))
    matted.service.draw_box(MIA, TENANT, batch.id, 0, box_around(RIGHT))
    matte = matted.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (0, 1)
    assert cutter.paid == 1


def test_paid_matte_is_used_although_labels_have_boxes(tmp_path: Path, cutter: FakePaidCutter) -> None:
    desk = PhotoDesk(tmp_path, cutter=cutter, detector=PaidDetector())
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    matte = desk.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (1, 1)
    assert cutter.paid == 1
    desk.close()


def test_matte_that_cannot_be_had_fails_its_photo_and_is_never_replaced_in_silence(
    matted: PhotoDesk, cutter: FakePaidCutter
) -> None:
    cutter.error = BackendUnavailableError("The mask model is not available.")
    batch = matted.batch(a_png=photo())
    image = matted.service.image(TENANT, batch.id, 0)
    assert image.mask is None
    assert image.failure is not None
    assert image.failure.code == "backend-unavailable"


def test_photo_with_unsafe_content_is_refused_before_anything_of_it_is_sent(
    moderated: PhotoDesk, moderator: FakeModerator
) -> None:
    batch = moderated.batch(a_png=GREEN, b_png=photo())
    bad, good = moderated.service.images(TENANT, batch.id)
    assert good.failure is None
    assert bad.failure is not None
    assert bad.failure.code == "photo-unsafe"
    assert "Weapon Violence" in bad.failure.cause
    assert "Violence" in bad.failure.cause
    assert bad.labels is None
    run = moderated.run(batch)
    assert (run.counts[ItemStatus.DONE], run.counts[ItemStatus.FAILED]) == (1, 1)
    assert len(moderated.generator.requests) == 1


def test_photo_is_moderated_once_whatever_comes_of_it(moderated: PhotoDesk, moderator: FakeModerator) -> None:
    for _ in range(2):
        moderated.run(moderated.batch(a_png=GREEN, b_png=photo()))
    assert moderator.calls == 2


def test_photo_that_the_moderator_is_unsure_about_passes(moderated: PhotoDesk, moderator: FakeModerator) -> None:
    moderator.confidence = 0.59
    batch = moderated.batch(a_png=GREEN)
    assert moderated.service.image(TENANT, batch.id, 0).failure is None


def test_moderator_that_cannot_be_asked_lets_nothing_pass(moderated: PhotoDesk, moderator: FakeModerator) -> None:
    moderator.error = BackendUnavailableError("Away.")
    batch = moderated.batch(a_png=photo())
    run = moderated.run(batch)
    assert run.counts[ItemStatus.FAILED] == 1
    assert moderated.generator.requests == []
