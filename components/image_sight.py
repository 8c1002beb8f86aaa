"""Brings a place of the page into sight after a click elsewhere on a long page led to it."""

from __future__ import annotations

import streamlit as st

_CSS = "div { height: 0; scroll-margin-top: 5rem; }"

# What stands well within the window already is left where it is.
_JS = """
const LOWEST_SHARE = 0.6;

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector("div");
  if (!data.turn || place.dataset.turn === String(data.turn)) return;
  place.dataset.turn = data.turn;
  // What follows the place is drawn after it.
  setTimeout(() => {
    const { top } = place.getBoundingClientRect();
    if (top < 0 || top > LOWEST_SHARE * window.innerHeight) place.scrollIntoView({ block: "start" });
  }, 150);
}
"""

_place = st.components.v2.component("frontline_place", html="<div></div>", css=_CSS, js=_JS)


def bring_into_sight(place: str) -> None:
    """Let the page show this place, see :func:`draw_place`, as soon as it is drawn again; for callbacks."""
    last: int = st.session_state.get(_turn_key(place), 0)
    st.session_state[_turn_key(place)] = last + 1
    st.session_state[_asked_key(place)] = True


def draw_place(place: str) -> None:
    """Draw the place, which nobody sees; what it leads to follows it."""
    asked = st.session_state.pop(_asked_key(place), False)
    _place(key=f"{place}.place", data={"turn": st.session_state[_turn_key(place)] if asked else 0}, width="content")


def _turn_key(place: str) -> str:
    return f"{place}.turn"


def _asked_key(place: str) -> str:
    return f"{place}.asked"
