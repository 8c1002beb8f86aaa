"""The fourth step: which background, and how the product stands before it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backdrop_library import draw_library
from components.backdrop_own_picture import draw_own_picture
from components.backdrop_placing import draw_placing
from components.backdrop_wish import WishForm, choose_photos, chosen_photos
from components.batch_link import BACKGROUND
from components.batch_next import draw_next
from components.batch_words import KIND_ICONS, KINDS, MODES
from components.document_words import counted
from components.error_notice import escape_markdown, show_error
from components.frame import Viewer
from components.wiring import Services
from services.errors import AppError
from services.images.background_models import (
    LARGEST_SEED,
    LONGEST_PROMPT_CHARACTERS,
    MOST_VARIATIONS,
    BackgroundKind,
    CompositeMode,
)
from services.images.wishes import AVOIDED, PROMPT, prompt_too_long, tidy_words


def draw_background(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    batch = app.image_batches.get(person.tenant.id, batch_id)
    form = WishForm(app, person, batch)
    try:
        form.store()
    except AppError as error:
        show_error(error)  # and draw the fields, or what was typed would be gone from the screen
    _draw_chosen_photos(batch_id)
    kind = st.segmented_control(
        "New background",
        list(KINDS),
        required=True,
        format_func=lambda kind: f":gray[{KIND_ICONS[kind]} {KINDS[kind]}]",
        key=form.key("kind"),
        on_change=form.take,
        args=("kind",),
        wrap=True,
    )
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        if kind is BackgroundKind.PROMPT:
            _draw_prompt(form)
        elif kind is BackgroundKind.BACKDROP:
            draw_library(app, person, batch)
        elif kind is BackgroundKind.PICTURE:
            draw_own_picture(app, person, batch)
        elif kind is BackgroundKind.COLOR:
            st.color_picker(
                "Color behind every product",
                key=form.key("color"),
                on_change=form.take,
                args=("color",),
            )
            st.caption(f"Now: {form.wish.color}")
        else:
            st.markdown("**Nothing behind the product.** The results are PNG files with a transparent background.")
    with right, st.container(border=True):
        draw_placing(form, kind or BackgroundKind.PROMPT)
    draw_next(batch_id, BACKGROUND)


def _draw_chosen_photos(batch_id: str) -> None:
    positions = chosen_photos(batch_id)
    if positions is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":blue-badge[:material/filter_alt: Only for {counted(len(positions), 'chosen photo')}]")
        st.button(
            "For all photos",
            key=f"{session_keys.BATCH_BUTTON}all_photos.{batch_id}",
            icon=":material/close:",
            type="tertiary",
            on_click=choose_photos,
            args=(batch_id, None),
        )


def _draw_prompt(form: WishForm) -> None:
    st.text_area(
        "What should be behind the product?",
        key=form.key("prompt"),
        height=110,
        placeholder="Such as “London city background” or “warm beige studio with soft light”",
        on_change=form.take,
        args=("prompt",),
    )
    generator = form.app.background_generator
    _draw_length(PROMPT, form.wish.prompt)
    if generator.verb == "composed":
        st.caption(
            "Backgrounds are composed on this machine: the nearest picture of your brand library, else a studio scene "
            "drawn from your words. Nothing is generated, and nothing leaves this machine."
        )
    else:
        st.caption("Backgrounds are generated from your words; check each result before you use it.")
    st.text_area(
        "What should not be there?",
        key=form.key("negative_prompt"),
        height=72,
        placeholder="Such as “people, text” (optional)",
        on_change=form.take,
        args=("negative_prompt",),
    )
    if prompt_too_long(AVOIDED, form.wish.negative_prompt):
        _draw_length(AVOIDED, form.wish.negative_prompt)
    st.radio(
        "How the product is treated",
        list(CompositeMode),
        format_func=lambda mode: MODES[mode][0],
        captions=[MODES[mode][1] for mode in CompositeMode],
        key=form.key("mode"),
        on_change=form.take,
        args=("mode",),
    )
    variations, seed = st.columns(2)
    with variations:
        st.slider(
            "Variations of each photo",
            1,
            MOST_VARIATIONS,
            key=form.key("variations"),
            on_change=form.take,
            args=("variations",),
        )
    with seed:
        st.number_input(
            "Seed",
            min_value=0,
            max_value=LARGEST_SEED,
            step=1,
            key=form.key("seed"),
            help="The same words with the same seed give the same background again. Another number gives another one.",
            on_change=form.take,
            args=("seed",),
        )


def _draw_length(name: str, words: str) -> None:
    """Say how long the words are, and that they are too long where they are."""
    error = prompt_too_long(name, words)
    if error is not None:
        st.error(f"**{escape_markdown(error.message_for_user)}**  \n{error.remedy}", icon=":material/error:")
    else:
        st.caption(f"{len(tidy_words(words))} of {LONGEST_PROMPT_CHARACTERS} characters")
