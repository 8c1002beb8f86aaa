"""The fourth step: which background, and how the product stands before it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backdrop_library import draw_library
from components.backdrop_own_picture import draw_own_picture
from components.backdrop_placing import draw_placing
from components.backdrop_wish import (
    choose_photos,
    chosen_photos,
    field_key,
    fill_fields,
    take_fields,
    wish_of,
)
from components.batch_link import BACKGROUND
from components.batch_next import draw_next
from components.batch_words import KIND_ICONS, KINDS, MODES
from components.document_words import counted
from components.frame import Viewer
from components.wiring import Services
from services.images.background_models import (
    LARGEST_SEED,
    LONGEST_PROMPT_CHARACTERS,
    MOST_VARIATIONS,
    BackgroundKind,
    CompositeMode,
)
from services.images.models import ImageBatch


def draw_background(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    batch = app.image_batches.get(person.tenant.id, batch_id)
    fill_fields(batch)
    app.image_batches.keep_wish(person.account, person.tenant.id, batch_id, wish_of(batch))
    _draw_chosen_photos(batch_id)
    kind = st.segmented_control(
        "New background",
        list(KINDS),
        required=True,
        format_func=lambda kind: f":gray[{KIND_ICONS[kind]} {KINDS[kind]}]",
        key=field_key(batch_id, "kind"),
        on_change=take_fields,
        args=(batch,),
        wrap=True,
    )
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        if kind is BackgroundKind.PROMPT:
            _draw_prompt(app, batch)
        elif kind is BackgroundKind.BACKDROP:
            draw_library(app, person, batch)
        elif kind is BackgroundKind.PICTURE:
            draw_own_picture(app, person, batch)
        elif kind is BackgroundKind.COLOR:
            st.color_picker(
                "Color behind every product",
                key=field_key(batch_id, "color"),
                on_change=take_fields,
                args=(batch,),
            )
            st.caption(f"Now: {wish_of(batch).color}")
        else:
            st.markdown("**Nothing behind the product.** The results are PNG files with a transparent background.")
    with right, st.container(border=True):
        draw_placing(batch, kind or BackgroundKind.PROMPT)
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


def _draw_prompt(app: Services, batch: ImageBatch) -> None:
    st.text_area(
        "What should be behind the product?",
        key=field_key(batch.id, "prompt"),
        max_chars=LONGEST_PROMPT_CHARACTERS,
        height=110,
        placeholder="Such as “London city background” or “warm beige studio with soft light”",
        on_change=take_fields,
        args=(batch,),
    )
    generator = app.background_generator
    st.caption(f"{len(wish_of(batch).prompt)} of {LONGEST_PROMPT_CHARACTERS} characters")
    if generator.verb == "composed":
        st.caption(
            "Backgrounds are composed on this machine: the nearest picture of your brand library, else a studio scene "
            "drawn from your words. Nothing is generated, and nothing leaves this machine."
        )
    else:
        st.caption("Backgrounds are generated from your words; check each result before you use it.")
    st.text_area(
        "What should not be there?",
        key=field_key(batch.id, "negative_prompt"),
        max_chars=LONGEST_PROMPT_CHARACTERS,
        height=72,
        placeholder="Such as “people, text” (optional)",
        on_change=take_fields,
        args=(batch,),
    )
    st.radio(
        "How the product is treated",
        list(CompositeMode),
        format_func=lambda mode: MODES[mode][0],
        captions=[MODES[mode][1] for mode in CompositeMode],
        key=field_key(batch.id, "mode"),
        on_change=take_fields,
        args=(batch,),
    )
    variations, seed = st.columns(2)
    with variations:
        st.slider(
            "Variations of each photo",
            1,
            MOST_VARIATIONS,
            key=field_key(batch.id, "variations"),
            on_change=take_fields,
            args=(batch,),
        )
    with seed:
        st.number_input(
            "Seed",
            min_value=0,
            max_value=LARGEST_SEED,
            step=1,
            key=field_key(batch.id, "seed"),
            help="The same words with the same seed give the same background again. Another number gives another one.",
            on_change=take_fields,
            args=(batch,),
        )
