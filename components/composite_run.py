"""One run: its parameters, its counts, its files to take away, and how to run it again."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from components import session_keys
from components.backdrop_wish import choose_photos, keep_wish
from components.batch_actions import action_button
from components.batch_link import BACKGROUND, go_to, open_run
from components.batch_words import ORIGINS, wish_details
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.images.background_models import BackgroundWish
from services.images.batch_views import ResultFilter
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus

_READ_AT_ONCE = 500


def draw_run_state(app: Services, run: Job) -> None:
    """Draw the counts and the parameters of a run."""
    parameters = " · ".join(wish_details(app.image_batches.run_wish(run)))
    if run.status.live:
        st.caption(parameters)
        return
    counts = {ItemStatus.FAILED: "failed", ItemStatus.CANCELED: "canceled"}
    facts = [f"{run.counts[ItemStatus.DONE]:,} of {counted(run.item_count, 'photo')} done"]
    facts += [f"{run.counts[status]:,} {word}" for status, word in counts.items() if run.counts[status]]
    facts.append(f"started {ago(run.created_at)} by {in_one_line(run.username)}")
    st.caption(f"{' · '.join(facts)}  \n{parameters}")
    if run.status is JobStatus.FAILED and run.cause:
        st.error(f"**{in_one_line(run.cause)}**  \n{in_one_line(run.remedy)}", icon=":material/error:")


def result_words(item: JobItem) -> str:
    """What came of a photo, in a few words."""
    composites = item.result.get("composites", [])
    origins = {ORIGINS.get(str(one.get("origin", "")), "") for one in composites} - {""}
    return ", ".join([counted(len(composites), "picture"), *sorted(origins)]) if composites else ""


def draw_again(app: Services, person: Viewer, batch_id: str, run: Job) -> None:
    """Draw the buttons that run it again: the failed photos, or all, as before or with other parameters."""
    wish = app.image_batches.run_wish(run)
    failed = run.counts[ItemStatus.FAILED]
    key = f"{session_keys.RUN_BUTTON}%s.{run.id}"
    with st.container(horizontal=True, gap="xsmall"):
        if run.can_retry:
            action_button(
                f"Retry {failed:,} failed" if failed else "Try again",
                lambda: retry(app, person, run, None),
                key=key % "retry",
                icon=":material/refresh:",
                kind="primary",
                redraws_page=True,
            )
        if failed:
            action_button(
                "Retry failed with other settings",
                lambda: run_differently(batch_id, wish, failed_photos(app, person, run)),
                key=key % "retry_with",
                icon=":material/tune:",
                redraws_page=True,
            )
        action_button(
            "Run again with other settings",
            lambda: run_differently(batch_id, wish, None),
            key=key % "again",
            icon=":material/replay:",
            redraws_page=True,
        )


def retry(app: Services, person: Viewer, run: Job, positions: tuple[int, ...] | None) -> str:
    """Run failed photos of a run again and show the run that does it; for callbacks."""
    job = app.image_batches.retry(person.account, person.tenant.id, run.id, positions)
    open_run(job.id)
    return "Started again."


def run_differently(batch_id: str, wish: BackgroundWish, photos: tuple[int, ...] | None) -> None:
    """Go to the background with what a run asked for, to change it; for callbacks."""
    keep_wish(batch_id, wish)
    choose_photos(batch_id, photos)
    go_to(BACKGROUND)


def failed_photos(app: Services, person: Viewer, run: Job) -> tuple[int, ...]:
    """The positions in the batch of the photos that failed in a run."""
    found: list[int] = []
    for offset in range(0, run.counts[ItemStatus.FAILED], _READ_AT_ONCE):
        items = app.image_batches.results(person.tenant.id, run.id, offset, _READ_AT_ONCE, ResultFilter.FAILED)
        found += [item.image.position for item in items]
    return tuple(found)


def draw_downloads(app: Services, person: Viewer, run: Job, *, approved: int) -> None:
    """Draw the buttons that take results and report away; ``approved`` is how many photos have an approved result."""
    batches, tenant_id = app.image_batches, person.tenant.id
    name = f"backgrounds-{run.created_at:%Y-%m-%d}"
    key = f"{session_keys.RESULT_DOWNLOAD}%s.{run.id}"

    # Not st.download_button: it would hold the whole archive in the memory of the web process.
    address = f"/downloads/backgrounds/{quote(tenant_id)}/{run.id}.zip"
    with st.container(horizontal=True, gap="xsmall"):
        st.link_button("All results (zip)", address, key=key % "zip", icon=":material/folder_zip:")
        if approved:
            st.link_button(
                "Approved only (zip)",
                f"{address}?only=approved",
                key=key % "approved",
                icon=":material/folder_zip:",
            )
        st.download_button(
            "Report (CSV)",
            lambda: batches.report_csv(tenant_id, run.id),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=key % "csv",
            icon=":material/table:",
            on_click="ignore",
        )
        st.download_button(
            "Report (JSON)",
            lambda: batches.report_json(tenant_id, run.id),
            file_name=f"{name}.json",
            mime="application/json",
            key=key % "json",
            icon=":material/data_object:",
            on_click="ignore",
        )
