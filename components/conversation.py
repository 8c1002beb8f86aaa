"""The open conversation: which one it is, its turns, and the page before the first question."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.answer_card import BANDS, draw_answer, draw_question
from components.ask_queue import AskRequest, queue
from components.asking import draw_waiting, focus_ask_box, leave_questions, request, work_on_next
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.source_panel import draw_sources
from components.wiring import Services
from services.access.models import Role
from services.answers.export import answers_csv
from services.answers.history import AnswerHistory
from services.answers.models import Answer, AnswerStatus
from services.errors import NotFoundError

_LONGEST_LABEL_CHARACTERS = 90


def open_conversation_id(app: Services, person: Viewer) -> str | None:
    """The conversation that the address names; None for a new one. Says so when it is not this person's."""
    previous_tenant = st.session_state.get(session_keys.CONVERSATION_TENANT)
    st.session_state[session_keys.CONVERSATION_TENANT] = person.tenant.id
    if previous_tenant not in (None, person.tenant.id):
        start_new_conversation()
    conversation_id: str | None = st.query_params.get(session_keys.CONVERSATION)
    if conversation_id is None:
        # A run that the browser asked for before it knew the new address must not lose the conversation.
        conversation_id = st.session_state.get(session_keys.OPEN_CONVERSATION)
        if conversation_id is None:
            return None
        st.query_params[session_keys.CONVERSATION] = conversation_id
    try:
        app.answer_history.conversation(person.account, person.tenant.id, conversation_id)
    except NotFoundError:
        start_new_conversation()
        st.warning(
            "**This conversation is not among yours.**  \nIt belongs to another account or tenant, or it was deleted. "
            "You can ask your own question below.",
            icon=":material/lock:",
        )
        return None
    st.session_state[session_keys.OPEN_CONVERSATION] = conversation_id
    return conversation_id


def draw_download(history: AnswerHistory, person: Viewer, conversation_id: str) -> None:
    """Draw the button that saves the open conversation as a table."""

    def table() -> bytes:
        return answers_csv(history.answers(person.account, person.tenant.id, conversation_id))

    st.download_button(
        "",
        table,
        file_name=f"answers-{person.tenant.id}.csv",
        mime="text/csv",
        key=session_keys.DOWNLOAD_BUTTON,
        icon=":material/download:",
        help="Save this conversation as a table (CSV)",
        on_click="ignore",
    )


def start_new_conversation() -> None:
    """Leave the open conversation; the next question begins another one."""
    leave_questions()
    focus_ask_box()
    st.session_state.pop(session_keys.OPEN_CONVERSATION, None)
    st.query_params.pop(session_keys.CONVERSATION, None)


def draw_earlier_turns(app: Services, person: Viewer, answers: Sequence[Answer]) -> None:
    """Draw all these turns, each folded to its question."""
    for answer in answers:
        label = in_one_line(answer.question, _LONGEST_LABEL_CHARACTERS)
        icon = BANDS[answer.band].icon if answer.band else ":material/error:"
        turn = st.expander(label, icon=icon, key=session_keys.EARLIER_TURN + answer.id, on_change="rerun")
        if turn.open:
            with turn:
                draw_question(answer.question)
                draw_answer(app.answer_history, person, answer, newest=False)
                draw_sources(app, answer)


def draw_newest_turn(app: Services, person: Viewer, answer: Answer) -> None:
    """Draw the last question and its answer."""
    draw_question(answer.question)
    draw_answer(app.answer_history, person, answer, newest=True)


def draw_next_answer(
    app: Services, person: Viewer, answers: Sequence[Answer], conversation_id: str | None
) -> list[Answer]:
    """Draw the next question that waits for an answer, then its answer as soon as there is one.

    Args:
        answers: The answers of the open conversation.

    Returns:
        All answers of the conversation, with the new one. Where more is to be done, a new run begins instead.
    """
    asked = queue()
    begun = asked.next
    if begun is None:
        return list(answers)
    draw_earlier_turns(app, person, [answer for answer in answers if answer.id != begun.retried_answer])
    draw_question(begun.text)
    place = st.empty()
    draw_waiting([one for one in asked.waiting if one is not begun])
    with place:
        work = work_on_next(app, person, conversation_id)
    if work.stored is None or asked.waiting:
        st.rerun()
    now = app.answer_history.answers(person.account, person.tenant.id, work.stored.conversation_id)
    if not now or now[-1].id != work.stored.id:
        st.rerun()
    with place:
        draw_answer(app.answer_history, person, now[-1], newest=True)
    return now


def has_sources(answer: Answer) -> bool:
    """Whether there is anything to show beside the answer."""
    return answer.status is AnswerStatus.DONE and bool(answer.citations or answer.passages)


def draw_start(app: Services, person: Viewer) -> None:
    """Draw examples to begin with."""
    examples = app.knowledge.example_questions(person.tenant.id)
    if not examples:
        return
    st.markdown("Type a question below, or start with one of these:")
    with st.container(gap="xsmall"):
        for number, example in enumerate(examples):
            st.button(
                in_one_line(example),
                key=f"{session_keys.EXAMPLE_BUTTON}{number}",
                icon=":material/chat_bubble:",
                on_click=request,
                args=(AskRequest(example),),
            )


def draw_legend() -> None:
    """Say what the three kinds of answers mean."""
    with st.container(border=True, gap="small"):
        st.subheader("How to read an answer", anchor=False)
        for words in BANDS.values():
            st.markdown(f":{words.color}-badge[{words.icon} {words.label}]  \n:small[{words.meaning}]")


def draw_nothing_published(person: Viewer) -> None:
    """Say who can load the knowledge base."""
    tenant = in_one_line(person.tenant.name)
    if person.account.role is Role.ADMIN:
        remedy = "Add documents under Manage knowledge, check the draft that comes of them, and publish it."
    else:
        remedy = "An administrator can load your procedures. Until then there is nothing to answer from."
    st.info(f"**{tenant} has no knowledge base yet.**  \n{remedy}", icon=":material/inventory_2:")
