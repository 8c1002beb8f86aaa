"""Documents and their versions in the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import Document, DocumentDetails, DocumentVersion, Section
from services.ports.documents import HeldDocument
from services.storage.database import Database
from services.storage.tables import DocumentRow, DocumentVersionRow

_BATCH = 500


class SqlDocuments:
    """See :class:`services.ports.documents.DocumentRepository`; lists are in :mod:`services.storage.document_lists`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_documents(
        self,
        tenant: str,
        documents: Sequence[Document],
        *,
        username: str | None = None,
        chunk_counts: Mapping[str, int] | None = None,
        expected_versions: Mapping[str, int] | None = None,
    ) -> tuple[list[str], list[str]]:
        stored: list[str] = []
        unchanged: list[str] = []
        now = datetime.now(UTC)
        with self._database.transaction() as session:
            for offset in range(0, len(documents), _BATCH):
                batch = documents[offset : offset + _BATCH]
                ids = [document.id for document in batch]
                rows = {
                    row.id: row
                    for row in session.scalars(
                        select(DocumentRow).where(DocumentRow.tenant_id == tenant, DocumentRow.id.in_(ids))
                    )
                }
                digests = self._newest_digests(session, tenant, ids)
                for document in batch:
                    row = rows.get(document.id)
                    _require_expected(document.id, row, expected_versions)
                    content = content_sha256(document)
                    if row is not None and row.deleted_at is None and digests.get(document.id) == content:
                        unchanged.append(document.id)
                        continue
                    if row is None:
                        row = DocumentRow(tenant_id=tenant, id=document.id, current_version=1, hidden_through_version=0)
                        rows[document.id] = row
                        session.add(row)
                    else:
                        row.current_version += 1
                    row.deleted_at = None
                    row.changed_at, row.changed_by = now, username
                    row.owner = document.owner or row.owner
                    row.valid_until = document.valid_until or row.valid_until
                    session.flush()
                    count = (chunk_counts or {}).get(document.id, 0)
                    session.add(_version_row(tenant, document, row.current_version, content, now, username, count))
                    digests[document.id] = content
                    stored.append(document.id)
                session.flush()
        return stored, unchanged

    def current_documents(self, tenant: str, *, media_type: str | None = None) -> Iterator[DocumentVersion]:
        after = ""
        of_format = [DocumentVersionRow.media_type == media_type] if media_type is not None else []
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
                        *of_format,
                    )
                    .order_by(DocumentVersionRow.document_id)
                    .limit(_BATCH)
                ).all()
            yield from (document_version(row) for row in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1].document_id

    def current_versions(self, tenant: str) -> list[HeldDocument]:
        with self._database.transaction() as session:
            rows = session.execute(
                select(DocumentVersionRow.document_id, DocumentVersionRow.version, DocumentVersionRow.title)
                .join(
                    DocumentRow,
                    (DocumentRow.tenant_id == DocumentVersionRow.tenant_id)
                    & (DocumentRow.id == DocumentVersionRow.document_id)
                    & (DocumentRow.current_version == DocumentVersionRow.version),
                )
                .where(DocumentVersionRow.tenant_id == tenant, DocumentRow.deleted_at.is_(None))
            ).all()
        return sorted(HeldDocument(*row) for row in rows)

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        with self._database.transaction() as session:
            if version is None:
                document = session.get(DocumentRow, (tenant, document_id))
                version = document.current_version if document is not None else 0
            row = session.get(DocumentVersionRow, (tenant, document_id, version))
        if row is None:
            raise NotFoundError("This document is not in the knowledge base.", code="document-missing")
        return document_version(row)

    def set_details(
        self, tenant: str, document_ids: Sequence[str], details: DocumentDetails, *, username: str | None
    ) -> None:
        self._change_documents(tenant, document_ids, asdict(details), username)

    def set_disabled(
        self, tenant: str, document_ids: Sequence[str], at: datetime | None, *, username: str | None
    ) -> None:
        self._change_documents(tenant, document_ids, {"disabled_at": at}, username)

    def delete_documents(self, tenant: str, document_ids: Sequence[str], *, username: str | None) -> None:
        values = {"deleted_at": datetime.now(UTC), "hidden_through_version": DocumentRow.current_version}
        self._change_documents(tenant, document_ids, values, username)

    def hidden_documents(self, tenant: str, today: date) -> dict[str, int]:
        whole = (
            DocumentRow.deleted_at.is_not(None)
            | DocumentRow.disabled_at.is_not(None)
            | (DocumentRow.valid_from > today)
            | (DocumentRow.valid_until < today)
        )
        with self._database.transaction() as session:
            rows = session.execute(
                select(DocumentRow.id, DocumentRow.hidden_through_version, DocumentRow.current_version, whole).where(
                    DocumentRow.tenant_id == tenant, whole | (DocumentRow.hidden_through_version > 0)
                )
            ).all()
        return {document_id: current if hidden else through for document_id, through, current, hidden in rows}

    def ids_by_source(self, tenant: str, source_sha256: str) -> list[str]:
        with self._database.transaction() as session:
            return list(
                session.scalars(
                    select(DocumentRow.id)
                    .join(
                        DocumentVersionRow,
                        (DocumentRow.tenant_id == DocumentVersionRow.tenant_id)
                        & (DocumentRow.id == DocumentVersionRow.document_id)
                        & (DocumentRow.current_version == DocumentVersionRow.version),
                    )
                    .where(
                        DocumentVersionRow.tenant_id == tenant,
                        DocumentVersionRow.source_sha256 == source_sha256,
                        DocumentRow.deleted_at.is_(None),
                    )
                    .order_by(DocumentRow.id)
                )
            )

    def _change_documents(
        self, tenant: str, document_ids: Sequence[str], values: Mapping[str, Any], username: str | None
    ) -> None:
        with self._database.transaction() as session:
            for offset in range(0, len(document_ids), _BATCH):
                session.execute(
                    update(DocumentRow)
                    .where(DocumentRow.tenant_id == tenant, DocumentRow.id.in_(document_ids[offset : offset + _BATCH]))
                    .values(**values, changed_at=datetime.now(UTC), changed_by=username)
                )

    @staticmethod
    def _newest_digests(session: Session, tenant: str, ids: Sequence[str]) -> dict[str, str]:
        rows = session.execute(
            select(DocumentRow.id, DocumentVersionRow.content_sha256)
            .join(
                DocumentVersionRow,
                (DocumentRow.tenant_id == DocumentVersionRow.tenant_id)
                & (DocumentRow.id == DocumentVersionRow.document_id)
                & (DocumentRow.current_version == DocumentVersionRow.version),
            )
            .where(DocumentRow.tenant_id == tenant, DocumentRow.id.in_(ids))
        )
        return {row.id: row.content_sha256 for row in rows}


def _require_expected(document_id: str, row: DocumentRow | None, expected: Mapping[str, int] | None) -> None:
    if expected is None or document_id not in expected:
        return
    current = row.current_version if row is not None else 0
    if current != expected[document_id]:
        raise ConflictError(
            "Somebody else changed this document while you worked on it.",
            code="document-changed",
            remedy="Your text is still here. Copy it, open the newest version, and bring your change into it.",
        )


def content_sha256(document: Document) -> str:
    """Hash of everything of a document that readers or the index can see."""
    values: dict[str, Any] = asdict(replace(document, source_name="", source_sha256=""))
    return hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode("utf-8", "replace")).hexdigest()


def _version_row(
    tenant: str, document: Document, version: int, content: str, now: datetime, username: str | None, chunk_count: int
) -> DocumentVersionRow:
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
        loaded_at=now,
        loaded_by=username,
        chunk_count=chunk_count,
    )


def document_version(row: DocumentVersionRow) -> DocumentVersion:
    """A stored version as the use cases know it."""
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
