"""Facts about kept answers, without their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from services.storage.database import Database
from services.storage.tables import AnswerRow
from services.usage.models import AnswerFact

ROWS_AT_ONCE = 2000


class SqlUsageRepository:
    """See :class:`services.ports.usage.UsageRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answer_facts(self, tenant_id: str, since: datetime, until: datetime) -> Iterator[AnswerFact]:
        after: tuple[datetime, str] | None = None
        while True:
            query = (
                select(
                    AnswerRow.id,
                    AnswerRow.asked_at,
                    AnswerRow.band,
                    AnswerRow.total_ms,
                    AnswerRow.rating,
                    AnswerRow.edited_text.is_not(None).label("edited"),
                    AnswerRow.copied_at,
                    AnswerRow.escalated_at.is_not(None).label("escalated"),
                    AnswerRow.citations,
                    AnswerRow.passages,
                )
                .where(AnswerRow.tenant_id == tenant_id, AnswerRow.asked_at >= since, AnswerRow.asked_at < until)
                .order_by(AnswerRow.asked_at, AnswerRow.id)
                .limit(ROWS_AT_ONCE)
            )
            if after is not None:
                moment, answer_id = after
                later = AnswerRow.asked_at > moment
                query = query.where(or_(later, and_(AnswerRow.asked_at == moment, AnswerRow.id > answer_id)))
            with self._database.transaction() as session:
                rows = session.execute(query).all()
            for row in rows:
                yield AnswerFact(
                    asked_at=row.asked_at,
                    band=row.band,
                    total_ms=row.total_ms,
                    rating=row.rating,
                    edited=row.edited,
                    copied_at=row.copied_at,
                    escalated=row.escalated,
                    document_ids=_document_ids(row.citations or row.passages),
                )
            if len(rows) < ROWS_AT_ONCE:
                return
            after = (rows[-1].asked_at, rows[-1].id)


def _document_ids(places: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place["document_id"] for place in places))
