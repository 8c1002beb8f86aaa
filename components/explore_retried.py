"""What is said of a run of which a part is analyzed again, while its earlier findings are looked at."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.error_notice import errors_shown
from components.explore_words import percent
from components.frame import Viewer
from components.job_progress import SECONDS_BETWEEN_LOOKS
from components.survey_link import RUN
from components.survey_next import draw_way_to
from components.wiring import Services
from services.surveys.run_views import RunState


def draw_retried(app: Services, person: Viewer, state: RunState) -> None:
    """Draw which share of the responses is analyzed again, and how far that is.

    The page runs again once the run has ended.
    """
    totals = app.surveys.explorer.open(person.tenant.id, state.run.id).totals()
    count, missing = totals.answered + totals.not_analyzed, totals.not_analyzed
    head = f"{percent(missing / count)} of the responses are being analyzed again." if missing else "A part is retried."
    which = f" ({missing:,} of {count:,})" if missing else ""
    with st.container(border=True, gap="small"):
        st.markdown(
            f":material/progress_activity: **{head}**  \nTheir part of the run had failed{which}. Here is what was "
            "found in the others; no share counts the missing ones. All of it is shown as soon as the run has ended."
        )
        key = f"{session_keys.EXPLORE_RUN}retried.{state.run.id}"
        st.fragment(_draw_progress, run_every=SECONDS_BETWEEN_LOOKS, key=key)(app, state)
        draw_way_to(RUN, "Go to the run", key="retried", kind="tertiary")


def _draw_progress(app: Services, before: RunState) -> None:
    with errors_shown():
        job = app.jobs.get(before.run.tenant_id, before.job.id)
        if not job.status.live:
            st.rerun()
        words = f"{job.ended_count:,} of {job.item_count:,} parts"
        st.progress(job.ended_count / max(job.item_count, 1), text="Paused" if job.paused else words)
