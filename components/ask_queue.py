"""What was asked in this browser tab and is not answered yet, in the order of asking.

An answer is worked on beside the runs of the page: whatever ends a run early (a click, a message of a frame, a second
question) leaves the work alone, and the next run waits for the same answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from structlog import contextvars

from components import session_keys
from services.answers.models import Answer, DeltaListener


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Something to work on.

    Attributes:
        searched_question: What to search for instead, as the agent corrected it.
        retried_answer: The answer whose question is tried once more.
    """

    text: str
    searched_question: str | None = None
    retried_answer: str | None = None


StoredListener = Callable[[Answer], None]
Worker = Callable[[DeltaListener, StoredListener], Answer]


class Work:
    """One question that is being worked on in a thread of its own.

    Attributes:
        draft: As much of the answer as has arrived.
        stored: The question as it was stored; None before that, and when it was refused.
        answer: What came of it; None until then.
        error: Why nothing came of it.
    """

    def __init__(self, request: AskRequest, worker: Worker) -> None:
        self.request = request
        self.draft = ""
        self.stored: Answer | None = None
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._worker = worker
        self._logged = contextvars.get_contextvars()
        self._ended = threading.Event()
        self._news = threading.Event()
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait at most this long; returns whether the work has ended."""
        return self._ended.wait(seconds)

    def wait_for_news(self, seconds: float) -> None:
        """Wait at most this long for a piece that was not waited for yet, or for the end."""
        self._news.wait(seconds)
        self._news.clear()

    def _run(self) -> None:
        try:
            with contextvars.bound_contextvars(**self._logged):
                self.answer = self.stored = self._worker(self._arrived, self._was_stored)
        except Exception as error:  # the page shows it
            self.error = error
        finally:
            self._ended.set()
            self._news.set()

    def _arrived(self, delta: str) -> None:
        self.draft += delta
        self._news.set()

    def _was_stored(self, answer: Answer) -> None:
        self.stored = answer


class AskQueue:
    """The questions of one tab: one is worked on, the others wait.

    Attributes:
        current: The one that is worked on.
        waiting: The others.
    """

    def __init__(self) -> None:
        self.current: Work | None = None
        self.waiting: list[AskRequest] = []

    def add(self, request: AskRequest) -> None:
        """Put it at the end, unless it is the same answer's second retry."""
        known = [*self.waiting, *([self.current.request] if self.current else [])]
        if request.retried_answer is None or request not in known:
            self.waiting.append(request)

    @property
    def next(self) -> AskRequest | None:
        """What is worked on, or will be."""
        if self.current is not None:
            return self.current.request
        return self.waiting[0] if self.waiting else None

    def work(self, worker: Callable[[AskRequest], Worker]) -> Work:
        """The work on the next one, begun unless it is going on already."""
        if self.current is None:
            request = self.waiting.pop(0)
            self.current = Work(request, worker(request))
        return self.current


def queue() -> AskQueue:
    """The queue of this tab."""
    found: AskQueue = st.session_state.setdefault(session_keys.ASK_QUEUE, AskQueue())
    return found
