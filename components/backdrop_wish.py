"""The background that a person asks for, kept while they look at other steps; nothing typed is lost on the way."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.wiring import Services
from services.errors import AppError
from services.images.background_models import BackgroundWish, SizePreset
from services.images.models import ImageBatch

# The form's fields besides those that have the name of what they say in the wish.
IN_PLACE, PADDING, SHADOW = "in_place", "padding_percent", "shadow_percent"
_USUAL_PADDING = 0.12
_SAME = ("kind", "prompt", "negative_prompt", "color", "variations", "seed", "size", "mode")


@dataclass(frozen=True, slots=True)
class WishForm:
    """The fields that say what is asked for."""

    app: Services
    person: Viewer
    batch: ImageBatch

    @property
    def wish(self) -> BackgroundWish:
        """What is asked for now."""
        return wish_of(self.batch)

    def key(self, name: str) -> str:
        """The key of the field that is drawn next, with what is asked for in it.

        A field gets its value in the run that draws it, never earlier: the browser is not told of a value that was
        there before its field, shows the field empty, and sends that back as if a person had emptied it.
        """
        key = field_key(self.batch.id, name)
        if key not in st.session_state:
            st.session_state[key] = _value(self.wish, name)
        return key

    def take(self, name: str) -> None:
        """Ask for what this field says, and nothing else; for its callback."""
        wish, value = self.wish, st.session_state[field_key(self.batch.id, name)]
        last_padding = f"{session_keys.WISH}{self.batch.id}.{PADDING}"
        if wish.padding is not None:
            st.session_state[last_padding] = wish.padding
        asked = _with(wish, name, value, usual_padding=st.session_state.get(last_padding, _USUAL_PADDING))
        st.session_state[session_keys.WISH + self.batch.id] = asked
        # The same click may have left the step. Where it has not, the step tries again and tells a failure.
        with contextlib.suppress(AppError):
            self.store()

    def store(self) -> None:
        """Let what is asked for outlive this session. Raises AppError."""
        self.app.image_batches.keep_wish(self.person.account, self.person.tenant.id, self.batch.id, self.wish)


def wish_of(batch: ImageBatch) -> BackgroundWish:
    """What is asked for now: what was typed in this session, else what was asked for last."""
    wish: BackgroundWish = st.session_state.get(session_keys.WISH + batch.id, batch.wish)
    return wish


def keep_wish(batch_id: str, wish: BackgroundWish) -> None:
    """Ask for this, whatever the form said before; for callbacks."""
    st.session_state[session_keys.WISH + batch_id] = wish
    for name in (*_SAME, IN_PLACE, PADDING, SHADOW):
        st.session_state.pop(field_key(batch_id, name), None)  # the fields that are drawn take it from the wish


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


def _value(wish: BackgroundWish, name: str) -> Any:
    """What a field shows of a wish."""
    if name == IN_PLACE:
        return wish.padding is None
    if name == PADDING:
        return round((_USUAL_PADDING if wish.padding is None else wish.padding) * 100)
    return round(wish.shadow * 100) if name == SHADOW else getattr(wish, name)


def _with(wish: BackgroundWish, name: str, value: Any, *, usual_padding: float) -> BackgroundWish:
    """The wish with what one field says; ``usual_padding`` is for a product that no longer stays where it was."""
    if name == IN_PLACE:
        return replace(wish, padding=None if value else usual_padding)
    if name == PADDING:
        return replace(wish, padding=value / 100)
    if name == SHADOW:
        return replace(wish, shadow=value / 100)
    if name in ("prompt", "negative_prompt"):
        value = value.replace("\x00", "")  # no database keeps it
    wish = replace(wish, **{name: value})
    if wish.padding is None and wish.size is not SizePreset.ORIGINAL:
        return replace(wish, padding=usual_padding)  # only in its own size can the product stay where it was
    return wish
