"""From a question to a stored answer: the ask box, the waiting, and what happens when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import session_keys
from components.ask_box_script import attend_ask_box
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line, plain
from components.wiring import Services
from services.answers.models import Answer, AnswerStatus
from services.errors import AppError
from services.logs import get_logger

_REFERENCE_CHARACTERS = 10
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Something to work on in this run.

    Attributes:
        searched_question: What to search for instead, as the agent corrected it.
        retried_answer: The answer whose question is tried once more.
    """

    text: str
    searched_question: str | None = None
    retried_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer failed, for the person and for the log."""

    message: str
    remedy: str


def request(asked: AskRequest) -> None:
    """Have the next run work on this; for callbacks. It stays requested until the work has begun."""
    st.session_state[session_keys.ASK_REQUEST] = asked


def retry(answer: Answer) -> None:
    """Have the next run try this answer's question once more; for callbacks."""
    request(AskRequest(answer.question, retried_answer=answer.id))


def draw_ask_box(person: Viewer, conversation_id: str | None, *, follow_up: bool, disabled: bool) -> AskRequest | None:
    """Draw the ask box and return what is to be worked on now."""
    refused: tuple[str, AppError] | None = st.session_state.pop(session_keys.ASK_REFUSED, None)
    if refused is not None:
        st.session_state[session_keys.ASK_BOX] = refused[0]  # back in the box, to be corrected
        show_error(refused[1])
    with st.container(gap=None):
        st.chat_input(
            "Ask a follow-up, or something new …" if follow_up else "Ask about a code, a form, a policy …",
            key=session_keys.ASK_BOX,
            disabled=disabled,
            submit_mode="disable",
            on_submit=_request_typed,
        )
        attend_ask_box(conversation_id, f"{person.account.username}@{person.tenant.id}")
    waiting: AskRequest | None = st.session_state.get(session_keys.ASK_REQUEST)
    return waiting


def work_on(app: Services, person: Viewer, asked: AskRequest, conversation_id: str | None) -> None:
    """Draw the question and the waiting, find the answer, and start a new run that shows it."""
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(asked.text))
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        arrival = _Arrival(st.empty())
        with st.spinner(f"Searching the knowledge base of {in_one_line(person.tenant.name)} …"):
            _answer_and_open(app, person, asked, conversation_id, arrival)
    st.rerun()


def _answer_and_open(
    app: Services, person: Viewer, asked: AskRequest, conversation_id: str | None, arrival: _Arrival
) -> None:
    started = datetime.now(UTC)
    st.session_state.pop(session_keys.ASK_REQUEST, None)
    try:
        answer = _answer(app, person, asked, conversation_id, arrival)
    except AppError as error:
        failed = _stored_answer(app, person, asked, conversation_id, since=started, status=AnswerStatus.FAILED)
        if failed is None:
            st.session_state[session_keys.ASK_REFUSED] = (asked.text, error)
            return
        answer = failed
        st.session_state[session_keys.ASK_FAILURE + answer.id] = Failure(error.message_for_user, error.remedy)
        _log.warning("answer-failed", reference=reference_of(answer), code=error.code)
    except BaseException:
        # Streamlit ends a run from inside when another one starts: that one takes the question up again.
        stored = _stored_answer(app, person, asked, conversation_id, since=started)
        if stored is None:
            request(asked)
        else:
            st.session_state[session_keys.OPEN_CONVERSATION] = stored.conversation_id
            if stored.status is AnswerStatus.PENDING:
                retry(stored)
        raise
    st.session_state[session_keys.OPEN_CONVERSATION] = answer.conversation_id


def _request_typed() -> None:
    typed = st.session_state.get(session_keys.ASK_BOX)
    if typed:
        request(AskRequest(typed))


def reference_of(answer: Answer) -> str:
    """What a person can read out so that the failure is found in the log."""
    return answer.id[:_REFERENCE_CHARACTERS]


class _Arrival:
    """Shows a text while it arrives."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._text = ""

    def __call__(self, delta: str) -> None:
        self._text += delta
        self._place.markdown(plain(self._text))


def _answer(app: Services, person: Viewer, asked: AskRequest, conversation_id: str | None, arrival: _Arrival) -> Answer:
    if asked.retried_answer is not None:
        return app.answers.retry(person.account, person.tenant.id, asked.retried_answer, on_delta=arrival)
    return app.answers.ask(
        person.account,
        person.tenant.id,
        asked.text,
        conversation_id=conversation_id,
        searched_question=asked.searched_question,
        on_delta=arrival,
    )


def _stored_answer(
    app: Services,
    person: Viewer,
    asked: AskRequest,
    conversation_id: str | None,
    *,
    since: datetime,
    status: AnswerStatus | None = None,
) -> Answer | None:
    """What was stored of this request, if it has this status; None when it was not stored at all."""
    history, account, tenant_id = app.answer_history, person.account, person.tenant.id
    if conversation_id is None:
        newest = history.recent_conversations(account, tenant_id, limit=1)
        if not newest:
            return None
        conversation_id = newest[0].id
    found = [
        answer
        for answer in history.answers(account, tenant_id, conversation_id)
        if status in (None, answer.status)
        and (answer.id == asked.retried_answer or (asked.retried_answer is None and answer.asked_at >= since))
    ]
    return found[-1] if found else None
