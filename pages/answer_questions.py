"""Answer questions: an agent asks, and gets an answer quoted from the procedures with its sources."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.ask_queue import queue
from components.asking import draw_ask_box
from components.conversation import (
    draw_download,
    draw_earlier_turns,
    draw_legend,
    draw_newest_turn,
    draw_next_answer,
    draw_nothing_published,
    draw_start,
    has_sources,
    open_conversation_id,
    start_new_conversation,
)
from components.frame import viewer
from components.history_menu import draw_history_menu
from components.source_panel import draw_sources
from components.wiring import services

app, person = services(), viewer()
history = app.answer_history

heading, beside = st.columns([2, 1], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("Answer questions", anchor=False)
    st.caption("Ask in your own words. Every answer names its source in your procedures.")
notices = st.container()
left, right = st.columns([3, 2], gap="medium")

with notices:
    conversation_id = open_conversation_id(app, person)
answers = history.answers(person.account, person.tenant.id, conversation_id) if conversation_id else []
published = app.knowledge.published_snapshot(person.tenant.id) is not None

with left:
    turns = st.container()
    draw_ask_box(app, person, answers, disabled=not published)
with turns:
    if queue().next is not None:
        answers = draw_next_answer(app, person, answers, conversation_id)
        conversation_id = answers[-1].conversation_id
    elif answers:
        draw_earlier_turns(app, person, answers[:-1])
        draw_newest_turn(app, person, answers[-1])
    elif published:
        draw_start(app, person)
    else:
        draw_nothing_published(person)
with right:
    if answers and has_sources(answers[-1]):
        st.header("Sources", anchor=False)
        draw_sources(app, answers[-1])
    elif not answers:
        draw_legend()
if conversation_id:
    with beside.container(horizontal=True, horizontal_alignment="right"):
        draw_download(history, person, conversation_id)
        st.button(
            "New conversation",
            key=session_keys.NEW_CONVERSATION_BUTTON,
            icon=":material/add:",
            shortcut="Alt+N",
            on_click=start_new_conversation,
        )
draw_history_menu(history, person)
