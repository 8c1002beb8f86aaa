"""The batches of a tenant, live, and what an empty page says instead."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backdrop_title import background_title
from components.batch_link import PHOTOS, RESULTS, open_batch
from components.batch_upload import draw_samples_button, draw_upload
from components.document_words import counted
from components.error_notice import errors_shown
from components.frame import Viewer
from components.job_progress import SECONDS_BETWEEN_LOOKS, job_state_markdown
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.errors import AppError
from services.images.batch_views import BatchSummary
from services.jobs.models import ItemStatus, Job

PAGE_LENGTH = 10


def draw_batches(app: Services, person: Viewer) -> None:
    """Draw how to begin, and the list."""
    summaries = app.image_batches.list(person.tenant.id, limit=_shown_count())
    if not summaries:
        _draw_start(app, person)
        return
    with st.expander("New batch", icon=":material/add_photo_alternate:", key=f"{session_keys.BATCH_FIELD}new"):
        draw_upload(app, person)
    every = SECONDS_BETWEEN_LOOKS if any(_live(summary) for summary in summaries) else None
    st.fragment(_draw_list, run_every=every, key=f"{session_keys.BATCH_LIST}rows")(app, person)


def _shown_count() -> int:
    count: int = st.session_state.get(f"{session_keys.BATCH_LIST}count", PAGE_LENGTH)
    return count


def _show_more() -> None:
    st.session_state[f"{session_keys.BATCH_LIST}count"] = _shown_count() + PAGE_LENGTH


def _draw_start(app: Services, person: Viewer) -> None:
    with st.container(border=True):
        st.subheader(f"{in_one_line(person.tenant.name)} has no batches yet", anchor=False)
        st.markdown(
            "1. **Upload** the photos of a campaign, up to a thousand at once, or a zip of them.\n"
            "2. **Check** what was found in them, and correct the masks that need it.\n"
            "3. **Choose** a background, confirm, and close the browser: the results wait for you."
        )
        draw_upload(app, person)
        draw_samples_button(app, person)


def _draw_list(app: Services, person: Viewer) -> None:
    with errors_shown():
        count = _shown_count()
        summaries = app.image_batches.list(person.tenant.id, limit=count + 1)
        for summary in summaries[:count]:
            _draw_row(app, person, summary)
        if len(summaries) > count:
            st.button(
                "Show more",
                key=f"{session_keys.BATCH_LIST}more",
                icon=":material/expand_more:",
                type="tertiary",
                on_click=_show_more,
            )


def _draw_row(app: Services, person: Viewer, summary: BatchSummary) -> None:
    batch, run = summary.batch, summary.last_run
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium", wrap=False):
        picture = _first_picture(app, person, summary)
        if picture:
            st.image(picture, width=72, alt="")
        with st.container(gap="xxsmall"):
            if st.button(
                f"**{in_one_line(batch.title, 80)}**",
                key=f"{session_keys.BATCH_BUTTON}open.{batch.id}",
                icon=":material/folder_open:",
                type="tertiary",
                on_click=open_batch,
                args=(batch.id, RESULTS if run else PHOTOS),
            ):
                st.rerun()  # the click would redraw the list alone
            facts = [counted(summary.usable, "photo")]
            if summary.refused:
                facts.append(f"{summary.refused:,} refused")
            facts.append(f"{ago(batch.created_at)} by {in_one_line(batch.username)}")
            st.markdown(f"{_state(summary)} :small[:gray[{' · '.join(facts)}]]")
            if run:
                st.caption(background_title(app, person.tenant.id, app.image_batches.run_wish(run)))


def _first_picture(app: Services, person: Viewer, summary: BatchSummary) -> bytes | None:
    try:
        image = app.image_batches.image(person.tenant.id, summary.batch.id, 0)
        return app.image_batches.preview(person.tenant.id, image) if image.usable else None
    except AppError:
        return None  # a list without a picture is better than none


def _state(summary: BatchSummary) -> str:
    if summary.last_run:
        run = summary.last_run
        return job_state_markdown(run) + _share(run)
    if not summary.usable and summary.refused:
        return ":red-badge[:material/error: No photo can be used]"
    if summary.prepared < summary.usable:
        share = f"{summary.prepared:,} of {summary.usable:,}"
        return f":blue-badge[:material/progress_activity: Preparing {share}]"
    if summary.doubtful:
        return f":orange-badge[:material/visibility: {counted(summary.doubtful, 'mask')} to look at]"
    return ":green-badge[:material/check_circle: Ready for a background]"


def _share(run: Job) -> str:
    """How much of the run ended, or is done where that is not all: it may have been for a few photos only."""
    if run.status.live:
        return f" :small[{run.ended_count:,} of {run.item_count:,}]" if run.item_count else ""
    done = run.counts[ItemStatus.DONE]
    return f" :small[{done:,} of {counted(run.item_count, 'photo')} done]" if done < run.item_count else ""


def _live(summary: BatchSummary) -> bool:
    return summary.prepared < summary.usable or bool(summary.last_run and summary.last_run.status.live)
