"""Runs side by side on the same gold labels: taxonomies, backends, prompts and examples."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from components import session_keys
from components.explore_run import RunNames, is_explorable, names_of_runs
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.quality_figures import draw_warnings
from components.quality_words import METRICS, brief_share, difference_words
from components.wiring import Services
from services.errors import InputError
from services.surveys.evaluation_models import ComparedFigure, RunComparison
from services.surveys.exploring.explorer import RunView
from services.surveys.run_views import RunState

MOST_RUNS = 4
_ROW_PIXELS = 35
_LETTERS = "ABCD"


def draw_compare(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the part."""
    states = {
        one.run.id: one
        for one in app.surveys.runs.list(person.tenant.id, view.run.survey_id)
        if is_explorable(one) and one.run.question == view.run.question
    }
    if len(states) < 2:
        st.info(
            "**There is only one run to this question.**  \nStart another one, with other topics, another backend or "
            "with corrections; then they stand here side by side.",
            icon=":material/compare:",
        )
        return
    names = names_of_runs(app, person, list(states.values()))
    others = [run_id for run_id in states if run_id != view.run.id]
    chosen = st.multiselect(
        f"Runs, at most {MOST_RUNS}; the others are held against the first",
        list(states),
        # The older of the two comes first: what is asked is whether the newer one is better.
        default=sorted((view.run.id, others[0]), key=lambda one: states[one].run.created_at),
        max_selections=MOST_RUNS,
        format_func=lambda run_id: names.words(states[run_id]),
        key=f"{session_keys.QUALITY_FIELD}compare.{view.run.id}",
    )
    if len(chosen) < 2:
        st.info("Choose at least two runs.", icon=":material/compare:")
        return
    try:
        with st.spinner("Comparing …"):
            compared = app.surveys.evaluation.compare(person.tenant.id, chosen)
    except InputError as error:
        st.info(f"**{in_one_line(error.message_for_user)}**  \n{in_one_line(error.remedy)}", icon=":material/compare:")
        return
    _draw_runs([states[run_id] for run_id in compared.run_ids], compared, names)
    for note in compared.notes:
        st.caption(in_one_line(note))
    draw_warnings(compared.warnings)
    rows = {METRICS[metric][0]: figure for metric, figure in compared.metrics.items()}
    _draw_table(rows, compared, "Figure")
    if compared.topics:
        topic_names = {topic.id: topic.name for topic in view.topics}
        st.subheader("Per topic (F1)", anchor=False)
        _draw_table(
            {topic_names.get(topic_id, topic_id): figure for topic_id, figure in compared.topics.items()},
            compared,
            "Topic",
        )


def _draw_runs(states: list[RunState], compared: RunComparison, names: RunNames) -> None:
    for letter, state, count in zip(_LETTERS, states, compared.text_counts, strict=False):
        run = state.run
        st.markdown(
            f"**{letter}** · {in_one_line(names.words(state), 200)} :small[:gray[{count:,} gold "
            f"texts, {run.example_count:,} examples]]"
        )


def _draw_table(rows: dict[str, ComparedFigure], compared: RunComparison, name: str) -> None:
    letters = _LETTERS[: len(compared.run_ids)]
    table = []
    for label, figure in rows.items():
        row = {name: label}
        for letter, value in zip(letters, figure.values, strict=True):
            row[letter] = brief_share(value)
        if compared.is_paired:
            for letter, difference in list(zip(letters, figure.differences, strict=True))[1:]:
                row[f"{letter} against {letters[0]}"] = difference_words(difference)
        table.append(row)
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        row_height=_ROW_PIXELS,
        height=(len(table) + 1) * _ROW_PIXELS + 3,
        alt="Runs side by side",
    )
