"""One document: its state, what can be done with it, and its preview, text, details and versions."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import streamlit as st

from components import session_keys
from components.document_actions import enable, open_delete, open_disable
from components.document_details_form import draw_details_form
from components.document_editor import draw_text_editor
from components.document_history import draw_history
from components.document_preview import draw_preview
from components.document_replacing import open_replacing
from components.document_words import STATES, WAITING_ICON, WAITING_WORDS, Waiting, counted, format_name, person_words
from components.frame import Viewer, tenant_address
from components.knowledge_window import act
from components.markdown_text import in_one_line
from components.open_document import close_document
from components.times import ago, day
from components.wiring import Services
from services.errors import NotFoundError
from services.knowledge.curated_words import CURATED_MEDIA_TYPE
from services.knowledge.models import Chunk, DocumentEntry, DocumentState, DocumentVersion

IMPROVE_PAGE = "../pages/improve_answers.py"
_PREVIEW, _TEXT, _DETAILS, _VERSIONS = "Preview", "Edit text", "Details", "Versions"


def draw_document(app: Services, person: Viewer, document_id: str, place: int | None, waiting: Waiting | None) -> None:
    """Draw the document in the place of the list.

    Args:
        place: Offset in its text, in characters, to show and mark.
        waiting: Why its newest version does not answer yet; None when it does.
    """
    st.button(
        "All documents",
        key=session_keys.DOCUMENT_BACK,
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=close_document,
    )
    try:
        entry = app.documents.get_entry(person.account, person.tenant.id, document_id)
    except NotFoundError:
        st.warning(
            "**This document is not in this knowledge base.**  \nIt belongs to another tenant, or its name is another "
            "one now. Search for it in the list.",
            icon=":material/search_off:",
        )
        return
    stored = app.documents.get_version(person.account, person.tenant.id, document_id)
    st.header(in_one_line(entry.title), anchor=False)
    _draw_state(entry, waiting)
    _draw_actions(app, person, entry, stored)
    deleted, curated = entry.state is DocumentState.DELETED, entry.media_type == CURATED_MEDIA_TYPE
    labels = [_PREVIEW, _VERSIONS] if deleted or curated else [_PREVIEW, _TEXT, _DETAILS, _VERSIONS]
    tabs = st.tabs(labels, key=session_keys.DOCUMENT_TAB + document_id, on_change="rerun")
    for label, tab in zip(labels, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if label == _PREVIEW:
                draw_preview(stored, _chunks(app, person.tenant.id, document_id, stored.version), place)
            elif label == _TEXT:
                draw_text_editor(app, person, entry, stored)
            elif label == _DETAILS:
                draw_details_form(app, person, entry, stored)
            else:
                draw_history(app, person, entry)


@st.cache_data(max_entries=16, show_spinner="Cutting the text into chunks …")
def _chunks(_app: Services, tenant_id: str, document_id: str, version: int) -> list[Chunk]:
    return _app.documents.chunks_of(_app.knowledge.get_document(tenant_id, document_id, version))


def _draw_state(entry: DocumentEntry, waiting: Waiting | None) -> None:
    words = STATES[entry.state]
    badges, meaning = [words.badge], words.meaning
    if waiting is not None and entry.state is not DocumentState.DELETED:
        label, explanation = WAITING_WORDS[waiting]
        badges.append(f":orange-badge[{WAITING_ICON} {label}]")
        if entry.state is DocumentState.IN_USE:
            badges, meaning = badges[waiting is Waiting.NEW :], explanation
    facts = [
        format_name(entry.media_type),
        f"version {entry.version}",
        counted(entry.chunk_count, "chunk"),
        f"changed {ago(entry.changed_at)} {person_words(entry.changed_by)}",
    ]
    if entry.details.valid_from:
        facts.append(f"valid from {day(entry.details.valid_from)}")
    if entry.details.valid_until:
        facts.append(f"valid until {day(entry.details.valid_until)}")
    if entry.details.owner:
        facts.append(f"owner {in_one_line(entry.details.owner)}")
    st.markdown(f"{' '.join(badges)} :small[{meaning}]  \n:small[:gray[{' · '.join(facts)}]]")


def _draw_actions(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion) -> None:
    key = session_keys.DOCUMENT_ACTION
    with st.container(horizontal=True, gap="xsmall"):
        if entry.media_type == CURATED_MEDIA_TYPE:
            st.page_link(
                IMPROVE_PAGE,
                label="Edit under Improve answers",
                icon=":material/edit:",
                query_params=tenant_address(person),
            )
        elif entry.state is not DocumentState.DELETED:
            st.button(
                "Replace with a file",
                key=f"{key}replace",
                icon=":material/swap_horiz:",
                on_click=open_replacing,
                args=(app, person, entry),
            )
        st.download_button(
            "Original file",
            data=lambda: app.knowledge.original_file(person.tenant.id, stored),
            file_name=PurePosixPath(stored.document.source_name or stored.document.id).name,
            mime=stored.document.media_type,
            key=f"{key}original",
            icon=":material/download:",
            on_click="ignore",
        )
        if entry.url and urlsplit(entry.url).scheme in {"http", "https"}:
            st.link_button("Open original", entry.url, icon=":material/open_in_new:")
        if entry.state is DocumentState.DISABLED:
            st.button(
                "Enable",
                key=f"{key}enable",
                icon=":material/check_circle:",
                on_click=act,
                args=(lambda: enable(app, person, [entry]),),
            )
        elif entry.state is not DocumentState.DELETED:
            st.button(
                "Disable",
                key=f"{key}disable",
                icon=":material/block:",
                on_click=open_disable,
                args=(app, person, [entry]),
            )
        if entry.state is not DocumentState.DELETED:
            st.button(
                "Delete",
                key=f"{key}delete",
                icon=":material/delete:",
                on_click=open_delete,
                args=(app, person, [entry]),
            )
