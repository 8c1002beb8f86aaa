"""The brand library: pictures that go behind products, found by what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from components import session_keys
from components.backdrop_wish import keep_wish, wish_of
from components.batch_actions import action_button
from components.batch_upload import whole_mebibytes
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.background_models import Backdrop
from services.images.models import ImageBatch

PAGE_LENGTH = 12
LONGEST_CAPTION_CHARACTERS = 200
_WIDTH = 144  # three in a row beside the other fields


def draw_library(app: Services, person: Viewer, batch: ImageBatch) -> None:
    """Draw the search, the pictures, and how to add one."""
    tenant_id = person.tenant.id
    field = session_keys.BACKDROP_FIELD
    backdrops = app.backdrops.list(tenant_id)
    if backdrops:
        words = st.text_input(
            "Search the library",
            key=f"{field}search.{batch.id}",
            placeholder="What should be seen, such as “kitchen in the morning”",
            label_visibility="collapsed",
            icon=":material/search:",
            persist_state="session",
        )
        shown = backdrops
        if words and words.strip():
            shown = [backdrop for backdrop, _ in app.backdrops.search(tenant_id, words)]
        if shown:
            _draw_pictures(app, person, batch, shown)
        else:
            st.info(
                "**Nothing in the library is close to that.**  \nSearch for other words, add a picture, or describe "
                "the background instead.",
                icon=":material/search_off:",
            )
    else:
        st.info(
            "**The brand library is empty.**  \nAdd a picture with a caption; the caption is how it is found.",
            icon=":material/photo_library:",
        )
    with st.expander("Add to the library", icon=":material/add_photo_alternate:", expanded=not backdrops):
        _draw_adding(app, person, batch)
    chosen = next((one for one in backdrops if one.id == wish_of(batch).backdrop_id), None)
    if chosen:
        with st.expander(f"Chosen: {in_one_line(chosen.caption, 60)}", icon=":material/settings:"):
            _draw_keeping(app, person, batch, chosen)


def _draw_pictures(app: Services, person: Viewer, batch: ImageBatch, backdrops: Sequence[Backdrop]) -> None:
    pages = -(-len(backdrops) // PAGE_LENGTH)
    key = f"{session_keys.BATCH_PAGE}backdrops.{batch.id}"
    page = min(st.session_state.get(key, 1), pages)
    chosen = wish_of(batch).backdrop_id
    with st.container(horizontal=True, gap="small"):
        for backdrop in backdrops[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]:
            with st.container(width=_WIDTH, gap="xxsmall"):
                st.image(app.backdrops.preview(person.tenant.id, backdrop), width=_WIDTH, alt=backdrop.caption)
                st.caption(in_one_line(backdrop.caption, 70))
                is_chosen = backdrop.id == chosen
                st.button(
                    "Chosen" if is_chosen else "Choose",
                    key=f"{session_keys.BACKDROP_BUTTON}choose.{backdrop.id}",
                    icon=":material/check_circle:" if is_chosen else ":material/radio_button_unchecked:",
                    type="primary" if is_chosen else "secondary",
                    help=f"Put “{backdrop.caption}” behind the products",
                    on_click=_choose,
                    args=(batch, backdrop.id),
                )
    if pages > 1:
        st.pagination(pages, key=key, persist_state="session")


def _choose(batch: ImageBatch, backdrop_id: str) -> None:
    keep_wish(batch.id, replace(wish_of(batch), backdrop_id=backdrop_id))


def _draw_adding(app: Services, person: Viewer, batch: ImageBatch) -> None:
    field = session_keys.BACKDROP_FIELD
    round_key = f"{field}round"
    turn = st.session_state.get(round_key, 0)
    largest = whole_mebibytes(app.settings.max_image_bytes)
    file = st.file_uploader("Picture", key=f"{field}file.{turn}", max_upload_size=largest)
    caption = st.text_input(
        "Caption",
        key=f"{field}caption.{turn}",
        max_chars=LONGEST_CAPTION_CHARACTERS,
        placeholder="What is seen, such as “London skyline at dusk”",
        persist_state="session",
    )

    def add() -> str:
        backdrop = app.backdrops.add(person.account, person.tenant.id, file.getvalue() if file else b"", caption or "")
        # New keys empty the fields, or the same picture would wait in them the next time.
        st.session_state[round_key] = turn + 1
        _choose(batch, backdrop.id)
        return "Added to the library and chosen."

    action_button("Add", add, key=f"{session_keys.BACKDROP_BUTTON}add", icon=":material/add:", disabled=file is None)


def _draw_keeping(app: Services, person: Viewer, batch: ImageBatch, backdrop: Backdrop) -> None:
    account, tenant_id = person.account, person.tenant.id
    key = f"{session_keys.BACKDROP_FIELD}rename.{backdrop.id}"
    st.session_state.setdefault(key, backdrop.caption)
    typed = st.text_input("Caption", key=key, max_chars=LONGEST_CAPTION_CHARACTERS)

    def delete() -> str:
        app.backdrops.delete(account, tenant_id, backdrop.id)
        _choose(batch, "")
        return "Deleted from the library. Results that were made with it stay."

    with st.container(horizontal=True, gap="xsmall"):
        action_button(
            "Save caption",
            lambda: app.backdrops.rename(account, tenant_id, backdrop.id, typed or ""),
            key=f"{session_keys.BACKDROP_BUTTON}rename.{backdrop.id}",
            icon=":material/save:",
            disabled=not typed or typed == backdrop.caption,
        )
        action_button(
            "Delete from the library",
            delete,
            key=f"{session_keys.BACKDROP_BUTTON}delete.{backdrop.id}",
            icon=":material/delete:",
        )
