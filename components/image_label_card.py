"""One photo with its labels: drawn on it, clicked to drop or keep, typed, renamed, taken away."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import action_button, attempt
from components.batch_words import label_words
from components.frame import Viewer
from components.image_box_fields import draw_box_fields
from components.image_label_boxes import DrawnLabel, draw_label_boxes
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.models import BatchImage, Label, LabelSource, Pruning

LONGEST_NAME_CHARACTERS = 60


def draw_label_card(app: Services, person: Viewer, image: BatchImage, pruning: Pruning) -> None:
    """Draw the card."""
    name = f"{image.batch_id}.{image.position}"
    labels = image.all_labels()
    kept = {label.id for label in labels if image.keeps(label, pruning)}
    with st.container(border=True, gap="xsmall"):
        draw_label_boxes(
            app.image_batches.preview(person.tenant.id, image),
            [DrawnLabel(label.id, label.name, label.box, label.id in kept) for label in labels if label.box],
            name=image.file_name,
            size=image.size,
            key=f"{session_keys.LABEL_PICTURE}{name}",
            on_choice=lambda label_id, keeps: _set(app, person, image, label_id, keeps),
        )
        st.markdown(f":small[**{in_one_line(image.file_name, 60)}**]")
        if labels:
            _draw_chips(app, person, image, labels, kept)
        else:
            st.caption("No label was found in this photo.")
        window = f"{session_keys.LABEL_FIELD}{name}.window"
        # A window of another key begins closed.
        turn = st.session_state.get(window, 0)
        with st.popover("Edit labels", icon=":material/edit:", key=f"{session_keys.LABEL_FIELD}{name}.open.{turn}"):
            _draw_adding(app, person, image, f"{session_keys.LABEL_FIELD}{name}.", window)
            if labels:
                _draw_renaming(app, person, image, labels, f"{session_keys.LABEL_FIELD}{name}.")


def _draw_chips(app: Services, person: Viewer, image: BatchImage, labels: tuple[Label, ...], kept: set[str]) -> None:
    key = f"{session_keys.LABEL_KEPT}{image.batch_id}.{image.position}"
    by_id = {label.id: label for label in labels}
    before = [label_id for label_id in by_id if label_id in kept]
    st.session_state[key] = before
    st.pills(
        f"Labels of {image.file_name}",
        list(by_id),
        selection_mode="multi",
        format_func=lambda label_id: _chip(by_id[label_id], kept=label_id in kept),
        key=key,
        label_visibility="collapsed",
        wrap=True,
        on_change=_choose,
        args=(app, person, image, key, before),
    )


def _chip(label: Label, *, kept: bool) -> str:
    icon = ":material/check:" if kept else ":material/block:"
    return f":gray[{icon} {in_one_line(label.name, 32)} · {label_words(label) if kept else 'dropped'}]"


def _choose(app: Services, person: Viewer, image: BatchImage, key: str, before: list[str]) -> None:
    now = st.session_state[key]
    for label_id in {*before, *now} - ({*before} & {*now}):
        _set(app, person, image, label_id, label_id in now)


def _set(app: Services, person: Viewer, image: BatchImage, label_id: str, keeps: bool) -> None:
    batches, account = app.image_batches, person.account
    attempt(lambda: batches.set_label(account, person.tenant.id, image.batch_id, image.position, label_id, keeps))


def _draw_adding(app: Services, person: Viewer, image: BatchImage, field: str, window: str) -> None:
    st.text_input("New label", key=f"{field}new", max_chars=LONGEST_NAME_CHARACTERS, placeholder="Such as “bottle”")
    placed = st.toggle("It is in one place of the photo", key=f"{field}placed")
    box = draw_box_fields(f"{field}box.") if placed else None

    def add() -> str:
        typed = st.session_state[f"{field}new"]
        app.image_batches.add_label(person.account, person.tenant.id, image.batch_id, image.position, typed, box)
        st.session_state[f"{field}new"] = ""
        st.session_state[window] = st.session_state.get(window, 0) + 1
        return f"Added “{typed.strip()}”."

    action_button("Add", add, key=f"{field}add", icon=":material/add:")


def _draw_renaming(app: Services, person: Viewer, image: BatchImage, labels: tuple[Label, ...], field: str) -> None:
    by_id = {label.id: label for label in labels}
    batches, account, tenant_id = app.image_batches, person.account, person.tenant.id
    if st.session_state.get(f"{field}which") not in {None, *by_id}:
        del st.session_state[f"{field}which"]  # it was taken away
    chosen = st.selectbox(
        "Rename",
        list(by_id),
        key=f"{field}which",
        format_func=lambda label_id: in_one_line(by_id[label_id].name),
    )
    typed = st.text_input(
        "New name",
        key=f"{field}name.{chosen}",
        max_chars=LONGEST_NAME_CHARACTERS,
        placeholder=by_id[chosen].name,
    )
    with st.container(horizontal=True, gap="xsmall"):
        action_button(
            "Rename",
            lambda: batches.rename_label(account, tenant_id, image.batch_id, image.position, chosen, typed or ""),
            key=f"{field}rename",
            icon=":material/edit:",
            disabled=not typed,
        )
        if by_id[chosen].source is LabelSource.PERSON:
            action_button(
                "Remove",
                lambda: batches.forget_label(account, tenant_id, image.batch_id, image.position, chosen),
                key=f"{field}forget",
                icon=":material/delete:",
            )
