"""The versions of a knowledge base, and who published which when and why."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted, person_words
from components.frame import Viewer
from components.knowledge_publishing import open_publishing, open_roll_back
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.knowledge.models import Publication, Snapshot, SnapshotStatus
from services.knowledge.publishing import KnowledgeOverview

STATUSES = {
    SnapshotStatus.BUILDING: ("Being built", ":material/construction:", "blue"),
    SnapshotStatus.DRAFT: ("Draft", ":material/edit_note:", "blue"),
    SnapshotStatus.PUBLISHED: ("Live", ":material/check_circle:", "green"),
    SnapshotStatus.RETIRED: ("Answered before", ":material/history:", "gray"),
    SnapshotStatus.FAILED: ("Failed", ":material/error:", "red"),
}
_SHOWN = 10


def draw_versions(app: Services, person: Viewer, overview: KnowledgeOverview) -> None:
    """Draw versions and publications, with the way back."""
    versions = app.publishing.list_snapshots(person.account, person.tenant.id)
    if not versions:
        st.info(
            "**There is no version yet.**  \nAdd documents; the import ends with the first draft.",
            icon=":material/inventory_2:",
        )
        return
    history = app.publishing.history(person.account, person.tenant.id)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Versions", anchor=False)
        _draw_roll_back(app, person, overview)
        _draw_list(app, person, overview, versions)
    with right:
        st.subheader("Publications", anchor=False)
        _draw_publications(history)


def _draw_roll_back(app: Services, person: Viewer, overview: KnowledgeOverview) -> None:
    if overview.live is None or overview.roll_back_to is None:
        return
    st.button(
        f"Roll back to version {overview.roll_back_to}",
        key=session_keys.ROLL_BACK_BUTTON,
        icon=":material/undo:",
        on_click=open_roll_back,
        args=(app, person, overview.live.number, overview.roll_back_to),
    )


def _draw_list(app: Services, person: Viewer, overview: KnowledgeOverview, versions: Sequence[Snapshot]) -> None:
    everything = len(versions) <= _SHOWN or st.toggle(
        f"Show all {len(versions):,}", key=f"{session_keys.VERSION_BUTTON}all"
    )
    live = overview.live.number if overview.live else None
    for version in versions if everything else versions[:_SHOWN]:
        label, icon, color = STATUSES[version.status]
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(
                f"**Version {version.number}** :{color}-badge[{icon} {label}]  \n:small[{_facts(version)}]",
                width="stretch",
            )
            if version.status in {SnapshotStatus.DRAFT, SnapshotStatus.RETIRED}:
                st.button(
                    "Publish" if version.status is SnapshotStatus.DRAFT else "Publish again",
                    key=f"{session_keys.VERSION_BUTTON}publish.{version.number}",
                    icon=":material/publish:",
                    on_click=open_publishing,
                    args=(app, person, version.number, live),
                )
            elif version.status is SnapshotStatus.FAILED and version is versions[0]:
                st.button(
                    "Build draft again",
                    key=f"{session_keys.VERSION_BUTTON}again",
                    icon=":material/refresh:",
                    on_click=build_draft,
                    args=(app, person),
                )
        if version.status is SnapshotStatus.FAILED and version.failure:
            st.markdown(f":small[:red[{in_one_line(version.failure)}]]")


def build_draft(app: Services, person: Viewer) -> None:
    """Start building a draft of the documents as they are; for callbacks."""
    app.ingestion.submit_build(person.account, person.tenant.id)
    st.session_state[session_keys.KNOWLEDGE_NOTICE] = (
        "A draft is being built. It goes on without you, even when you close this page."
    )


def _draw_publications(history: Sequence[Publication]) -> None:
    if not history:
        st.caption("Nothing was published yet.")
    for publication in history[:_SHOWN]:
        replaced = f", in the place of version {publication.replaced}" if publication.replaced is not None else ""
        reason = f"  \n:small[“{in_one_line(publication.reason, 200)}”]" if publication.reason else ""
        st.markdown(
            f"**Version {publication.number}**{replaced}  \n"
            f":small[:gray[{ago(publication.at)} {person_words(publication.username)}]]{reason}"
        )


def _facts(version: Snapshot) -> str:
    facts = []
    if version.status not in {SnapshotStatus.BUILDING, SnapshotStatus.FAILED}:
        facts += [counted(version.document_count, "document"), counted(version.chunk_count, "chunk")]
    facts.append(f"{'begun' if not facts else 'built'} {ago(version.created_at)} {person_words(version.created_by)}")
    return " · ".join(facts)
