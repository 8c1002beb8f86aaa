"""Topics suggested by the responses to a question: asked for, watched, and taken as a draft to be edited."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.job_progress import draw_job
from components.markdown_text import in_one_line
from components.taxonomy_open import OpenTaxonomy
from components.times import ago
from components.wiring import Services
from services.errors import AppError
from services.jobs.models import Job, JobStatus
from services.surveys.suggesting import FEWEST_TOPICS, MOST_TOPICS
from services.surveys.suggestion_files import TopicSuggestions

TakeSuggestions = Callable[[TopicSuggestions], object]

_WIDTH = 220


def draw_suggesting(app: Services, opened: OpenTaxonomy, take: TakeSuggestions, *, label: str) -> None:
    """Draw how topics are suggested, and what is there already.

    Args:
        take: Called with what a job suggested when the person wants it; may raise AppError.
        label: Of the button that does that.
    """
    tenant_id, suggestions = opened.person.tenant.id, app.surveys.suggestions
    job = suggestions.latest(tenant_id, opened.survey_id, opened.question)
    if job is not None and (job.status.live or job.status is JobStatus.FAILED):
        draw_job(app.jobs, tenant_id, job.id, describe=lambda _: "", nouns=("part", "parts"))
        if job.status.live:
            return
    if job is not None and job.status is JobStatus.DONE:
        _draw_found(app, opened, job, take, label)
    _draw_request(app, opened, again=job is not None and job.status is JobStatus.DONE)


def _draw_found(app: Services, opened: OpenTaxonomy, job: Job, take: TakeSuggestions, label: str) -> None:
    try:
        found = app.surveys.suggestions.read_all(opened.person.tenant.id, job.id)
    except AppError as error:
        st.warning(
            f"**{in_one_line(error.message_for_user)}**  \n{in_one_line(error.remedy)}", icon=":material/warning:"
        )
        return
    st.success(
        f"**{counted(len(found.topics), 'topic')} suggested {ago(job.created_at)}.**  \n{read_words(found)}",
        icon=":material/lightbulb:",
    )
    for note in found.notes:
        st.caption(f":material/info: {in_one_line(note)}")
    action_button(
        label,
        lambda: take(found),
        key=f"{session_keys.SUGGESTION_BUTTON}take.{opened.name}",
        icon=":material/edit_note:",
        kind="primary",
    )


def read_words(found: TopicSuggestions) -> str:
    """What the suggestions were made from."""
    if found.read_count < found.response_count:
        words = f"{found.read_count:,} of {counted(found.response_count, 'response')} were read, drawn evenly"
    else:
        words = f"{counted(found.read_count, 'response')} were read"
    named = f"named by {in_one_line(found.model)}" if found.model else "named by the responses' own words"
    return f"{words}; {named}. Rename, merge, split and remove them before you save."


def _draw_request(app: Services, opened: OpenTaxonomy, *, again: bool) -> None:
    key = f"{session_keys.SUGGESTION_FIELD}count.{opened.survey_id}"

    def start() -> None:
        app.surveys.suggestions.start(
            opened.person.account,
            opened.person.tenant.id,
            opened.survey_id,
            opened.question,
            count=st.session_state.get(key),
        )

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "About how many topics",
            min_value=FEWEST_TOPICS,
            max_value=MOST_TOPICS,
            value=None,
            step=1,
            key=key,
            placeholder="As many as there are",
            width=_WIDTH,
            help="More topics than you need are easily merged; too few are hard to part.",
        )
        action_button(
            "Suggest again" if again else "Suggest topics",
            start,
            key=f"{session_keys.SUGGESTION_BUTTON}start.{opened.name}",
            icon=":material/lightbulb:",
            kind="secondary" if again else "primary",
        )
