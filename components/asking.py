"""From a question to a stored answer: the ask box, the waiting, and what happens when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.answer_editor import keep_unsaved_edits
from components.ask_box_script import attend_ask_box
from components.ask_queue import AskRequest, StoredListener, Work, Worker, queue
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line, plain
from components.wiring import Services
from services.answers.models import Answer, DeltaListener
from services.errors import AppError
from services.logs import get_logger

_REFERENCE_CHARACTERS = 10
_LOOK_SECONDS = 0.05
# Pieces that come closer together than this are drawn together; the first one is drawn at once.
_DRAW_SECONDS = 0.05
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer failed, for the person and for the log."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Returned:
    """A question that goes back into the ask box, and why if there is a reason."""

    text: str
    error: Exception | None = None


def request(asked: AskRequest) -> None:
    """Have the next run work on this; for callbacks. What was asked before comes first."""
    queue().add(asked)


def retry(answer: Answer) -> None:
    """Have the next run try this answer's question once more; for callbacks."""
    request(AskRequest(answer.question, retried_answer=answer.id))


def leave_questions() -> None:
    """Leave what is being answered: it goes on and is kept in its conversation. The rest is back in the ask box."""
    waiting = queue().waiting
    st.session_state.pop(session_keys.ASK_QUEUE, None)
    texts = [asked.text for asked in waiting if asked.retried_answer is None]
    if texts:
        st.session_state[session_keys.ASK_REFUSED] = _Returned("\n".join(texts))


def focus_ask_box() -> None:
    """Have the next run put the cursor into the ask box; for callbacks."""
    st.session_state[session_keys.ASK_FOCUS] = st.session_state.get(session_keys.ASK_FOCUS, 0) + 1


def draw_ask_box(app: Services, person: Viewer, answers: Sequence[Answer], *, disabled: bool) -> None:
    """Draw the ask box; it takes questions at any time, also while one is being answered.

    Args:
        answers: What the open conversation holds.
    """
    returned: _Returned | None = st.session_state.pop(session_keys.ASK_REFUSED, None)
    with st.container(gap=None):
        if returned is not None:
            st.session_state[session_keys.ASK_BOX] = returned.text
            if returned.error is not None:
                show_error(returned.error)
    with st.container(gap=None):
        st.chat_input(
            "Ask a follow-up, or something new …" if answers else "Ask about a code, a form, a policy …",
            key=session_keys.ASK_BOX,
            disabled=disabled,
            submit_mode="submit",
            on_submit=_request_typed,
        )
        attend_ask_box(
            f"{person.account.username}@{person.tenant.id}",
            focus=st.session_state.get(session_keys.ASK_FOCUS, 0),
            heard=st.session_state.get(session_keys.ASK_HEARD, 0),
            on_questions=_request_all,
            on_edits=lambda edits: keep_unsaved_edits(app.answer_history, person, answers, edits),
        )


def work_on_next(app: Services, person: Viewer, conversation_id: str | None) -> Work:
    """Draw the waiting for the next question until there is an answer to it or a failure.

    A run that ends meanwhile loses nothing: the next one waits for the same answer. A question that was refused goes
    back into the box, in a new run.
    """
    asked = queue()
    work = asked.work(lambda one: _worker(app, person, one, conversation_id))
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        draft = st.empty()
        with st.spinner(f"Searching the knowledge base of {in_one_line(person.tenant.name)} …"):
            drawn = ""
            while not work.wait(0):
                work.wait_for_news(_LOOK_SECONDS)
                # Reading the session state lets Streamlit end this run where another one is asked for.
                if queue() is asked and drawn != work.draft:
                    drawn = work.draft
                    draft.markdown(plain(drawn))
                    work.wait(_DRAW_SECONDS)
    _keep_outcome(work)
    asked.current = None
    return work


def draw_waiting(waiting: Sequence[AskRequest]) -> None:
    """Draw the questions that come after the one that is worked on."""
    for asked in waiting:
        with st.chat_message("user", avatar=":material/person:"):
            st.markdown(plain(asked.text))
            st.caption(":material/schedule: Comes next")


def reference_of(answer: Answer) -> str:
    """What a person can read out so that the failure is found in the log."""
    return answer.id[:_REFERENCE_CHARACTERS]


def _request_typed() -> None:
    typed = st.session_state.get(session_keys.ASK_BOX)
    if typed:
        _request_all([typed])


def _request_all(texts: Sequence[str]) -> None:
    for text in texts:
        request(AskRequest(text))
    st.session_state[session_keys.ASK_HEARD] = st.session_state.get(session_keys.ASK_HEARD, 0) + 1


def _worker(app: Services, person: Viewer, asked: AskRequest, conversation_id: str | None) -> Worker:
    account, tenant_id = person.account, person.tenant.id

    def ask(on_delta: DeltaListener, on_stored: StoredListener) -> Answer:
        return app.answers.ask(
            account,
            tenant_id,
            asked.text,
            conversation_id=conversation_id,
            searched_question=asked.searched_question,
            on_delta=on_delta,
            on_stored=on_stored,
        )

    def retry_answer(on_delta: DeltaListener, on_stored: StoredListener) -> Answer:
        found = app.answer_history.answers(account, tenant_id, conversation_id or "")
        on_stored(next(one for one in found if one.id == asked.retried_answer))
        return app.answers.retry(account, tenant_id, asked.retried_answer or "", on_delta=on_delta)

    return ask if asked.retried_answer is None else retry_answer


def _keep_outcome(work: Work) -> None:
    """Remember which conversation it belongs to, and why it failed if it did."""
    if work.stored is None:
        st.session_state[session_keys.ASK_REFUSED] = _Returned(work.request.text, work.error)
        return
    st.session_state[session_keys.OPEN_CONVERSATION] = work.stored.conversation_id
    st.query_params[session_keys.CONVERSATION] = work.stored.conversation_id
    if isinstance(work.error, AppError):
        failure = Failure(work.error.message_for_user, work.error.remedy)
        st.session_state[session_keys.ASK_FAILURE + work.stored.id] = failure
        _log.warning("answer-failed", reference=reference_of(work.stored), code=work.error.code)
    elif work.error is not None:
        _log.error("answer-failed", reference=reference_of(work.stored), code="unexpected", exc_info=work.error)
