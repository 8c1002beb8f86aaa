"""The buttons that lead from one step of a batch to the next."""

from __future__ import annotations

from components import session_keys
from components.batch_actions import action_button
from components.batch_link import STEPS, go_to


def draw_next(batch_id: str, step: str, *, primary: bool = True, label: str = "") -> None:
    """Draw the button to the step that follows this one."""
    following = STEPS[STEPS.index(step) + 1]
    # The click would redraw its step alone; the steps themselves stand on the page around it.
    action_button(
        label or f"Next: {following}",
        lambda: go_to(following),
        key=f"{session_keys.BATCH_BUTTON}next.{step}.{batch_id}",
        icon=":material/arrow_forward:",
        kind="primary" if primary else "secondary",
        redraws_page=True,
    )
