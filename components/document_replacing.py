"""Replaces a document with a file; its id, and so every link to it, stays."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_words import ANSWERS_ONCE_PUBLISHED
from components.frame import Viewer
from components.knowledge_window import Window, act, open_window
from components.wiring import Services
from services.errors import InputError
from services.knowledge.loading.formats import SUPPORTED
from services.knowledge.models import DocumentEntry


def open_replacing(app: Services, person: Viewer, entry: DocumentEntry) -> None:
    """Open the window; for callbacks."""
    open_window(Window("Replace with a file", lambda: _draw(app, person, entry), ":material/swap_horiz:", "medium"))


def _draw(app: Services, person: Viewer, entry: DocumentEntry) -> None:
    key = f"{session_keys.DOCUMENT_FILE}{entry.document_id}.{entry.version}"
    file = st.file_uploader("File", key=key, label_visibility="collapsed")
    st.caption(
        f"{SUPPORTED}; one document in the file. It becomes version {entry.version + 1} of this document. Earlier "
        "answers keep the version that they quote."
    )
    st.button(
        "Replace",
        type="primary",
        icon=":material/swap_horiz:",
        disabled=file is None,
        key=f"{session_keys.DOCUMENT_FILE}replace",
        on_click=act,
        args=(lambda: _replace(app, person, entry, key),),
    )


def _replace(app: Services, person: Viewer, entry: DocumentEntry, key: str) -> str:
    file = st.session_state.get(key)
    if file is None:
        raise InputError("No file is chosen.", remedy="Choose a file, then replace.")
    saved = app.documents.replace_document(
        person.account,
        person.tenant.id,
        entry.document_id,
        file.name,
        file.getvalue(),
        expected_version=entry.version,
    )
    return f"Replaced with version {saved.version}. {ANSWERS_ONCE_PUBLISHED}"
