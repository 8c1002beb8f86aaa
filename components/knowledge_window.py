"""The one window that may be open over the page; it stays open while the page behind it is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from components import session_keys
from components.error_notice import errors_shown, show_error
from services.errors import AppError

Width = Literal["small", "medium", "large"]


@dataclass(frozen=True, slots=True)
class Window:
    """What a window is called and what draws its inside."""

    title: str
    draw: Callable[[], None]
    icon: str | None = None
    width: Width = "small"


def open_window(window: Window) -> None:
    """Open a window instead of the one that may be open; for callbacks."""
    st.session_state.pop(session_keys.WINDOW_FAILURE, None)
    st.session_state[session_keys.WINDOW] = window


def close_window() -> None:
    """Close the window; for callbacks."""
    st.session_state.pop(session_keys.WINDOW, None)


def draw_open_window() -> None:
    """Draw the open window, if any; a page calls this once."""
    window: Window | None = st.session_state.get(session_keys.WINDOW)
    if window is not None:
        st.dialog(window.title, width=window.width, icon=window.icon, on_dismiss=close_window)(_draw)()


def act(action: Callable[[], str]) -> None:
    """Do what a window asks for: close it and say what was done, or keep it and say why not; for callbacks.

    Args:
        action: Does it and returns what the page says then.
    """
    try:
        st.session_state[session_keys.KNOWLEDGE_NOTICE] = action()
    except AppError as error:
        st.session_state[session_keys.WINDOW_FAILURE] = error
    else:
        close_window()


def confirm(title: str, words: str, label: str, action: Callable[[], str], *, icon: str) -> None:
    """Open a window that asks before it acts; for callbacks."""

    def draw() -> None:
        st.markdown(words)
        st.button(
            label,
            key=session_keys.CONFIRM_BUTTON,
            type="primary",
            icon=icon,
            on_click=act,
            args=(action,),
        )

    open_window(Window(title, draw, icon))


def draw_notice() -> None:
    """Say once what the last action did."""
    notice = st.session_state.pop(session_keys.KNOWLEDGE_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check_circle:")
    warning = st.session_state.pop(session_keys.KNOWLEDGE_WARNING, None)
    if warning:
        st.warning(warning, icon=":material/warning:")


def _draw() -> None:
    window: Window | None = st.session_state.get(session_keys.WINDOW)
    if window is None:
        # Closed from within: the page behind shows what came of it.
        st.rerun()
    with errors_shown():
        window.draw()
    failure: AppError | None = st.session_state.pop(session_keys.WINDOW_FAILURE, None)
    if failure is not None:
        show_error(failure)
