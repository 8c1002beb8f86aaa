"""How a finding came about: what each step of the analysis was given and made of one response."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_words import STEP_WORDS
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.surveys.run_models import StepTrace, SurveyRun

_LONGEST_CHARACTERS = 20_000


def draw_traces(app: Services, person: Viewer, run: SurveyRun, response_id: str) -> None:
    """Draw the steps in their order."""
    traces = _traces(app, person, run, response_id)
    if not traces:
        st.info(
            "Nothing was kept of the steps: the response says nothing, or its part of the run did not end.",
            icon=":material/account_tree:",
        )
        return
    for number, trace in enumerate(traces, start=1):
        title = f"{number}. {STEP_WORDS[trace.step]}"
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{title}** :small[:gray[{cost_line(trace)}]]")
            if trace.note:
                st.markdown(f":orange-badge[:material/info: Note] :small[{in_one_line(trace.note, 500)}]")
            if trace.details:
                details = (
                    f"{in_one_line(name, 60)} **{in_one_line(value, 300)}**" for name, value in trace.details.items()
                )
                st.markdown(f":small[{' · '.join(details)}]")
            given, made = st.columns(2)
            with given:
                _draw_text("What it was given", trace.given)
            with made:
                _draw_text("What it made", trace.made)


def cost_line(trace: StepTrace) -> str:
    """By what the step was done, and what it took."""
    parts = [in_one_line(trace.model, 60)] if trace.model else []
    parts.append(f"version {in_one_line(trace.version, 40)}")
    parts.append(f"{trace.seconds:.2f} s" if trace.seconds < 10 else f"{trace.seconds:.0f} s")
    if trace.input_tokens or trace.output_tokens:
        parts.append(f"{trace.input_tokens:,} tokens in, {trace.output_tokens:,} out")
    if trace.cost_usd:
        parts.append(f"${trace.cost_usd:.4f}")
    if len(trace.response_ids) > 1:
        parts.append(f"shared with {counted(len(trace.response_ids) - 1, 'other response')}")
    if trace.reused:
        parts.append("reply used again, not paid twice")
    return " · ".join(parts)


def _traces(app: Services, person: Viewer, run: SurveyRun, response_id: str) -> Sequence[StepTrace]:
    """They may have to be computed, so those that are looked at are kept while they are."""
    name = (run.id, response_id)
    kept: tuple[tuple[str, str], Sequence[StepTrace]] | None = st.session_state.get(session_keys.VERBATIM_TRACES)
    if kept is not None and kept[0] == name:
        return kept[1]
    with st.spinner("Looking at the steps …"):
        traces = app.surveys.runs.traces(person.tenant.id, run.id, response_id)
    st.session_state[session_keys.VERBATIM_TRACES] = (name, traces)
    return traces


def _draw_text(label: str, text: str) -> None:
    st.caption(label)
    if not text.strip():
        st.caption("Nothing.")
        return
    cut = text[:_LONGEST_CHARACTERS]
    st.code(cut, language=None, wrap_lines=True, height=220 if len(cut) > 600 else "content")
    if len(cut) < len(text):
        st.caption(f"The first {_LONGEST_CHARACTERS:,} of {len(text):,} characters.")
