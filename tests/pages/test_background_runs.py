"""Backgrounds, runs and results on the marketer's page, through main.py, over real storage, masks and composites."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.backdrop_wish import IN_PLACE, PADDING
from components.batch_link import BACKGROUND, CONFIRM, MASKS, RESULTS
from services.errors import BackendUnavailableError
from services.images.background_models import BackgroundKind, BackgroundWish, SizePreset
from services.images.batch_views import ResultFilter
from services.images.models import ImageBatch, Review
from services.jobs.models import JobStatus
from tests.pages.image_desk import (
    GRACE,
    TENANT,
    Desk,
    blank,
    click,
    keys,
    open_desk,
    open_page,
    open_step,
    photo,
    png,
    serve,
    shown,
)

WHITE = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


def opened(page: AppTest, name: str) -> str:
    """What the address says under this name."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]


def field(batch: ImageBatch, name: str) -> str:
    return f"{session_keys.WISH_FIELD}{batch.id}.{name}"


def start(page: AppTest, batch: ImageBatch) -> AppTest:
    return click(page, f"{session_keys.BATCH_START_BUTTON}.{batch.id}")


def test_what_is_typed_for_the_background_outlives_a_look_at_another_step(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.text_area(key=field(batch, "prompt")).set_value("warm beige studio").run()
    page.selectbox(key=field(batch, "size")).set_value(SizePreset.SQUARE).run()
    page = open_step(open_step(page, MASKS), BACKGROUND)
    assert page.text_area(key=field(batch, "prompt")).value == "warm beige studio"
    assert page.selectbox(key=field(batch, "size")).value is SizePreset.SQUARE
    assert "17 of 512 characters" in shown(page)


def test_what_is_typed_for_the_background_outlives_a_reload_before_the_start(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.text_area(key=field(batch, "prompt")).set_value("warm beige studio").run()
    again = open_page(batch=batch, step=BACKGROUND)
    assert again.text_area(key=field(batch, "prompt")).value == "warm beige studio"


def test_local_backgrounds_are_called_composed_and_never_generated(desk: Desk) -> None:
    page = open_page(batch=desk.batch(photo()), step=BACKGROUND)
    assert "composed on this machine" in shown(page)
    assert "Nothing is generated" in shown(page)


def test_confirming_without_words_says_what_is_missing(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=CONFIRM)
    assert page.error
    assert f"{session_keys.BATCH_START_BUTTON}.{batch.id}" not in keys(page)
    page = click(page, f"{session_keys.BATCH_BUTTON}to.{BACKGROUND}.{batch.id}")
    assert page.session_state[session_keys.BATCH_STEP] == BACKGROUND


def test_confirming_the_library_without_a_picture_asks_for_one(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.segmented_control(key=field(batch, "kind")).set_value(BackgroundKind.BACKDROP).run()
    page = open_step(page, CONFIRM)
    assert "No picture of the brand library was chosen" in shown(page)
    assert "Choose a picture." in shown(page)


def test_words_that_are_too_long_stay_and_are_told_where_they_are_and_at_the_end(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.text_area(key=field(batch, "prompt")).set_value("a" * 600).run()
    page.text_area(key=field(batch, "negative_prompt")).set_value("b" * 513).run()
    assert "The text has 600 characters; 512 are allowed." in shown(page)
    assert "The text of what to avoid has 513 characters; 512 are allowed." in shown(page)
    page = open_step(page, CONFIRM)
    assert "The text has 600 characters; 512 are allowed." in shown(page)
    assert f"{session_keys.BATCH_START_BUTTON}.{batch.id}" not in keys(page)
    page = open_step(page, BACKGROUND)
    assert page.text_area(key=field(batch, "prompt")).value == "a" * 600
    again = open_page(batch=batch, step=BACKGROUND)
    assert again.text_area(key=field(batch, "negative_prompt")).value == "b" * 513


def test_confirm_counts_the_photos_of_the_run_and_names_those_that_will_fail(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    desk.services.image_batches.keep_wish(desk.mila, TENANT, batch.id, WHITE)
    page = open_page(batch=batch, step=CONFIRM)
    assert "1 of 2 photos will fail unless you fix that first: wall.png." in shown(page)
    assert [(metric.label, metric.value) for metric in page.metric][:4] == [
        ("Photos", "2"),
        ("Results", "1"),
        ("Paid calls", "0"),
        ("Cost", "Free"),
    ]
    assert "No paid calls: the results are composed on this machine." in shown(page)
    assert page.button(key=f"{session_keys.BATCH_START_BUTTON}.{batch.id}").label == "Replace 2 backgrounds"
    start(page, batch)
    (run,) = desk.services.image_batches.runs(TENANT, batch.id)
    assert run.item_count == 2


def test_space_around_the_product_comes_back_after_the_product_stood_where_it_was(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.toggle(key=field(batch, IN_PLACE)).set_value(False).run()
    page.slider(key=field(batch, PADDING)).set_value(30).run()
    page.toggle(key=field(batch, IN_PLACE)).set_value(True).run()
    assert desk.services.image_batches.get(TENANT, batch.id).wish.padding is None
    page.toggle(key=field(batch, IN_PLACE)).set_value(False).run()
    assert page.slider(key=field(batch, PADDING)).value == 30


def test_another_size_lets_the_product_leave_its_place(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=BACKGROUND)
    page.selectbox(key=field(batch, "size")).set_value(SizePreset.SQUARE).run()
    assert page.slider(key=field(batch, PADDING)).value == 12
    assert desk.services.image_batches.get(TENANT, batch.id).wish.padding == pytest.approx(0.12)


def test_wish_that_could_not_be_stored_stays_on_the_screen_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = desk.batch(photo())
    real = desk.services.image_batches

    class Unsteady:
        broken = False

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def keep_wish(self, *arguments: Any) -> None:
            if self.broken:
                raise BackendUnavailableError("The storage does not answer.", code="storage-unavailable")
            real.keep_wish(*arguments)

    unsteady = Unsteady()
    serve(monkeypatch, desk, image_batches=unsteady)
    page = open_page(batch=batch, step=BACKGROUND)
    unsteady.broken = True
    page.text_area(key=field(batch, "prompt")).set_value("warm beige studio").run()
    assert "The storage does not answer." in shown(page)
    unsteady.broken = False
    page.run()
    assert page.text_area(key=field(batch, "prompt")).value == "warm beige studio"
    assert real.get(TENANT, batch.id).wish.prompt == "warm beige studio"


def test_confirmed_run_leads_to_a_gallery_with_every_photo(desk: Desk) -> None:
    batch = desk.batch(photo(), photo("blue.png", color="#2244aa"))
    page = open_page(batch=batch, step=BACKGROUND)
    page.segmented_control(key=field(batch, "kind")).set_value(BackgroundKind.COLOR).run()
    page.color_picker(key=field(batch, "color")).set_value("#336699").run()
    page = open_step(page, CONFIRM)
    assert "Color #336699" in shown(page)
    assert [(metric.label, metric.value) for metric in page.metric][:2] == [("Photos", "2"), ("Results", "2")]
    page = start(page, batch)
    assert not page.exception
    (run,) = desk.services.image_batches.runs(TENANT, batch.id)
    assert run.status is JobStatus.DONE
    assert page.session_state[session_keys.BATCH_STEP] == RESULTS
    assert "2 of 2 photos done" in shown(page)
    assert "Plain color" in shown(page)


def test_failed_photo_says_why_is_mended_and_retried(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    run = desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)
    page = open_page(batch=batch, step=RESULTS)
    assert "Done, with failures" in shown(page)
    (failed,) = desk.services.image_batches.results(TENANT, run.id, only="failed")
    assert failed.item.cause in shown(page)
    page = click(page, f"{session_keys.RUN_BUTTON}mask.{run.id}.{failed.item.position}")
    assert page.session_state[session_keys.BATCH_STEP] == MASKS
    mask = png(Image.new("L", (240, 180), 255))
    desk.services.image_batches.upload_mask(desk.mila, TENANT, batch.id, 1, mask)
    page = click(open_step(page, RESULTS), f"{session_keys.RUN_BUTTON}retry.{run.id}")
    assert "2 of 2 photos done" in shown(page)


def test_one_failed_photo_is_tried_with_other_settings_alone(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    run = desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)
    page = click(open_page(batch=batch, step=RESULTS), f"{session_keys.RUN_BUTTON}retry_with.{run.id}")
    assert page.session_state[session_keys.BATCH_STEP] == BACKGROUND
    assert "Only for 1 chosen photo" in shown(page)
    assert page.segmented_control(key=field(batch, "kind")).value is BackgroundKind.COLOR
    page = click(page, f"{session_keys.BATCH_BUTTON}all_photos.{batch.id}")
    assert "Only for" not in shown(page)


def test_run_is_repeated_with_its_settings_changed(desk: Desk) -> None:
    batch = desk.batch(photo())
    run = desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)
    page = click(open_page(batch=batch, step=RESULTS), f"{session_keys.RUN_BUTTON}again.{run.id}")
    assert page.color_picker(key=field(batch, "color")).value == "#ffffff"
    page.color_picker(key=field(batch, "color")).set_value("#000000").run()
    page = start(open_step(page, CONFIRM), batch)
    newest, oldest = desk.services.image_batches.runs(TENANT, batch.id)
    assert desk.services.image_batches.run_wish(newest).color == "#000000"
    assert desk.services.image_batches.run_wish(oldest).color == "#ffffff"
    page.selectbox(key=f"{session_keys.RUN_BUTTON}which.{batch.id}").set_value(oldest.id).run()
    assert opened(page, session_keys.OPEN_RUN) == oldest.id


def test_result_is_approved_filtered_and_the_word_taken_back(desk: Desk) -> None:
    batch = desk.batch(photo())
    run = desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)
    page = open_page(batch=batch, step=RESULTS)
    key = f"{session_keys.RESULT_REVIEW}{run.id}.0.1"
    page.pills(key=key).set_value(Review.APPROVED).run()
    assert desk.services.image_batches.result_counts(TENANT, run.id)[ResultFilter.APPROVED] == 1
    assert "Approved" in shown(page)
    page.pills(key=key).set_value(None).run()
    assert desk.services.image_batches.result_counts(TENANT, run.id)[ResultFilter.APPROVED] == 0


def test_backdrop_is_found_by_meaning_and_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_home: Path
) -> None:
    shutil.copytree(model_home, tmp_path, dirs_exist_ok=True)
    desk = open_desk(monkeypatch, tmp_path)
    batch = desk.batch(photo())
    wood = png(Image.new("RGB", (300, 200), "#8a5a33"))
    desk.services.backdrops.add(desk.mila, TENANT, wood, "Oak table in a kitchen")
    page = open_page(batch=batch, step=BACKGROUND)
    page.segmented_control(key=field(batch, "kind")).set_value(BackgroundKind.BACKDROP).run()
    (backdrop,) = desk.services.backdrops.list(TENANT)
    page = click(page, f"{session_keys.BACKDROP_BUTTON}choose.{backdrop.id}")
    assert page.session_state[session_keys.WISH + batch.id].backdrop_id == backdrop.id
    page.text_input(key=f"{session_keys.BACKDROP_FIELD}search.{batch.id}").set_value("wooden table").run()
    assert f"{session_keys.BACKDROP_BUTTON}choose.{backdrop.id}" in keys(page)
    page.text_input(key=f"{session_keys.BACKDROP_FIELD}search.{batch.id}").set_value("quarterly tax report").run()
    assert "Nothing in the library is close to that" in shown(page)


def test_end_of_a_run_is_told_in_the_frame_of_whoever_started_it(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)
    page = open_page()
    (notice,) = desk.services.image_batches.notices(desk.mila)
    assert "Finished in part" in shown(page)
    assert "1 of 2 photos have their new background; 1 failed." in shown(page)
    page = click(page, session_keys.NOTICE_BUTTON + notice.id)
    assert "Finished in part" not in shown(page)
    assert "Finished in part" not in shown(open_page(GRACE))
