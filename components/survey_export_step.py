"""The step that takes the findings away: what is exported, in which format, and what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.batch_actions import draw_outcome
from components.document_words import counted
from components.error_notice import errors_shown
from components.explore_filter import chips_of, shown_filter, topic_names
from components.explore_level import choose_level
from components.explore_run import choose_run
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_export_build import draw_build
from components.survey_export_formats import FORMATS, ExportFormat, ExportWish
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter

_EVERYTHING, _FILTERED = "everything", "filtered"


@dataclass(frozen=True, slots=True)
class _Part:
    """What is exported, and how many responses that are."""

    chosen: ResponseFilter
    count: int


def draw_export(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    state = choose_run(app, person, survey_id)
    if state is None:
        return
    st.fragment(_draw, key=f"{session_keys.SURVEY_EXPORT_FIELD}step.{state.run.id}")(app, person, state.run.id)


def _draw(app: Services, person: Viewer, run_id: str) -> None:
    with errors_shown():
        draw_outcome()
        view = app.surveys.explorer.open(person.tenant.id, run_id)
        part = _choose_part(view)
        if not part.count:
            st.info(
                "**No response fits the filter.**  \nTake a condition away under “Explore”.", icon=":material/info:"
            )
            return
        kind = _choose_format(view)
        title, score = _choose_details(view, kind)
        by_main = kind.is_report and choose_level(view, "Figures count by").is_main
        draw_build(app, person, view, ExportWish(kind, part.chosen, title, score, by_main), part.count)
        _draw_guide(app)


def _choose_part(view: RunView) -> _Part:
    chosen = view.known(shown_filter())
    every = ResponseFilter()
    if chosen.is_empty:
        st.markdown(
            f"**{counted(view.row_count, 'response')}** go into the file. Set a filter under “Explore” to take a part."
        )
        return _Part(every, view.row_count)
    # Tables list those without a word too.
    count = int(view.selection(chosen, with_empty=True).fits.sum())
    words = {
        _EVERYTHING: f"All {counted(view.row_count, 'response')}",
        _FILTERED: f"Only the {count:,} that fit the filter",
    }
    which = st.segmented_control(
        "Which responses",
        list(words),
        default=_FILTERED,
        required=True,
        format_func=lambda one: words[one],
        key=f"{session_keys.SURVEY_EXPORT_FIELD}which.{view.run.id}",
        wrap=True,
    )
    if which == _EVERYTHING:
        return _Part(every, view.row_count)
    conditions = " · ".join(in_one_line(chip.words, 60) for chip in chips_of(chosen, topic_names(view)))
    st.caption(f":material/filter_alt: {conditions}")
    return _Part(chosen, count)


def _choose_format(view: RunView) -> ExportFormat:
    names = list(FORMATS)
    name = st.segmented_control(
        "Format",
        names,
        default=names[0],
        required=True,
        format_func=lambda one: f"{FORMATS[one].icon} {one}",
        key=f"{session_keys.SURVEY_EXPORT_FIELD}format.{view.run.id}",
        wrap=True,
    )
    kind = FORMATS[name or names[0]]
    st.caption(kind.meaning)
    return kind


def _choose_details(view: RunView, kind: ExportFormat) -> tuple[str, str]:
    """The title and the score of a report; both empty where the format has none."""
    if not kind.is_report:
        return "", ""
    left, right = st.columns(2)
    title = left.text_input(
        "Title of the report",
        value=view.survey.title,
        max_chars=120,
        key=f"{session_keys.SURVEY_EXPORT_FIELD}title.{view.run.id}",
    )
    score = ""
    if view.score_names:
        score = right.selectbox(
            "Impact on the score",
            ["", *view.score_names],
            index=1,
            format_func=lambda one: one or "None",
            key=f"{session_keys.SURVEY_EXPORT_FIELD}score.{view.run.id}",
        )
    return (title or "").strip() or view.survey.title, score or ""


def _draw_guide(app: Services) -> None:
    with st.expander("What the columns mean", icon=":material/menu_book:"):
        for sheet in app.surveys.exports.column_guide():
            st.markdown(f"**{in_one_line(sheet.title)}** :small[:gray[{in_one_line(sheet.about)}]]")
            st.dataframe(
                [{"Column": column.name, "What it holds": column.meaning} for column in sheet.columns],
                hide_index=True,
                height="content",
                column_config={
                    "Column": st.column_config.TextColumn("Column", width="small"),
                    "What it holds": st.column_config.TextColumn("What it holds", width="large"),
                },
                alt=f"Columns of {sheet.title}",
            )
