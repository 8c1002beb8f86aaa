"""One photo of a run: before and after, how it fared, and what a person says about it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import action_button, attempt
from components.batch_link import MASKS, go_to
from components.batch_words import MASK_CODES, ORIGINS
from components.composite_choice import draw_choice
from components.composite_run import retry, run_differently
from components.composite_slider import draw_before_after
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.mask_opening import open_mask
from components.wiring import Services
from services.images.batch_views import CompositeResult, RunItem, may_pass_unchanged
from services.images.models import Review
from services.jobs.models import ItemStatus, Job

_STATES = {
    ItemStatus.FAILED: ":red-badge[:material/error: Failed]",
    ItemStatus.CANCELED: ":gray-badge[:material/block: Canceled]",
}
_WAITING = ":gray-badge[:material/schedule: Waiting]"
_REVIEWS = {Review.APPROVED: ":material/thumb_up: Approve", Review.REJECTED: ":material/thumb_down: Reject"}


def draw_card(app: Services, person: Viewer, run: Job, result: RunItem) -> None:
    """Draw the card."""
    with st.container(border=True, gap="xsmall"):
        if result.composites:
            _draw_done(app, person, run, result)
        else:
            _draw_undone(app, person, run, result)


def _draw_done(app: Services, person: Viewer, run: Job, result: RunItem) -> None:
    tenant_id, image = person.tenant.id, result.image
    name = f"{run.id}.{result.item.position}"
    composite = _choose_variation(result, name)
    draw_before_after(
        app.image_batches.preview(tenant_id, image),
        app.image_batches.composite_preview(tenant_id, composite.file),
        name=image.file_name,
        size=(composite.width, composite.height),
        key=f"{session_keys.RESULT_PICTURE}{name}.{composite.variation}",
    )
    reviews = {review.variation: review.review for review in result.reviews}
    now = reviews.get(composite.variation)
    st.markdown(f":small[**{in_one_line(image.file_name, 60)}**]  \n{_badges(composite, now)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _draw_review(app, person, run, result, composite, now)
        st.download_button(
            "Download",
            lambda: app.image_batches.composite(tenant_id, composite.file),
            file_name=_file_name(image.file_name, composite),
            key=f"{session_keys.RESULT_DOWNLOAD}{name}.{composite.variation}",
            icon=":material/download:",
            type="tertiary",
            help=f"{composite.width:,} x {composite.height:,} pixels",
            on_click="ignore",
        )


def _choose_variation(result: RunItem, name: str) -> CompositeResult:
    by_number = {composite.variation: composite for composite in result.composites}
    numbers = list(by_number)
    if len(numbers) == 1:
        return result.composites[0]
    chosen = st.segmented_control(
        f"Variation of {result.image.file_name}",
        numbers,
        default=numbers[0],
        required=True,
        format_func=lambda number: f":gray[{number}]",
        key=f"{session_keys.RESULT_VARIATION}{name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    return by_number[chosen or numbers[0]]


def _badges(composite: CompositeResult, review: Review | None) -> str:
    origin = ORIGINS.get(composite.origin, "")
    state = ":green-badge[:material/check_circle: Done]"
    if review is Review.APPROVED:
        state = ":green-badge[:material/thumb_up: Approved]"
    elif review is Review.REJECTED:
        state = ":red-badge[:material/thumb_down: Rejected]"
    details = [origin.capitalize()] if origin else []
    if composite.note:
        details.append(in_one_line(composite.note.rstrip("."), 80))
    if composite.seed is not None:
        details.append(f"seed {composite.seed}")
    return f"{state} :small[:gray[{' · '.join(details)}]]"


def _draw_review(
    app: Services, person: Viewer, run: Job, result: RunItem, composite: CompositeResult, now: Review | None
) -> None:
    key = f"{session_keys.RESULT_REVIEW}{run.id}.{result.item.position}.{composite.variation}"
    st.session_state[key] = now

    def say() -> None:
        word: Review | None = st.session_state[key]
        attempt(
            lambda: app.image_batches.review(
                person.account, person.tenant.id, run.id, result.item.position, composite.variation, word
            )
        )

    st.pills(
        f"What you say about {result.image.file_name}",
        list(_REVIEWS),
        format_func=lambda word: f":gray[{_REVIEWS[word]}]",
        key=key,
        label_visibility="collapsed",
        on_change=say,
    )


def _draw_undone(app: Services, person: Viewer, run: Job, result: RunItem) -> None:
    item, image = result.item, result.image
    if image.usable:
        st.image(app.image_batches.preview(person.tenant.id, image), alt=f"The photo {image.file_name}")
    words = [f":small[**{in_one_line(image.file_name, 60)}**]", _STATES.get(item.status, _WAITING)]
    if item.status is ItemStatus.FAILED:
        words.append(f":small[{in_one_line(item.cause)} {in_one_line(item.remedy)}]")
        words.append(f":small[:gray[Code: {in_one_line(item.error_code or 'unknown')}]]")
    st.markdown("  \n".join(words))
    if run.status.live:
        if item.status is ItemStatus.FAILED:
            st.caption("It can be retried once the run has ended.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if item.status is ItemStatus.FAILED:
            _draw_mending(app, run, result)
        again = item.status is ItemStatus.CANCELED or may_pass_unchanged(item)
        action_button(
            "Run it" if item.status is ItemStatus.CANCELED else "Retry",
            lambda: retry(app, person, run, (item.position,)),
            key=f"{session_keys.RUN_BUTTON}retry.{run.id}.{item.position}",
            icon=":material/refresh:",
            redraws_page=True,
            kind="secondary" if again else "tertiary",
            help_text=None if again else "The same fails again unless its cause was corrected.",
        )
        if run.counts[ItemStatus.FAILED] + run.left_count > 1:
            draw_choice(run, result)


def _draw_mending(app: Services, run: Job, result: RunItem) -> None:
    """Draw the way to where the cause of a failure is corrected."""
    batch_id, position = result.image.batch_id, result.image.position
    key = f"{session_keys.RUN_BUTTON}%s.{run.id}.{result.item.position}"
    if result.item.error_code in MASK_CODES:
        action_button(
            "Correct the mask",
            lambda: _to_mask(batch_id, position),
            key=key % "mask",
            icon=":material/content_cut:",
            redraws_page=True,
        )
    else:
        action_button(
            "Other settings",
            lambda: run_differently(batch_id, app.image_batches.run_wish(run), (position,)),
            key=key % "with",
            icon=":material/tune:",
            redraws_page=True,
        )


def _to_mask(batch_id: str, position: int) -> None:
    open_mask(batch_id, position)
    go_to(MASKS)


def _file_name(file_name: str, composite: CompositeResult) -> str:
    stem = file_name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    number = f"-{composite.variation}" if composite.variation > 1 else ""
    return f"{stem}{number}.{composite.file.rsplit('.', 1)[-1]}"
