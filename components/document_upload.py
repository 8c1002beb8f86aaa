"""The window in which an admin adds documents: files, zips, or one that is written here."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_words import ANSWERS_ONCE_PUBLISHED, counted
from components.frame import Viewer
from components.knowledge_window import Window, act, open_window
from components.markdown_text import in_one_line
from components.open_document import open_document
from components.wiring import Services
from services.errors import InputError
from services.knowledge.documents import LONGEST_TITLE_CHARACTERS
from services.knowledge.ingestion import Upload
from services.knowledge.loading.formats import SUPPORTED

IMPORTS = "Imports"
_MOST_REFUSED = 10
_FILES, _WRITE = "Files", "Write here"


def open_upload(app: Services, person: Viewer) -> None:
    """Open the window; for callbacks."""
    open_window(Window("Add documents", lambda: _draw(app, person), ":material/upload_file:", "medium"))


def submit_uploads(app: Services, person: Viewer, uploads: list[Upload]) -> str:
    """Start an import and lead to it; returns what the page says then."""
    app.ingestion.submit_files(person.account, person.tenant.id, uploads)
    st.session_state[session_keys.KNOWLEDGE_TAB] = IMPORTS
    return (
        f"{counted(len(uploads), 'file')} received. The import goes on without you, even when you close this page; it "
        "ends with a draft to check and publish."
    )


def _draw(app: Services, person: Viewer) -> None:
    files, write = st.tabs([_FILES, _WRITE])
    with files:
        _draw_files(app, person)
    with write:
        _draw_writing(app, person)


def _draw_files(app: Services, person: Viewer) -> None:
    file_megabytes = app.settings.max_file_bytes / 1e6
    archive_megabytes = app.settings.max_archive_bytes / 1e6
    key = f"{session_keys.UPLOAD_FIELD}{st.session_state.get(session_keys.UPLOAD_ROUND, 0)}"
    chosen = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        label_visibility="collapsed",
        key=key,
    )
    st.caption(
        f"{SUPPORTED}; up to {file_megabytes:,.0f} MB a file and {archive_megabytes:,.0f} MB a zip. A file with "
        "the name of a document becomes its next version. Nothing answers before you publish it."
    )
    st.button(
        f"Add {counted(len(chosen), 'file')}" if chosen else "Add files",
        type="primary",
        icon=":material/upload:",
        disabled=not chosen,
        key=session_keys.UPLOAD_BUTTON,
        on_click=act,
        args=(lambda: _submit_files(app, person, key),),
    )


def _submit_files(app: Services, person: Viewer, key: str) -> str:
    chosen = st.session_state.get(key) or []
    uploads, refused = [], []
    for file in chosen:
        try:
            uploads.append(app.ingestion.keep_file(person.account, person.tenant.id, file.name, file.getvalue()))
        except InputError as error:
            refused.append(error)
    if refused and not uploads:
        raise refused[0]
    words = submit_uploads(app, person, uploads)
    if refused:
        st.session_state[session_keys.KNOWLEDGE_WARNING] = _refusal(refused)
    # A new key empties the field, or the same files would wait in it the next time.
    st.session_state[session_keys.UPLOAD_ROUND] = st.session_state.get(session_keys.UPLOAD_ROUND, 0) + 1
    return words


def _refusal(refused: list[InputError]) -> str:
    lines = [f"- {in_one_line(f'{error.message_for_user} {error.remedy}')}" for error in refused[:_MOST_REFUSED]]
    if len(refused) > _MOST_REFUSED:
        lines.append(f"- and {len(refused) - _MOST_REFUSED:,} more")
    return "\n".join([f"**{counted(len(refused), 'file')} refused.**\n", *lines])


def _draw_writing(app: Services, person: Viewer) -> None:
    field = session_keys.UPLOAD_FIELD
    st.text_input("Title", key=f"{field}title", max_chars=LONGEST_TITLE_CHARACTERS)
    st.text_area(
        "Text",
        key=f"{field}text",
        height=260,
        placeholder="Markdown: headings begin with #, lists with -.",
    )
    st.text_input("Address of the original", key=f"{field}url", placeholder="https://… (optional)")
    st.button(
        "Add document",
        type="primary",
        icon=":material/add:",
        key=f"{field}create",
        on_click=act,
        args=(lambda: _create(app, person),),
    )


def _create(app: Services, person: Viewer) -> str:
    values = {name: st.session_state.get(f"{session_keys.UPLOAD_FIELD}{name}", "") for name in ("title", "text", "url")}
    if not values["text"].strip():
        raise InputError("The document has no text.", remedy="Write something, then add it.")
    entry = app.documents.create_document(
        person.account, person.tenant.id, values["title"], values["text"], url=values["url"]
    )
    for name in values:
        st.session_state.pop(f"{session_keys.UPLOAD_FIELD}{name}", None)
    open_document(entry.document_id)
    return f"Added. {ANSWERS_ONCE_PUBLISHED}"
