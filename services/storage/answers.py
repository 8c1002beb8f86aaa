"""Conversations and answers in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session as DatabaseSession

from services.answers.models import (
    Answer,
    AnswerStatus,
    Band,
    Citation,
    Conversation,
    Notice,
    NoticeKind,
    Origin,
    Rating,
    Statement,
)
from services.errors import ConflictError, NotFoundError
from services.knowledge.models import Evidence, Passage, SearchType
from services.storage.database import Database
from services.storage.tables import AnswerRow, ConversationRow

_LONGEST_TITLE_CHARACTERS = 200
_Kept = TypeVar("_Kept")


class SqlAnswerRepository:
    """See :class:`services.ports.answers.AnswerRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_conversation(self, conversation: Conversation) -> None:
        with self._database.transaction() as session:
            _require_owner(session.get(ConversationRow, conversation.id), conversation)
            session.merge(
                ConversationRow(
                    id=conversation.id,
                    tenant_id=conversation.tenant_id,
                    username=conversation.username,
                    title=conversation.title[:_LONGEST_TITLE_CHARACTERS],
                    created_at=conversation.created_at,
                    updated_at=conversation.updated_at,
                )
            )

    def get_conversation(self, tenant_id: str, username: str, conversation_id: str) -> Conversation:
        with self._database.transaction() as session:
            return _conversation(_own_conversation(session, tenant_id, username, conversation_id))

    def list_conversations(self, tenant_id: str, username: str, *, limit: int) -> list[Conversation]:
        query = (
            select(ConversationRow)
            .where(ConversationRow.tenant_id == tenant_id, ConversationRow.username == username)
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
            .limit(limit)
        )
        with self._database.transaction() as session:
            return [_conversation(row) for row in session.scalars(query)]

    def save_answer(self, answer: Answer) -> None:
        with self._database.transaction() as session:
            _require_owner(session.get(AnswerRow, answer.id), answer)
            _own_conversation(session, answer.tenant_id, answer.username, answer.conversation_id)
            session.merge(AnswerRow(**_columns(answer)))

    def get_answer(self, tenant_id: str, username: str, answer_id: str) -> Answer:
        with self._database.transaction() as session:
            row = session.get(AnswerRow, answer_id)
            if row is None or (row.tenant_id, row.username) != (tenant_id, username):
                raise NotFoundError("This answer is not among yours.", code="answer-not-found")
            return answer_from_row(row)

    def list_answers(self, tenant_id: str, username: str, conversation_id: str) -> list[Answer]:
        return self._answers(
            tenant_id, username, AnswerRow.conversation_id == conversation_id, newest_first=False, limit=None
        )

    def list_starred(self, tenant_id: str, username: str, *, limit: int) -> list[Answer]:
        return self._answers(tenant_id, username, AnswerRow.starred.is_(True), limit=limit)

    def search_answers(self, tenant_id: str, username: str, words: str, *, limit: int) -> Sequence[Answer]:
        searched = (AnswerRow.question, AnswerRow.text, func.coalesce(AnswerRow.edited_text, ""))
        conditions = [or_(*(column.icontains(word, autoescape=True) for column in searched)) for word in words.split()]
        return self._answers(tenant_id, username, *conditions, limit=limit)

    def _answers(
        self,
        tenant_id: str,
        username: str,
        *conditions: ColumnElement[bool],
        newest_first: bool = True,
        limit: int | None,
    ) -> list[Answer]:
        order = (AnswerRow.asked_at.desc(), AnswerRow.id.desc()) if newest_first else (AnswerRow.asked_at, AnswerRow.id)
        query = (
            select(AnswerRow)
            .where(AnswerRow.tenant_id == tenant_id, AnswerRow.username == username, *conditions)
            .order_by(*order)
            .limit(limit)
        )
        with self._database.transaction() as session:
            return [answer_from_row(row) for row in session.scalars(query)]


def _own_conversation(session: DatabaseSession, tenant_id: str, username: str, conversation_id: str) -> ConversationRow:
    row = session.get(ConversationRow, conversation_id)
    if row is None or (row.tenant_id, row.username) != (tenant_id, username):
        raise NotFoundError("This conversation is not among yours.", code="conversation-not-found")
    return row


def _require_owner(row: ConversationRow | AnswerRow | None, value: Conversation | Answer) -> None:
    if row is not None and (row.tenant_id, row.username) != (value.tenant_id, value.username):
        raise ConflictError("This id belongs to somebody else.", code="id-taken")


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(row.id, row.tenant_id, row.username, row.title, row.created_at, row.updated_at)


def _columns(answer: Answer) -> dict[str, Any]:
    columns = {field.name: getattr(answer, field.name) for field in fields(answer)}
    for name in ("notices", "statements", "citations", "passages"):
        columns[name] = [asdict(item) for item in columns[name]]
    columns["evidence"] = asdict(answer.evidence) if answer.evidence else {}
    columns["origin"] = answer.origin or ""
    return columns


def answer_from_row(row: AnswerRow) -> Answer:
    """The answer that is kept in this row."""
    columns: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(Answer)}
    columns["status"] = AnswerStatus(row.status)
    columns["search_type"] = SearchType(row.search_type)
    columns["band"] = Band(row.band) if row.band else None
    columns["origin"] = Origin(row.origin) if row.origin else None
    columns["rating"] = Rating(row.rating) if row.rating else None
    columns["notices"] = tuple(Notice(NoticeKind(item["kind"]), item["detail"]) for item in row.notices)
    columns["statements"] = tuple(_restored(Statement, item) for item in row.statements)
    columns["citations"] = tuple(_restored(Citation, item) for item in row.citations)
    columns["passages"] = tuple(_restored(Passage, item) for item in row.passages)
    columns["evidence"] = _restored(Evidence, row.evidence) if row.evidence else None
    return Answer(**columns)


def _restored(kind: Callable[..., _Kept], stored: Mapping[str, Any]) -> _Kept:
    """The value of that kind; what an older row lacks takes its default, and lists are tuples again."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()})
