"""Does what a person asks of a batch, and says where they asked what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from components import session_keys
from components.error_notice import show_error
from components.markdown_text import in_one_line
from services.errors import AppError

Kind = Literal["primary", "secondary", "tertiary"]


def attempt(action: Callable[[], object]) -> bool:
    """Do it, and keep a failure for :func:`draw_outcome`; for callbacks.

    Args:
        action: Returns what is told to the person when it is a text, else nothing is told.

    Returns:
        Whether it was done.
    """
    try:
        words = action()
    except AppError as error:
        st.session_state[session_keys.BATCH_FAILURE] = error
        return False
    if isinstance(words, str) and words:
        st.session_state[session_keys.BATCH_NOTICE] = words
    return True


def action_button(
    label: str,
    action: Callable[[], object],
    *,
    key: str,
    icon: str,
    kind: Kind = "secondary",
    redraws_page: bool = False,
    disabled: bool = False,
    help_text: str | None = None,
) -> None:
    """Draw a button that attempts something.

    Args:
        action: See :func:`attempt`.
        redraws_page: Whether what it did shows outside of the step that it stands in.
    """
    st.button(
        label,
        key=key,
        icon=icon,
        type=kind,
        disabled=disabled,
        help=help_text,
        on_click=_attempt_of,
        args=(key, action),
    )
    if st.session_state.get(session_keys.BATCH_DONE) == key:
        del st.session_state[session_keys.BATCH_DONE]
        if redraws_page:
            st.rerun()


def draw_outcome() -> None:
    """Say once what the last action did, or why it did not."""
    words: str | None = st.session_state.pop(session_keys.BATCH_NOTICE, None)
    if words:
        st.toast(in_one_line(words), icon=":material/check_circle:")
    failure: AppError | None = st.session_state.pop(session_keys.BATCH_FAILURE, None)
    if failure is not None:
        show_error(failure)


def _attempt_of(key: str, action: Callable[[], object]) -> None:
    st.session_state.pop(session_keys.BATCH_DONE, None)
    if attempt(action):
        st.session_state[session_keys.BATCH_DONE] = key
