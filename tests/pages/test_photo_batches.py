"""What is said while a batch is prepared, how it is told when a run ends, and where an error of a button is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.batch_link import LABELS, RESULTS
from components.batch_upload import FEW_FILES, LISTED_PIXELS, whole_mebibytes
from components.image_label_pruning import FEW_NAMES
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.models import ImageBatch
from tests.pages.image_desk import (
    BROKEN,
    MILA,
    TENANT,
    Desk,
    blank,
    click,
    keys,
    open_desk,
    open_page,
    photo,
    shown,
)

WHITE = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


def toasts(page: AppTest) -> str:
    return "\n".join(toast.value for toast in page.toast).replace("\\", "")


def run(desk: Desk, batch: ImageBatch, wish: BackgroundWish = WHITE) -> None:
    desk.services.image_batches.start(desk.mila, TENANT, batch.id, wish)


def blocks(page: AppTest, kind: str) -> list[Any]:
    """The containers of a kind on the page."""
    return [node for node in page.main if getattr(node, "type", "") == kind]


def windows(page: AppTest) -> list[str]:
    """What the windows that a button opens are; one that is another opens anew."""
    return [window.proto.id for window in blocks(page, "popover")]


def test_toast_counts_the_photos_that_can_be_used(desk: Desk) -> None:
    page = open_page()
    field = f"{session_keys.BATCH_UPLOAD}new.0"
    page.file_uploader(key=field).set_value([photo(), photo("b.png", color="#2244aa"), BROKEN]).run()
    page = click(page, f"{session_keys.BATCH_UPLOAD}do.new")
    assert "2 photos received; 1 more cannot be used." in toasts(page)
    (summary,) = desk.services.image_batches.list(TENANT)
    added = f"{session_keys.BATCH_UPLOAD}{summary.batch.id}"
    page.file_uploader(key=f"{added}.1").set_value([photo("c.png", color="#11aa44")]).run()
    page = click(page, f"{session_keys.BATCH_UPLOAD}do.{summary.batch.id}")
    assert "1 photo received." in toasts(page)


def test_field_for_photos_says_the_limits_of_a_photo_and_of_a_zip(desk: Desk) -> None:
    page = open_page()
    field = page.file_uploader(key=f"{session_keys.BATCH_UPLOAD}new.0")
    assert "up to 40 MB each" in shown(page)
    assert f"a zip of them up to {field.proto.max_upload_size_mb} MB" in shown(page)


@pytest.mark.parametrize(("byte_count", "mebibytes"), [(1, 1), (2**20, 1), (2**20 + 1, 2), (40 * 2**20, 40)])
def test_limit_in_whole_mebibytes_never_refuses_what_is_allowed(byte_count: int, mebibytes: int) -> None:
    assert whole_mebibytes(byte_count) == mebibytes


def test_names_of_many_chosen_files_scroll_within_their_field(desk: Desk) -> None:
    def heights(page: AppTest) -> set[int]:
        return {block.proto.height_config.pixel_height for block in blocks(page, "flex_container")}

    page = open_page()
    before = heights(page)
    field = page.file_uploader(key=f"{session_keys.BATCH_UPLOAD}new.0")
    field.set_value([photo(f"{number}.png") for number in range(FEW_FILES + 1)]).run()
    assert heights(page) - before == {LISTED_PIXELS}
    assert not page.button(key=f"{session_keys.BATCH_UPLOAD}do.new").disabled


def test_photos_and_refusals_are_seen_while_labels_and_masks_are_made(desk: Desk) -> None:
    desk.queue.paused = True
    batch = desk.batch(photo(), photo("b.png", color="#2244aa"), BROKEN)
    page = open_page(batch=batch)
    assert not page.exception
    assert not page.table
    assert page.get("progress")[0].proto.text == "0 of 2 photos"
    assert "1 of 3 photos cannot be used" in page.expander[0].label
    assert "2 photos to work on" in shown(page).replace("*", "")
    assert "No mask yet" in shown(page)
    job_id = desk.services.image_batches.get(TENANT, batch.id).prepare_job_id
    assert session_keys.JOB_CANCEL_BUTTON + job_id in keys(page)


def test_error_of_a_button_is_told_beside_the_message_at_the_top(desk: Desk) -> None:
    batch = desk.batch(photo())
    page = click(open_page(batch=batch, step=LABELS), f"{session_keys.LABEL_FIELD}{batch.id}.0.add")
    assert "The label has no name" in toasts(page)
    assert any("The label has no name" in error.value.replace("\\", "") for error in page.error)
    assert "The label has no name" not in toasts(page.run())


def test_window_for_labels_closes_once_a_label_was_added_and_stays_after_an_error(desk: Desk) -> None:
    batch = desk.batch(photo())
    prefix = f"{session_keys.LABEL_FIELD}{batch.id}.0."
    page = open_page(batch=batch, step=LABELS)
    before = windows(page)
    page = click(page, f"{prefix}add")
    assert windows(page) == before
    page.text_input(key=f"{prefix}new").set_value("flask").run()
    page = click(page, f"{prefix}add")
    assert "Added “flask”." in toasts(page)
    assert windows(page) != before  # another window, which begins closed


def test_dropped_name_counts_only_the_photos_that_drop_it(desk: Desk) -> None:
    batch = desk.batch(photo("bottle one.png"), photo("bottle two.png", color="#2244aa"))
    batches = desk.services.image_batches
    batches.drop_everywhere(desk.mila, TENANT, batch.id, "bottle")
    key = f"{session_keys.LABELS_KEPT_EVERYWHERE}{batch.id}"
    page = open_page(batch=batch, step=LABELS)
    assert any("dropped in 2 photos" in option for option in page.pills(key=key).options)
    label = next(label for label in desk.image(batch).all_labels() if label.name.casefold() == "bottle")
    batches.set_label(desk.mila, TENANT, batch.id, 0, label.id, True)
    page.run()
    assert any("dropped in 1 of 2 photos" in option for option in page.pills(key=key).options)


def test_few_more_labels_are_shown_at_once_and_many_on_demand(desk: Desk) -> None:
    batch = desk.batch(photo())
    key, all_key = f"{session_keys.LABELS_KEPT_EVERYWHERE}{batch.id}", f"{session_keys.LABELS_ALL}{batch.id}"

    def grow(count: int) -> AppTest:
        there = len(desk.services.image_batches.label_counts(TENANT, batch.id))
        for number in range(there, count):
            desk.services.image_batches.add_label(desk.mila, TENANT, batch.id, 0, f"label {number}")
        return open_page(batch=batch, step=LABELS)

    page = grow(FEW_NAMES + 1)
    assert len(page.pills(key=key).options) == FEW_NAMES + 1
    assert not [toggle for toggle in page.toggle if toggle.key == all_key]
    page = grow(FEW_NAMES + 8)
    assert len(page.pills(key=key).options) == FEW_NAMES
    page = page.toggle(key=all_key).set_value(True).run()
    assert len(page.pills(key=key).options) == FEW_NAMES + 8


def test_two_runs_of_a_batch_are_told_in_one_notice_that_is_put_away_at_once(desk: Desk) -> None:
    batch = desk.batch(photo())
    run(desk, batch)
    run(desk, batch, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    newest, _ = desk.services.image_batches.notices(desk.mila)
    page = open_page()
    assert len([key for key in keys(page) if key and key.startswith(session_keys.NOTICE_BUTTON)]) == 1
    page = click(page, session_keys.NOTICE_BUTTON + newest.id)
    assert desk.services.image_batches.notices(desk.mila) == []
    assert not [key for key in keys(page) if key and key.startswith(session_keys.NOTICE_BUTTON)]


def test_notice_is_put_away_when_the_results_are_open_and_no_other_one_is(desk: Desk) -> None:
    seen, other = desk.batch(photo()), desk.batch(photo("b.png", color="#2244aa"), title="Autumn")
    run(desk, seen)
    run(desk, other)
    page = open_page(batch=seen)
    assert len(desk.services.image_batches.notices(desk.mila)) == 2
    page = open_page(batch=seen, step=RESULTS)
    assert [notice.batch_id for notice in desk.services.image_batches.notices(desk.mila)] == [other.id]
    assert len([key for key in keys(page) if key and key.startswith(session_keys.NOTICE_BUTTON)]) == 1
    assert "1 of 1 photo done" in shown(page)


def test_long_notice_is_cut_in_the_frame(desk: Desk) -> None:
    batch = desk.batch(photo(), blank())
    run(desk, batch)
    (notice,) = desk.services.image_batches.notices(desk.mila)
    assert len(notice.words) > 120
    page = open_page(MILA)
    assert "1 of 2 photos have their new background; 1 failed." in shown(page)
    assert notice.words not in shown(page)
