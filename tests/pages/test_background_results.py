"""What a marketer does with the results of a run: look while it goes on, retry in place, continue, approve many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image

from components import session_keys
from components.batch_link import BACKGROUND, RESULTS
from components.composite_gallery import PAGE_LENGTH
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batch_views import ResultFilter
from services.images.models import ImageBatch, Review
from services.jobs.models import ItemStatus, Job, JobRound, JobStatus
from services.jobs.running import JobRunner
from services.storage.job_runs import SqlJobRuns
from tests.pages.image_desk import TENANT, Desk, blank, click, keys, open_desk, open_page, photo, png, shown

WHITE = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")
DO = session_keys.RUN_BUTTON


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


def run(desk: Desk, batch: ImageBatch) -> Job:
    return desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)


def run_in_part(desk: Desk, batch: ImageBatch, *positions: int) -> Job:
    """A live run of which these photos have ended."""
    desk.queue.paused = True
    job = run(desk, batch)
    runner = JobRunner(SqlJobRuns(desk.services.database), desk.services.job_kinds, "w1")
    for position in positions:
        runner.run_item(JobRound(job.id, job.round), position)
    return job


def cancel(desk: Desk, job: Job) -> None:
    desk.services.jobs.cancel(TENANT, job.id)
    desk.queue.run_waiting()
    desk.queue.paused = False


def mend(desk: Desk, batch: ImageBatch, position: int) -> None:
    mask = png(Image.new("L", (240, 180), 255))
    desk.services.image_batches.upload_mask(desk.mila, TENANT, batch.id, position, mask)


def now(desk: Desk, job: Job) -> Job:
    return desk.services.jobs.get(TENANT, job.id)


def test_one_failed_photo_is_retried_in_its_run_and_the_batch_is_done(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    job = run(desk, batch)
    mend(desk, batch, 1)
    page = click(open_page(batch=batch, step=RESULTS), f"{DO}retry.{job.id}.1")
    assert not page.exception
    assert "2 of 2 photos done" in shown(page)
    assert [one.id for one in desk.services.image_batches.runs(TENANT, batch.id)] == [job.id]
    listed = shown(open_page())
    assert ":material/check_circle: Done" in listed
    assert "of 2 photos done" not in listed


def test_chosen_failed_photos_are_retried_together_and_the_others_left(desk: Desk) -> None:
    batch = desk.batch(photo(), blank(), blank("wall-2.png"), blank("wall-3.png"))
    job = run(desk, batch)
    for position in (1, 3):
        mend(desk, batch, position)
    page = open_page(batch=batch, step=RESULTS)
    assert f"{DO}retry_chosen.{job.id}" not in keys(page)
    for position in (1, 2, 3):
        page = page.checkbox(key=f"{DO}choose.{job.id}.{position}").check().run()
    page = page.checkbox(key=f"{DO}choose.{job.id}.2").uncheck().run()
    assert page.button(key=f"{DO}retry_chosen.{job.id}").label == "Retry 2 chosen"
    page = click(page, f"{DO}retry_chosen.{job.id}")
    assert "3 of 4 photos done" in shown(page)
    assert [item.attempts for item in desk.services.jobs.list_items(TENANT, job.id)] == [1, 2, 1, 2]
    assert f"{DO}retry_chosen.{job.id}" not in keys(page)


def test_failure_says_its_code_in_small_text_and_offers_what_mends_it_first(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    job = run(desk, batch)
    page = open_page(batch=batch, step=RESULTS)
    (item,) = desk.services.jobs.list_items(TENANT, job.id, ItemStatus.FAILED)
    (words,) = [one.value.replace("\\", "") for one in page.markdown if "error: Failed" in one.value]
    assert words.endswith(f":small[{item.cause} {item.remedy}]  \n:small[:gray[Code: no-mask-found]]")
    order = [button.key for button in page.button]
    assert order.index(f"{DO}mask.{job.id}.1") < order.index(f"{DO}retry.{job.id}.1")


def test_canceled_run_goes_on_with_what_is_left_in_the_same_run(desk: Desk) -> None:
    batch = desk.batch(photo(), photo("blue.png", color="#2244aa"), photo("green.png", color="#1d7a46"))
    job = run_in_part(desk, batch, 0)
    cancel(desk, job)
    assert "1 of 3 photos done" in shown(open_page())
    page = open_page(batch=batch, step=RESULTS)
    filter_key = f"{session_keys.RESULT_FILTER}{job.id}"
    page = page.segmented_control(key=filter_key).set_value(ResultFilter.CANCELED).run()
    assert "blue.png" in shown(page)
    assert "red-bottle.png" not in shown(page)
    page = click(page, f"{DO}retry.{job.id}.1")
    assert (now(desk, job).status, now(desk, job).left_count) == (JobStatus.CANCELED, 1)
    assert page.button(key=f"{DO}left.{job.id}").label == "Run the 1 that is left"
    page = click(page, f"{DO}left.{job.id}")
    assert not page.exception
    assert (now(desk, job).status, now(desk, job).counts[ItemStatus.DONE]) == (JobStatus.DONE, 3)
    assert page.segmented_control(key=filter_key).value is ResultFilter.ALL
    assert "blue.png" in shown(page)
    assert len(desk.services.image_batches.runs(TENANT, batch.id)) == 1


def test_done_results_stand_under_the_progress_of_a_live_run_and_are_reviewed(desk: Desk) -> None:
    batch = desk.batch(photo(), blank(), photo("blue.png", color="#2244aa"), photo("green.png", color="#1d7a46"))
    job = run_in_part(desk, batch, 0, 1)
    page = open_page(batch=batch, step=RESULTS)
    assert not page.exception
    assert "red-bottle.png" in shown(page)
    assert "wall.png" not in shown(page)
    assert "blue.png" not in shown(page)
    page = page.pills(key=f"{session_keys.RESULT_REVIEW}{job.id}.0.1").set_value(Review.APPROVED).run()
    assert desk.services.image_batches.result_counts(TENANT, job.id)[ResultFilter.APPROVED] == 1
    filter_key = f"{session_keys.RESULT_FILTER}live.{job.id}"
    page = page.segmented_control(key=filter_key).set_value(ResultFilter.FAILED).run()
    assert "It can be retried once the run has ended." in shown(page)
    assert not any((key or "").startswith(f"{DO}retry") for key in keys(page))


def test_what_ends_while_somebody_looks_is_shown_at_a_click(desk: Desk) -> None:
    batch = desk.batch(photo(), photo("blue.png", color="#2244aa"), photo("green.png", color="#1d7a46"))
    job = run_in_part(desk, batch)
    page = open_page(batch=batch, step=RESULTS)
    assert "The first results will stand here" in shown(page)
    runner = JobRunner(SqlJobRuns(desk.services.database), desk.services.job_kinds, "w1")
    runner.run_item(JobRound(job.id, 1), 0)
    assert "red-bottle.png" in shown(page.run())


def test_all_results_of_a_page_or_all_that_are_done_are_approved_at_once(desk: Desk) -> None:
    count = PAGE_LENGTH + 2
    batch = desk.batch(*(photo(f"bottle-{number:02}.png") for number in range(count)))
    job = run(desk, batch)
    desk.services.image_batches.review(desk.mila, TENANT, job.id, 1, 1, Review.REJECTED)
    page = click(open_page(batch=batch, step=RESULTS), f"{DO}approve_page.{job.id}")
    assert f"Approved {PAGE_LENGTH - 1} results." in shown(page)
    assert f"{DO}approve_page.{job.id}" not in keys(page)
    page = click(page, f"{DO}approve_all.{job.id}")
    assert "What was rejected stays rejected." in shown(page)
    page = click(page, session_keys.CONFIRM_BUTTON)
    counts = desk.services.image_batches.result_counts(TENANT, job.id)
    assert (counts[ResultFilter.APPROVED], counts[ResultFilter.REJECTED]) == (count - 1, 1)
    assert f"{DO}approve_all.{job.id}" not in keys(page)


def test_rejected_photos_are_run_again_with_other_settings(desk: Desk) -> None:
    batch = desk.batch(photo(), photo("blue.png", color="#2244aa"))
    job = run(desk, batch)
    desk.services.image_batches.review(desk.mila, TENANT, job.id, 1, 1, Review.REJECTED)
    page = click(open_page(batch=batch, step=RESULTS), f"{DO}rejected_with.{job.id}")
    assert page.session_state[session_keys.BATCH_STEP] == BACKGROUND
    assert "Only for 1 chosen photo" in shown(page)
    assert page.session_state[session_keys.CHOSEN_PHOTOS + batch.id] == (1,)


def test_pagers_above_and_below_the_grid_turn_the_same_page(desk: Desk) -> None:
    batch = desk.batch(*(photo(f"bottle-{number:02}.png") for number in range(PAGE_LENGTH + 1)))
    job = run(desk, batch)
    page = open_page(batch=batch, step=RESULTS)
    assert "bottle-00.png" in shown(page)
    above, below = (f"{session_keys.RESULT_PAGE}{job.id}{place}" for place in ("", ".below"))
    page = page.pagination(key=above).set_value(2).run()
    assert "bottle-12.png" in shown(page)
    assert "bottle-00.png" not in shown(page)
    assert page.pagination(key=below).value == 2
    page = page.pagination(key=below).set_value(1).run()
    assert "bottle-00.png" in shown(page)
    assert page.pagination(key=above).value == 1
