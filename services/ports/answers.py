"""What the answer use cases need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.answers.models import Answer, AnswerRequest, Conversation, DeltaListener, Draft, Origin


class AnswerGenerator(Protocol):
    """Writes a draft from passages and nothing else. Safe to call from many threads.

    Attributes:
        name: The value of ``FRONTLINE_ANSWER_BACKEND`` that selects it.
        origin: Whether its words are quoted or generated.
    """

    @property
    def name(self) -> str: ...

    @property
    def origin(self) -> Origin: ...

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        """Write the draft; ``on_delta`` gets pieces of text as they arrive, where the backend streams.

        Every citation's quote is verbatim in the passage it names; a statement that nothing supports has none.

        Raises:
            BackendError: the model or service failed.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when a call would fail now."""
        ...


class AnswerRepository(Protocol):
    """Conversations and answers; each call is one transaction. Everything is scoped to (tenant, username)."""

    def save_conversation(self, conversation: Conversation) -> None:
        """Insert, or replace by id."""
        ...

    def get_conversation(self, tenant_id: str, username: str, conversation_id: str) -> Conversation:
        """Raises NotFoundError, also for another tenant's or another account's."""
        ...

    def list_conversations(self, tenant_id: str, username: str, *, limit: int) -> list[Conversation]:
        """Newest first."""
        ...

    def save_answer(self, answer: Answer) -> None:
        """Insert, or replace by id."""
        ...

    def get_answer(self, tenant_id: str, username: str, answer_id: str) -> Answer:
        """Raises NotFoundError, also for another tenant's or another account's."""
        ...

    def list_answers(self, tenant_id: str, username: str, conversation_id: str) -> list[Answer]:
        """All of a conversation, oldest first."""
        ...

    def list_starred(self, tenant_id: str, username: str, *, limit: int) -> list[Answer]:
        """Newest first."""
        ...

    def search_answers(self, tenant_id: str, username: str, words: str, *, limit: int) -> Sequence[Answer]:
        """Answers whose question or text holds the words, newest first."""
        ...
