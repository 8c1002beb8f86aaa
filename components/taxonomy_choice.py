"""Which question of a survey, and which taxonomy for it: the address says both, so that every step means the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.survey_link import open_taxonomy, opened_taxonomy
from components.wiring import Services
from services.errors import NotFoundError
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy

NEW = "new"
_MOST_WAVES = 10


@dataclass(frozen=True, slots=True)
class TaxonomyChoice:
    """What can be chosen, and what is.

    Attributes:
        chosen: A taxonomy that is kept; None for a new one.
    """

    stored: Mapping[str, StoredTaxonomy]
    chosen: StoredTaxonomy | None


def choice_places(survey: Survey) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where question and taxonomy are chosen: beside each other where there is room, and a question to choose."""
    if len(survey.facts.columns.texts) == 1:
        return st.container(), st.container()
    left, right = st.columns(2)
    return left, right


def draw_question(survey: Survey) -> str:
    """Draw the choice of a question when there are several; returns the question."""
    questions = survey.facts.columns.texts
    place = _place_of_question(len(questions))
    if len(questions) == 1:
        return questions[0]
    key = f"{session_keys.SURVEY_FIELD}question.{survey.id}"
    st.session_state[key] = place

    def remember() -> None:
        open_question(survey, questions[st.session_state[key]])

    st.selectbox(
        "Question", range(len(questions)), key=key, format_func=lambda number: questions[number], on_change=remember
    )
    return questions[place]


def open_question(survey: Survey, question: str) -> None:
    """Name another question in the address; for callbacks."""
    if question in survey.facts.columns.texts:
        st.query_params[session_keys.OPEN_QUESTION] = str(survey.facts.columns.texts.index(question) + 1)


def chosen_taxonomy(app: Services, person: Viewer, survey: Survey, question: str) -> TaxonomyChoice:
    """The taxonomy that the address names, else the one that was last used for the question, here or in a wave before.

    A new one when neither is there.
    """
    stored = {one.id: one for one in app.surveys.taxonomies.list(person.tenant.id)}
    named = opened_taxonomy()
    if named == NEW or named in stored:
        return TaxonomyChoice(stored, stored.get(named or ""))
    used = _last_used(app, person.tenant.id, survey, question)
    return TaxonomyChoice(stored, stored.get(used or ""))


def draw_taxonomy(choice: TaxonomyChoice, survey_id: str, *, new_label: str | None) -> None:
    """Draw the choice of a taxonomy.

    Args:
        new_label: What a new one is called in the list; None to offer those that are kept only.
    """
    options = [*choice.stored, *([NEW] if new_label is not None else [])]
    chosen = choice.chosen.id if choice.chosen else NEW
    key = f"{session_keys.TAXONOMY_FIELD}which.{survey_id}"
    st.session_state[key] = chosen if chosen in options else None

    def remember() -> None:
        open_taxonomy(st.session_state[key])

    st.selectbox(
        "Taxonomy",
        options,
        key=key,
        format_func=lambda value: _taxonomy_words(choice.stored.get(value), new_label),
        on_change=remember,
        placeholder="Choose a taxonomy",
    )


def _taxonomy_words(stored: StoredTaxonomy | None, new_label: str | None) -> str:
    return f"{stored.name} ({counted(stored.topic_count, 'topic')})" if stored else new_label or ""


def _place_of_question(count: int) -> int:
    try:
        place = int(st.query_params.get(session_keys.OPEN_QUESTION, "1")) - 1
    except ValueError:
        return 0
    return place if 0 <= place < count else 0


def _last_used(app: Services, tenant_id: str, survey: Survey, question: str) -> str | None:
    """Of this survey, else of the waves before it."""
    seen: set[str] = set()
    while survey.id not in seen and len(seen) < _MOST_WAVES:
        seen.add(survey.id)
        used = _used_for(app.surveys.runs.list(tenant_id, survey.id), question)
        if used is not None or survey.earlier_wave_id is None:
            return used
        try:
            survey = app.surveys.library.get(tenant_id, survey.earlier_wave_id)
        except NotFoundError:
            return None
    return None


def _used_for(states: Sequence[RunState], question: str) -> str | None:
    """The taxonomy of the newest run of that question, else of the newest run."""
    same = [state.run.taxonomy_id for state in states if state.run.question == question]
    return next(iter([*same, *(state.run.taxonomy_id for state in states)]), None)
