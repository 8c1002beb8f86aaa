"""The responses behind a figure of quality, by the keys of their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_drill import draw_quote
from components.explore_words import SENTIMENT_WORDS
from components.markdown_text import in_one_line
from components.quality_words import OTHER_NAME
from services.surveys.exploring.explorer import RunView
from services.surveys.label_models import ResponseLabel

MOST_SHOWN = 10


def draw_texts(
    view: RunView, words: str, text_keys: Sequence[str], count: int, gold: Mapping[str, ResponseLabel] | None = None
) -> None:
    """Draw the first of the texts, as the run has them now.

    Args:
        count: How many there are; more than there are keys where only the first were listed.
        gold: What a person said is right, by the key of the text.
    """
    names = {topic.id: topic.name for topic in view.topics}
    with st.container(border=True):
        st.markdown(f"**{in_one_line(words, 160)}** :gray-badge[{counted(count, 'text')}]")
        key = f"{session_keys.QUALITY_FIELD}more.{view.run.id}"
        shown = text_keys if st.session_state.get(key) else text_keys[:MOST_SHOWN]
        for verbatim in view.of_texts(shown):
            draw_quote(verbatim)
            label = (gold or {}).get(verbatim.text_key)
            if label is not None:
                st.markdown(f":small[:material/verified: Gold: **{gold_words(label, names)}**]")
        if len(text_keys) > MOST_SHOWN:
            st.toggle(f"Show all {len(text_keys):,} that are listed", key=key)


def gold_words(label: ResponseLabel, names: Mapping[str, str]) -> str:
    """What a person said is right, in a line; Markdown."""
    topics = ", ".join(in_one_line(names.get(one.topic_id, "a removed topic"), 60) for one in label.topics)
    feeling = f" · {SENTIMENT_WORDS[label.sentiment].lower()}" if label.sentiment else ""
    return f"{topics or OTHER_NAME}{feeling}"
