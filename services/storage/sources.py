"""Sources and their files in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.errors import ConflictError, NotFoundError
from services.knowledge.source_models import KnowledgeSource, SourceFile, SourceReading
from services.storage.database import Database
from services.storage.source_tables import SourceFileRow, SourceRow
from services.storage.tables import TenantRow

_BATCH = 500


class SqlSources:
    """See :class:`services.ports.sources.SourceRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_source(self, source: KnowledgeSource) -> None:
        row = SourceRow(
            id=source.id,
            tenant_id=source.tenant_id,
            place=source.place,
            every_minutes=source.every_minutes,
            publishes=source.publishes,
            created_at=source.created_at,
            created_by=source.created_by,
            next_run_at=source.next_run_at,
            claims=0,
            last={},
            job_id=source.job_id,
        )
        try:
            with self._database.transaction() as session:
                session.add(row)
        except IntegrityError as exc:
            raise ConflictError(
                f"{source.place} is a source already.",
                code="source-taken",
                remedy="Change the source that there is, or choose another place.",
            ) from exc

    def get_source(self, tenant: str, source_id: str) -> KnowledgeSource:
        with self._database.transaction() as session:
            return _source(_require(session, tenant, source_id))

    def list_sources(self, tenant: str) -> list[KnowledgeSource]:
        query = select(SourceRow).where(SourceRow.tenant_id == tenant).order_by(SourceRow.created_at, SourceRow.id)
        with self._database.transaction() as session:
            return [_source(row) for row in session.scalars(query)]

    def change_source(
        self, tenant: str, source_id: str, *, every_minutes: int, publishes: bool, next_run_at: datetime | None
    ) -> None:
        with self._database.transaction() as session:
            row = _require(session, tenant, source_id)
            row.every_minutes, row.publishes, row.next_run_at = every_minutes, publishes, next_run_at

    def delete_source(self, tenant: str, source_id: str) -> None:
        with self._database.transaction() as session:
            session.delete(_require(session, tenant, source_id))

    def due_sources(self, now: datetime) -> list[KnowledgeSource]:
        query = (
            select(SourceRow)
            .join(TenantRow, TenantRow.id == SourceRow.tenant_id)
            .where(SourceRow.next_run_at <= now, TenantRow.archived_at.is_(None))
            .order_by(SourceRow.next_run_at, SourceRow.id)
        )
        with self._database.transaction() as session:
            return [_source(row) for row in session.scalars(query)]

    def claim(self, seen: KnowledgeSource, next_run_at: datetime | None) -> bool:
        with self._database.transaction() as session:
            changed = session.execute(
                update(SourceRow)
                .where(SourceRow.id == seen.id, SourceRow.claims == seen.claims)
                .values(next_run_at=next_run_at, claims=SourceRow.claims + 1)
            )
        return bool(changed.rowcount == 1)  # type: ignore[attr-defined]

    def set_job(self, tenant: str, source_id: str, job_id: str) -> None:
        self._change(tenant, source_id, job_id=job_id)

    def save_reading(self, tenant: str, source_id: str, reading: SourceReading) -> None:
        self._change(tenant, source_id, last={**asdict(reading), "at": reading.at.isoformat()})

    def list_files(self, source_id: str) -> list[SourceFile]:
        query = select(SourceFileRow).where(SourceFileRow.source_id == source_id).order_by(SourceFileRow.path)
        with self._database.transaction() as session:
            return [
                SourceFile(row.path, row.marker, row.sha256, tuple(row.document_ids), row.failed)
                for row in session.scalars(query)
            ]

    def save_file(self, source_id: str, file: SourceFile) -> None:
        with self._database.transaction() as session:
            if session.get(SourceRow, source_id) is None:
                return  # removed while it was read
            session.merge(
                SourceFileRow(
                    source_id=source_id,
                    path=file.path,
                    marker=file.marker,
                    sha256=file.sha256,
                    document_ids=list(file.document_ids),
                    failed=file.failed,
                )
            )

    def delete_files(self, source_id: str, paths: Sequence[str]) -> None:
        with self._database.transaction() as session:
            for offset in range(0, len(paths), _BATCH):
                session.execute(
                    delete(SourceFileRow).where(
                        SourceFileRow.source_id == source_id, SourceFileRow.path.in_(paths[offset : offset + _BATCH])
                    )
                )

    def documents_of_others(self, tenant: str, source_id: str) -> frozenset[str]:
        query = (
            select(SourceFileRow.document_ids)
            .join(SourceRow, SourceRow.id == SourceFileRow.source_id)
            .where(SourceRow.tenant_id == tenant, SourceRow.id != source_id)
        )
        with self._database.transaction() as session:
            return frozenset(document_id for ids in session.scalars(query) for document_id in ids)

    def _change(self, tenant: str, source_id: str, **values: Any) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(SourceRow).where(SourceRow.tenant_id == tenant, SourceRow.id == source_id).values(**values)
            )


def _require(session: Session, tenant: str, source_id: str) -> SourceRow:
    row = session.get(SourceRow, source_id)
    if row is None or row.tenant_id != tenant:
        raise NotFoundError(
            "This source is no longer there.", code="source-missing", remedy="Reload the page to see those that are."
        )
    return row


def _source(row: SourceRow) -> KnowledgeSource:
    return KnowledgeSource(
        id=row.id,
        tenant_id=row.tenant_id,
        place=row.place,
        every_minutes=row.every_minutes,
        publishes=row.publishes,
        created_at=row.created_at,
        created_by=row.created_by,
        next_run_at=row.next_run_at,
        last=_reading(row.last) if row.last else None,
        job_id=row.job_id,
        claims=row.claims,
    )


def _reading(values: Mapping[str, Any]) -> SourceReading:
    return SourceReading(
        **{**values, "at": datetime.fromisoformat(values["at"]), "failures": tuple(values.get("failures", ()))}
    )
