"""Where the knowledge base stands, in one glance: what answers, what would answer next, what is being worked on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.document_words import Waiting, counted, person_words
from components.frame import Viewer
from components.golden_words import golden_badges
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.jobs.models import Job
from services.knowledge.models import Snapshot
from services.knowledge.publishing import DocumentChange, DocumentChanges, KnowledgeOverview

_MOST_TITLES = 40
_MOST_JOBS = 3
_SECONDS_BETWEEN_LOOKS = 3


def draw_state(app: Services, person: Viewer, overview: KnowledgeOverview, running: Sequence[Job]) -> None:
    """Draw the state; while jobs run it looks after them, and the page is drawn again when one ends.

    Args:
        running: Jobs of the tenant that have not ended.
    """
    if overview.trouble:
        st.error(f"**The live version has a problem.**  \n{in_one_line(overview.trouble)}", icon=":material/error:")
    live, following, work = st.columns([3, 4, 3], gap="medium")
    with live.container(gap="xsmall"):
        _draw_live(app, person, overview)
    with following.container(gap="xsmall"):
        _draw_following(app, person, overview, busy=bool(running))
    with work.container(gap="xsmall"):
        st.caption("Being worked on")
        every = _SECONDS_BETWEEN_LOOKS if running else None
        st.fragment(_draw_work, run_every=every, key=session_keys.KNOWLEDGE_WORK)(app, person, overview, running)
    if overview.needs_full_index:
        st.info(
            f"**The next draft takes longer than usual.**  \n{in_one_line(overview.needs_full_index)}",
            icon=":material/published_with_changes:",
        )


def waiting_documents(overview: KnowledgeOverview) -> dict[str, Waiting]:
    """Documents whose newest version does not answer yet, by id."""
    new = {change.document_id: Waiting.NEW for change in overview.unpublished.added}
    return new | {change.document_id: Waiting.CHANGED for change in overview.unpublished.changed}


def changes_words(changes: DocumentChanges) -> str:
    """How many documents differ, such as "2 added, 1 changed"."""
    parts = ((changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed"))
    return ", ".join(f"{len(part):,} {word}" for part, word in parts if part) or "no document differs"


def draw_changes(changes: DocumentChanges) -> None:
    """Draw the titles of the documents that differ."""
    for part, label, icon in (
        (changes.added, "Added", ":material/add:"),
        (changes.changed, "Changed", ":material/edit:"),
        (changes.removed, "Removed", ":material/remove:"),
    ):
        if part:
            st.markdown(f"{icon} **{label} ({len(part):,})**  \n{_titles(part)}")


def _titles(changes: Sequence[DocumentChange]) -> str:
    titles = [in_one_line(change.title, 100) for change in changes[:_MOST_TITLES]]
    if len(changes) > _MOST_TITLES:
        titles.append(f"and {len(changes) - _MOST_TITLES:,} more")
    return "  \n".join(titles)


def _draw_live(app: Services, person: Viewer, overview: KnowledgeOverview) -> None:
    live = overview.live
    st.caption("Answers now")
    if live is None:
        st.markdown(":gray-badge[:material/hourglass_empty: Nothing is published]")
        st.markdown(":small[Agents get no answers until a version is published.]")
        return
    st.markdown(f":green-badge[:material/check_circle: Version {live.number} is live]")
    newest = next(iter(app.publishing.history(person.account, person.tenant.id)), None)
    published = f"Published {ago(newest.at)} {person_words(newest.username)}" if newest else ""
    st.markdown(f":small[{_contents(live)}]  \n:small[:gray[{published}]]")
    if overview.hidden_count:
        verb = "does" if overview.hidden_count == 1 else "do"
        st.markdown(
            f":small[{counted(overview.hidden_count, 'document')} of it {verb} not answer: disabled, deleted or not "
            "valid today.]"
        )


def _draw_following(app: Services, person: Viewer, overview: KnowledgeOverview, *, busy: bool) -> None:
    st.caption("Would answer next")
    draft, live = overview.draft, overview.live.number if overview.live else None
    if draft is not None:
        changes = overview.unpublished
        if overview.unbuilt.count:
            changes = app.publishing.changes(person.account, person.tenant.id, draft.number, live)
        st.markdown(f":blue-badge[:material/edit_note: Version {draft.number} is a draft]")
        contents = f"{_contents(draft)}: {changes_words(changes)}"
        reused = f", {draft.reused_count:,} vectors reused" if draft.reused_count else ", all embedded anew"
        made = f"Built {ago(draft.created_at)} {person_words(draft.created_by)}{reused}"
        st.markdown(f":small[{contents}]  \n:small[:gray[{made}]]")
        golden = app.golden_runs.compare_kept(person.tenant.id, draft.number, live)
        if golden is not None:
            st.markdown(golden_badges(golden))
    if overview.unbuilt.count:
        st.markdown(
            f":orange-badge[:material/pending_actions: {counted(overview.unbuilt.count, 'document')} not in a version]"
        )
        way = "What runs brings this in." if busy else "Build a draft to bring this in."
        st.markdown(f":small[{_sentence(changes_words(overview.unbuilt))} {way}]")
    elif draft is None and busy:
        st.markdown(":blue-badge[:material/sync: A draft is in the making]")
    elif draft is None:
        st.markdown(":gray-badge[:material/done_all: Nothing waits]")
        st.markdown(":small[All documents are in the live version.]" if overview.live else ":small[No documents yet.]")


def _draw_work(app: Services, person: Viewer, overview: KnowledgeOverview, running: Sequence[Job]) -> None:
    jobs = [app.jobs.get(person.tenant.id, job.id) for job in running]
    if any(not job.status.live for job in jobs):
        st.rerun()
    if overview.building is not None:
        st.markdown(f":blue-badge[:material/construction: Version {overview.building.number} is being built]")
    for job in jobs[:_MOST_JOBS]:
        progress = f", {job.ended_count:,} of {job.item_count:,}" if job.item_count else ""
        stage = f", {job.stage}" if job.finishing and job.stage else ""
        st.markdown(f":blue-badge[:material/sync: {in_one_line(job.title, 60)}{progress}{stage}]")
    if len(jobs) > _MOST_JOBS:
        st.markdown(f":small[and {len(jobs) - _MOST_JOBS} more]")
    if not jobs and overview.building is None:
        st.markdown(":gray-badge[:material/bedtime: Nothing]")


def _contents(snapshot: Snapshot) -> str:
    return f"{counted(snapshot.document_count, 'document')}, {counted(snapshot.chunk_count, 'chunk')}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
