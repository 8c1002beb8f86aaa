"""The order in which masks are looked at: the doubtful ones first, and nothing moves while somebody works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.batch_link import LABELS, MASKS
from services.images.intake import ImageUpload
from services.images.mask_models import Box
from services.images.models import ImageBatch
from tests.pages.image_desk import TENANT, Desk, blank, click, keys, open_desk, open_page, open_step, photo, shown


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


@pytest.fixture
def batch(desk: Desk) -> ImageBatch:
    """Four photos; the second and the third have masks that need a look."""
    return desk.batch(photo("a.png"), blank("b.png"), blank("c.png"), photo("d.png", color="#2244aa"))


def opened(page: AppTest, batch: ImageBatch) -> int:
    """The position of the photo that is worked on."""
    position: int = page.session_state[session_keys.MASK_OPEN + batch.id]
    return position


def go(page: AppTest, batch: ImageBatch, direction: str) -> AppTest:
    return click(page, f"{session_keys.MASK_BUTTON}{direction}.{batch.id}")


def approve(desk: Desk, batch: ImageBatch, position: int) -> None:
    desk.services.image_batches.approve_mask(desk.mila, TENANT, batch.id, position)


def test_photo_whose_mask_was_mended_stays_where_it_was(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    assert (opened(page, batch), "1 of 4" in shown(page)) == (1, True)
    approve(desk, batch, 1)
    page.run()
    assert (opened(page, batch), "1 of 4" in shown(page)) == (1, True)
    assert opened(go(page, batch, "next"), batch) == 2
    assert opened(go(page, batch, "previous"), batch) == 1


def test_next_leads_to_the_masks_that_need_a_look_until_there_are_none(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    page = click(page, f"{session_keys.MASK_BUTTON}open.{batch.id}.3")
    assert opened(page, batch) == 3
    assert page.button(key=f"{session_keys.MASK_BUTTON}next.{batch.id}").label == "Next to look at"
    assert opened(go(page, batch, "next"), batch) == 1
    approve(desk, batch, 1)
    assert opened(go(page.run(), batch, "next"), batch) == 2
    approve(desk, batch, 2)
    page.run()
    assert page.button(key=f"{session_keys.MASK_BUTTON}next.{batch.id}").label == "Next"
    assert opened(go(page, batch, "next"), batch) == 0
    assert opened(go(page, batch, "next"), batch) == 3
    assert page.button(key=f"{session_keys.MASK_BUTTON}next.{batch.id}").disabled


def test_mask_that_is_called_right_leads_to_the_next_that_needs_a_look(desk: Desk, batch: ImageBatch) -> None:
    page = click(open_page(batch=batch, step=MASKS), f"{session_keys.MASK_BUTTON}approve.{batch.id}.1")
    assert opened(page, batch) == 2
    page = click(page, f"{session_keys.MASK_BUTTON}approve.{batch.id}.2")
    assert opened(page, batch) == 2
    assert "No other mask needs a look" in shown(page)


def test_photos_that_are_added_find_their_place_and_move_nothing_that_is_mended(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    approve(desk, batch, 1)
    name, data, _ = blank("e.png")
    desk.services.image_batches.add(desk.mila, TENANT, batch.id, [ImageUpload(name, data)])
    page.run()
    assert (opened(page, batch), "1 of 5" in shown(page)) == (1, True)
    page = go(go(page, batch, "next"), batch, "next")
    assert (opened(page, batch), "3 of 5" in shown(page)) == (4, True)


def test_advice_to_draw_a_box_ends_with_the_box(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    assert "A box around the product mends most masks." in shown(page)
    desk.services.image_batches.draw_box(desk.mila, TENANT, batch.id, 1, Box(0.2, 0.2, 0.5, 0.5))
    page.run()
    mask = desk.image(batch, 1).mask
    assert mask
    assert mask.doubtful
    assert "A box around the product mends most masks." not in shown(page)
    assert "Keep" in shown(page)


def test_file_that_is_no_mask_is_refused_in_the_words_of_masks(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    field = f"{session_keys.MASK_FIELD}own.{batch.id}.1.None"
    page.file_uploader(key=field).set_value([("mask.txt", b"no mask at all", "text/plain")]).run()
    page = click(page, f"{session_keys.MASK_BUTTON}own.{batch.id}.1")
    assert "not a picture" in shown(page)
    assert "Save the mask as PNG" in shown(page)
    assert "Upload the photo itself" not in shown(page)
    assert desk.image(batch, 1).edit.empty


def test_field_for_a_mask_says_the_limit_that_holds(desk: Desk, batch: ImageBatch) -> None:
    page = open_page(batch=batch, step=MASKS)
    field = page.file_uploader(key=f"{session_keys.MASK_FIELD}own.{batch.id}.1.None")
    assert field.proto.max_upload_size_mb == 40


def test_masks_and_labels_are_paged_from_above_and_from_below(desk: Desk) -> None:
    batch = desk.batch(*(photo(f"{number:02}.png") for number in range(13)))
    page = open_page(batch=batch, step=MASKS)
    gallery = f"{session_keys.MASK_BUTTON}open.{batch.id}."
    assert f"{gallery}12" not in keys(page)
    above = f"{session_keys.BATCH_PAGE}masks.{batch.id}"
    page = page.pagination(key=f"{above}.below").set_value(2).run()
    assert f"{gallery}12" in keys(page)
    assert page.pagination(key=above).value == 2
    page = page.pagination(key=above).set_value(1).run()
    assert f"{gallery}12" not in keys(page)
    assert page.pagination(key=f"{above}.below").value == 1
    page = open_step(page, LABELS)
    card = f"{session_keys.LABEL_FIELD}{batch.id}.12.add"
    assert card not in keys(page)
    page = page.pagination(key=f"{session_keys.BATCH_PAGE}labels.{batch.id}.below").set_value(2).run()
    assert card in keys(page)
