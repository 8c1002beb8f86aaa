"""Documents, snapshots and golden questions in the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import (
    BandCuts,
    Document,
    DocumentVersion,
    ExpectedPassage,
    GoldenQuestion,
    Section,
    Snapshot,
    SnapshotStatus,
)
from services.storage.database import Database
from services.storage.tables import DocumentRow, DocumentVersionRow, GoldenQuestionRow, SnapshotRow, TenantRow

_BATCH = 500


class SqlKnowledgeRepository:
    """See :class:`services.ports.knowledge.KnowledgeRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_documents(self, tenant: str, documents: Sequence[Document]) -> tuple[list[str], list[str]]:
        stored: list[str] = []
        unchanged: list[str] = []
        with self._database.transaction() as session:
            for offset in range(0, len(documents), _BATCH):
                batch = documents[offset : offset + _BATCH]
                newest = self._newest_versions(session, tenant, [document.id for document in batch])
                for document in batch:
                    version, digest = newest.get(document.id, (0, ""))
                    content = content_sha256(document)
                    if digest == content:
                        unchanged.append(document.id)
                        continue
                    if version == 0:
                        session.add(DocumentRow(tenant_id=tenant, id=document.id, current_version=1))
                        session.flush()
                    else:
                        session.execute(
                            update(DocumentRow)
                            .where(DocumentRow.tenant_id == tenant, DocumentRow.id == document.id)
                            .values(current_version=version + 1, deleted_at=None)
                        )
                    session.add(_version_row(tenant, document, version + 1, content))
                    newest[document.id] = (version + 1, content)
                    stored.append(document.id)
                session.flush()
        return stored, unchanged

    def current_documents(self, tenant: str) -> Iterator[DocumentVersion]:
        after = ""
        while True:
            with self._database.transaction() as session:
                rows = session.scalars(
                    select(DocumentVersionRow)
                    .join(
                        DocumentRow,
                        (DocumentRow.tenant_id == DocumentVersionRow.tenant_id)
                        & (DocumentRow.id == DocumentVersionRow.document_id)
                        & (DocumentRow.current_version == DocumentVersionRow.version),
                    )
                    .where(
                        DocumentVersionRow.tenant_id == tenant,
                        DocumentVersionRow.document_id > after,
                        DocumentRow.deleted_at.is_(None),
                        DocumentRow.disabled_at.is_(None),
                    )
                    .order_by(DocumentVersionRow.document_id)
                    .limit(_BATCH)
                ).all()
            yield from (_document_version(row) for row in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1].document_id

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        with self._database.transaction() as session:
            if version is None:
                document = session.get(DocumentRow, (tenant, document_id))
                version = document.current_version if document is not None else 0
            row = session.get(DocumentVersionRow, (tenant, document_id, version))
        if row is None:
            raise NotFoundError("This document is not in the knowledge base.", code="document-missing")
        return _document_version(row)

    def create_snapshot(self, snapshot: Snapshot) -> None:
        try:
            with self._database.transaction() as session:
                session.add(
                    SnapshotRow(
                        tenant_id=snapshot.tenant,
                        number=snapshot.number,
                        status=snapshot.status.value,
                        created_at=snapshot.created_at,
                        published_at=snapshot.published_at,
                        document_count=snapshot.document_count,
                        chunk_count=snapshot.chunk_count,
                        embedding_model=snapshot.embedding_model,
                        cuts=asdict(snapshot.cuts) if snapshot.cuts else {},
                    )
                )
        except IntegrityError as exc:
            raise ConflictError(
                f"Snapshot {snapshot.number} was made by somebody else at the same time.",
                remedy="Load again; the documents are stored already.",
            ) from exc

    def next_snapshot_number(self, tenant: str) -> int:
        with self._database.transaction() as session:
            highest = session.scalar(select(func.max(SnapshotRow.number)).where(SnapshotRow.tenant_id == tenant))
        return (highest or 0) + 1

    def list_snapshots(self, tenant: str) -> list[Snapshot]:
        with self._database.transaction() as session:
            rows = session.scalars(
                select(SnapshotRow).where(SnapshotRow.tenant_id == tenant).order_by(SnapshotRow.number.desc())
            ).all()
        return [_snapshot(row) for row in rows]

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        with self._database.transaction() as session:
            row = session.get(SnapshotRow, (tenant, number))
        if row is None:
            raise NotFoundError(f"There is no version {number} of this knowledge base.", code="snapshot-missing")
        return _snapshot(row)

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        with self._database.transaction() as session:
            row = session.scalar(
                select(SnapshotRow)
                .join(TenantRow, TenantRow.id == SnapshotRow.tenant_id)
                .where(TenantRow.id == tenant, SnapshotRow.number == TenantRow.published_snapshot)
            )
        return _snapshot(row) if row is not None else None

    def publish(self, tenant: str, number: int) -> None:
        now = datetime.now(UTC)
        with self._database.transaction() as session:
            if session.get(SnapshotRow, (tenant, number)) is None:
                raise NotFoundError(f"There is no version {number} of this knowledge base.", code="snapshot-missing")
            published = SnapshotStatus.PUBLISHED.value
            session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.status == published)
                .values(status=SnapshotStatus.RETIRED.value)
            )
            session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.number == number)
                .values(status=published, published_at=now)
            )
            session.execute(update(TenantRow).where(TenantRow.id == tenant).values(published_snapshot=number))

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.number == number)
                .values(cuts=asdict(cuts))
            )

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

    @staticmethod
    def _newest_versions(session: Session, tenant: str, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        rows = session.execute(
            select(DocumentRow.id, DocumentRow.current_version, DocumentVersionRow.content_sha256)
            .join(
                DocumentVersionRow,
                (DocumentRow.tenant_id == DocumentVersionRow.tenant_id)
                & (DocumentRow.id == DocumentVersionRow.document_id)
                & (DocumentRow.current_version == DocumentVersionRow.version),
            )
            .where(DocumentRow.tenant_id == tenant, DocumentRow.id.in_(ids))
        )
        return {document_id: (version, digest) for document_id, version, digest in rows}


def content_sha256(document: Document) -> str:
    """Hash of everything of a document that readers or the index can see."""
    values: dict[str, Any] = asdict(replace(document, source_name="", source_sha256=""))
    return hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode("utf-8", "replace")).hexdigest()


def _version_row(tenant: str, document: Document, version: int, content: str) -> DocumentVersionRow:
    return DocumentVersionRow(
        tenant_id=tenant,
        document_id=document.id,
        version=version,
        title=document.title,
        text=document.text,
        sections=[
            [list(section.path), section.start, section.end, section.page, list(section.questions), section.url]
            for section in document.sections
        ],
        media_type=document.media_type,
        url=document.url,
        owner=document.owner,
        reviewed_on=document.reviewed_on,
        valid_until=document.valid_until,
        source_name=document.source_name,
        source_sha256=document.source_sha256,
        content_sha256=content,
        loaded_at=datetime.now(UTC),
    )


def _document_version(row: DocumentVersionRow) -> DocumentVersion:
    document = Document(
        id=row.document_id,
        title=row.title,
        text=row.text,
        sections=tuple(
            Section(tuple(path), start, end, page, tuple(questions), url)
            for path, start, end, page, questions, url in row.sections
        ),
        media_type=row.media_type,
        url=row.url,
        owner=row.owner,
        reviewed_on=row.reviewed_on,
        valid_until=row.valid_until,
        source_name=row.source_name,
        source_sha256=row.source_sha256,
    )
    return DocumentVersion(document, row.version, row.loaded_at)


def _snapshot(row: SnapshotRow) -> Snapshot:
    return Snapshot(
        tenant=row.tenant_id,
        number=row.number,
        status=SnapshotStatus(row.status),
        created_at=row.created_at,
        document_count=row.document_count,
        chunk_count=row.chunk_count,
        embedding_model=row.embedding_model,
        cuts=_cuts(row.cuts) if row.cuts else None,
        published_at=row.published_at,
    )


def _cuts(values: dict[str, Any]) -> BandCuts:
    return BandCuts(**{**values, "direction": tuple(values.get("direction", ()))})
