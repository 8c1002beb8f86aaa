"""The third step: what a run would take, its start, and the runs that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_link import TOPICS
from components.survey_next import draw_way_to
from components.survey_run_list import RunChoices, draw_live_runs, draw_runs, form_key
from components.survey_run_words import backend_words, estimate_figures
from components.taxonomy_choice import TaxonomyChoice, choice_places, chosen_taxonomy, draw_question, draw_taxonomy
from components.taxonomy_drafts import drafts
from components.wiring import Services
from services.errors import AppError
from services.surveys.run_models import RunEstimate, RunOptions
from services.surveys.run_views import BackendChoice, RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy

_FIELD = session_keys.SURVEY_RUN_FIELD
_BUTTON = session_keys.SURVEY_RUN_BUTTON
_LONGEST_TITLE_CHARACTERS = 120


def draw_run(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    tenant_id = person.tenant.id
    survey = app.surveys.library.get(tenant_id, survey_id)
    states = app.surveys.runs.list(tenant_id, survey_id)
    backends = {choice.name: choice for choice in app.surveys.runs.backends()}
    taxonomies = {one.id: one for one in app.surveys.taxonomies.list(tenant_id)}
    choices = RunChoices(survey, taxonomies, backends)
    live = [state for state in states if state.job.status.live]
    draw_live_runs(app, person, choices, live)
    if states:
        with st.expander(
            "Start another run", icon=":material/add:", key=form_key(survey_id), on_change="rerun"
        ) as form:
            if form.open:
                _draw_form(app, person, survey, states, backends)
    else:
        _draw_form(app, person, survey, states, backends)
    draw_runs(app, person, choices, [state for state in states if not state.job.status.live])


def _draw_form(
    app: Services,
    person: Viewer,
    survey: Survey,
    states: Sequence[RunState],
    backends: Mapping[str, BackendChoice],
) -> None:
    left, right = choice_places(survey)
    with left:
        question = draw_question(survey)
    choice = chosen_taxonomy(app, person, survey, question)
    if choice.stored:
        with right:
            draw_taxonomy(choice, survey.id, new_label=None)
    stored = choice.chosen
    if stored is None:
        _draw_no_taxonomy(survey.id, choice)
        return
    _draw_unsaved(person, survey.id, stored)
    backend = _draw_backend(survey.id, backends)
    corrections = len(app.surveys.labels.corrections(person.tenant.id, survey.id, question))
    use_corrections = _draw_corrections(survey.id, corrections)
    options = RunOptions(backend.name, use_corrections=use_corrections)
    estimate = _estimate(app, person, survey, question, stored, options, (corrections, len(states)))
    if estimate is None:
        return
    _draw_estimate(estimate)
    _draw_start(app, person, survey, question, stored, backend, use_corrections=use_corrections)


def _draw_no_taxonomy(survey_id: str, choice: TaxonomyChoice) -> None:
    words = "Choose a taxonomy above, or make one." if choice.stored else "Make a taxonomy, or have one suggested."
    st.info(f"**A run needs topics.**  \n{words}", icon=":material/account_tree:")
    draw_way_to(TOPICS, "Choose topics", key=f"run.{survey_id}", icon=":material/arrow_back:")


def _draw_unsaved(person: Viewer, survey_id: str, stored: StoredTaxonomy) -> None:
    draft = drafts().get(person, stored.id)
    if draft is not None and draft.edit.is_changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                ":orange-badge[:material/edit: Not saved] Your changes of the topics are no part of a run until you "
                "save them.",
                width="content",
            )
            draw_way_to(TOPICS, "Save them", key=f"unsaved.{survey_id}", kind="tertiary")


def _draw_backend(survey_id: str, backends: Mapping[str, BackendChoice]) -> BackendChoice:
    key = f"{_FIELD}backend.{survey_id}"
    names = list(backends)
    if st.session_state.get(key) not in backends:
        st.session_state[key] = names[0]
    if len(names) > 1:
        st.radio(
            "Analyzed by",
            names,
            key=key,
            format_func=lambda name: _backend_label(backends[name]),
            captions=[backend_words(backends[name]) for name in names],
            horizontal=True,
            persist_state="session",
        )
    else:
        st.markdown(f"Analyzed by **{in_one_line(backends[names[0]].label)}**: {backend_words(backends[names[0]])}")
    chosen = backends[st.session_state[key]]
    if not chosen.ready:
        st.warning(
            f"**{in_one_line(chosen.label)} cannot be used now.**  \n{in_one_line(chosen.problem)}",
            icon=":material/link_off:",
        )
    return chosen


def _backend_label(choice: BackendChoice) -> str:
    return in_one_line(choice.label) + ("" if choice.ready else " :material/link_off: not ready")


def _draw_corrections(survey_id: str, corrections: int) -> bool:
    if not corrections:
        return True  # those that come meanwhile count
    key = f"{_FIELD}corrections.{survey_id}"
    st.session_state.setdefault(key, True)
    return st.checkbox(
        f"Learn from {counted(corrections, 'correction')}",
        key=key,
        help="Corrected responses become examples. They stay as you corrected them either way.",
    )


def _estimate(
    app: Services,
    person: Viewer,
    survey: Survey,
    question: str,
    stored: StoredTaxonomy,
    options: RunOptions,
    changing: tuple[int, ...],
) -> RunEstimate | None:
    """What the run would take, reckoned once for the same choices; None when it cannot be, which is said."""
    choices = (survey.id, question, stored.id, stored.latest_version, options, changing)
    kept = st.session_state.get(session_keys.SURVEY_ESTIMATE)
    if kept is not None and kept[0] == choices:
        estimate: RunEstimate = kept[1]
        return estimate
    try:
        with st.spinner("Reckoning what the run would take …"):
            estimate = app.surveys.runs.estimate(person.tenant.id, survey.id, question, stored.id, options)
    except AppError as error:
        show_error(error)
        return None
    st.session_state[session_keys.SURVEY_ESTIMATE] = (choices, estimate)
    return estimate


def _draw_estimate(estimate: RunEstimate) -> None:
    with st.container(border=True, horizontal=True, gap="medium"):
        for label, value in estimate_figures(estimate):
            st.metric(label, value, width="content")
    if estimate.distinct_count < estimate.response_count:
        st.caption("Responses with the same words are analyzed once and counted every time.")
    if estimate.warnings:
        mark = "- " if len(estimate.warnings) > 1 else ""
        st.warning("\n".join(f"{mark}{in_one_line(words)}" for words in estimate.warnings), icon=":material/warning:")


def _draw_start(
    app: Services,
    person: Viewer,
    survey: Survey,
    question: str,
    stored: StoredTaxonomy,
    backend: BackendChoice,
    *,
    use_corrections: bool,
) -> None:
    title = f"{_FIELD}title.{survey.id}"

    def start() -> str:
        app.surveys.runs.start(
            person.account,
            person.tenant.id,
            survey.id,
            question,
            stored.id,
            RunOptions(backend.name, use_corrections=use_corrections),
            title=st.session_state.get(title) or "",
        )
        st.session_state[title] = ""
        return "Started. You can close the browser; the run goes on without you."

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the run",
            key=title,
            max_chars=_LONGEST_TITLE_CHARACTERS,
            placeholder="Optional",
            width=300,
        )
        action_button(
            "Start the run",
            start,
            key=f"{_BUTTON}start.{survey.id}",
            icon=":material/play_arrow:",
            kind="primary",
            disabled=not backend.ready,
        )
