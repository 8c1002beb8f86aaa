"""Which survey, step and run are open: the address says it, so that links and reloads keep them."""

from __future__ import annotations

import contextlib
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitAPIException

from components import session_keys

DATA: Final = "Data"
TOPICS: Final = "Topics"
RUN: Final = "Run"
EXPLORE: Final = "Explore"
RESPONSES: Final = "Responses"
QUALITY: Final = "Quality"
EXPORT: Final = "Export"
STEPS: Final = (DATA, TOPICS, RUN, EXPLORE, RESPONSES, QUALITY, EXPORT)

FILTER: Final = "f."  # what the names of the query parameters of filters begin with


def opened_survey() -> str | None:
    """Id of the survey that the address names."""
    return st.query_params.get(session_keys.OPEN_SURVEY) or None


def open_survey(survey_id: str, step: str = DATA) -> None:
    """Open a survey at a step; for callbacks."""
    if survey_id != opened_survey():
        _forget_what_was_shown()
    st.query_params[session_keys.OPEN_SURVEY] = survey_id
    with contextlib.suppress(StreamlitAPIException):  # once the steps are drawn they write it themselves
        st.query_params[session_keys.SURVEY_STEP] = step
    go_to(step)


def close_survey() -> None:
    """Go back to the list; for callbacks."""
    _forget_what_was_shown()
    st.query_params.pop(session_keys.OPEN_SURVEY, None)
    with contextlib.suppress(StreamlitAPIException):  # the steps take it with them when they are not drawn any more
        st.query_params.pop(session_keys.SURVEY_STEP, None)


def go_to(step: str) -> None:
    """Go to another step of the open survey; for callbacks."""
    st.session_state[session_keys.SURVEY_STEP] = step


def opened_run() -> str | None:
    """Id of the run that the address names."""
    return st.query_params.get(session_keys.OPEN_RUN) or None


def open_run(run_id: str, step: str = EXPLORE) -> None:
    """Show a run; filters that were set for another one are dropped. For callbacks."""
    if run_id != opened_run():
        _drop_filters()
    st.query_params[session_keys.OPEN_RUN] = run_id
    go_to(step)


def opened_taxonomy() -> str | None:
    """Id of the taxonomy that the address names."""
    return st.query_params.get(session_keys.OPEN_TAXONOMY) or None


def open_taxonomy(taxonomy_id: str | None) -> None:
    """Name another taxonomy in the address, or none; for callbacks."""
    if taxonomy_id is None:
        st.query_params.pop(session_keys.OPEN_TAXONOMY, None)
    else:
        st.query_params[session_keys.OPEN_TAXONOMY] = taxonomy_id


def settle_address(tenant_id: str) -> None:
    """Close what was open for another tenant, and write into the address what a link has just opened.

    A page calls this first. A link to a survey of this tenant stays open. A link from this page to itself changes what
    is open, but leaves the browser's address as it was: a reload would lose it.
    """
    survey_id, run_id = opened_survey(), opened_run()
    before: tuple[str, str | None, str | None] | None = st.session_state.get(session_keys.SURVEY_TENANT)
    st.session_state[session_keys.SURVEY_TENANT] = (tenant_id, survey_id, run_id)
    if before is None:
        return
    if before[0] != tenant_id:
        if survey_id == before[1]:
            close_survey()
        for key in (session_keys.WINDOW, session_keys.KNOWLEDGE_NOTICE, session_keys.BATCH_FAILURE):
            st.session_state.pop(key, None)
    elif survey_id and (survey_id, run_id) != before[1:]:
        st.query_params[session_keys.OPEN_SURVEY] = survey_id


def _forget_what_was_shown() -> None:
    for name in (
        session_keys.OPEN_RUN,
        session_keys.OPEN_TAXONOMY,
        session_keys.OPEN_QUESTION,
        session_keys.EXPLORE_LEVEL,
    ):
        st.query_params.pop(name, None)
    _drop_filters()


def _drop_filters() -> None:
    for name in [name for name in st.query_params if name.startswith(FILTER)]:
        st.query_params.pop(name, None)
