"""Imports and builds of a tenant: those that run first, each with its files, warnings and failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.job_progress import draw_job, job_state_markdown
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.jobs.models import ItemStatus, Job, JobItem

_FOLDED_AFTER = 1
_MOST_WARNINGS = 50


def draw_imports(app: Services, person: Viewer, jobs: Sequence[Job]) -> None:
    """Draw the jobs: what runs and the newest one open, the others folded to a line."""
    if not jobs:
        st.info(
            "**Nothing was imported here yet.**  \nAdd documents; how every file fares will stand here.",
            icon=":material/cloud_upload:",
        )
        return
    ordered = sorted(jobs, key=lambda job: (not job.status.live, -job.created_at.timestamp()))
    for at, job in enumerate(ordered):
        if job.status.live or at < _FOLDED_AFTER:
            _draw_open(app, person, job)
            continue
        folded = st.expander(
            f"{in_one_line(job.title)} · {ago(job.created_at)} · {job_state_markdown(job)}",
            key=session_keys.IMPORT_JOB + job.id,
            on_change="rerun",
        )
        if folded.open:
            with folded:
                _draw_open(app, person, job)


def _draw_open(app: Services, person: Viewer, job: Job) -> None:
    draw_job(
        app.jobs,
        person.tenant.id,
        job.id,
        describe=item_words,
        nouns=("file", "files"),
        conclude=lambda ended: result_words(ended.result) if ended.result else "",
    )
    if job.counts[ItemStatus.DONE]:
        _draw_warnings(app.jobs.list_items(person.tenant.id, job.id, status=ItemStatus.DONE, limit=1000))


def item_words(item: JobItem) -> str:
    """What came of a file, such as "2 documents, 14 chunks, 1 warning"."""
    result = item.result
    counts = [
        (int(result.get("documents", 0)), "document"),
        (int(result.get("unchanged", 0)), "unchanged document"),
        (int(result.get("chunks", 0)), "chunk"),
        (len(result.get("warnings", ())), "warning"),
        (len(result.get("failures", ())), "failure"),
    ]
    return ", ".join(counted(count, noun) for count, noun in counts if count) or "Nothing was loaded"


def result_words(result: Mapping[str, Any]) -> str:
    """What a job ended with: the draft that was built, or why none was."""
    if result.get("skipped"):
        return str(result["skipped"])
    if result.get("snapshot") is None:
        return ""
    made = f"{counted(int(result['documents']), 'document')}, {counted(int(result['chunks']), 'chunk')}"
    reused = f", {int(result['reused']):,} vectors reused" if result.get("reused") else ""
    return f"Version {result['snapshot']} was built: {made}{reused}."


def _draw_warnings(items: Sequence[JobItem]) -> None:
    lines = [
        f"- **{in_one_line(one['file'] or item.name)}**: {in_one_line(one['cause'] + ' ' + one['remedy'])}"
        for item in items
        for one in (*item.result.get("failures", ()), *item.result.get("warnings", ()))
    ]
    if not lines:
        return
    with st.expander(f"{counted(len(lines), 'warning')}", expanded=len(lines) <= 5, icon=":material/warning:"):
        st.markdown("\n".join(lines[:_MOST_WARNINGS]))
        if len(lines) > _MOST_WARNINGS:
            st.caption(f"The first {_MOST_WARNINGS} of {len(lines):,} are shown; the report holds all.")
