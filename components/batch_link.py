"""Which batch, step and run are open: the address says it, so that links and reloads keep them."""

from __future__ import annotations

import contextlib
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitAPIException

from components import session_keys

PHOTOS: Final = "Photos"
LABELS: Final = "Labels"
MASKS: Final = "Masks"
BACKGROUND: Final = "Background"
CONFIRM: Final = "Confirm"
RESULTS: Final = "Results"
STEPS: Final = (PHOTOS, LABELS, MASKS, BACKGROUND, CONFIRM, RESULTS)


def opened_batch() -> str | None:
    """Id of the batch that the address names."""
    return st.query_params.get(session_keys.OPEN_BATCH) or None


def open_batch(batch_id: str, step: str = PHOTOS) -> None:
    """Open a batch at a step; for callbacks."""
    st.query_params[session_keys.OPEN_BATCH] = batch_id
    st.query_params.pop(session_keys.OPEN_RUN, None)
    with contextlib.suppress(StreamlitAPIException):  # once the steps are drawn they write it themselves
        st.query_params[session_keys.BATCH_STEP] = step
    go_to(step)


def close_batch() -> None:
    """Go back to the list; for callbacks."""
    for name in (session_keys.OPEN_BATCH, session_keys.OPEN_RUN):
        st.query_params.pop(name, None)
    with contextlib.suppress(StreamlitAPIException):  # the steps take it with them when they are not drawn any more
        st.query_params.pop(session_keys.BATCH_STEP, None)


def go_to(step: str) -> None:
    """Go to another step of the open batch; for callbacks."""
    st.session_state[session_keys.BATCH_STEP] = step


def opened_run() -> str | None:
    """Id of the run that the address names."""
    return st.query_params.get(session_keys.OPEN_RUN) or None


def open_run(job_id: str) -> None:
    """Show the results of a run; for callbacks."""
    st.query_params[session_keys.OPEN_RUN] = job_id
    go_to(RESULTS)


def settle_address(tenant_id: str) -> None:
    """Close what was open for another tenant, and write into the address what a link has just opened.

    A page calls this first. A link to a batch of this tenant stays open. A link from this page to itself changes what
    is open, but leaves the browser's address as it was: a reload would lose it.
    """
    batch_id, run_id = opened_batch(), opened_run()
    before: tuple[str, str | None, str | None] | None = st.session_state.get(session_keys.BATCH_TENANT)
    st.session_state[session_keys.BATCH_TENANT] = (tenant_id, batch_id, run_id)
    if before is None:
        return
    if before[0] != tenant_id:
        if batch_id == before[1]:
            close_batch()
        for key in (session_keys.WINDOW, session_keys.KNOWLEDGE_NOTICE, session_keys.BATCH_FAILURE):
            st.session_state.pop(key, None)
    elif batch_id and (batch_id, run_id) != before[1:]:
        st.query_params[session_keys.OPEN_BATCH] = batch_id
