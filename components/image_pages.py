"""A long list page by page: a pager above it and one below, which leads back to the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from components.image_sight import bring_into_sight, draw_place

_Item = TypeVar("_Item")

_MOST_NUMBERS = 5  # more do not fit beside each other on a phone


def draw_pager(key: str, items: Sequence[_Item], length: int) -> Sequence[_Item]:
    """Draw the pager above a list, where it has several pages.

    Args:
        key: Its key in the session state, where the page stays for the session.
        length: How many items a page has.

    Returns:
        The items of the page that is chosen.
    """
    pages = _page_count(items, length)
    page = min(st.session_state.get(key, 1), pages)
    if pages > 1:
        st.session_state[key] = page
        # Not beside each other: a pager in a row measures itself too narrow, and leaves out pages that would fit.
        with st.container(gap=None):
            draw_place(key)
            st.pagination(pages, key=key, max_visible_pages=_MOST_NUMBERS, persist_state="session")
    return items[(page - 1) * length : page * length]


def draw_pager_below(key: str, items: Sequence[_Item], length: int) -> None:
    """Draw the pager below the list that :func:`draw_pager` began."""
    pages = _page_count(items, length)
    if pages == 1:
        return
    below = f"{key}.below"
    st.session_state[below] = st.session_state[key]

    def turn() -> None:
        st.session_state[key] = st.session_state[below]
        bring_into_sight(key)

    st.pagination(pages, key=below, max_visible_pages=_MOST_NUMBERS, on_change=turn)


def _page_count(items: Sequence[_Item], length: int) -> int:
    return max(1, -(-len(items) // length))
