"""Edits the text of one document; what was typed is never lost to somebody else's change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from components import session_keys
from components.document_difference import draw_document_difference
from components.document_words import ANSWERS_ONCE_PUBLISHED
from components.error_notice import show_error
from components.frame import Viewer
from components.wiring import Services
from services.errors import AppError, ConflictError
from services.knowledge.models import DocumentEntry, DocumentVersion

# A browser's text field gets slow beyond this; so long a document is a file, and is replaced as one.
LONGEST_EDITED_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has typed, kept while they look at other tabs.

    Attributes:
        base_version: The version that the typing began on.
        original: The text of that version.
    """

    base_version: int
    original: str
    text: str
    failure: AppError | None = None


def draw_text_editor(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion) -> None:
    """Draw the text as Markdown in a field, with what saving would change."""
    if entry.character_count > LONGEST_EDITED_CHARACTERS:
        st.info(
            f"**This document is too long to edit here** ({entry.character_count:,} characters).  \nEdit the original "
            "file, then replace the document with it.",
            icon=":material/info:",
        )
        return
    draft = _draft(app, stored)
    if isinstance(draft.failure, ConflictError) and stored.version != draft.base_version:
        _draw_conflict(app, person, entry, stored, draft)
    elif draft.failure is not None:
        show_error(draft.failure)
    elif stored.version != draft.base_version:
        st.warning(
            f"**Version {stored.version} was saved after you began.**  \nYour text is kept; saving it will ask you "
            "what to do.",
            icon=":material/sync_problem:",
        )
    key = session_keys.DOCUMENT_TEXT + entry.document_id
    st.session_state.setdefault(key, draft.text)
    st.text_area(
        "Text",
        key=key,
        height=440,
        label_visibility="collapsed",
        on_change=_keep_typed,
        args=(entry.document_id,),
    )
    st.caption("Markdown. Headings begin with # and become the sections that answers name.")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Save as new version",
            key=f"{key}.save",
            type="primary",
            icon=":material/save:",
            on_click=_save,
            args=(app, person, entry, draft.base_version),
        )
        if draft.text != draft.original:
            st.button(
                "Discard",
                key=f"{key}.discard",
                icon=":material/undo:",
                on_click=_discard,
                args=(entry.document_id,),
            )
    if draft.text != draft.original and draft.failure is None:
        with st.expander("What saving changes", icon=":material/difference:"):
            draw_document_difference(draft.original, draft.text)


def _draw_conflict(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion, draft: Draft) -> None:
    theirs = app.documents.markdown_of(stored)
    st.warning(
        f"**Somebody else saved version {stored.version} while you edited.**  \nNothing is lost: your text is in the "
        "field below. Compare, then choose.",
        icon=":material/sync_problem:",
    )
    with st.expander("From their version to your text", expanded=True, icon=":material/difference:"):
        draw_document_difference(theirs, draft.text)
    with st.container(horizontal=True, gap="small"):
        st.button(
            f"Save mine over version {stored.version}",
            key=f"{session_keys.DOCUMENT_TEXT}{entry.document_id}.mine",
            icon=":material/save:",
            on_click=_save,
            args=(app, person, entry, stored.version),
        )
        st.button(
            "Take theirs",
            key=f"{session_keys.DOCUMENT_TEXT}{entry.document_id}.theirs",
            icon=":material/undo:",
            on_click=_discard,
            args=(entry.document_id,),
        )


def _draft(app: Services, stored: DocumentVersion) -> Draft:
    key = session_keys.DOCUMENT_EDIT + stored.document.id
    draft: Draft | None = st.session_state.get(key)
    if draft is None or (draft.base_version != stored.version and draft.text == draft.original):
        text = app.documents.markdown_of(stored)
        draft = Draft(stored.version, text, text)
        st.session_state[key] = draft
        st.session_state.pop(session_keys.DOCUMENT_TEXT + stored.document.id, None)
    return draft


def _keep_typed(document_id: str) -> None:
    key = session_keys.DOCUMENT_EDIT + document_id
    draft: Draft = st.session_state[key]
    text = st.session_state[session_keys.DOCUMENT_TEXT + document_id]
    st.session_state[key] = replace(draft, text=text, failure=None)


def _save(app: Services, person: Viewer, entry: DocumentEntry, expected_version: int) -> None:
    key = session_keys.DOCUMENT_EDIT + entry.document_id
    draft: Draft = st.session_state[key]
    try:
        saved = app.documents.edit_document(
            person.account,
            person.tenant.id,
            entry.document_id,
            draft.text,
            title=entry.title,
            url=entry.url,
            expected_version=expected_version,
        )
    except AppError as error:
        st.session_state[key] = replace(draft, failure=error)
        return
    _discard(entry.document_id)
    st.session_state[session_keys.KNOWLEDGE_NOTICE] = (
        f"Version {saved.version} is saved. {ANSWERS_ONCE_PUBLISHED}"
        if saved.version != entry.version
        else "Nothing was changed."
    )


def _discard(document_id: str) -> None:
    st.session_state.pop(session_keys.DOCUMENT_EDIT + document_id, None)
    st.session_state.pop(session_keys.DOCUMENT_TEXT + document_id, None)
