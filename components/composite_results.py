"""The last step: the runs of a batch, how far they are, what came of every photo, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.backdrop_title import background_title
from components.batch_link import opened_run
from components.composite_gallery import draw_gallery
from components.composite_run import draw_again, draw_downloads, draw_run_state, result_words
from components.document_words import counted
from components.error_notice import errors_shown
from components.frame import Viewer
from components.job_progress import SECONDS_BETWEEN_LOOKS, draw_job, job_state_markdown
from components.times import ago
from components.wiring import Services
from services.images.batch_views import ResultFilter
from services.jobs.models import ItemStatus, Job


def draw_results(app: Services, person: Viewer, batch_id: str) -> None:
    """Draw the step."""
    runs = app.image_batches.runs(person.tenant.id, batch_id)
    if not runs:
        st.info(
            "**Nothing was run yet.**  \nChoose a background and confirm; the results will stand here.",
            icon=":material/photo_library:",
        )
        return
    run = _choose_run(app, batch_id, runs)
    badge = "" if run.status.live else job_state_markdown(run)  # what runs says so itself, and keeps it true
    with st.container(gap=None):
        title = background_title(app, person.tenant.id, app.image_batches.run_wish(run))
        st.markdown(f"**{title}** {badge}")
        draw_run_state(app, run)
    counts = app.image_batches.result_counts(person.tenant.id, run.id)
    if run.status.live:
        nouns = ("photo", "photos")
        draw_job(app.jobs, person.tenant.id, run.id, describe=result_words, nouns=nouns, lists_items=False)
        _draw_so_far(app, person, run, counts)
        return
    draw_again(app, person, batch_id, run, rejected=counts[ResultFilter.REJECTED])
    if run.counts[ItemStatus.DONE]:
        draw_downloads(app, person, run, approved=counts[ResultFilter.APPROVED])
    draw_gallery(app, person, run, counts)


def _draw_so_far(app: Services, person: Viewer, run: Job, counts: Mapping[ResultFilter, int]) -> None:
    shown = counts[ResultFilter.DONE] + counts[ResultFilter.FAILED]
    news = st.fragment(_draw_news, run_every=SECONDS_BETWEEN_LOOKS, key=f"{session_keys.RUN_BUTTON}news.{run.id}")
    news(app, person, run.id, shown)
    if shown:
        draw_gallery(app, person, run, counts)


def _draw_news(app: Services, person: Viewer, run_id: str, shown: int) -> None:
    """Say what has ended since the results below were drawn; they change at a click only, not under somebody's eyes."""
    with errors_shown():
        counts = app.jobs.get(person.tenant.id, run_id).counts
        new = counts[ItemStatus.DONE] + counts[ItemStatus.FAILED] - shown
        if new > 0 and not shown:
            st.rerun()
        if not shown:
            st.caption("The first results will stand here as soon as they are done.")
        elif new > 0 and st.button(
            f"Show {new:,} more that ended", key=f"{session_keys.RUN_BUTTON}more.{run_id}", icon=":material/refresh:"
        ):
            st.rerun()


def _choose_run(app: Services, batch_id: str, runs: Sequence[Job]) -> Job:
    by_id = {run.id: run for run in runs}
    wanted = opened_run()
    shown = wanted if wanted in by_id else runs[0].id
    if len(runs) == 1:
        return runs[0]
    key = f"{session_keys.RUN_BUTTON}which.{batch_id}"
    st.session_state[key] = shown
    st.selectbox(
        "Run",
        list(by_id),
        key=key,
        format_func=lambda job_id: _run_words(app, by_id[job_id]),
        on_change=lambda: st.query_params.update({session_keys.OPEN_RUN: st.session_state[key]}),
    )
    return by_id[shown]


def _run_words(app: Services, run: Job) -> str:
    wish = app.image_batches.run_wish(run)
    title = background_title(app, run.tenant_id, wish).replace("\\", "")
    return f"{title}, {counted(run.item_count, 'photo')}, {ago(run.created_at)} by {run.username}"
