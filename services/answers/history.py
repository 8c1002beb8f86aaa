"""What becomes of an answer after it was given: edited, copied, rated, starred, handed on, found again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from services.access.models import Account
from services.access.permissions import require_tenant
from services.answers.models import Answer, AnswerStatus, Conversation, Rating
from services.errors import InputError
from services.ports.answers import AnswerRepository

LONGEST_EDIT_CHARACTERS = 20_000
LONGEST_COMMENT_CHARACTERS = 2_000


class RatingReason(StrEnum):
    """Why an answer was rated down."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    UNCLEAR = "unclear"
    WRONG_SOURCE = "wrong_source"
    OTHER = "other"


class AnswerHistory:
    """One account's questions and answers within one tenant.

    Every call checks that the account belongs to the tenant; the repository holds to the account.

    Args:
        repository: Where conversations and answers are kept.
        now: The clock, for tests.
    """

    def __init__(self, repository: AnswerRepository, *, now: Callable[[], datetime] | None = None) -> None:
        self._repository = repository
        self._now = now or (lambda: datetime.now(UTC))

    def conversation(self, account: Account, tenant_id: str, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            AccessError: the account does not belong to the tenant.
            NotFoundError: there is none of that id, or it is somebody else's.
        """
        require_tenant(account, tenant_id)
        return self._repository.get_conversation(tenant_id, account.username, conversation_id)

    def answers(self, account: Account, tenant_id: str, conversation_id: str) -> list[Answer]:
        """All answers of a conversation, oldest first."""
        require_tenant(account, tenant_id)
        return self._repository.list_answers(tenant_id, account.username, conversation_id)

    def recent_conversations(self, account: Account, tenant_id: str, *, limit: int = 8) -> list[Conversation]:
        """The conversations used last, newest first."""
        require_tenant(account, tenant_id)
        return self._repository.list_conversations(tenant_id, account.username, limit=limit)

    def starred(self, account: Account, tenant_id: str, *, limit: int = 20) -> list[Answer]:
        """Starred answers, newest first."""
        require_tenant(account, tenant_id)
        return self._repository.list_starred(tenant_id, account.username, limit=limit)

    def search(self, account: Account, tenant_id: str, words: str, *, limit: int = 20) -> Sequence[Answer]:
        """Answers whose question or text holds all the words, newest first; none for no words."""
        require_tenant(account, tenant_id)
        if not words.strip():
            return []
        return self._repository.search_answers(tenant_id, account.username, words, limit=limit)

    def save_edit(self, account: Account, tenant_id: str, answer_id: str, text: str) -> Answer:
        """Keep the agent's version beside the draft; the draft's own words clear it.

        Raises:
            InputError: the text is too long, or there is no answer yet.
        """
        answer = self._finished(account, tenant_id, answer_id)
        _require_length(text, LONGEST_EDIT_CHARACTERS, "The text")
        if text.strip() == answer.text.strip():
            return self._save(replace(answer, edited_text=None, edited_at=None))
        return self._save(replace(answer, edited_text=text, edited_at=self._now()))

    def record_copy(self, account: Account, tenant_id: str, answer_id: str, text: str) -> Answer:
        """Keep what was taken over, and when.

        Raises:
            InputError: the text is too long, or there is no answer yet.
        """
        answer = self._finished(account, tenant_id, answer_id)
        _require_length(text, LONGEST_EDIT_CHARACTERS, "The text")
        return self._save(replace(answer, copied_text=text, copied_at=self._now()))

    def rate(
        self,
        account: Account,
        tenant_id: str,
        answer_id: str,
        rating: Rating | None,
        *,
        reason: RatingReason | None = None,
        comment: str = "",
    ) -> Answer:
        """Set the rating, or take it back with None; reason and comment belong to a rating down only.

        Raises:
            InputError: the comment is too long, or there is no answer yet.
        """
        answer = self._finished(account, tenant_id, answer_id)
        _require_length(comment, LONGEST_COMMENT_CHARACTERS, "The comment")
        down = rating is Rating.DOWN
        return self._save(
            replace(
                answer,
                rating=rating,
                rating_reason=reason.value if down and reason else None,
                rating_comment=(comment.strip() or None) if down else None,
                rated_at=self._now() if rating else None,
            )
        )

    def star(self, account: Account, tenant_id: str, answer_id: str, *, starred: bool = True) -> Answer:
        """Star an answer, or take the star back."""
        return self._save(replace(self._answer(account, tenant_id, answer_id), starred=starred))

    def escalate(self, account: Account, tenant_id: str, answer_id: str, note: str = "") -> Answer:
        """Send the question to the knowledge team; sending again replaces the note.

        Raises:
            InputError: the note is too long, or there is no answer yet.
        """
        answer = self._finished(account, tenant_id, answer_id)
        _require_length(note, LONGEST_COMMENT_CHARACTERS, "The note")
        return self._save(replace(answer, escalated_at=self._now(), escalation_note=note.strip() or None))

    def _answer(self, account: Account, tenant_id: str, answer_id: str) -> Answer:
        require_tenant(account, tenant_id)
        return self._repository.get_answer(tenant_id, account.username, answer_id)

    def _finished(self, account: Account, tenant_id: str, answer_id: str) -> Answer:
        answer = self._answer(account, tenant_id, answer_id)
        if answer.status is not AnswerStatus.DONE:
            raise InputError(
                "There is no answer to this question yet.",
                code="answer-not-finished",
                remedy="Try the question again first.",
            )
        return answer

    def _save(self, answer: Answer) -> Answer:
        self._repository.save_answer(answer)
        return answer


def _require_length(text: str, limit_characters: int, what: str) -> None:
    if len(text) > limit_characters:
        raise InputError(
            f"{what} is longer than {limit_characters:,} characters.",
            code="text-too-long",
            remedy="Shorten it; the version before is kept.",
        )
