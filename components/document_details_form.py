"""What an admin keeps about one document: title, address, owner, product, audience, dates."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.bulk_details import FIELDS, draw_detail_field
from components.document_words import ANSWERS_ONCE_PUBLISHED
from components.error_notice import show_error
from components.frame import Viewer
from components.wiring import Services
from services.errors import AppError
from services.knowledge.documents import LONGEST_TITLE_CHARACTERS
from services.knowledge.models import DocumentDetails, DocumentEntry, DocumentVersion


def draw_details_form(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion) -> None:
    """Draw the form; saving a title or an address makes a new version, the rest applies to the next question."""
    prefix = f"{session_keys.DOCUMENT_DETAIL}{entry.document_id}.{entry.version}."
    details = entry.details
    with st.form(f"{prefix}form", border=False):
        st.text_input("Title", value=entry.title, key=f"{prefix}title", max_chars=LONGEST_TITLE_CHARACTERS)
        st.text_input(
            "Address of the original", value=entry.url or "", key=f"{prefix}url", placeholder="https://… (optional)"
        )
        left, right = st.columns(2)
        for name, column in zip(FIELDS, (left, right, left, right, left), strict=True):
            with column:
                draw_detail_field(name, key=prefix + name, value=getattr(details, name))
        st.caption(
            "Dates, owner, product and audience apply at once. A new title or address is a new version of the document "
            "and answers once it is published."
        )
        st.form_submit_button(
            "Save details",
            key=f"{prefix}save",
            type="primary",
            icon=":material/save:",
            on_click=_save,
            args=(app, person, entry, stored, prefix),
        )
    failure: AppError | None = st.session_state.pop(f"{prefix}failure", None)
    if failure is not None:
        show_error(failure)


def _save(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion, prefix: str) -> None:
    try:
        st.session_state[session_keys.KNOWLEDGE_NOTICE] = _saved(app, person, entry, stored, prefix)
    except AppError as error:
        st.session_state[f"{prefix}failure"] = error


def _saved(app: Services, person: Viewer, entry: DocumentEntry, stored: DocumentVersion, prefix: str) -> str:
    typed = {name: st.session_state[prefix + name] for name in FIELDS}
    details = DocumentDetails(
        owner=typed["owner"].strip() or None,
        product=typed["product"].strip() or None,
        audience=typed["audience"].strip() or None,
        valid_from=typed["valid_from"],
        valid_until=typed["valid_until"],
    )
    done = []
    if details != entry.details:
        app.documents.set_details(person.account, person.tenant.id, [entry.document_id], details)
        done.append("Details saved; they apply to the next question.")
    title, url = st.session_state[f"{prefix}title"], st.session_state[f"{prefix}url"].strip()
    if " ".join(title.split()) != entry.title or url != (entry.url or ""):
        app.documents.edit_document(
            person.account,
            person.tenant.id,
            entry.document_id,
            app.documents.markdown_of(stored),
            title=title,
            url=url,
            expected_version=entry.version,
        )
        done.append(f"A new version is saved. {ANSWERS_ONCE_PUBLISHED}")
    return " ".join(done) or "Nothing was changed."
