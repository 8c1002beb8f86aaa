"""One survey: what it is, and the steps from its data to the export."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import draw_outcome
from components.document_words import counted
from components.error_notice import errors_shown
from components.explore_step import draw_explore
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.quality_step import draw_quality
from components.survey_data import draw_data
from components.survey_export_step import draw_export
from components.survey_link import (
    DATA,
    EXPLORE,
    EXPORT,
    QUALITY,
    RESPONSES,
    RUN,
    STEPS,
    TOPICS,
    close_survey,
    opened_run,
)
from components.survey_run_step import draw_run
from components.taxonomy_step import draw_topics
from components.times import ago
from components.verbatim_step import draw_responses
from components.wiring import Services
from services.errors import NotFoundError

_DRAW = {
    DATA: draw_data,
    TOPICS: draw_topics,
    RUN: draw_run,
    EXPLORE: draw_explore,
    RESPONSES: draw_responses,
    QUALITY: draw_quality,
    EXPORT: draw_export,
}


def draw_back_button() -> None:
    """Draw the way back to the list."""
    st.button(
        "All surveys",
        key=f"{session_keys.SURVEY_BUTTON}back",
        icon=":material/arrow_back:",
        on_click=close_survey,
    )


def draw_survey(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the survey in the place of the list."""
    try:
        survey = app.surveys.library.get(person.tenant.id, survey_id)
    except NotFoundError:
        st.warning(
            "**This survey is not among those of this tenant.**  \nIt was deleted, or it belongs to another tenant. "
            "Look for it in the list.",
            icon=":material/search_off:",
        )
        return
    st.markdown(
        f"**{in_one_line(survey.title, 120)}** :small[:gray[{counted(survey.facts.row_count, 'response')}, loaded "
        f"{ago(survey.created_at)} by {in_one_line(survey.username)}; colleagues can open it by its address]]"
    )
    if opened_run() and session_keys.SURVEY_STEP not in st.query_params:
        st.session_state.setdefault(session_keys.SURVEY_STEP, EXPLORE)  # a link to a run names no step
    tabs = st.tabs(STEPS, key=session_keys.SURVEY_STEP, bind="query-params")
    for step, tab in zip(STEPS, tabs, strict=True):
        if tab.open:
            with tab:
                # What is clicked within a step draws that step alone.
                st.fragment(_draw_step, key=f"{session_keys.SURVEY_BUTTON}{step}")(app, person, survey_id, step)


def _draw_step(app: Services, person: Viewer, survey_id: str, step: str) -> None:
    with errors_shown():
        draw_outcome()
        _DRAW[step](app, person, survey_id)
