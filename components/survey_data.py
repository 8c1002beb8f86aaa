"""The first step: what a loaded survey holds, what was masked and marked in it, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_link import TOPICS
from components.survey_next import draw_way_to
from components.survey_settings import draw_settings
from components.survey_words import MARKS, kind_words, score_words, used_words
from components.times import day
from components.wiring import Services
from services.surveys.marks import Mark
from services.surveys.prepared_facts import QuestionFacts, SurveyFacts
from services.surveys.survey_models import Survey

PREVIEW_ROWS = 20
_LONGEST_TEXT_CHARACTERS = 300
_KEY = session_keys.SURVEY_FIELD


def draw_data(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    survey = app.surveys.library.get(person.tenant.id, survey_id)
    facts = survey.facts
    _draw_figures(facts)
    _draw_notes(facts)
    _draw_questions(facts)
    _draw_masked(facts)
    draw_way_to(TOPICS, "Next: choose topics", key=survey_id)
    with st.expander("Columns, dates and scores", icon=":material/view_column:"):
        _draw_columns(facts)
    with st.expander(
        "Look at the responses", icon=":material/table_rows:", key=f"{_KEY}rows.{survey_id}", on_change="rerun"
    ) as rows:
        if rows.open:
            _draw_rows(app, person, survey)
    with st.expander("Name, earlier wave and deletion", icon=":material/settings:"):
        draw_settings(app, person, survey)


def _draw_figures(facts: SurveyFacts) -> None:
    with st.container(border=True, horizontal=True, gap="medium"):
        st.metric("Responses", f"{facts.row_count:,}", width="content")
        st.metric("Questions", f"{len(facts.questions):,}", width="content")
        if facts.first_day is not None and facts.last_day is not None:
            st.metric("First day", day(facts.first_day), width="content")
            st.metric("Last day", day(facts.last_day), width="content")
        masked = sum(sum(question.personal_data.values()) for question in facts.questions)
        st.metric("Personal data masked", f"{masked:,}", width="content", help="Places in the responses")


def _draw_notes(facts: SurveyFacts) -> None:
    """Draw what a person should know about how the file was read."""
    notes = [f"**{in_one_line(one.message)}** {in_one_line(one.remedy)}" for one in facts.warnings]
    if facts.unread_dates:
        notes.append(
            f"**{counted(facts.unread_dates, 'cell')} of “{in_one_line(facts.columns.date or '', 60)}” "
            f"{'is' if facts.unread_dates == 1 else 'are'} no date.** Those rows are left out of trends."
        )
    if facts.dates_are_ambiguous:
        notes.append(
            "**Day and month of the dates cannot be told apart.** The month was taken to come first. Load the file "
            "with dates such as 2026-03-31 if that is wrong."
        )
    if facts.hidden_ids:
        notes.append(
            f"**{counted(facts.hidden_ids, 'id')} told who somebody is.** Those rows are known by their number instead."
        )
    notes += [
        f"**{counted(score.unread_count, 'cell')} of “{in_one_line(score.name, 60)}” "
        f"{'is' if score.unread_count == 1 else 'are'} no number.** Those rows have no score."
        for score in facts.scores
        if score.unread_count
    ]
    if notes:
        mark = "- " if len(notes) > 1 else ""
        st.info("\n".join(f"{mark}{note}" for note in notes), icon=":material/info:")


def _draw_questions(facts: SurveyFacts) -> None:
    rows = []
    for question in facts.questions:
        answered = facts.row_count - question.marks[Mark.EMPTY]
        row = {"Question": in_one_line(question.name), "Not empty": f"{answered:,}"}
        row["Different"] = f"{question.distinct_count:,}"
        row |= {f"{icon} {word}": _marked(question, mark) for mark, (word, icon, _) in MARKS.items()}
        rows.append(row)
    # Few questions read best from top to bottom, a line for each fact; that also fits a phone.
    table = pd.DataFrame(rows).set_index("Question").T.rename_axis(None)
    table.insert(0, "Responses", table.index)
    st.table(table, border="horizontal", hide_index=True)
    with st.expander("What the marks mean", icon=":material/help:"):
        st.markdown("\n".join(f"- {icon} **{word}**: {meaning}" for word, icon, meaning in MARKS.values()))
        st.caption("Nothing was removed: every response is counted and can be looked at.")


def _marked(question: QuestionFacts, mark: Mark) -> str:
    count = question.marks.get(mark, 0)
    return f"{count:,}" if count else "0"


def _draw_masked(facts: SurveyFacts) -> None:
    lines = []
    for question in facts.questions:
        kinds = [kind_words(kind, count) for kind, count in question.personal_data.items() if count]
        if kinds:
            lines.append(
                f"“{in_one_line(question.name, 80)}”: {', '.join(kinds)} in {counted(question.masked_rows, 'response')}"
            )
    if lines:
        heading = ":material/shield_person: **Masked before anything was stored**"
        st.markdown("  \n".join([heading, *(f":small[{line}]" for line in lines)]))
    else:
        st.markdown(":material/shield_person: No personal data was found in the responses.")


def _draw_columns(facts: SurveyFacts) -> None:
    lines = used_words(facts.columns)
    lines += [f"**{in_one_line(score.name, 60)}**: {score_words(score)}" for score in facts.scores]
    lines.append(f"**File**: {in_one_line(facts.source_name)}")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _draw_rows(app: Services, person: Viewer, survey: Survey) -> None:
    prepared = app.surveys.library.open(person.tenant.id, survey.id)
    columns: dict[str, Sequence[str]] = {"Id": prepared.ids().slice(0, PREVIEW_ROWS).to_pylist()}
    for question in survey.facts.columns.texts:
        texts = prepared.texts(question).slice(0, PREVIEW_ROWS).to_pylist()
        columns[question if question != "Id" else "Id (question)"] = [text[:_LONGEST_TEXT_CHARACTERS] for text in texts]
    st.dataframe(pd.DataFrame(columns), hide_index=True, alt="The first responses, personal data masked")
    st.caption(
        f"The first {counted(min(PREVIEW_ROWS, prepared.row_count), 'response')}, as they are stored. After a run, all "
        "of them can be searched and filtered under Responses."
    )
