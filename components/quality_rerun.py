"""Starts the same run again with what people corrected since, after saying what it would take."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.batch_words import cost_words, duration_words
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_link import RUN, open_run
from components.wiring import Services
from services.surveys.exploring.explorer import RunView

_ASKED, _STARTED = "asked", "started"


def draw_rerun(app: Services, person: Viewer, view: RunView) -> None:
    """Draw how many corrections wait to be learned from, and the way to a run with them."""
    run, tenant_id = view.run, person.tenant.id
    asked = f"{session_keys.QUALITY_FIELD}rerun.{run.id}"
    if st.session_state.get(asked) == _STARTED:
        # The button that started it is gone, and the step that is open now stands on the page around this one.
        del st.session_state[asked]
        st.rerun()
    options = replace(run.options, use_corrections=True)
    known = len(app.surveys.labels.correction_examples(tenant_id, run.survey_id, run.question, run.taxonomy_id))
    with st.container(border=True, gap="small"):
        if not known:
            if app.surveys.labels.corrections(tenant_id, run.survey_id, run.question):
                st.markdown(
                    "**All corrections are of responses with a gold label.** No run learns from these, or it could not "
                    "be measured with them. Correct other responses to teach the next run."
                )
                return
            st.markdown(
                "**No corrections to learn from yet.** Correct responses under “Responses”, or confirm those that are "
                "right; the next run learns from both."
            )
            return
        learned = f"This run learned from {run.correction_count:,} of them." if run.correction_count else ""
        st.markdown(f"**{counted(known, 'correction')}** can teach the next run. {learned}")
        if not st.session_state.get(asked):
            st.button(
                "Run again with corrections …",
                key=f"{session_keys.QUALITY_BUTTON}rerun",
                icon=":material/replay:",
                on_click=lambda: st.session_state.update({asked: _ASKED}),
            )
            return
        with st.spinner("Estimating …"):
            estimate = app.surveys.runs.estimate(tenant_id, run.survey_id, run.question, run.taxonomy_id, options)
        parts = [counted(estimate.response_count, "response"), cost_words(estimate.cost_usd).lower()]
        if estimate.calls:
            parts.append(counted(estimate.calls, "call"))
        if estimate.seconds is not None:
            parts.append(duration_words(estimate.seconds).lower())
        st.markdown(f"It would take: **{', '.join(parts)}**. The newest version of the topics is used.")
        for warning in estimate.warnings:
            st.caption(f":material/warning: {in_one_line(warning)}")

        def start() -> str:
            started = app.surveys.runs.start(
                person.account, tenant_id, run.survey_id, run.question, run.taxonomy_id, options, "With corrections"
            )
            st.session_state[asked] = _STARTED
            open_run(started.id, RUN)
            return "Started. Come back to “What changed” once it has ended."

        with st.container(horizontal=True, gap="small"):
            action_button(
                "Start the run",
                start,
                key=f"{session_keys.QUALITY_BUTTON}rerun.start",
                icon=":material/play_arrow:",
                kind="primary",
            )
            st.button(
                "Not now",
                key=f"{session_keys.QUALITY_BUTTON}rerun.no",
                type="tertiary",
                on_click=lambda: st.session_state.pop(asked, None),
            )
