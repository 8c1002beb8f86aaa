"""One mask: why it may be wrong, the canvas that corrects it, and every other way to do so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import Kind, action_button, attempt
from components.batch_upload import whole_mebibytes
from components.batch_words import doubt_words, label_words, mask_badge
from components.error_notice import show_error
from components.frame import Viewer
from components.image_box_fields import draw_box_fields
from components.image_sight import draw_place
from components.image_undo import draw_undo
from components.markdown_text import in_one_line
from components.mask_canvas import draw_mask_canvas
from components.mask_opening import mask_place, next_to_look_at, open_mask, place_in
from components.wiring import Services
from services.errors import AppError
from services.images.mask_models import Box, Stroke
from services.images.models import BatchImage


def draw_mask_editor(app: Services, person: Viewer, image: BatchImage, queue: Sequence[BatchImage]) -> None:
    """Draw the canvas with what can be done beside it."""
    name = f"{image.batch_id}.{image.position}"
    _draw_position(image, queue)
    canvas, beside = st.columns([3, 2], gap="medium")
    with canvas:
        _draw_unsaved(app, person, image)
        draw_mask_canvas(
            key=f"{session_keys.MASK_CANVAS}{name}",
            name=image.file_name,
            picture=app.image_batches.preview(person.tenant.id, image),
            mask=app.image_batches.mask_preview(person.tenant.id, image),
            size=image.size,
            box=image.edit.box,
            on_edit=lambda edit: _edit(app, person, image, edit),
        )
    with beside:
        st.markdown(f"**{in_one_line(image.file_name, 80)}**  \n{mask_badge(image)}")
        if image.mask and image.mask.doubtful:
            words = "\n".join(f"- {words}" for words in doubt_words(image))
            st.markdown(f"{words}\n\n{_advice(image)}")
        _draw_decision(app, person, image, queue)
        _draw_regions(app, person, image)
        with st.expander("Set the box by numbers", icon=":material/crop_free:"):
            _draw_numbers(app, person, image)
        with st.expander("Use a mask of your own", icon=":material/upload_file:"):
            _draw_own_mask(app, person, image)


def _advice(image: BatchImage) -> str:
    if image.edit.empty:
        return "A box around the product mends most masks."
    return "Paint what is missing with “Keep” and what is too much with “Drop”, or say that the mask is right."


def _draw_position(image: BatchImage, queue: Sequence[BatchImage]) -> None:
    at = place_in(queue, image)
    doubtful = next_to_look_at(image, queue)
    previous = queue[at - 1] if at else None
    following = doubtful or (queue[at + 1] if at + 1 < len(queue) else None)
    label = "Next to look at" if doubtful else "Next"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _draw_way("previous", "Previous", ":material/chevron_left:", image.batch_id, previous)
        _draw_way("next", label, ":material/chevron_right:", image.batch_id, following)
        st.markdown(f":small[:gray[{at + 1:,} of {len(queue):,}]]", width="content")
        draw_place(mask_place(image.batch_id))


def _draw_way(name: str, label: str, icon: str, batch_id: str, to: BatchImage | None) -> None:
    st.button(
        label,
        key=f"{session_keys.MASK_BUTTON}{name}.{batch_id}",
        icon=icon,
        disabled=to is None,
        on_click=open_mask,
        args=(batch_id, to.position if to else 0),
    )


def _edit(app: Services, person: Viewer, image: BatchImage, edit: Box | Stroke) -> None:
    """Apply what was drawn; what cannot be applied waits, and is drawn until it could be."""
    waiting: list[Box | Stroke] = st.session_state.setdefault(_waiting_key(image), [])
    waiting.append(edit)
    _apply_waiting(app, person, image)


def _apply_waiting(app: Services, person: Viewer, image: BatchImage) -> None:
    waiting: list[Box | Stroke] = st.session_state.get(_waiting_key(image), [])
    batches, place = app.image_batches, (person.account, person.tenant.id, image.batch_id, image.position)
    try:
        while waiting:
            first = waiting[0]
            if isinstance(first, Box):
                batches.draw_box(*place, first)
            else:
                batches.add_stroke(*place, first)
            del waiting[0]
    except AppError as error:
        st.session_state[f"{_waiting_key(image)}.failure"] = error


def _draw_unsaved(app: Services, person: Viewer, image: BatchImage) -> None:
    failure: AppError | None = st.session_state.pop(f"{_waiting_key(image)}.failure", None)
    waiting: list[Box | Stroke] = st.session_state.get(_waiting_key(image), [])
    if failure is not None:
        show_error(failure)
    if not waiting:
        return
    st.warning(
        "**What you drew is kept, but not in the mask yet.**  \nTry again, or discard it.",
        icon=":material/sync_problem:",
    )
    with st.container(horizontal=True, gap="xsmall"):
        key = f"{session_keys.MASK_BUTTON}%s.{image.batch_id}.{image.position}"
        st.button(
            "Apply again",
            key=key % "again",
            icon=":material/refresh:",
            type="primary",
            on_click=_apply_waiting,
            args=(app, person, image),
        )
        st.button("Discard", key=key % "discard", icon=":material/delete:", on_click=waiting.clear)


def _draw_decision(app: Services, person: Viewer, image: BatchImage, queue: Sequence[BatchImage]) -> None:
    batches, place = app.image_batches, (person.account, person.tenant.id, image.batch_id, image.position)
    key = f"{session_keys.MASK_BUTTON}%s.{image.batch_id}.{image.position}"

    def approve() -> str:
        batches.approve_mask(*place)
        following = next_to_look_at(image, queue)
        if following is None:
            return "Approved. No other mask needs a look."
        open_mask(image.batch_id, following.position)
        return ""

    approved = image.mask is not None and image.mask.approved
    kind: Kind = "primary" if image.mask and image.mask.doubtful else "secondary"
    with st.container(horizontal=True, gap="xsmall"):
        if not approved:
            action_button("The mask is right", approve, key=key % "approve", icon=":material/check:", kind=kind)
        else:
            action_button(
                "Take approval back",
                lambda: batches.approve_mask(*place, approved=False),
                key=key % "doubt",
                icon=":material/remove_done:",
            )
        draw_undo(app, person, image.batch_id, "masks")
        if not image.edit.empty:
            action_button(
                "Start over",
                lambda: batches.clear_edit(*place),
                key=key % "clear",
                icon=":material/restart_alt:",
                help_text="Takes back the box, the strokes and the uploaded mask of this photo.",
            )


def _draw_regions(app: Services, person: Viewer, image: BatchImage) -> None:
    located = {label.id: label for label in image.all_labels() if label.box}
    if not located:
        return
    pruning = app.image_batches.get(person.tenant.id, image.batch_id).pruning
    before = [label_id for label_id, label in located.items() if image.keeps(label, pruning)]
    key = f"{session_keys.MASK_FIELD}regions.{image.batch_id}.{image.position}"
    st.session_state[key] = before

    def choose() -> None:
        now = st.session_state[key]
        for label_id in located:
            if (label_id in now) != (label_id in before):
                attempt(_setting(app, person, image, label_id, label_id in now))

    st.pills(
        "Kept in this photo",
        list(located),
        selection_mode="multi",
        format_func=lambda label_id: _region_words(
            in_one_line(located[label_id].name, 32), label_words(located[label_id]), kept=label_id in before
        ),
        key=key,
        wrap=True,
        help="A click drops what was found there, or keeps it again.",
        on_change=choose,
    )


def _setting(app: Services, person: Viewer, image: BatchImage, label_id: str, keeps: bool) -> Callable[[], object]:
    return lambda: app.image_batches.set_label(
        person.account, person.tenant.id, image.batch_id, image.position, label_id, keeps
    )


def _region_words(name: str, words: str, *, kept: bool) -> str:
    return f":gray[{':material/check:' if kept else ':material/block:'} {name} · {words if kept else 'dropped'}]"


def _draw_numbers(app: Services, person: Viewer, image: BatchImage) -> None:
    start = image.edit.box
    place = f"{image.batch_id}.{image.position}"
    box = draw_box_fields(f"{session_keys.MASK_FIELD}box.{place}.{_box_words(start)}.", start)
    st.button(
        "Use this box",
        key=f"{session_keys.MASK_BUTTON}box.{place}",
        icon=":material/crop_free:",
        on_click=_edit,
        args=(app, person, image, box),
    )


def _box_words(box: Box | None) -> str:
    return f"{box.left:.4f},{box.top:.4f},{box.width:.4f},{box.height:.4f}" if box else "none"


def _draw_own_mask(app: Services, person: Viewer, image: BatchImage) -> None:
    place = f"{image.batch_id}.{image.position}"
    key = f"{session_keys.MASK_FIELD}own.{place}.{image.edit.uploaded}"
    file = st.file_uploader(
        "Mask", key=key, label_visibility="collapsed", max_upload_size=whole_mebibytes(app.settings.max_image_bytes)
    )
    st.caption(
        "A picture of the photo's shape: white is kept, black is replaced. Of a PNG with transparent parts, what is "
        "not transparent is kept."
    )
    action_button(
        "Use this mask",
        lambda: app.image_batches.upload_mask(
            person.account, person.tenant.id, image.batch_id, image.position, file.getvalue() if file else b""
        ),
        key=f"{session_keys.MASK_BUTTON}own.{place}",
        icon=":material/upload:",
        disabled=file is None,
    )


def _waiting_key(image: BatchImage) -> str:
    return f"{session_keys.MASK_WAITING}{image.batch_id}.{image.position}"
