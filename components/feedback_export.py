"""Takes judged answers out as a file to fine-tune a language model with."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.wiring import Services

_PERIODS: dict[str, int | None] = {"30 days": 30, "90 days": 90, "A year": 365, "Everything": None}


def draw_export(app: Services, person: Viewer) -> None:
    """Draw what the file holds, the period, and the button."""
    st.markdown(
        "One line per answer that somebody judged, as JSON: the question, the passages, the better answer and the "
        "worse one. The better one is a curated answer, or what the agent sent or wrote instead of the draft, or a "
        "draft that was rated up and left as it was."
    )
    st.warning(
        "**Treat the file as personal data.**  \nQuestions are masked, and so is what agents typed, but a bare name in "
        "the middle of a sentence is not recognized. Who takes the file is written into the audit trail.",
        icon=":material/shield_person:",
    )
    period = st.segmented_control(
        "Period",
        list(_PERIODS),
        default="90 days",
        required=True,
        # In the primary color, which is the default of what is chosen, the words would be too faint on dark.
        format_func=lambda name: f":gray[{name}]",
        key=session_keys.EXPORT_DAYS,
        persist_state="session",
    )
    st.download_button(
        "Download",
        data=lambda: b"".join(app.preference_pairs.export(person.account, person.tenant.id, days=_PERIODS[period])),
        file_name=f"preference-pairs-{person.tenant.id}.jsonl",
        mime="application/jsonl",
        key=session_keys.EXPORT_BUTTON,
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
