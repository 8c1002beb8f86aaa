"""The tab in which an admin tries a question on the draft or on what answers now."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.error_notice import errors_shown
from components.frame import Viewer
from components.trial_results import draw_trial
from components.wiring import Services
from services.answers.quality import CheckedVersions

TRY_TAB = "Try a question"


def draw_question_trial(app: Services, person: Viewer, versions: CheckedVersions) -> None:
    """Draw the question's field and, once something was asked, what it finds."""
    numbers = {
        label: snapshot.number
        for label, snapshot in (("Draft", versions.draft), ("Live", versions.live))
        if snapshot is not None
    }
    form = st.form(session_keys.TRIAL_BUTTON + ".form", border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        question = st.text_input(
            "Question", key=session_keys.TRIAL_QUESTION, placeholder="As a customer or an agent would ask it"
        )
        asked = st.form_submit_button("Try it", key=session_keys.TRIAL_BUTTON, type="primary", icon=":material/search:")
    label = st.segmented_control(
        "Version",
        list(numbers),
        default=next(iter(numbers)),
        required=True,
        format_func=lambda name: f"{name} · version {numbers[name]}",
        key=session_keys.TRIAL_VERSION,
    )
    if asked:
        st.session_state[session_keys.TRIAL_ASKED] = question
    tried = st.session_state.get(session_keys.TRIAL_ASKED)
    if tried is None:
        st.info(
            "**Type a question to see what it finds and why.**  \nThree searches stand side by side: what agents get, "
            "and what meaning and words find by themselves. Nothing you try is kept.",
            icon=":material/search:",
        )
        return
    with errors_shown():
        draw_trial(app, person, app.quality.try_question(person.account, person.tenant.id, numbers[label], tried))


def try_question(text: str) -> None:
    """Go to the tab and ask this question there; for callbacks."""
    st.session_state[session_keys.TRIAL_QUESTION] = text
    st.session_state[session_keys.TRIAL_ASKED] = text
    st.session_state[session_keys.QUALITY_TAB] = TRY_TAB
