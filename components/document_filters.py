"""Which documents the list shows, in which order; the choice outlives a look into a document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import streamlit as st

from components import session_keys
from components.document_words import FORMATS, STATES
from services.knowledge.models import DocumentFilter, DocumentState

SOON_DAYS: Final = 30
BY_TITLE, BY_CHANGE = "By title", "Last changed first"
_CHOICES = ("states", "formats", "product", "owner", "soon")


def draw_filters(products: Sequence[str], owners: Sequence[str], *, today: date) -> DocumentFilter:
    """Draw the search box, the filters behind a button and the order; returns what they choose.

    Args:
        products: Those that occur in the tenant's documents, to choose from.
        owners: The same for the people who answer for documents.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search documents",
            key=_key("words"),
            placeholder="Search titles and texts",
            label_visibility="collapsed",
            icon=":material/search:",
            width="stretch",
            persist_state="session",
            on_change=first_page,
        )
        count = _chosen_count()
        with st.popover(f"Filter ({count})" if count else "Filter", icon=":material/filter_list:"):
            _draw_choices(products, owners)
        st.selectbox(
            "Order",
            [BY_TITLE, BY_CHANGE],
            key=_key("order"),
            label_visibility="collapsed",
            width=190,
            persist_state="session",
            on_change=first_page,
        )
    return _chosen(today)


def first_page() -> None:
    """Go back to the first page of the list and forget what was selected; for callbacks.

    Widgets of a new round are new ones: a browser keeps the value of an old one whatever the session says.
    """
    st.session_state[session_keys.LIST_ROUND] = st.session_state.get(session_keys.LIST_ROUND, 0) + 1


def clear_filters() -> None:
    """Show all documents again; for callbacks."""
    empty: dict[str, object] = {"words": "", "states": [], "formats": [], "product": None, "owner": None, "soon": False}
    for name, value in empty.items():
        st.session_state[_key(name)] = value
    first_page()


def is_filtered(chosen: DocumentFilter) -> bool:
    """Whether the choice leaves documents out."""
    return bool(chosen.words.split()) or _chosen_count() > 0


def _draw_choices(products: Sequence[str], owners: Sequence[str]) -> None:
    st.multiselect(
        "State",
        list(STATES),
        format_func=lambda state: STATES[state].label,
        key=_key("states"),
        placeholder="All but deleted",
        persist_state="session",
        on_change=first_page,
    )
    st.multiselect(
        "Format",
        list(FORMATS),
        format_func=lambda media_type: FORMATS[media_type],
        key=_key("formats"),
        placeholder="All",
        persist_state="session",
        on_change=first_page,
    )
    for name, label, values in (("product", "Product", products), ("owner", "Owner", owners)):
        st.selectbox(
            label,
            _with_current(name, values),
            index=None,
            key=_key(name),
            placeholder="All",
            persist_state="session",
            on_change=first_page,
        )
    st.checkbox(
        f"Expires within {SOON_DAYS} days, or has expired",
        key=_key("soon"),
        persist_state="session",
        on_change=first_page,
    )
    st.button("Clear", key=_key("clear"), icon=":material/filter_alt_off:", type="tertiary", on_click=clear_filters)


def _with_current(name: str, values: Sequence[str]) -> list[str]:
    """The choices, with the chosen one even when no document has it any more."""
    current = st.session_state.get(_key(name))
    return list(values) if current is None or current in values else [current, *values]


def _chosen(today: date) -> DocumentFilter:
    choice = {name: st.session_state.get(_key(name)) for name in ("words", "order", *_CHOICES)}
    states: list[DocumentState] = choice["states"] or []
    formats: list[str] = choice["formats"] or []
    return DocumentFilter(
        words=choice["words"] or "",
        states=frozenset(states),
        media_types=frozenset(formats),
        product=choice["product"],
        owner=choice["owner"],
        expires_before=today + timedelta(days=SOON_DAYS + 1) if choice["soon"] else None,
        newest_first=choice["order"] == BY_CHANGE,
    )


def _chosen_count() -> int:
    return sum(bool(st.session_state.get(_key(name))) for name in _CHOICES)


def _key(name: str) -> str:
    return session_keys.LIST_FIELD + name
