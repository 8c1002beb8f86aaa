"""What a person does next with a survey, and the button that leads there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components import session_keys
from components.batch_actions import Kind, action_button
from components.survey_link import EXPLORE, RUN, TOPICS, go_to
from services.jobs.models import ItemStatus, JobStatus
from services.surveys.run_views import RunState


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step of the page, and what there is to do."""

    step: str
    words: str


def next_step(states: Sequence[RunState]) -> NextStep:
    """What follows from the runs of a survey, the newest first."""
    if not states:
        return NextStep(TOPICS, "choose the topics, then run.")
    job = states[0].job
    if job.status.live:
        words = "resume the run; it is paused." if job.paused else "wait for the run; it goes on without you."
        return NextStep(RUN, words)
    if job.status is JobStatus.DONE and not job.counts[ItemStatus.FAILED]:
        return NextStep(EXPLORE, "look at the results.")
    if job.status is JobStatus.DONE:
        return NextStep(RUN, "some parts failed; retry them, or look at what is there.")
    if job.status is JobStatus.FAILED:
        return NextStep(RUN, "see why the run failed, and retry it.")
    if any(state.job.status is JobStatus.DONE for state in states):
        return NextStep(EXPLORE, "look at the results of an earlier run; the last one was canceled.")
    return NextStep(RUN, "run it again; the last run was canceled.")


def draw_way_to(
    step: str,
    label: str,
    *,
    key: str,
    icon: str = ":material/arrow_forward:",
    kind: Kind = "primary",
    before: Callable[[], object] = lambda: None,
) -> None:
    """Draw the button to another step of the open survey.

    Args:
        key: What tells it from other such buttons.
        before: Done before, such as keeping a choice for that step.
    """

    def go() -> None:
        before()
        go_to(step)

    # The click would redraw its step alone; the steps themselves stand on the page around it.
    action_button(
        label, go, key=f"{session_keys.SURVEY_BUTTON}to.{step}.{key}", icon=icon, kind=kind, redraws_page=True
    )
