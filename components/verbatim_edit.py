"""Corrects the topics and the sentiment of one response where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.explore_words import SENTIMENT_ICONS, SENTIMENT_ORDER, SENTIMENT_WORDS
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.models import Verbatim
from services.surveys.label_models import LabelChange, LabeledTopic
from services.surveys.models import Sentiment, Topic

# More than so many are easier to find by typing.
MOST_PILLS = 30


def draw_edit(app: Services, person: Viewer, view: RunView, verbatim: Verbatim, close: Callable[[], None]) -> None:
    """Draw the fields.

    Args:
        close: Puts them away.
    """
    prefix = f"{session_keys.VERBATIM_FIELD}edit.{view.run.id}.{verbatim.row}"
    before = {topic.topic_id: topic.sentiment for topic in verbatim.topics}
    with st.container(border=True, gap="small"):
        topic_ids = choose_topics("Topics; none means that no topic fits", view.topics, prefix, list(before))
        feelings = choose_feelings(view.topics, topic_ids, prefix, before)
        sentiment = choose_sentiment("The response as a whole", f"{prefix}.all", verbatim.sentiment)
        if verbatim.same_text_count > 1:
            st.caption(f"This holds for all {verbatim.same_text_count:,} responses with the same words.")

        def save() -> str:
            change = LabelChange(
                topics=tuple(LabeledTopic(topic_id, feelings.get(topic_id)) for topic_id in topic_ids),
                sentiment=sentiment if sentiment is not verbatim.sentiment else None,
            )
            count = app.surveys.labels.correct(
                person.account, person.tenant.id, view.run.id, [verbatim.text_key], change
            )
            close()
            return f"{counted(count, 'response')} corrected." if count else "Nothing was to be changed."

        with st.container(horizontal=True, gap="small"):
            action_button("Save", save, key=f"{prefix}.save", icon=":material/check:", kind="primary")
            st.button("Cancel", key=f"{prefix}.cancel", type="tertiary", on_click=close)


def choose_topics(label: str, topics: tuple[Topic, ...], prefix: str, before: list[str]) -> list[str]:
    """Let the person choose topics: all in sight where they are few, by typing where they are many."""
    names = {topic.id: topic.name for topic in topics}
    known = [topic_id for topic_id in before if topic_id in names]
    if len(names) <= MOST_PILLS:
        return st.pills(
            label,
            list(names),
            selection_mode="multi",
            default=known,
            format_func=lambda topic_id: in_one_line(names[topic_id], 60),
            key=f"{prefix}.topics",
            wrap=True,
        )
    return st.multiselect(
        label, list(names), default=known, format_func=lambda topic_id: names[topic_id], key=f"{prefix}.topics"
    )


def choose_feelings(
    topics: tuple[Topic, ...], topic_ids: list[str], prefix: str, before: Mapping[str, Sentiment | None]
) -> dict[str, Sentiment | None]:
    """Let the person say what is felt about each topic; None where nothing is said."""
    names = {topic.id: topic.name for topic in topics}
    return {
        topic_id: choose_sentiment(names[topic_id], f"{prefix}.feeling.{topic_id}", before.get(topic_id))
        for topic_id in topic_ids
    }


def choose_sentiment(label: str, key: str, before: Sentiment | None) -> Sentiment | None:
    """Let the person choose a sentiment, or none."""
    return st.segmented_control(
        in_one_line(label, 80),
        list(SENTIMENT_ORDER),
        default=before,
        format_func=lambda one: f"{SENTIMENT_ICONS[one]} {SENTIMENT_WORDS[one]}",
        key=key,
        wrap=True,
    )
