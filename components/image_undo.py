"""Takes back what was done to labels and masks."""

from __future__ import annotations

from components import session_keys
from components.batch_actions import action_button
from components.frame import Viewer
from components.wiring import Services


def draw_undo(app: Services, person: Viewer, batch_id: str, place: str) -> None:
    """Draw the button that takes the newest change of labels or masks back."""
    action_button(
        "Undo",
        lambda: app.image_batches.undo(person.account, person.tenant.id, batch_id) or "There is nothing to undo.",
        key=f"{session_keys.LABEL_UNDO_BUTTON}{place}.{batch_id}",
        icon=":material/undo:",
        help_text="Takes back the newest change of labels and masks in this batch.",
    )
