"""What can be done with several photos of a run at once: run the chosen ones again, approve those that are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.composite_choice import chosen_results
from components.composite_run import retry, run_differently
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import confirm
from components.wiring import Services
from services.images.batch_views import ResultFilter, RunItem
from services.jobs.models import Job


def draw_bar(
    app: Services, person: Viewer, run: Job, shown: Sequence[RunItem], counts: Mapping[ResultFilter, int]
) -> None:
    """Draw the buttons that have something to do; nothing when none has.

    Args:
        shown: The photos of the page that is open.
        counts: How many photos each filter lets through.
    """
    with st.container(horizontal=True, gap="xsmall"):
        if not run.status.live:
            _draw_chosen(app, person, run)
        _draw_approval(app, person, run, shown, counts[ResultFilter.UNREVIEWED])


def _draw_chosen(app: Services, person: Viewer, run: Job) -> None:
    chosen = chosen_results(run)
    if not chosen:
        return
    key = f"{session_keys.RUN_BUTTON}%s.{run.id}"
    action_button(
        f"Retry {len(chosen):,} chosen",
        lambda: retry(app, person, run, tuple(chosen)),
        key=key % "retry_chosen",
        icon=":material/refresh:",
        kind="primary",
        redraws_page=True,
    )
    wish = app.image_batches.run_wish(run)
    action_button(
        f"Other settings for {len(chosen):,} chosen",
        lambda: run_differently(str(run.arguments["batch_id"]), wish, tuple(sorted(chosen.values()))),
        key=key % "chosen_with",
        icon=":material/tune:",
        redraws_page=True,
    )


def _draw_approval(app: Services, person: Viewer, run: Job, shown: Sequence[RunItem], unreviewed: int) -> None:
    here = [one.item.position for one in shown if one.unreviewed]
    key = f"{session_keys.RUN_BUTTON}%s.{run.id}"
    if here:
        action_button(
            "Approve all on this page",
            lambda: _approve(app, person, run, here),
            key=key % "approve_page",
            icon=":material/thumb_up:",
            help_text="What somebody approved or rejected stays as it is.",
        )
    if unreviewed > len(here):
        action_button(
            "Approve all that are done",
            lambda: _ask_before_approving(app, person, run, unreviewed),
            key=key % "approve_all",
            icon=":material/done_all:",
            redraws_page=True,  # the question is a window over the page
        )


def _ask_before_approving(app: Services, person: Viewer, run: Job, unreviewed: int) -> None:
    confirm(
        f"Approve {counted(unreviewed, 'photo')}?",
        "Everything that is done and of which nobody has said anything yet counts as approved then, also what you "
        "have not looked at. What was rejected stays rejected.",
        "Approve all",
        lambda: _approve(app, person, run, None),
        icon=":material/done_all:",
    )


def _approve(app: Services, person: Viewer, run: Job, positions: Collection[int] | None) -> str:
    count = app.image_batches.approve(person.account, person.tenant.id, run.id, positions)
    return f"Approved {counted(count, 'result')}."
