"""Batches from upload to zip, as pages use them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.errors import AccessError, AppError, InputError, NotFoundError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batches import ImageBatchService
from services.images.intake import ImageUpload
from services.jobs.models import JobStatus
from tests.unit.images.batch_desk import (
    ANA,
    GRACE,
    MIA,
    OTHER_TENANT,
    STRANGER,
    TENANT,
    PhotoDesk,
    box_around,
    encoded,
    photo,
    square_of,
)
from tests.unit.images.photo_fakes import LEFT, RIGHT, SIZE, FakeGenerator, opened


def zipped(**files: bytes) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return output.getvalue()


def test_uploaded_photos_have_labels_masks_and_previews(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo(), two_png=photo(color="#40ff20"))
    images = desk.service.images(TENANT, batch.id)
    assert [image.file_name for image in images] == ["red.png", "two.png"]
    assert all(image.usable and image.labels and image.mask for image in images)
    assert opened(desk.service.preview(TENANT, images[0])).shape == (SIZE[1], SIZE[0], 3)
    overlay = opened(desk.service.mask_preview(TENANT, images[0]))
    assert overlay[30, 20, 3] == 0
    assert overlay[4, 90, 3] > 100
    alone = opened(desk.service.cut_out_preview(TENANT, images[0]))
    assert alone[30, 20, 3] == 255
    assert alone[4, 90, 3] == 0
    assert desk.jobs.get(TENANT, batch.prepare_job_id).status is JobStatus.DONE


def test_refused_files_stay_in_the_batch_with_their_reason(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo(), empty_jpg=b"", note_png=b"no picture")
    images = desk.service.images(TENANT, batch.id)
    assert [image.failure.code if image.failure else "" for image in images] == [
        "",
        "image-empty",
        "image-not-a-picture",
    ]
    summary = desk.service.summary(TENANT, batch.id)
    assert (summary.usable, summary.refused, summary.prepared) == (1, 2, 1)
    with pytest.raises(NotFoundError):
        desk.service.preview(TENANT, images[1])


def test_batch_of_refused_files_alone_is_kept_and_prepares_nothing(desk: PhotoDesk) -> None:
    batch = desk.batch(empty_jpg=b"")
    assert (batch.image_count, batch.prepare_job_id) == (1, "")
    with pytest.raises(InputError) as caught:
        desk.run(batch)
    assert caught.value.code == "no-images"


def test_nothing_at_all_is_no_batch(desk: PhotoDesk) -> None:
    with pytest.raises(InputError) as caught:
        desk.service.create(MIA, TENANT, [])
    assert caught.value.code == "no-files"
    assert desk.service.list(TENANT) == []


def test_archive_keeps_its_folders_and_gives_the_batch_its_name(desk: PhotoDesk) -> None:
    data = zipped(shoes__red_png=photo(), shoes__blue_png=photo(color="#2040ff"))
    batch = desk.service.create(MIA, TENANT, [ImageUpload("spring.zip", data)])
    assert batch.title == "spring"
    assert [image.file_name for image in desk.service.images(TENANT, batch.id)] == ["shoes/red.png", "shoes/blue.png"]


def test_added_photos_come_after_those_that_are_there_and_never_share_a_name(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    changed = desk.service.add(MIA, TENANT, batch.id, [ImageUpload("red.png", photo(color="#20ff40"))])
    images = desk.service.images(TENANT, batch.id)
    assert [image.file_name for image in images] == ["red.png", "red (2).png"]
    assert changed.image_count == 2
    assert all(image.mask for image in images)


def test_same_photo_is_stored_labeled_and_cut_out_once(desk: PhotoDesk) -> None:
    desk.batch(red_png=photo())
    desk.batch(again_png=photo(), twin_png=photo())
    assert len([name for name in desk.files.files if "/originals/" in name]) == 1
    assert (desk.detector.calls, len(desk.cutter.asked)) == (1, 1)


def test_preparing_again_makes_what_failed(desk: PhotoDesk) -> None:
    desk.detector.error = AppError("The labels did not come.", code="labels-down", remedy="Try again.")
    batch = desk.batch(red_png=photo())
    failed = desk.service.images(TENANT, batch.id)[0]
    assert failed.failure is not None
    assert failed.failure.code == "labels-down"
    assert not failed.usable
    desk.detector.error = None
    desk.service.prepare_again(MIA, TENANT, batch.id)
    mended = desk.service.images(TENANT, batch.id)[0]
    assert mended.usable
    assert mended.labels
    assert mended.mask
    with pytest.raises(InputError) as caught:
        desk.service.prepare_again(MIA, TENANT, batch.id)
    assert caught.value.code == "nothing-to-prepare"


def test_labels_and_masks_of_an_older_detector_and_cutter_are_made_anew_before_a_run(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    desk.cutter.name = "bright-2"
    desk.run(batch)
    assert (desk.detector.calls, len(desk.cutter.asked)) == (2, 2)


def test_zip_holds_every_result_under_the_photos_folder_and_name(desk: PhotoDesk) -> None:
    data = zipped(shoes__red_v2_png=photo(), shoes__blue_jpg=encoded_jpeg())
    batch = desk.service.create(MIA, TENANT, [ImageUpload("spring.zip", data)])
    job = desk.run(batch, BackgroundWish(prompt="oak table", variations=2))
    with zipfile.ZipFile(desk.service.zip_file(TENANT, job.id)) as archive:
        assert archive.namelist() == [
            "shoes/red.v2.png",
            "shoes/red.v2-2.png",
            "shoes/blue.png",
            "shoes/blue-2.png",
        ]
        first = opened(archive.read("shoes/red.v2.png"))
    assert square_of(np.where((first == (255, 64, 32)).all(axis=2), 255, 0), LEFT) == 1


def test_zip_of_nothing_is_refused(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    job = desk.run(batch)
    with pytest.raises(InputError) as caught:
        desk.service.zip_file(TENANT, job.id, only_approved=True)
    assert caught.value.code == "no-results"


def test_list_tells_counts_and_the_last_run_newest_batch_first(desk: PhotoDesk) -> None:
    first = desk.batch(red_png=photo())
    desk.clock.advance(minutes=1)
    second = desk.batch(blue_png=photo(color="#4060ff"), empty_png=b"")
    run = desk.run(first, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    newest, oldest = desk.service.list(TENANT)
    assert (newest.batch.id, newest.usable, newest.refused, newest.last_run) == (second.id, 1, 1, None)
    assert oldest.last_run is not None
    assert oldest.last_run.id == run.id


def test_deleted_batch_leaves_no_file_behind(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    desk.run(batch, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    image = desk.service.images(TENANT, batch.id)[0]
    desk.service.mask_preview(TENANT, image)
    desk.service.cut_out_preview(TENANT, image)
    desk.service.delete(MIA, TENANT, batch.id)
    with pytest.raises(NotFoundError):
        desk.service.get(TENANT, batch.id)
    assert list(desk.files.files) == []


def test_deleted_batch_leaves_nothing_of_earlier_masks_and_of_what_was_paid_for(tmp_path: Path) -> None:
    desk = PhotoDesk(tmp_path, generator=FakeGenerator(paid=True))
    batch = desk.batch(red_png=photo(LEFT, RIGHT))
    desk.run(batch, BackgroundWish(prompt="oak table"))
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    for box in (box_around(LEFT), box_around(RIGHT)):
        desk.service.draw_box(MIA, TENANT, batch.id, 0, box)
        desk.service.mask_preview(TENANT, desk.service.image(TENANT, batch.id, 0))
    desk.service.upload_mask(MIA, TENANT, batch.id, 0, photo())
    desk.service.clear_edit(MIA, TENANT, batch.id, 0)
    desk.run(batch, BackgroundWish(prompt="oak table"))
    assert any("background-1" in name for name in desk.files.files)
    desk.service.delete(MIA, TENANT, batch.id)
    assert list(desk.files.files) == []


def test_photo_that_another_batch_has_too_outlives_the_deletion_of_one(desk: PhotoDesk) -> None:
    batch, other = desk.batch(red_png=photo()), desk.batch(red_png=photo())
    run = desk.run(other, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    desk.service.delete(MIA, TENANT, batch.id)
    image = desk.service.images(TENANT, other.id)[0]
    assert desk.service.preview(TENANT, image)
    assert desk.service.composite(TENANT, desk.service.results(TENANT, run.id)[0].composites[0].file)


def test_batch_is_renamed_but_never_to_nothing(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    assert desk.service.rename(MIA, TENANT, batch.id, "  Spring   sale ").title == "Spring sale"
    assert desk.service.rename(MIA, TENANT, batch.id, " ").title == "Spring sale"


def test_only_marketers_and_administrators_of_the_tenant_change_anything(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    run = desk.run(batch, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    service: ImageBatchService = desk.service
    wish = BackgroundWish(prompt="oak table")
    for account in (ANA, STRANGER):
        for change in (
            lambda who: service.create(who, TENANT, [ImageUpload("a.png", photo())]),
            lambda who: service.add(who, TENANT, batch.id, [ImageUpload("a.png", photo())]),
            lambda who: service.rename(who, TENANT, batch.id, "Other"),
            lambda who: service.delete(who, TENANT, batch.id),
            lambda who: service.prepare_again(who, TENANT, batch.id),
            lambda who: service.drop_everywhere(who, TENANT, batch.id, "Subject 1"),
            lambda who: service.set_label(who, TENANT, batch.id, 0, "region-1", keeps=False),
            lambda who: service.upload_mask(who, TENANT, batch.id, 0, photo()),
            lambda who: service.approve_mask(who, TENANT, batch.id, 0),
            lambda who: service.undo(who, TENANT, batch.id),
            lambda who: service.start(who, TENANT, batch.id, wish),
            lambda who: service.retry(who, TENANT, run.id),
            lambda who: service.review(who, TENANT, run.id, 0, 1, None),
            lambda who: service.approve(who, TENANT, run.id),
            lambda who: service.keep_picture(who, TENANT, photo()),
        ):
            with pytest.raises(AccessError):
                change(account)
    assert service.rename(GRACE, TENANT, batch.id, "Grace's").title == "Grace's"


def test_another_tenants_batches_runs_and_results_are_not_there(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    run = desk.run(batch, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    file = desk.service.results(TENANT, run.id)[0].composites[0].file
    for read in (
        lambda: desk.service.get(OTHER_TENANT, batch.id),
        lambda: desk.service.images(OTHER_TENANT, batch.id),
        lambda: desk.service.results(OTHER_TENANT, run.id),
        lambda: desk.service.report_csv(OTHER_TENANT, run.id),
        lambda: desk.service.zip_file(OTHER_TENANT, run.id),
        lambda: desk.service.composite(OTHER_TENANT, file),
    ):
        with pytest.raises(NotFoundError):
            read()
    assert desk.service.list(OTHER_TENANT) == []


def test_only_results_are_read_by_name(desk: PhotoDesk) -> None:
    batch = desk.batch(red_png=photo())
    image = desk.service.images(TENANT, batch.id)[0]
    assert image.mask is not None
    for file in (image.mask.file, f"images/{TENANT}/originals/{image.sha256}", "../composite-1.png"):
        with pytest.raises(NotFoundError):
            desk.service.composite(TENANT, file)


def encoded_jpeg() -> bytes:
    return encoded(Image.fromarray(opened(photo(color="#40ff60"))), "JPEG")
