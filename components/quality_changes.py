"""Runs again with corrections, and shows what one run found otherwise than another."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_run import is_explorable, names_of_runs
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.quality_figures import sentiment_table
from components.quality_rerun import draw_rerun
from components.quality_texts import draw_texts
from components.quality_words import OTHER_NAME
from components.wiring import Services
from services.surveys.evaluation_models import RunChanges, TopicChange
from services.surveys.exploring.explorer import RunView
from services.surveys.run_views import RunState

_ROW_PIXELS = 35
_GAINED, _LOST = "Gained", "Lost"


def draw_changes(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the part."""
    draw_rerun(app, person, view)
    earlier = _choose_earlier(app, person, view)
    if earlier is None:
        return
    key = f"{session_keys.QUALITY_FIGURES}changes.{view.run.id}"
    made_of = (earlier.run.id, view.taxonomy_version, earlier.job.round)
    kept = st.session_state.get(key)
    if kept is None or kept[0] != made_of:
        with st.spinner("Comparing the two runs …"):
            kept = (made_of, app.surveys.evaluation.changes(person.tenant.id, view.run.id, earlier.run.id))
        st.session_state[key] = kept
    _draw(view, kept[1])


def _choose_earlier(app: Services, person: Viewer, view: RunView) -> RunState | None:
    states = {
        one.run.id: one
        for one in app.surveys.runs.list(person.tenant.id, view.run.survey_id)
        if is_explorable(one)
        and one.run.question == view.run.question
        and one.run.taxonomy_id == view.run.taxonomy_id
        and one.run.id != view.run.id
    }
    if not states:
        st.info(
            "**There is no other run with these topics to compare with.**  \nCorrect some responses, then run again: "
            "what changed is shown here.",
            icon=":material/difference:",
        )
        return None
    # The run just before this one says best what this one changed.
    offered = sorted(
        states, key=lambda one: (states[one].run.created_at > view.run.created_at, _age(states[one], view))
    )
    names = names_of_runs(app, person, list(states.values()))
    run_id = st.selectbox(
        "Changed since the run",
        offered,
        format_func=lambda one: names.words(states[one]),
        key=f"{session_keys.QUALITY_FIELD}earlier.{view.run.id}",
        persist_state="session",
    )
    return states.get(run_id or offered[0])


def _age(state: RunState, view: RunView) -> float:
    return abs((state.run.created_at - view.run.created_at).total_seconds())


def _draw(view: RunView, changes: RunChanges) -> None:
    total = changes.response_count
    with st.container(border=True, horizontal=True, gap="medium"):
        for label, count in (
            ("Compared", total),
            ("Other topics", changes.topics_changed),
            ("Other sentiment", changes.sentiment_changed),
        ):
            st.metric(label, f"{count:,}", width="content")
    met = changes.corrections
    if met.count:
        st.markdown(
            f"Of **{counted(met.count, 'corrected text')}**, this run finds the topics of **{met.now:,}** by itself; "
            f"the other run did of {met.before:,}."
        )
    for note in changes.notes:
        st.caption(in_one_line(note))
    if changes.skipped_count:
        st.caption(f"{counted(changes.skipped_count, 'response')} could not be compared: one of the runs has none.")
    names = {topic.id: topic.name for topic in view.topics}
    moved = sorted((one for one in changes.topics if one.gained or one.lost), key=lambda one: -(one.gained + one.lost))
    if not moved and not changes.sentiment_changed:
        st.success("Both runs found the same.", icon=":material/check_circle:")
        return
    if moved:
        _draw_topics(view, moved, names)
    if changes.sentiment_changed:
        _draw_sentiment(view, changes)


def _draw_topics(view: RunView, moved: Sequence[TopicChange], names: dict[str, str]) -> None:
    table = pd.DataFrame(
        [
            {
                "Topic": names.get(one.topic_id, OTHER_NAME) if one.topic_id else OTHER_NAME,
                _GAINED: one.gained,
                _LOST: one.lost,
                "Kept": one.kept,
            }
            for one in moved
        ]
    )
    event = st.dataframe(
        table,
        key=f"{session_keys.QUALITY_FIELD}moved.{view.run.id}",
        on_select="rerun",
        selection_mode="single-cell",
        hide_index=True,
        row_height=_ROW_PIXELS,
        height=(len(moved) + 1) * _ROW_PIXELS + 3,
        alt="Responses that gained or lost a topic",
    )
    cells = event.selection.cells
    if not cells or cells[0][0] >= len(moved):
        st.caption(":material/touch_app: Counted in responses. Click a figure to read those that gained or lost it.")
        return
    row, column = cells[0]
    one, name = moved[row], str(table["Topic"][row])
    if column == _LOST:
        draw_texts(view, f"{name}, lost", one.lost_keys, len(one.lost_keys))
    else:
        draw_texts(view, f"{name}, gained", one.gained_keys, len(one.gained_keys))


def _draw_sentiment(view: RunView, changes: RunChanges) -> None:
    st.subheader("Other sentiment", anchor=False)
    st.dataframe(
        sentiment_table(changes.sentiment_moves, "The other run", "This run"),
        hide_index=True,
        row_height=_ROW_PIXELS,
        alt="Responses by their sentiment in the other run and in this one",
    )
    if st.toggle("Read responses of another sentiment", key=f"{session_keys.QUALITY_FIELD}felt.{view.run.id}"):
        draw_texts(view, "Other sentiment", changes.sentiment_keys, len(changes.sentiment_keys))
