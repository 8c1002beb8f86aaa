"""Which run is explored, and what is said when there is none to explore yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_retried import draw_retried
from components.frame import Viewer
from components.job_progress import draw_job
from components.markdown_text import in_one_line
from components.survey_link import RUN, opened_run
from components.survey_next import draw_way_to
from components.times import ago
from components.wiring import Services
from services.jobs.models import JobItem, JobStatus
from services.surveys.run_views import RunState

_LONGEST_QUESTION = 60
# Their labels are asked for with whether they are ready, and that may take a while.
_BACKENDS = {"local": "on this machine", "openai": "language model", "bedrock": "Amazon Bedrock"}


def choose_run(app: Services, person: Viewer, survey_id: str) -> RunState | None:
    """Draw which run is looked at, where there are several.

    Returns:
        The run, or None when there is none to look at; what to do instead is said then.
    """
    states = app.surveys.runs.list(person.tenant.id, survey_id)
    named = next((state for state in states if state.run.id == opened_run()), None)
    if named is not None and not is_explorable(named):
        _draw_unfinished(app, person, named)
        return None
    finished = [state for state in states if is_explorable(state)]
    if not finished:
        _draw_none(app, person, states)
        return None
    shown = named or finished[0]
    if len(finished) > 1:
        _draw_choice(app, person, finished, shown)
    _draw_notes(states, shown)
    if shown.is_retried:
        draw_retried(app, person, shown)
    return shown


def is_explorable(state: RunState) -> bool:
    """Whether it has findings to look at."""
    return state.has_findings


@dataclass(frozen=True, slots=True)
class RunNames:
    """What taxonomies are called, to tell runs apart.

    Attributes:
        with_question: Whether the runs are about several questions.
    """

    taxonomies: Mapping[str, str]
    with_question: bool = False

    def words(self, state: RunState) -> str:
        """A run in a line of plain text."""
        run = state.run
        parts = [run.title] if run.title else []
        if self.with_question:
            question = run.question
            parts.append(f"{question[:_LONGEST_QUESTION]}…" if len(question) > _LONGEST_QUESTION else question)
        name = self.taxonomies.get(run.taxonomy_id, "deleted taxonomy")
        parts += [f"{name} version {run.taxonomy_version}", _BACKENDS.get(run.options.backend, run.options.backend)]
        if run.correction_count:
            parts.append(counted(run.correction_count, "correction"))
        return f"{', '.join(parts)}, {ago(run.created_at)} by {run.username}"


def names_of_runs(app: Services, person: Viewer, states: Sequence[RunState]) -> RunNames:
    """The names that tell these runs apart."""
    return RunNames(
        {one.id: one.name for one in app.surveys.taxonomies.list(person.tenant.id)},
        with_question=len({state.run.question for state in states}) > 1,
    )


def _draw_choice(app: Services, person: Viewer, finished: Sequence[RunState], shown: RunState) -> None:
    by_id = {state.run.id: state for state in finished}
    names = names_of_runs(app, person, finished)
    key = f"{session_keys.EXPLORE_RUN}{shown.run.survey_id}"
    st.session_state[key] = shown.run.id
    st.selectbox(
        "Run",
        list(by_id),
        key=key,
        format_func=lambda run_id: names.words(by_id[run_id]),
        on_change=lambda: st.query_params.update({session_keys.OPEN_RUN: st.session_state[key]}),
    )


def _draw_notes(states: Sequence[RunState], shown: RunState) -> None:
    if any(state.job.status.live and state.run.created_at > shown.run.created_at for state in states):
        st.caption(":material/progress_activity: A newer run is in progress; it can be chosen here once it has ended.")
    missing = shown.facts.missing_texts if shown.facts else 0
    if missing:
        st.warning(
            f"**{counted(missing, 'different text')} of this run could not be analyzed.**  \nTheir part failed or was "
            "canceled, and no share counts them. Retry the run under “Run”.",
            icon=":material/hourglass_disabled:",
        )


def _draw_unfinished(app: Services, person: Viewer, state: RunState) -> None:
    if state.job.status.live:
        st.markdown("**This run is still in progress.** What it finds can be explored here as soon as it has ended.")
        draw_job(app.jobs, person.tenant.id, state.job.id, describe=_nothing, nouns=("part", "parts"))
        return
    st.warning(
        f"**Nothing came of this run.**  \n{in_one_line(state.job.cause)} {in_one_line(state.job.remedy)}".rstrip(),
        icon=":material/error:",
    )
    draw_way_to(RUN, "Go to the runs", key="explore")


def _draw_none(app: Services, person: Viewer, states: Sequence[RunState]) -> None:
    live = next((state for state in states if state.job.status.live), None)
    if live is not None:
        _draw_unfinished(app, person, live)
    elif any(state.job.status is JobStatus.FAILED for state in states):
        _draw_unfinished(app, person, states[0])
    else:
        st.info(
            "**Nothing was analyzed yet.**  \nChoose the topics, then start a run. Charts, responses, quality and "
            "exports come from its findings.",
            icon=":material/insights:",
        )
        draw_way_to(RUN, "Go to the run", key="explore")


def _nothing(_item: JobItem) -> str:
    return ""
