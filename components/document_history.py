"""The versions of one document: who made them, what changed between two, and the way back."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_difference import draw_document_difference
from components.document_words import ANSWERS_ONCE_PUBLISHED, counted, person_words
from components.frame import Viewer
from components.knowledge_window import confirm
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.knowledge.models import DocumentEntry, DocumentState, VersionEntry


def draw_history(app: Services, person: Viewer, entry: DocumentEntry) -> None:
    """Draw the versions, newest first, and the difference between the two that are chosen."""
    versions = app.documents.list_versions(person.account, person.tenant.id, entry.document_id)
    deleted = entry.state is DocumentState.DELETED
    for version in versions:
        newest = version.version == entry.version
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            mark = " :green-badge[newest]" if newest and not deleted else ""
            st.markdown(
                f"**Version {version.version}**{mark}  \n:small[{_facts(version)}]",
                width="stretch",
            )
            if not newest or deleted:
                st.button(
                    "Restore",
                    key=f"{session_keys.DOCUMENT_VERSIONS}{entry.document_id}.restore.{version.version}",
                    icon=":material/history:",
                    on_click=_open_restore,
                    args=(app, person, entry, version),
                )
    if len(versions) > 1:
        st.divider()
        _draw_comparison(app, person, entry, versions)


def _draw_comparison(app: Services, person: Viewer, entry: DocumentEntry, versions: list[VersionEntry]) -> None:
    numbers = [version.version for version in versions]
    prefix = f"{session_keys.DOCUMENT_VERSIONS}{entry.document_id}.{entry.version}."
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        before = st.selectbox("What changed from version", numbers, index=1, key=f"{prefix}from", width=220)
        after = st.selectbox("to version", numbers, index=0, key=f"{prefix}to", width=160)
    texts = [
        app.documents.markdown_of(
            app.documents.get_version(person.account, person.tenant.id, entry.document_id, number)
        )
        for number in (before, after)
    ]
    draw_document_difference(*texts)


def _open_restore(app: Services, person: Viewer, entry: DocumentEntry, version: VersionEntry) -> None:
    def restore() -> str:
        saved = app.documents.restore(
            person.account, person.tenant.id, entry.document_id, version.version, expected_version=entry.version
        )
        return f"Version {version.version} is restored as version {saved.version}. {ANSWERS_ONCE_PUBLISHED}"

    confirm(
        f"Restore version {version.version}?",
        f"It becomes version {entry.version + 1} of “{in_one_line(version.title, 80)}”. No version is lost.",
        "Restore",
        restore,
        icon=":material/history:",
    )


def _facts(version: VersionEntry) -> str:
    return " · ".join(
        (
            f"{ago(version.loaded_at)} {person_words(version.loaded_by)}",
            in_one_line(version.source_name or "written here", 60),
            counted(version.chunk_count, "chunk"),
            counted(version.character_count, "character"),
        )
    )
