"""Gold labels: how many there are, taken from a file, given on the page, looked at and removed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.explore_words import SENTIMENT_WORDS
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.quality_import import draw_import
from components.quality_labeling import draw_labeling, draw_start, is_labeling
from components.quality_words import OTHER_NAME
from components.times import ago
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.label_models import ResponseLabel

ENOUGH = 100
_MOST_ROWS = 12
_ROW_PIXELS = 35


def draw_gold(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the part."""
    if is_labeling(view.run.id):
        draw_labeling(app, person, view)
        return
    gold = app.surveys.labels.gold(person.tenant.id, view.run.survey_id, view.run.question)
    _draw_state(gold)
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown("**Label on the page**")
        draw_start(app, person, view)
    with right.container(border=True):
        st.markdown("**Take them from a file**")
        draw_import(app, person, view)
    if gold:
        _draw_list(app, person, view, gold)


def _draw_state(gold: Sequence[ResponseLabel]) -> None:
    if not gold:
        st.info(
            "**There are no gold labels yet.**  \nA gold label is what a person says is right for a response. With "
            f"about {ENOUGH} of them, you can tell how good a run is. They are never used to teach one.",
            icon=":material/verified:",
        )
        return
    people = sorted({label.username for label in gold})
    words = f"**{counted(len(gold), 'gold label')}** by {in_one_line(', '.join(people), 120)}."
    if len(gold) < ENOUGH:
        words += f" With about {ENOUGH}, the figures get firm."
    st.progress(min(1.0, len(gold) / ENOUGH), text=words)


def _draw_list(app: Services, person: Viewer, view: RunView, gold: Sequence[ResponseLabel]) -> None:
    with st.expander(f"Look at the {counted(len(gold), 'gold label')}", icon=":material/list:"):
        names = {topic.id: topic.name for topic in view.topics}
        newest_first = list(reversed(gold))
        texts = {one.text_key: one.text for one in view.of_texts([label.text_key for label in newest_first])}
        chosen = st.dataframe(
            [
                {
                    "Response": texts.get(label.text_key, "not in the survey any more"),
                    "Topics": ", ".join(names.get(one.topic_id, "a removed topic") for one in label.topics)
                    or OTHER_NAME,
                    "Sentiment": SENTIMENT_WORDS[label.sentiment] if label.sentiment else "not said",
                    "By": label.username,
                    "When": ago(label.labeled_at),
                }
                for label in newest_first
            ],
            key=f"{session_keys.QUALITY_FIELD}list.{view.run.id}.{len(gold)}",
            on_select="rerun",
            selection_mode="multi-row",
            hide_index=True,
            row_height=_ROW_PIXELS,
            height=(min(len(gold), _MOST_ROWS) + 1) * _ROW_PIXELS + 3,
            column_config={"Response": st.column_config.TextColumn("Response", width="large")},
            alt="Gold labels",
        )
        keys = [newest_first[row].text_key for row in chosen.selection.rows if row < len(newest_first)]
        if not keys:
            st.caption("Select rows to remove them.")
            return
        removed = counted(len(keys), "gold label")

        def remove() -> str:
            app.surveys.labels.remove_gold(person.account, person.tenant.id, view.run.id, *keys)
            return f"{removed} removed."

        action_button(f"Remove {removed}", remove, key=f"{session_keys.QUALITY_BUTTON}remove", icon=":material/delete:")
