"""The background that a person asks for, kept while they look at other steps; nothing typed is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from components import session_keys
from services.images.background_models import BackgroundWish, SizePreset
from services.images.models import ImageBatch

# The form's fields besides those that have the name of what they say in the wish.
IN_PLACE, PADDING, SHADOW = "in_place", "padding_percent", "shadow_percent"
_USUAL_PADDING = 0.12
_SAME = ("kind", "prompt", "negative_prompt", "color", "variations", "seed", "size", "mode")


def wish_of(batch: ImageBatch) -> BackgroundWish:
    """What is asked for now: what was typed in this session, else what was asked for last."""
    wish: BackgroundWish = st.session_state.get(session_keys.WISH + batch.id, batch.wish)
    return wish


def keep_wish(batch_id: str, wish: BackgroundWish) -> None:
    """Ask for this, whatever the form said before; for callbacks."""
    st.session_state[session_keys.WISH + batch_id] = wish
    for name, value in _fields(wish).items():
        st.session_state[field_key(batch_id, name)] = value


def fill_fields(batch: ImageBatch) -> None:
    """Give the form's fields what is asked for, unless a person has just changed them; before they are drawn."""
    for name, value in _fields(wish_of(batch)).items():
        st.session_state.setdefault(field_key(batch.id, name), value)


def take_fields(batch: ImageBatch) -> None:
    """Ask for what the form's fields say; for their callbacks."""
    wish = wish_of(batch)
    values = _fields(wish)
    for name in values:
        values[name] = st.session_state.get(field_key(batch.id, name), values[name])
    in_place = values[IN_PLACE] and values["size"] is SizePreset.ORIGINAL
    asked = replace(
        wish,
        **{name: values[name] for name in _SAME},
        padding=None if in_place else values[PADDING] / 100,
        shadow=values[SHADOW] / 100,
    )
    st.session_state[session_keys.WISH + batch.id] = asked


def field_key(batch_id: str, name: str) -> str:
    """The key of a field of the form."""
    return f"{session_keys.WISH_FIELD}{batch_id}.{name}"


def chosen_photos(batch_id: str) -> tuple[int, ...] | None:
    """The positions of the photos that the next run is for; None for all."""
    positions: tuple[int, ...] | None = st.session_state.get(session_keys.CHOSEN_PHOTOS + batch_id)
    return positions


def choose_photos(batch_id: str, positions: tuple[int, ...] | None) -> None:
    """Let the next run be for these photos only, or for all; for callbacks."""
    st.session_state[session_keys.CHOSEN_PHOTOS + batch_id] = positions


def _fields(wish: BackgroundWish) -> dict[str, Any]:
    padding = _USUAL_PADDING if wish.padding is None else wish.padding
    return {
        **{name: getattr(wish, name) for name in _SAME},
        IN_PLACE: wish.padding is None,
        PADDING: round(padding * 100),
        SHADOW: round(wish.shadow * 100),
    }
