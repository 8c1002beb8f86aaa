"""The window that sets some details of many documents and leaves the others as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from components import session_keys
from components.document_filters import first_page
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import Window, act, open_window
from components.wiring import Services
from services.errors import InputError
from services.knowledge.documents import LONGEST_DETAIL_CHARACTERS
from services.knowledge.models import DocumentDetails, DocumentEntry

FIELDS = {
    "owner": "Owner",
    "product": "Product",
    "audience": "Audience",
    "valid_from": "Valid from",
    "valid_until": "Valid until",
}
HINTS = {
    "owner": "Who answers for it",
    "product": "Product or line of business",
    "audience": "Who may be told, such as patients",
    "valid_from": "First day on which it answers",
    "valid_until": "Last day on which it answers",
}
_KEY = session_keys.BULK_FIELD


def open_bulk_details(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> None:
    """Open the window; for callbacks."""
    st.session_state.pop(f"{_KEY}which", None)
    open_window(
        Window(
            f"Set details of {counted(len(chosen), 'document')}",
            lambda: _draw(app, person, chosen),
            ":material/label:",
        )
    )


def draw_detail_field(name: str, *, key: str, value: Any = None) -> None:
    """Draw the input of one detail."""
    if name.startswith("valid"):
        st.date_input(FIELDS[name], value=value, key=key, help=HINTS[name], format="YYYY-MM-DD")
    else:
        st.text_input(
            FIELDS[name], value=value or "", key=key, placeholder=HINTS[name], max_chars=LONGEST_DETAIL_CHARACTERS
        )


def _draw(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> None:
    which = st.multiselect(
        "Which details?",
        list(FIELDS),
        format_func=lambda name: FIELDS[name],
        key=f"{_KEY}which",
        placeholder="Choose what to set; the rest stays",
    )
    for name in which:
        draw_detail_field(name, key=_KEY + name)
    if which:
        st.caption("A field that is left empty is emptied. Dates apply to the next question.")
    st.button(
        "Set",
        type="primary",
        icon=":material/check:",
        disabled=not which,
        key=session_keys.BULK_BUTTON,
        on_click=act,
        args=(lambda: _set(app, person, chosen),),
    )


def _set(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> str:
    which = st.session_state.get(f"{_KEY}which") or []
    if not which:
        raise InputError("No detail is chosen.", remedy="Choose what to set.")
    values = {name: st.session_state.get(_KEY + name) or None for name in which}
    for details, ids in grouped(chosen, values).items():
        app.documents.set_details(person.account, person.tenant.id, ids, details)
    for name in ("which", *which):
        st.session_state.pop(_KEY + name, None)
    first_page()
    return f"Set {', '.join(FIELDS[name].lower() for name in which)} of {counted(len(chosen), 'document')}."


def grouped(chosen: Sequence[DocumentEntry], values: Mapping[str, Any]) -> dict[DocumentDetails, list[str]]:
    """Ids of the documents by what their details will be, so that each kind is one change."""
    groups: dict[DocumentDetails, list[str]] = {}
    for entry in chosen:
        groups.setdefault(replace(entry.details, **values), []).append(entry.document_id)
    return groups
