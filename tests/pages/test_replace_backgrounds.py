"""The page on which marketers replace backgrounds, through main.py, over real storage, masks and composites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.batch_link import LABELS, MASKS, PHOTOS
from components.mask_canvas import read_edit
from services.errors import BackendUnavailableError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.mask_models import Box, Stroke
from services.images.models import ImageFailure
from tests.pages.frame_driver import enter_as, open_app, titles
from tests.pages.image_desk import (
    BROKEN,
    GRACE,
    MILA,
    PAGE,
    TENANT,
    Desk,
    blank,
    click,
    open_desk,
    open_page,
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


def upload(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    app.file_uploader(key=f"{session_keys.BATCH_UPLOAD}new.0").set_value(list(files)).run()
    return click(app, f"{session_keys.BATCH_UPLOAD}do.new")


def opened(page: AppTest, name: str) -> str:
    """What the address says under this name."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]


def test_tenant_without_batches_is_told_what_to_do(desk: Desk) -> None:
    page = open_page()
    assert not page.exception
    assert titles(page) == ["Replace backgrounds"]
    assert "Harborview Pharmacy has no batches yet" in shown(page)
    assert page.button(key=f"{session_keys.BATCH_UPLOAD}do.new").disabled


def test_sample_photos_become_a_batch_with_one_click(desk: Desk) -> None:
    desk.queue.paused = True
    page = click(open_page(), session_keys.BATCH_SAMPLE_BUTTON)
    assert not page.exception
    (summary,) = desk.services.image_batches.list(TENANT)
    assert summary.refused == 0
    assert summary.usable >= 12
    assert opened(page, session_keys.OPEN_BATCH) == summary.batch.id


def test_uploaded_photos_are_taken_and_broken_ones_named_with_cause_and_remedy(desk: Desk) -> None:
    page = upload(open_page(), photo(), photo("blue-bottle.png", color="#2244aa"), BROKEN)
    assert not page.exception
    assert "1 of 3 photos cannot be used" in page.expander[0].label
    assert "broken.jpg" in shown(page)
    refused = desk.services.image_batches.images(TENANT, desk.services.image_batches.list(TENANT)[0].batch.id)[2]
    assert refused.failure
    assert refused.failure.remedy in shown(page)
    assert "2 photos to work on" in shown(page).replace("*", "")


def test_photos_are_added_to_a_batch_that_is_there(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch)
    page.file_uploader(key=f"{session_keys.BATCH_UPLOAD}{batch.id}.0").set_value([photo("second.png")]).run()
    page = click(page, f"{session_keys.BATCH_UPLOAD}do.{batch.id}")
    assert [image.file_name for image in desk.services.image_batches.images(TENANT, batch.id)] == [
        "red-bottle.png",
        "second.png",
    ]


def test_list_says_how_far_every_batch_is_and_opens_it(desk: Desk) -> None:
    ready = desk.batch(photo(), title="Ready ones")
    desk.queue.paused = True
    desk.batch(photo("other.png", color="#2244aa"), title="Waiting ones")
    page = open_page()
    assert "Preparing 0 of 1" in shown(page)
    page = click(page, f"{session_keys.BATCH_BUTTON}open.{ready.id}")
    assert "Ready ones" in shown(page)
    assert opened(page, session_keys.OPEN_BATCH) == ready.id


def test_link_of_another_tenant_or_of_a_deleted_batch_says_so(desk: Desk) -> None:
    page = enter_as(open_app(), MILA)
    page.query_params[session_keys.OPEN_BATCH] = "nothing"
    page.switch_page(PAGE).run()
    assert "This batch is not among those of this tenant" in shown(page)


def test_batch_is_deleted_only_after_a_question(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = click(open_page(batch=batch), f"{session_keys.BATCH_BUTTON}delete.{batch.id}")
    assert desk.services.image_batches.list(TENANT)
    page = click(page, session_keys.CONFIRM_BUTTON)
    assert not desk.services.image_batches.list(TENANT)
    assert "Deleted" in shown(page)


def test_label_is_dropped_everywhere_with_one_click_and_comes_back_with_undo(desk: Desk) -> None:
    batch = desk.batch(photo("bottle one.png"), photo("bottle two.png", color="#2244aa"))
    page = open_page(batch=batch, step=LABELS)
    key = f"{session_keys.LABELS_KEPT_EVERYWHERE}{batch.id}"
    names = page.pills(key=key).value or []
    assert "bottle" in [name.casefold() for name in names]
    page.pills(key=key).set_value([name for name in names if name.casefold() != "bottle"]).run()
    assert desk.services.image_batches.get(TENANT, batch.id).pruning.dropped_names == {"bottle"}
    page = click(page, f"{session_keys.LABEL_UNDO_BUTTON}labels.{batch.id}")
    assert desk.services.image_batches.get(TENANT, batch.id).pruning.dropped_names == frozenset()
    assert "Undone" in shown(page)


def test_label_is_dropped_in_one_photo_and_the_others_keep_theirs(desk: Desk) -> None:
    batch = desk.batch(photo("bottle one.png"), photo("bottle two.png", color="#2244aa"))
    page = open_page(batch=batch, step=LABELS)
    key = f"{session_keys.LABEL_KEPT}{batch.id}.0"
    kept = page.pills(key=key).value or []
    page.pills(key=key).set_value(kept[1:]).run()
    assert desk.image(batch).decisions == {kept[0]: False}
    assert desk.image(batch, 1).decisions == {}


def test_label_is_typed_renamed_and_removed(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=LABELS)
    prefix = f"{session_keys.LABEL_FIELD}{batch.id}.0."
    page.text_input(key=f"{prefix}new").set_value("flask").run()
    page = click(page, f"{prefix}add")
    (typed,) = desk.image(batch).added_labels
    assert (typed.name, typed.box) == ("flask", None)
    page.selectbox(key=f"{prefix}which").set_value(typed.id).run()
    page.text_input(key=f"{prefix}name.{typed.id}").set_value("thermos").run()
    page = click(page, f"{prefix}rename")
    assert desk.image(batch).all_labels()[-1].name == "thermos"
    page = click(page, f"{prefix}forget")
    assert desk.image(batch).added_labels == ()
    assert not page.exception


def test_empty_label_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=LABELS)
    page = click(page, f"{session_keys.LABEL_FIELD}{batch.id}.0.add")
    assert "The label has no name" in shown(page)
    assert desk.image(batch).added_labels == ()


def test_box_set_by_numbers_makes_the_mask_anew_and_start_over_takes_it_back(desk: Desk) -> None:
    batch = desk.batch(photo())
    before = desk.image(batch).mask
    page = open_page(batch=batch, step=MASKS)
    assert not page.exception
    for side, percent in {"left": 20, "top": 10, "width": 60, "height": 80}.items():
        page.number_input(key=f"{session_keys.MASK_FIELD}box.{batch.id}.0.none.{side}").set_value(percent)
    page = click(page.run(), f"{session_keys.MASK_BUTTON}box.{batch.id}.0")
    box = desk.image(batch).edit.box
    assert box
    assert (box.left, box.top, box.width, box.height) == pytest.approx((0.2, 0.1, 0.6, 0.8))
    assert desk.image(batch).mask != before
    page = click(page, f"{session_keys.MASK_BUTTON}clear.{batch.id}.0")
    assert desk.image(batch).edit.empty


def test_box_that_could_not_be_applied_is_kept_and_applied_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = desk.batch(photo())
    real = desk.services.image_batches

    class Unsteady:
        broken = True

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def draw_box(self, *arguments: Any) -> object:
            if self.broken:
                raise BackendUnavailableError("The storage does not answer.", code="storage-unavailable")
            return real.draw_box(*arguments)

    unsteady = Unsteady()
    serve(monkeypatch, desk, image_batches=unsteady)
    page = click(open_page(batch=batch, step=MASKS), f"{session_keys.MASK_BUTTON}box.{batch.id}.0")
    assert "The storage does not answer." in shown(page)
    assert "What you drew is kept" in shown(page)
    unsteady.broken = False
    page = click(page, f"{session_keys.MASK_BUTTON}again.{batch.id}.0")
    assert "What you drew is kept" not in shown(page)
    assert desk.image(batch).edit.box


def test_photo_whose_mask_could_not_be_made_is_prepared_again(desk: Desk) -> None:
    batch = desk.batch(photo())
    failure = ImageFailure("storage-unavailable", "The storage did not answer.", "Try again.")
    desk.services.image_workshop.ports.repository.save_failure(TENANT, batch.id, 0, failure)
    page = open_page(batch=batch)
    assert "1 photo without labels or mask" in shown(page)
    page = click(page, f"{session_keys.BATCH_BUTTON}prepare.{batch.id}")
    assert desk.image(batch).usable
    assert "without labels or mask" not in shown(page)


def test_doubtful_masks_come_first_with_the_reason_in_words(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    page = open_page(batch=batch, step=MASKS)
    assert "1 mask to look at" in shown(page)
    assert "Nothing was found to keep." in shown(page)
    assert "wall.png" in shown(page)
    page = click(page, f"{session_keys.MASK_BUTTON}approve.{batch.id}.1")
    mask = desk.image(batch, 1).mask
    assert mask
    assert mask.approved
    assert "No mask needs a look" in shown(page)


def test_mask_of_ones_own_is_taken_and_one_of_another_shape_refused(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = open_page(batch=batch, step=MASKS)
    square = png(Image.new("L", (100, 100), 255))
    uploader, button = f"{session_keys.MASK_FIELD}own.{batch.id}.0.None", f"{session_keys.MASK_BUTTON}own.{batch.id}.0"
    page.file_uploader(key=uploader).set_value([("mask.png", square, "image/png")]).run()
    page = click(page, button)
    assert "the shapes differ" in shown(page)
    drawn = Image.new("L", (240, 180), 0)
    ImageDraw.Draw(drawn).rectangle((0, 0, 119, 179), fill=255)
    page.file_uploader(key=uploader).set_value([("mask.png", png(drawn), "image/png")]).run()
    page = click(page, button)
    mask = desk.image(batch).mask
    assert mask
    assert mask.area_share == pytest.approx(0.5, abs=0.01)


def test_storage_that_does_not_answer_is_explained_and_the_page_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        def notices(self, account: object) -> list[object]:
            return []

        def list(self, tenant_id: str, limit: int) -> list[object]:
            raise BackendUnavailableError("The storage does not answer.", code="storage-unavailable")

    serve(monkeypatch, desk, image_batches=Silent())
    page = open_page()
    assert "The storage does not answer." in shown(page)
    assert titles(page) == ["Replace backgrounds"]
    assert not page.exception


def test_care_agent_does_not_see_the_page(desk: Desk) -> None:
    app = enter_as(open_app(), "ana.reyes")
    app.switch_page(PAGE).run()
    assert "This page is not for your role" in app.warning[0].value
    assert not app.file_uploader


def test_administrator_opens_a_colleagues_batch_by_its_link(desk: Desk) -> None:
    batch = desk.batch(photo(), title="Mila's campaign")
    assert "Mila's campaign" in shown(open_page(GRACE, batch=batch, step=PHOTOS))


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"kind": "box", "box": {"left": "x", "top": 0, "width": 1, "height": 1}},
        {"kind": "box", "box": None},
        {"kind": "stroke", "points": [], "radius": 0.1, "keeps": True},
        {"kind": "stroke", "points": [[float("nan"), 0.1]], "radius": 0.1, "keeps": True},
        {"kind": "stroke", "points": "ab", "radius": 0.1, "keeps": True},
    ],
)
def test_what_no_canvas_would_send_is_no_edit(event: dict[str, object]) -> None:
    assert read_edit(event) is None


def test_drawn_box_and_stroke_stay_within_the_picture() -> None:
    box = read_edit({"kind": "box", "box": {"left": 0.5, "top": -1, "width": 0.9, "height": 0.4}})
    assert box == Box(0.5, 0.0, 0.5, 0.4)
    stroke = read_edit({"kind": "stroke", "points": [[0.2, 3]], "radius": 9, "keeps": False})
    assert stroke == Stroke(False, ((0.2, 1.0),), 0.25)
