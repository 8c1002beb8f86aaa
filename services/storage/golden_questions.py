"""Golden questions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, select

from services.knowledge.models import ExpectedPassage, GoldenQuestion
from services.storage.database import Database
from services.storage.tables import GoldenQuestionRow

_BATCH = 500


class SqlGoldenQuestions:
    """See :class:`services.ports.snapshots.GoldenQuestionRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        with self._database.transaction() as session:
            for question in questions:
                session.merge(
                    GoldenQuestionRow(
                        tenant_id=tenant,
                        id=question.id,
                        text=question.text,
                        expected=[asdict(passage) for passage in question.expected],
                        kind=question.kind,
                        split=question.split,
                    )
                )

    def delete_golden_questions(self, tenant: str, ids: Sequence[str]) -> None:
        with self._database.transaction() as session:
            for offset in range(0, len(ids), _BATCH):
                session.execute(
                    delete(GoldenQuestionRow).where(
                        GoldenQuestionRow.tenant_id == tenant, GoldenQuestionRow.id.in_(ids[offset : offset + _BATCH])
                    )
                )

    def list_golden_questions(self, tenant: str) -> list[GoldenQuestion]:
        with self._database.transaction() as session:
            rows = session.scalars(
                select(GoldenQuestionRow).where(GoldenQuestionRow.tenant_id == tenant).order_by(GoldenQuestionRow.id)
            ).all()
        return [
            GoldenQuestion(
                row.id,
                row.text,
                tuple(ExpectedPassage(**passage) for passage in row.expected),
                row.kind,
                row.split,
            )
            for row in rows
        ]
