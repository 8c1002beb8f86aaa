"""The knowledge team's cases in the database: answers that need it, and what was done about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.answers.feedback_models import CaseRecord, CaseState, FeedbackCase, FeedbackKind, JudgedAnswer
from services.answers.models import Answer, AnswerStatus, Band, Rating
from services.errors import ConflictError, NotFoundError
from services.storage.answers import answer_from_row
from services.storage.database import Database
from services.storage.feedback_tables import FeedbackCaseRow
from services.storage.tables import AnswerRow

_BATCH = 200
_FINISHED = AnswerRow.status == AnswerStatus.DONE.value
_RATED_DOWN = AnswerRow.rating == Rating.DOWN.value
_UNANSWERED = AnswerRow.band == Band.NOT_FOUND.value
_ESCALATED = AnswerRow.escalated_at.is_not(None)


class SqlFeedbackRepository:
    """See :class:`services.ports.feedback.FeedbackRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_cases(self, tenant_id: str, *, since: datetime, limit: int) -> list[FeedbackCase]:
        reported_since = or_(
            and_(_UNANSWERED, AnswerRow.asked_at >= since),
            and_(_RATED_DOWN, AnswerRow.rated_at >= since),
            AnswerRow.escalated_at >= since,
        )
        query = (
            _cases(tenant_id).where(reported_since).order_by(_reported_at().desc(), AnswerRow.id.desc()).limit(limit)
        )
        with self._database.transaction() as session:
            return [_case(tenant_id, row) for row in session.execute(query)]

    def get_case(self, tenant_id: str, answer_id: str) -> FeedbackCase:
        query = _cases(tenant_id).where(AnswerRow.id == answer_id, or_(_UNANSWERED, _RATED_DOWN, _ESCALATED))
        with self._database.transaction() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise _missing()
        return _case(tenant_id, row)

    def get_answers(self, tenant_id: str, answer_ids: Sequence[str]) -> list[Answer]:
        answers: list[Answer] = []
        with self._database.transaction() as session:
            for offset in range(0, len(answer_ids), _BATCH):
                query = select(AnswerRow).where(
                    AnswerRow.tenant_id == tenant_id, AnswerRow.id.in_(answer_ids[offset : offset + _BATCH])
                )
                answers.extend(answer_from_row(row) for row in session.scalars(query))
        return sorted(answers, key=lambda answer: (answer.asked_at, answer.id), reverse=True)

    def save_records(self, records: Sequence[CaseRecord]) -> None:
        try:
            with self._database.transaction() as session:
                for record in records:
                    _save(session, record)
        except IntegrityError as error:
            # Two people acted on a case for the first time at the same moment.
            raise _changed_meanwhile() from error

    def judged_answers(self, tenant_id: str, *, since: datetime | None = None) -> Iterator[JudgedAnswer]:
        judged = or_(
            AnswerRow.rating.is_not(None),
            AnswerRow.edited_text.is_not(None),
            AnswerRow.copied_text.is_not(None),
            _ESCALATED,
        )
        query = (
            select(AnswerRow, FeedbackCaseRow)
            .outerjoin(FeedbackCaseRow, FeedbackCaseRow.answer_id == AnswerRow.id)
            .where(AnswerRow.tenant_id == tenant_id, _FINISHED, judged)
            .order_by(AnswerRow.asked_at, AnswerRow.id)
            .limit(_BATCH)
        )
        if since is not None:
            query = query.where(AnswerRow.asked_at >= since)
        after: tuple[datetime, str] | None = None
        while True:
            with self._database.transaction() as session:
                rows = session.execute(query if after is None else query.where(_later_than(*after))).all()
                batch = [JudgedAnswer(answer_from_row(row[0]), _record(tenant_id, row[0].id, row[1])) for row in rows]
            yield from batch
            if len(batch) < _BATCH:
                return
            after = batch[-1].answer.asked_at, batch[-1].answer.id


def _reported_at() -> ColumnElement[datetime]:
    """A rating never comes before the question, so only the report to the team has to be compared."""
    judged_at = case((_RATED_DOWN, func.coalesce(AnswerRow.rated_at, AnswerRow.asked_at)), else_=AnswerRow.asked_at)
    return case((AnswerRow.escalated_at > judged_at, AnswerRow.escalated_at), else_=judged_at)


def _cases(tenant_id: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            AnswerRow.id,
            AnswerRow.username,
            AnswerRow.question,
            AnswerRow.searched_question,
            AnswerRow.asked_at,
            AnswerRow.band,
            AnswerRow.rating,
            AnswerRow.rated_at,
            AnswerRow.escalated_at,
            FeedbackCaseRow,
        )
        .outerjoin(FeedbackCaseRow, FeedbackCaseRow.answer_id == AnswerRow.id)
        .where(AnswerRow.tenant_id == tenant_id, _FINISHED)
    )


def _case(tenant_id: str, row: Row[*tuple[Any, ...]]) -> FeedbackCase:
    moments = {
        FeedbackKind.UNANSWERED: row.asked_at if row.band == Band.NOT_FOUND.value else None,
        FeedbackKind.RATED_DOWN: (row.rated_at or row.asked_at) if row.rating == Rating.DOWN.value else None,
        FeedbackKind.ESCALATED: row.escalated_at,
    }
    reports = {kind: moment for kind, moment in moments.items() if moment is not None}
    return FeedbackCase(
        answer_id=row.id,
        username=row.username,
        question=row.question,
        searched_question=row.searched_question,
        asked_at=row.asked_at,
        reported_at=max(reports.values()),
        kinds=frozenset(reports),
        record=_record(tenant_id, row.id, row.FeedbackCaseRow),
    )


def _record(tenant_id: str, answer_id: str, row: FeedbackCaseRow | None) -> CaseRecord:
    if row is None:
        return CaseRecord(tenant_id, answer_id)
    columns: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(CaseRecord)}
    return CaseRecord(**columns | {"state": CaseState(row.state)})


def _save(session: Session, record: CaseRecord) -> None:
    owner = session.scalar(select(AnswerRow.tenant_id).where(AnswerRow.id == record.answer_id))
    if owner != record.tenant_id:
        raise _missing()
    values = {field.name: getattr(record, field.name) for field in fields(CaseRecord)}
    values |= {"state": record.state.value, "revision": record.revision + 1}
    if record.revision == 0:
        session.add(FeedbackCaseRow(**values))
        session.flush()
        return
    changed = session.execute(
        update(FeedbackCaseRow)
        .where(FeedbackCaseRow.answer_id == record.answer_id, FeedbackCaseRow.revision == record.revision)
        .values(**values)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise _changed_meanwhile()


def _later_than(asked_at: datetime, answer_id: str) -> ColumnElement[bool]:
    return or_(AnswerRow.asked_at > asked_at, and_(AnswerRow.asked_at == asked_at, AnswerRow.id > answer_id))


def _missing() -> NotFoundError:
    return NotFoundError("This question is not among those that need the knowledge team.", code="case-missing")


def _changed_meanwhile() -> ConflictError:
    return ConflictError(
        "Somebody else worked on these questions in the meantime.",
        code="case-changed",
        remedy="Look at what they did, then decide again. Nothing was changed, and your text is still here.",
    )
