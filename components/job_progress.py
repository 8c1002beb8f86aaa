"""One background job: how far it is, what came of each item, and what can be done about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from components import session_keys
from components.error_notice import errors_shown, show_error
from components.markdown_text import in_one_line
from components.times import ago
from services.errors import AppError
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus
from services.jobs.report import job_report_csv
from services.jobs.service import JobService

ItemWords = Callable[[JobItem], str]
JobWords = Callable[[Job], str]

SECONDS_BETWEEN_LOOKS = 2
ROWS_PER_PAGE = 25
_ROWS_PER_READ = 1000

_JOB_STATES = {
    JobStatus.QUEUED: ("Waiting", ":material/schedule:", "gray"),
    JobStatus.RUNNING: ("In progress", ":material/progress_activity:", "blue"),
    JobStatus.DONE: ("Done", ":material/check_circle:", "green"),
    JobStatus.FAILED: ("Failed", ":material/error:", "red"),
    JobStatus.CANCELED: ("Canceled", ":material/block:", "gray"),
}
_ITEM_STATES = {
    ItemStatus.QUEUED: ("Waiting", ":material/schedule:", "gray"),
    ItemStatus.RUNNING: ("In progress", ":material/progress_activity:", "blue"),
    ItemStatus.DONE: ("Done", ":material/check_circle:", "green"),
    ItemStatus.FAILED: ("Failed", ":material/error:", "red"),
    ItemStatus.CANCELED: ("Canceled", ":material/block:", "gray"),
}
_ALL = "All"


def draw_job(
    jobs: JobService,
    tenant_id: str,
    job_id: str,
    *,
    describe: ItemWords,
    nouns: tuple[str, str] = ("item", "items"),
    conclude: JobWords | None = None,
    lists_items: bool = True,
) -> Job | None:
    """Draw a job, anew every two seconds while it is live; the page runs again once when it has ended.

    Args:
        describe: Turns the result of a done item into a few words, such as "12 passages". Plain text.
        nouns: What one item and several are called, such as ``("file", "files")``.
        conclude: Says what the whole job ended with, in plain text; empty for nothing.
        lists_items: Whether every item is listed; else it is a short card, for a page that shows the items itself.

    Returns:
        The job as it was when the page ran, or None when it cannot be shown; that is said in its place.
    """
    try:
        job = jobs.get(tenant_id, job_id)
    except AppError as error:
        show_error(error)
        return None
    every = SECONDS_BETWEEN_LOOKS if job.status.live else None
    fragment = st.fragment(_draw, run_every=every, key=f"{session_keys.JOB}{job_id}")
    fragment(jobs, job, describe, nouns, conclude, lists_items)
    return job


def job_state_markdown(job: Job) -> str:
    """The job's state as a badge: a word, an icon and a color.

    "Done" says when some items failed, "Pausing" that what began before the pause still runs.
    """
    word, icon, color = _JOB_STATES[job.status]
    if job.status.live and job.cancel_requested:
        word, icon = "Stopping", ":material/pending:"
    elif job.paused:
        runs = job.counts[ItemStatus.RUNNING] > 0
        word, icon, color = ("Pausing" if runs else "Paused"), ":material/pause_circle:", "orange"
    if job.status is JobStatus.DONE and job.counts[ItemStatus.FAILED]:
        word, icon, color = "Done, with failures", ":material/warning:", "orange"
    return f":{color}-badge[{icon} {word}]"


def _draw(
    jobs: JobService,
    before: Job,
    describe: ItemWords,
    nouns: tuple[str, str],
    conclude: JobWords | None,
    lists_items: bool,
) -> None:
    with errors_shown():
        job = jobs.get(before.tenant_id, before.id)
        if before.status.live and not job.status.live:
            st.rerun()
        with st.container(border=True):
            st.markdown(f"**{in_one_line(job.title)}** {job_state_markdown(job)}")
            _draw_progress(jobs, job, nouns)
            if job.status is JobStatus.FAILED and job.cause:
                st.error(
                    f"**{in_one_line(job.cause)}**  \n{in_one_line(job.remedy)}",
                    icon=":material/error:",
                )
            _draw_actions(jobs, job, describe)
            if job.item_count and lists_items:
                _draw_items(jobs, job, describe, nouns)
            words = conclude(job) if conclude is not None and not job.status.live else ""
            if words:
                st.caption(in_one_line(words))


def _draw_progress(jobs: JobService, job: Job, nouns: tuple[str, str]) -> None:
    if job.status.live:
        noun = nouns[0] if job.item_count == 1 else nouns[1]
        words = f"{job.ended_count:,} of {job.item_count:,} {noun}" if job.item_count else ""
        share = job.ended_count / job.item_count if job.item_count else 0.0
        if job.finishing:
            words = " · ".join(filter(None, (words, job.stage or "completing")))
            share = job.progress if job.progress is not None else share
        left = jobs.seconds_left(job)
        if left is not None:
            words = " · ".join(filter(None, (words, time_left(left))))
        st.progress(share, text=in_one_line(words) or "Waiting for its turn")
        if job.paused:
            running = job.counts[ItemStatus.RUNNING]
            rest = f"{running:,} that began before still {'runs' if running == 1 else 'run'}. " if running else ""
            st.info(f"{rest}Nothing more begins until somebody resumes it.", icon=":material/pause_circle:")
        elif job.status is JobStatus.QUEUED and not jobs.workers():
            st.warning(
                "**No worker runs at the moment.**  \nYour job is kept and begins as soon as one does. If this stays, "
                "tell your administrator.",
                icon=":material/hourglass_disabled:",
            )
    counts = [f"{count:,} {_ITEM_STATES[status][0].lower()}" for status, count in job.counts.items() if count]
    when = f"Started {ago(job.created_at)} by {in_one_line(job.username)}"
    if job.finished_at:
        when += f", ended {ago(job.finished_at)}"
    st.caption(" · ".join([*counts, when]))


def _draw_actions(jobs: JobService, job: Job, describe: ItemWords) -> None:
    with st.container(horizontal=True, gap="small"):
        if job.can_resume and st.button(
            "Resume", icon=":material/play_arrow:", type="primary", key=session_keys.JOB_RESUME_BUTTON + job.id
        ):
            jobs.resume(job.tenant_id, job.id)
            st.rerun()
        if job.can_pause and st.button(
            "Pause",
            icon=":material/pause:",
            key=session_keys.JOB_PAUSE_BUTTON + job.id,
            help="What runs ends. The rest waits until somebody resumes it.",
        ):
            jobs.pause(job.tenant_id, job.id)
            st.rerun()
        if job.can_cancel and st.button(
            "Cancel",
            icon=":material/stop_circle:",
            key=session_keys.JOB_CANCEL_BUTTON + job.id,
            help="What has not begun will not run. What is done stays.",
        ):
            jobs.cancel(job.tenant_id, job.id)
            st.rerun()
        failed = job.counts[ItemStatus.FAILED]
        if job.can_retry and st.button(
            f"Retry {failed:,} failed" if failed else "Try again",
            icon=":material/refresh:",
            type="primary",
            key=session_keys.JOB_RETRY_BUTTON + job.id,
        ):
            jobs.retry_failed(job.tenant_id, job.id)
            st.rerun()
        if job.item_count:
            st.download_button(
                "Report",
                partial(_report, jobs, job, describe),
                file_name=f"report-{job.created_at:%Y-%m-%d}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=session_keys.JOB_REPORT_BUTTON + job.id,
                help="Every one with its state, as a table (CSV)",
                on_click="ignore",
            )


def _draw_items(jobs: JobService, job: Job, describe: ItemWords, nouns: tuple[str, str]) -> None:
    present = [status for status, count in job.counts.items() if count]
    status: ItemStatus | None = None
    if len(present) > 1:
        key = session_keys.JOB_FILTER + job.id
        if st.session_state.get(key, _ALL) not in {_ALL, *present}:
            del st.session_state[key]  # nothing is in that state any more
        chosen = st.segmented_control(
            f"Show {nouns[1]}",
            [_ALL, *(status.value for status in present)],
            default=_ALL,
            required=True,
            format_func=partial(_filter_label, job),
            key=key,
            label_visibility="collapsed",
        )
        status = None if chosen in {_ALL, None} else ItemStatus(chosen)
    shown = job.item_count if status is None else job.counts[status]
    pages = max(1, -(-shown // ROWS_PER_PAGE))
    page = 1
    if pages > 1:
        key = session_keys.JOB_PAGE + job.id
        # Fewer pages than before, when items leave the state that is shown.
        if st.session_state.get(key, 1) > pages:
            st.session_state[key] = pages
        page = st.pagination(pages, key=key, max_visible_pages=5)
    items = jobs.list_items(
        job.tenant_id, job.id, status=status, offset=(page - 1) * ROWS_PER_PAGE, limit=ROWS_PER_PAGE
    )
    rows = [(in_one_line(item.name), _state(item), _outcome(item, job, describe)) for item in items]
    table = pd.DataFrame(rows, columns=[nouns[0].capitalize(), "State", "What came of it"])
    st.table(table, border="horizontal", hide_index=True)


def _state(item: JobItem) -> str:
    word, icon, color = _ITEM_STATES[item.status]
    if _waits_for_next_try(item):
        word, icon, color = "Tries again", ":material/autorenew:", "orange"
    return f":{color}-badge[{icon} {word}]"  # a badge keeps its icon and its word on one line


def _filter_label(job: Job, value: str) -> str:
    if value == _ALL:
        return f"{_ALL} {job.item_count:,}"
    status = ItemStatus(value)
    return f"{_ITEM_STATES[status][0]} {job.counts[status]:,}"


def _outcome(item: JobItem, job: Job, describe: ItemWords) -> str:
    if item.status is ItemStatus.DONE:
        return in_one_line(describe(item))
    if item.status is ItemStatus.FAILED:
        return f"**{in_one_line(item.cause)}** {in_one_line(item.remedy)}"
    if item.status is ItemStatus.RUNNING:
        share = f" {item.progress:.0%}" if item.progress is not None else ""
        return in_one_line(item.stage.capitalize() + share)
    if _waits_for_next_try(item):
        words = "Tries again after the pause." if job.paused else _next_try(item)
        return f"**{in_one_line(item.cause)}** {in_one_line(words)}"
    return ""


def _waits_for_next_try(item: JobItem) -> bool:
    return item.status is ItemStatus.QUEUED and item.next_try_at is not None


def _next_try(item: JobItem) -> str:
    seconds = (item.next_try_at - datetime.now(UTC)).total_seconds() if item.next_try_at else 0.0
    if seconds < 1:
        return "Tries again soon."
    if seconds < 90:
        return f"Tries again in {math.ceil(seconds)} s."
    return f"Tries again in {math.ceil(seconds / 60)} minutes."


def time_left(seconds: float) -> str:
    """How long something will still take, in the words of an estimate: "about 3 minutes left"."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 45:
        return "less than a minute left"
    minutes = round(seconds / 60)
    if minutes < 10:
        return f"about {_counted(max(minutes, 1), 'minute')} left"
    if minutes < 53:
        return f"about {5 * round(minutes / 5)} minutes left"
    halves = round(seconds / 1800)
    if halves == 2:
        return "about an hour left"
    hours = f"{halves // 2}½" if halves % 2 and halves < 12 else str(round(halves / 2))
    return f"about {hours} hours left" if halves < 96 else "more than two days left"


def _counted(count: int, noun: str) -> str:
    return f"{'a' if count == 1 else f'{count:,}'} {noun}{'' if count == 1 else 's'}"


def _report(jobs: JobService, job: Job, describe: ItemWords) -> bytes:
    return job_report_csv(_all_items(jobs, job), describe)


def _all_items(jobs: JobService, job: Job) -> Iterator[JobItem]:
    for offset in range(0, job.item_count, _ROWS_PER_READ):
        yield from jobs.list_items(job.tenant_id, job.id, offset=offset, limit=_ROWS_PER_READ)
