"""The windows that change what answers: publish a version, roll back to the one before."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.golden_words import draw_golden_changes, golden_badges
from components.knowledge_state import changes_words, draw_changes
from components.knowledge_window import Window, act, confirm, open_window
from components.wiring import Services
from services.answers.golden_models import GoldenComparison
from services.knowledge.publishing import LONGEST_REASON_CHARACTERS


def open_publishing(app: Services, person: Viewer, number: int, live: int | None) -> None:
    """Open the window that publishes a version; for callbacks.

    Args:
        live: The version that the admin sees as live; publishing is refused when another one is by then.
    """
    st.session_state.pop(session_keys.PUBLISH_REASON, None)
    open_window(
        Window(
            f"Publish version {number}?",
            lambda: _draw(app, person, number, live),
            ":material/publish:",
            "medium",
        )
    )


def open_roll_back(app: Services, person: Viewer, live: int, target: int) -> None:
    """Ask whether to roll back; for callbacks."""

    def roll_back() -> str:
        number = app.publishing.roll_back(person.account, person.tenant.id, expected_live=live)
        return f"Version {number} is live again. It answers from the next question on."

    confirm(
        f"Roll back to version {target}?",
        f"Version {target} takes the place of version {live} and answers from the next question on. Version {live} is "
        "kept, and documents stay as they are: what is disabled or deleted does not come back.",
        f"Roll back to version {target}",
        roll_back,
        icon=":material/undo:",
    )


def _draw(app: Services, person: Viewer, number: int, live: int | None) -> None:
    changes = app.publishing.changes(person.account, person.tenant.id, number, live)
    comparison = _comparison(app, person, number, live)
    against = f"Against version {live}" if live is not None else "This is the first version"
    st.markdown(f"**What changes for agents.** {against}: {changes_words(changes)}.")
    if changes.count:
        with st.expander(counted(changes.count, "document"), icon=":material/article:"):
            draw_changes(changes)
    st.markdown(golden_badges(comparison))
    if comparison.worse:
        st.warning(
            f"**{counted(len(comparison.worse), 'golden question')} got worse.**  \nPublish only if that is right, and "
            "say why. The reason stays in the history.",
            icon=":material/trending_down:",
        )
        draw_golden_changes(comparison.worse)
        st.text_input(
            "Why publish all the same?",
            key=session_keys.PUBLISH_REASON,
            max_chars=LONGEST_REASON_CHARACTERS,
            placeholder="Needed, such as: these questions are about a product that ended",
        )
    if comparison.better:
        with st.expander(f"{counted(len(comparison.better), 'golden question')} better", icon=":material/trending_up:"):
            draw_golden_changes(comparison.better)
    st.caption("It answers from the next question on. You can roll back at any time.")
    st.button(
        f"Publish version {number}",
        type="primary",
        icon=":material/publish:",
        key=session_keys.PUBLISH_CONFIRM,
        on_click=act,
        args=(lambda: _publish(app, person, number, live),),
    )


def _comparison(app: Services, person: Viewer, number: int, live: int | None) -> GoldenComparison:
    with st.spinner("Asking the golden questions …"):
        return app.golden_runs.compare(person.tenant.id, number, live)


def _publish(app: Services, person: Viewer, number: int, live: int | None) -> str:
    app.publishing.publish(
        person.account,
        person.tenant.id,
        number,
        expected_live=live,
        reason=st.session_state.get(session_keys.PUBLISH_REASON) or "",
    )
    return f"Version {number} is live. It answers from the next question on."
