"""Which document is open: the address says it, so that links and reloads keep it."""

from __future__ import annotations

import streamlit as st

from components import session_keys


def opened_document() -> tuple[str, int | None] | None:
    """Id of the document that the address names and, where given, the place in its text, in characters."""
    document_id = st.query_params.get(session_keys.OPEN_DOCUMENT)
    if not document_id:
        return None
    place = st.query_params.get(session_keys.DOCUMENT_PLACE, "")
    return document_id, int(place) if place.isdecimal() and len(place) < 10 else None


def open_document(document_id: str, place: int | None = None) -> None:
    """Open a document, at a place when given; for callbacks."""
    st.query_params[session_keys.OPEN_DOCUMENT] = document_id
    if place is None:
        st.query_params.pop(session_keys.DOCUMENT_PLACE, None)
    else:
        st.query_params[session_keys.DOCUMENT_PLACE] = str(place)


def close_document() -> None:
    """Go back to the list; for callbacks."""
    st.query_params.pop(session_keys.OPEN_DOCUMENT, None)
    st.query_params.pop(session_keys.DOCUMENT_PLACE, None)


def forget_other_tenant(tenant_id: str) -> None:
    """Close what was open for another tenant; a page calls this first. A link to a document of this one stays."""
    document_id = st.query_params.get(session_keys.OPEN_DOCUMENT)
    before: tuple[str, str | None] | None = st.session_state.get(session_keys.KNOWLEDGE_TENANT)
    st.session_state[session_keys.KNOWLEDGE_TENANT] = (tenant_id, document_id)
    if before is None or before[0] == tenant_id:
        return
    if document_id == before[1]:
        close_document()
    for key in (session_keys.WINDOW, session_keys.KNOWLEDGE_NOTICE, session_keys.KNOWLEDGE_WARNING):
        st.session_state.pop(key, None)
    st.session_state[session_keys.LIST_ROUND] = st.session_state.get(session_keys.LIST_ROUND, 0) + 1
