"""Runs are started with what was confirmed, looked at and reviewed, and run again for what failed."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest

from services.errors import BackendMisconfiguredError, ConflictError, InputError, NotFoundError
from services.images.background_models import BackgroundKind, BackgroundWish, GeneratorNotice, SizePreset
from services.images.batch_views import ResultFilter
from services.images.models import NoticeState, Review
from services.jobs.models import ItemStatus, Job, JobRound, JobStatus
from services.jobs.running import JobRunner
from services.storage.job_runs import SqlJobRuns
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, blank_photo, box_around, photo
from tests.unit.images.photo_fakes import LEFT, RIGHT, opened

CLEAR = BackgroundWish(kind=BackgroundKind.TRANSPARENT)


def files_shown(desk: PhotoDesk, job: Job, only: str) -> list[str]:
    return [one.item.name for one in desk.service.results(TENANT, job.id, only=only)]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (BackgroundWish(prompt="  "), "prompt-empty"),
        (BackgroundWish(prompt="x" * 513), "prompt-too-long"),
        (BackgroundWish(prompt="oak", negative_prompt="x" * 513), "prompt-too-long"),
        (BackgroundWish(kind=BackgroundKind.COLOR, color="reddish"), "color-invalid"),
        (BackgroundWish(kind=BackgroundKind.BACKDROP), "backdrop-missing"),
        (BackgroundWish(kind=BackgroundKind.BACKDROP, backdrop_id="gone"), "backdrop-missing"),
        (BackgroundWish(kind=BackgroundKind.PICTURE), "picture-missing"),
        (BackgroundWish(kind=BackgroundKind.PICTURE, picture="images/pharmacy/originals/abc"), "picture-missing"),
        (BackgroundWish(kind=BackgroundKind.PICTURE, picture="images/clinic/pictures/abc"), "picture-missing"),
        (BackgroundWish(prompt="oak", size=SizePreset.SQUARE), "size-without-place"),
        (BackgroundWish(prompt="oak", variations=6), "wish-invalid"),
        (BackgroundWish(prompt="oak", seed=-1), "wish-invalid"),
        (BackgroundWish(prompt="oak", padding=0.5), "wish-invalid"),
        (BackgroundWish(prompt="oak", shadow=1.5), "wish-invalid"),
    ],
)
def test_wish_that_cannot_be_fulfilled_is_refused_and_starts_nothing(
    desk: PhotoDesk, wish: BackgroundWish, code: str
) -> None:
    batch = desk.batch(a_png=photo())
    for call in (
        lambda: desk.service.start(MIA, TENANT, batch.id, wish),
        lambda: desk.service.estimate(TENANT, batch.id, wish),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.code == code
    assert desk.service.runs(TENANT, batch.id) == []


def test_prompt_of_512_characters_is_taken(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    assert desk.run(batch, BackgroundWish(prompt="x" * 512)).status is JobStatus.DONE


def test_run_keeps_what_was_asked_for_and_the_batch_shows_it_again(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    wish = BackgroundWish(prompt=" oak   table ", negative_prompt="people", seed=7, variations=2, shadow=0.3)
    job = desk.run(batch, wish)
    asked = replace(wish, prompt="oak table")
    assert desk.service.run_wish(desk.service.runs(TENANT, batch.id)[0]) == asked
    assert desk.service.get(TENANT, batch.id).wish == asked
    assert job.title == "a: “oak table”"


def test_run_with_a_model_that_has_ended_is_refused_with_what_else_can_be_done(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    job = desk.run(batch)
    desk.generator.end = GeneratorNotice("AWS has ended the image model.", "Choose another one.", ended=True)
    with pytest.raises(BackendMisconfiguredError) as caught:
        desk.service.start(MIA, TENANT, batch.id, BackgroundWish(prompt="oak"), None)
    assert caught.value.code == "model-end-of-life"
    assert "library" in caught.value.remedy
    with pytest.raises(BackendMisconfiguredError):
        desk.service.retry(MIA, TENANT, job.id)
    assert desk.run(batch, CLEAR).counts[ItemStatus.DONE] == 1


def test_run_with_a_model_that_will_end_is_started(desk: PhotoDesk) -> None:
    desk.generator.end = GeneratorNotice("AWS will end the image model.", "Choose another one.")
    assert desk.run(desk.batch(a_png=photo())).counts[ItemStatus.DONE] == 1


def test_run_covers_the_chosen_photos_only(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=photo(RIGHT), c_png=photo(LEFT, RIGHT))
    job = desk.run(batch, CLEAR, [2, 0])
    shown = desk.service.results(TENANT, job.id)
    assert [(one.item.position, one.image.position) for one in shown] == [(0, 0), (1, 2)]


def test_results_are_filtered_and_paged(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=blank_photo(), c_png=photo(RIGHT), d_png=photo(LEFT, RIGHT))
    job = desk.run(batch, CLEAR)
    desk.service.review(MIA, TENANT, job.id, 0, 1, Review.APPROVED)
    desk.service.review(MIA, TENANT, job.id, 2, 1, Review.REJECTED)
    assert files_shown(desk, job, "all") == ["a.png", "b.png", "c.png", "d.png"]
    assert files_shown(desk, job, "done") == ["a.png", "c.png", "d.png"]
    assert files_shown(desk, job, "failed") == ["b.png"]
    assert files_shown(desk, job, "approved") == ["a.png"]
    assert files_shown(desk, job, "rejected") == ["c.png"]
    assert files_shown(desk, job, "unreviewed") == ["d.png"]
    assert [one.item.name for one in desk.service.results(TENANT, job.id, 1, 2)] == ["b.png", "c.png"]
    assert desk.service.result_counts(TENANT, job.id)[ResultFilter.DONE] == 3


def test_review_can_be_changed_and_taken_back(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo()), BackgroundWish(prompt="oak", variations=2))
    for review in (Review.APPROVED, Review.REJECTED, None):
        desk.service.review(MIA, TENANT, job.id, 0, 2, review)
        said = desk.service.results(TENANT, job.id)[0].reviews
        assert [(one.variation, one.review) for one in said] == ([] if review is None else [(2, review)])


def test_result_that_is_not_there_cannot_be_reviewed(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo(), b_png=blank_photo()), CLEAR)
    for position, variation in ((0, 2), (1, 1), (9, 1)):
        with pytest.raises(NotFoundError):
            desk.service.review(MIA, TENANT, job.id, position, variation, Review.APPROVED)


def test_preparation_is_no_run(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    assert desk.service.runs(TENANT, batch.id) == []
    with pytest.raises(NotFoundError):
        desk.service.results(TENANT, batch.prepare_job_id)


def test_failed_photos_run_again_with_another_wish_as_a_run_of_their_own(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=blank_photo(), c_png=blank_photo(3))
    job = desk.run(batch, CLEAR)
    desk.service.upload_mask(MIA, TENANT, batch.id, 2, photo(LEFT, color="white"))
    plain = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")
    again = desk.service.retry(MIA, TENANT, job.id, wish=plain)
    assert again.id != job.id
    assert [one.item.name for one in desk.service.results(TENANT, again.id)] == ["b.png", "c.png"]
    assert again.counts[ItemStatus.DONE] == 1
    assert desk.service.run_wish(again) == plain


def test_chosen_photos_run_again_with_another_wish_by_their_place_in_the_run(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=photo(RIGHT), c_png=photo(LEFT, RIGHT))
    job = desk.run(batch, CLEAR, [1, 2])
    plain = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")
    again = desk.service.retry(MIA, TENANT, job.id, positions=[1], wish=plain)
    assert [one.item.name for one in desk.service.results(TENANT, again.id)] == ["c.png"]
    assert desk.service.run_wish(again) == plain


def test_chosen_failed_photo_is_tried_again_in_its_run_and_counts_everywhere_in_it(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=blank_photo(), c_png=blank_photo(3))
    job = desk.run(batch, CLEAR)
    desk.service.upload_mask(MIA, TENANT, batch.id, 2, photo(LEFT, color="white"))
    again = desk.service.retry(MIA, TENANT, job.id, positions=[2])
    assert (again.id, again.round, len(desk.service.runs(TENANT, batch.id))) == (job.id, 2, 1)
    assert (again.counts[ItemStatus.DONE], again.counts[ItemStatus.FAILED]) == (2, 1)
    assert files_shown(desk, job, "failed") == ["b.png"]
    with zipfile.ZipFile(desk.service.zip_file(TENANT, job.id)) as archive:
        assert archive.namelist() == ["a.png", "c.png"]
    report = json.loads(desk.service.report_json(TENANT, job.id))
    assert [image["status"] for image in report["images"]] == ["done", "failed", "done"]
    assert (report["run"]["done"], report["run"]["failed"], report["run"]["outcome"]) == (2, 1, "partly")
    last_run = desk.service.summary(TENANT, batch.id).last_run
    assert last_run is not None
    assert (last_run.id, last_run.status) == (job.id, JobStatus.DONE)
    words = [notice.words for notice in desk.service.notices(MIA) if notice.round == 2]
    assert [one.startswith("2 of 3 photos have their new background; 1 failed.") for one in words] == [True]


def test_photos_that_did_not_fail_are_not_retried(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo(), b_png=blank_photo()), CLEAR)
    with pytest.raises(ConflictError) as caught:
        desk.service.retry(MIA, TENANT, job.id, positions=[0])
    assert caught.value.code == "nothing-failed"
    assert desk.jobs.get(TENANT, job.id).round == 1


def canceled_run(desk: PhotoDesk) -> Job:
    """A run over four photos, canceled when one was done and one had failed."""
    batch = desk.batch(a_png=photo(), b_png=blank_photo(), c_png=photo(RIGHT), d_png=photo(LEFT, RIGHT))
    desk.queue.paused = True
    job = desk.service.start(MIA, TENANT, batch.id, CLEAR)
    runner = JobRunner(SqlJobRuns(desk.database), desk.kinds, "w1")
    for position in (0, 1):
        runner.run_item(JobRound(job.id, 1), position)
    assert desk.jobs.cancel(TENANT, job.id).status is JobStatus.CANCELED
    desk.queue.paused = False
    return job


def test_canceled_run_goes_on_with_what_is_left(desk: PhotoDesk) -> None:
    job = canceled_run(desk)
    assert files_shown(desk, job, "canceled") == ["c.png", "d.png"]
    assert desk.service.result_counts(TENANT, job.id)[ResultFilter.CANCELED] == 2
    left = [one.item.position for one in desk.service.results(TENANT, job.id, only="canceled")]
    again = desk.service.retry(MIA, TENANT, job.id, positions=left)
    assert (again.id, again.status, again.counts[ItemStatus.DONE]) == (job.id, JobStatus.DONE, 3)
    assert [notice.state for notice in desk.service.notices(MIA)] == [NoticeState.PARTLY]
    with zipfile.ZipFile(desk.service.zip_file(TENANT, job.id)) as archive:
        assert archive.namelist() == ["a.png", "c.png", "d.png"]


def test_failed_photos_of_a_canceled_run_are_retried_without_what_was_canceled(desk: PhotoDesk) -> None:
    job = canceled_run(desk)
    desk.service.upload_mask(MIA, TENANT, str(job.arguments["batch_id"]), 1, photo(LEFT, color="white"))
    again = desk.service.retry(MIA, TENANT, job.id)
    assert (again.status, again.counts[ItemStatus.DONE], again.left_count) == (JobStatus.CANCELED, 2, 2)


def test_done_results_of_a_live_run_are_shown_and_reviewed(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=photo(RIGHT))
    desk.queue.paused = True
    job = desk.service.start(MIA, TENANT, batch.id, CLEAR)
    JobRunner(SqlJobRuns(desk.database), desk.kinds, "w1").run_item(JobRound(job.id, 1), 0)
    assert files_shown(desk, job, "done") == ["a.png"]
    desk.service.review(MIA, TENANT, job.id, 0, 1, Review.APPROVED)
    desk.queue.run_waiting()
    assert files_shown(desk, job, "approved") == ["a.png"]


def test_all_results_without_a_word_are_approved_at_once_and_rejected_ones_stay_so(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=photo(RIGHT), c_png=blank_photo(), d_png=photo(LEFT, RIGHT))
    job = desk.run(batch, BackgroundWish(prompt="oak", variations=2))
    desk.service.review(MIA, TENANT, job.id, 1, 2, Review.REJECTED)
    assert desk.service.approve(MIA, TENANT, job.id, [0, 2]) == 2
    assert files_shown(desk, job, "approved") == ["a.png"]
    assert desk.service.approve(MIA, TENANT, job.id) == 3
    said = {
        (one.item.position, review.variation): review.review
        for one in desk.service.results(TENANT, job.id)
        for review in one.reviews
    }
    assert {key for key, word in said.items() if word is Review.REJECTED} == {(1, 2)}
    assert (len(said), files_shown(desk, job, "unreviewed")) == (6, [])
    assert desk.service.approve(MIA, TENANT, job.id) == 0


def test_run_of_which_nothing_failed_is_not_retried(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    with pytest.raises(ConflictError):
        desk.service.retry(MIA, TENANT, job.id)
    with pytest.raises(InputError):
        desk.service.retry(MIA, TENANT, job.id, wish=BackgroundWish(prompt="oak"))


def test_run_with_the_same_wish_takes_over_what_was_made(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    first, second = desk.run(batch, BackgroundWish(prompt="oak")), desk.run(batch, BackgroundWish(prompt="oak"))
    shown = [desk.service.results(TENANT, job.id)[0].composites for job in (first, second)]
    assert shown[0] == shown[1]
    assert len(desk.generator.requests) == 1


def test_another_library_makes_another_composed_background(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    desk.run(batch, BackgroundWish(prompt="oak"))
    desk.backdrops.add(MIA, TENANT, photo(RIGHT), "Oak table")
    desk.run(batch, BackgroundWish(prompt="oak"))
    assert len(desk.generator.requests) == 2


def test_small_pictures_of_results_are_small(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(size=(1600, 900)))
    desk.service.draw_box(MIA, TENANT, batch.id, 0, box_around(LEFT))
    for wish, channels in ((CLEAR, 4), (BackgroundWish(kind=BackgroundKind.COLOR), 3)):
        desk.service.clear_edit(MIA, TENANT, batch.id, 0)
        job = desk.run(batch, wish)
        file = desk.service.results(TENANT, job.id)[0].composites[0].file
        assert opened(desk.service.composite_preview(TENANT, file)).shape == (360, 640, channels)
