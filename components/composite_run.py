"""One run: its parameters, its counts, its files to take away, and how to run it again."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from components import session_keys
from components.backdrop_wish import choose_photos, keep_wish
from components.batch_actions import action_button
from components.batch_link import BACKGROUND, go_to, open_run
from components.batch_words import ORIGINS, wish_details
from components.composite_choice import clear_choice
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.images.background_models import BackgroundWish
from services.images.batch_views import ResultFilter, may_pass_unchanged
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus


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


def draw_again(app: Services, person: Viewer, batch_id: str, run: Job, *, rejected: int) -> None:
    """Draw the buttons that go on with it or run it again: what is left, failed or rejected, or all.

    Args:
        rejected: How many photos have a rejected result.
    """
    wish = app.image_batches.run_wish(run)
    failed, left = run.counts[ItemStatus.FAILED], run.left_count
    key = f"{session_keys.RUN_BUTTON}%s.{run.id}"
    with st.container(horizontal=True, gap="xsmall"):
        if left:
            action_button(
                f"Run the {left:,} that {'is' if left == 1 else 'are'} left",
                lambda: retry(app, person, run, _positions(app, person, run, ResultFilter.CANCELED)),
                key=key % "left",
                icon=":material/play_arrow:",
                kind="primary",
                redraws_page=True,
            )
        if run.can_retry or failed:
            action_button(
                f"Retry {failed:,} failed" if failed else "Try again",
                lambda: retry(app, person, run, None),
                key=key % "retry",
                icon=":material/refresh:",
                kind="secondary" if left or (failed and not _may_pass(app, run)) else "primary",
                redraws_page=True,
            )
        if failed:
            action_button(
                "Retry failed with other settings",
                lambda: run_differently(batch_id, wish, _photos(app, person, run, ResultFilter.FAILED)),
                key=key % "retry_with",
                icon=":material/tune:",
                redraws_page=True,
            )
        if rejected:
            action_button(
                f"Run {rejected:,} rejected again with other settings",
                lambda: run_differently(batch_id, wish, _photos(app, person, run, ResultFilter.REJECTED)),
                key=key % "rejected_with",
                icon=":material/thumb_down:",
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
    """Run these photos of a run again that failed or were canceled, all that failed when None; for callbacks."""
    app.image_batches.retry(person.account, person.tenant.id, run.id, positions)
    clear_choice(run)
    open_run(run.id)
    return "Started again."


def run_differently(batch_id: str, wish: BackgroundWish, photos: tuple[int, ...] | None) -> None:
    """Go to the background with what a run asked for, to change it; for callbacks."""
    keep_wish(batch_id, wish)
    choose_photos(batch_id, photos)
    go_to(BACKGROUND)


def _may_pass(app: Services, run: Job) -> bool:
    """Whether the same again may work for a photo that failed; the others need something changed first."""
    failed = app.jobs.list_items(run.tenant_id, run.id, ItemStatus.FAILED, limit=run.counts[ItemStatus.FAILED])
    return any(map(may_pass_unchanged, failed))


def _photos(app: Services, person: Viewer, run: Job, only: ResultFilter) -> tuple[int, ...]:
    """The positions in the batch of the photos that the filter lets through."""
    found = app.image_batches.results(person.tenant.id, run.id, 0, run.item_count, only)
    return tuple(one.image.position for one in found)


def _positions(app: Services, person: Viewer, run: Job, only: ResultFilter) -> tuple[int, ...]:
    """Their positions in the run."""
    found = app.image_batches.results(person.tenant.id, run.id, 0, run.item_count, only)
    return tuple(one.item.position for one in found)


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
