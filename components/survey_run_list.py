"""The runs of a survey: how far they are, what came of them, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.frame import Viewer
from components.job_progress import draw_job, job_state_markdown
from components.knowledge_window import confirm
from components.markdown_text import in_one_line
from components.survey_link import EXPLORE, open_run, open_taxonomy, opened_run
from components.survey_run_jobs import steered_jobs
from components.survey_run_words import can_be_opened, item_words, result_words, run_parameters, run_title
from components.taxonomy_choice import open_question
from components.times import ago
from components.wiring import Services
from services.jobs.models import ItemStatus, JobStatus
from services.surveys.run_models import SurveyRun
from services.surveys.run_views import BackendChoice, RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy

PAGE_LENGTH = 8
_FIELD = session_keys.SURVEY_RUN_FIELD
_BUTTON = session_keys.SURVEY_RUN_BUTTON


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What runs of a survey may use, by id or name."""

    survey: Survey
    taxonomies: Mapping[str, StoredTaxonomy]
    backends: Mapping[str, BackendChoice]

    def parameters(self, run: SurveyRun) -> str:
        """What a run was given; Markdown."""
        several = len(self.survey.facts.columns.texts) > 1
        return " · ".join(run_parameters(run, self.taxonomies, self.backends, with_question=several))


def form_key(survey_id: str) -> str:
    """The key of what holds the choices for another run, open or not."""
    return f"{_FIELD}form.{survey_id}"


def draw_live_runs(app: Services, person: Viewer, choices: RunChoices, states: Sequence[RunState]) -> None:
    """Draw the runs that go on, with what can be done about them."""
    for state in states:
        st.caption(choices.parameters(state.run))
        _draw_parts(app, person, state)
        if state.has_findings:
            action_button(
                "Look at what was found before",
                partial(open_run, state.run.id, EXPLORE),
                key=f"{_BUTTON}open.{state.run.id}",
                icon=":material/insights:",
                redraws_page=True,
            )


def draw_runs(app: Services, person: Viewer, choices: RunChoices, states: Sequence[RunState]) -> None:
    """Draw the runs that have ended, the newest first."""
    if not states:
        return
    st.markdown("**Runs**")
    key = f"{_FIELD}page.{choices.survey.id}"
    pages = -(-len(states) // PAGE_LENGTH)
    page = min(st.session_state.get(key, 1), pages)
    for place, state in enumerate(states[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]):
        _draw_run(app, person, choices, state, is_newest=place == 0 and page == 1)
    if pages > 1:
        st.pagination(pages, key=key, persist_state="session")


def _draw_run(app: Services, person: Viewer, choices: RunChoices, state: RunState, *, is_newest: bool) -> None:
    run, job = state.run, state.job
    with st.container(border=True, gap="xsmall"):
        shown = " :blue-badge[:material/visibility: Shown in the other steps]" if opened_run() == run.id else ""
        st.markdown(f"**{run_title(run, choices.taxonomies)}** {job_state_markdown(job)}{shown}")
        lines = [choices.parameters(run), *filter(None, [" · ".join(result_words(state))])]
        lines.append(f"Started {ago(run.created_at)} by {in_one_line(run.username)}")
        st.caption("  \n".join(lines))
        if job.status is JobStatus.FAILED and job.cause:
            st.error(f"**{in_one_line(job.cause)}**  \n{in_one_line(job.remedy)}", icon=":material/error:")
        with st.container(horizontal=True, gap="xsmall"):
            _draw_actions(app, person, choices, state, is_newest=is_newest)
        if job.item_count:
            with st.expander(
                _parts_label(state), key=f"{_FIELD}parts.{run.id}", icon=":material/list_alt:", on_change="rerun"
            ) as parts:
                if parts.open:
                    _draw_parts(app, person, state)


def _draw_actions(app: Services, person: Viewer, choices: RunChoices, state: RunState, *, is_newest: bool) -> None:
    run, job = state.run, state.job
    if can_be_opened(state):
        action_button(
            "Look at the results",
            lambda: open_run(run.id, EXPLORE),
            key=f"{_BUTTON}open.{run.id}",
            icon=":material/insights:",
            kind="primary" if is_newest else "secondary",
            redraws_page=True,
        )
    if job.can_retry:
        failed = job.counts[ItemStatus.FAILED]
        action_button(
            f"Retry {failed:,} failed" if failed else "Try again",
            lambda: _retry(app, person, run),
            key=f"{_BUTTON}retry.{run.id}",
            icon=":material/refresh:",
        )
    action_button(
        "Run again with …",
        lambda: _fill_in(choices.survey, run),
        key=f"{_BUTTON}again.{run.id}",
        icon=":material/tune:",
        kind="tertiary",
    )
    action_button(
        "Delete",
        lambda: _ask_before_deleting(app, person, run),
        key=f"{_BUTTON}delete.{run.id}",
        icon=":material/delete:",
        kind="tertiary",
        redraws_page=True,  # the question is a window over the page
    )


def _draw_parts(app: Services, person: Viewer, state: RunState) -> None:
    jobs = steered_jobs(app, person, state.run.id)
    draw_job(jobs, person.tenant.id, state.job.id, describe=item_words, nouns=("part", "parts"))


def _parts_label(state: RunState) -> str:
    failed = state.job.counts[ItemStatus.FAILED]
    return f"{state.job.item_count:,} parts, {failed:,} failed" if failed else "Parts and report"


def _retry(app: Services, person: Viewer, run: SurveyRun) -> str:
    app.surveys.runs.retry(person.account, person.tenant.id, run.id)
    return "Started again: only what failed is analyzed."


def _fill_in(survey: Survey, run: SurveyRun) -> str:
    """Choose again what a run was given, to be changed and started."""
    st.session_state[f"{_FIELD}backend.{survey.id}"] = run.options.backend
    st.session_state[f"{_FIELD}corrections.{survey.id}"] = run.options.use_corrections
    st.session_state[form_key(survey.id)] = True
    open_taxonomy(run.taxonomy_id)
    open_question(survey, run.question)
    return "Filled in above with the newest version of the topics. Change what you like, then start."


def _ask_before_deleting(app: Services, person: Viewer, run: SurveyRun) -> None:
    def delete() -> str:
        app.surveys.runs.delete(person.account, person.tenant.id, run.id)
        if opened_run() == run.id:
            st.query_params.pop(session_keys.OPEN_RUN, None)
        return "Deleted the run."

    confirm(
        "Delete this run?",
        "What it found will be gone for everybody. Corrections and gold labels stay; they belong to the survey. This "
        "cannot be undone.",
        "Delete",
        delete,
        icon=":material/delete:",
    )
