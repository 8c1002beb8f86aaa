"""Lists of documents for admins: searched, filtered, one page at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from services.errors import NotFoundError
from services.knowledge.models import (
    DocumentDetails,
    DocumentEntry,
    DocumentFilter,
    DocumentState,
    VersionEntry,
)
from services.storage.database import Database
from services.storage.tables import DocumentRow, DocumentVersionRow


class SqlDocumentLists:
    """The listing part of :class:`services.ports.documents.DocumentRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_entry(self, tenant: str, document_id: str, today: date) -> DocumentEntry:
        with self._database.transaction() as session:
            row = session.execute(_entries(tenant).where(DocumentRow.id == document_id)).one_or_none()
        if row is None:
            raise NotFoundError("This document is not in the knowledge base.", code="document-missing")
        return _entry(row, today)

    def list_documents(
        self, tenant: str, chosen: DocumentFilter, *, today: date, offset: int = 0, limit: int = 50
    ) -> tuple[list[DocumentEntry], int]:
        query = _entries(tenant).where(*_conditions(chosen, today))
        order: tuple[Any, ...] = (func.lower(DocumentVersionRow.title), DocumentRow.id)
        if chosen.newest_first:
            order = (DocumentRow.changed_at.desc(), DocumentRow.id)
        with self._database.transaction() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            rows = session.execute(query.order_by(*order).offset(offset).limit(limit)).all()
        return [_entry(row, today) for row in rows], total

    def list_labels(self, tenant: str) -> tuple[list[str], list[str]]:
        with self._database.transaction() as session:
            products, owners = (
                session.scalars(
                    select(column)
                    .where(DocumentRow.tenant_id == tenant, DocumentRow.deleted_at.is_(None), column.is_not(None))
                    .distinct()
                ).all()
                for column in (DocumentRow.product, DocumentRow.owner)
            )
        return sorted(filter(None, products)), sorted(filter(None, owners))

    def list_versions(self, tenant: str, document_id: str) -> list[VersionEntry]:
        version = DocumentVersionRow
        with self._database.transaction() as session:
            rows = session.execute(
                select(
                    version.version,
                    version.title,
                    version.source_name,
                    func.length(version.text),
                    version.chunk_count,
                    version.loaded_at,
                    version.loaded_by,
                )
                .where(version.tenant_id == tenant, version.document_id == document_id)
                .order_by(version.version.desc())
            ).all()
        return [VersionEntry(*row) for row in rows]


def _entries(tenant: str) -> Select[Any]:
    version = DocumentVersionRow
    return (
        select(
            DocumentRow.id,
            DocumentRow.current_version,
            version.title,
            version.url,
            version.media_type,
            version.source_name,
            func.length(version.text).label("character_count"),
            version.chunk_count,
            DocumentRow.disabled_at,
            DocumentRow.deleted_at,
            DocumentRow.owner,
            DocumentRow.product,
            DocumentRow.audience,
            DocumentRow.valid_from,
            DocumentRow.valid_until,
            DocumentRow.changed_at,
            DocumentRow.changed_by,
        )
        .join(
            version,
            (DocumentRow.tenant_id == version.tenant_id)
            & (DocumentRow.id == version.document_id)
            & (DocumentRow.current_version == version.version),
        )
        .where(DocumentRow.tenant_id == tenant)
    )


def _conditions(chosen: DocumentFilter, today: date) -> list[ColumnElement[bool]]:
    version = DocumentVersionRow
    conditions: list[ColumnElement[bool]] = [
        or_(*(column.icontains(word, autoescape=True) for column in (version.title, DocumentRow.id, version.text)))
        for word in chosen.words.split()
    ]
    states = chosen.states or frozenset(DocumentState) - {DocumentState.DELETED}
    conditions.append(or_(*(_in_state(state, today) for state in states)))
    if chosen.media_types:
        conditions.append(version.media_type.in_(chosen.media_types))
    if chosen.product is not None:
        conditions.append(DocumentRow.product == chosen.product)
    if chosen.owner is not None:
        conditions.append(DocumentRow.owner == chosen.owner)
    if chosen.expires_before is not None:
        conditions.append(DocumentRow.valid_until < chosen.expires_before)
    return conditions


def _in_state(state: DocumentState, today: date) -> ColumnElement[bool]:
    """The same order of reasons as in :func:`_state`: the first that holds is the state."""
    deleted = DocumentRow.deleted_at.is_not(None)
    disabled = DocumentRow.disabled_at.is_not(None)
    expired = func.coalesce(DocumentRow.valid_until < today, False)
    upcoming = func.coalesce(DocumentRow.valid_from > today, False)
    return {
        DocumentState.DELETED: deleted,
        DocumentState.DISABLED: and_(~deleted, disabled),
        DocumentState.EXPIRED: and_(~deleted, ~disabled, expired),
        DocumentState.UPCOMING: and_(~deleted, ~disabled, ~expired, upcoming),
        DocumentState.IN_USE: and_(~deleted, ~disabled, ~expired, ~upcoming),
    }[state]


def _state(row: Row[Any], today: date) -> DocumentState:
    if row.deleted_at is not None:
        return DocumentState.DELETED
    if row.disabled_at is not None:
        return DocumentState.DISABLED
    if row.valid_until is not None and row.valid_until < today:
        return DocumentState.EXPIRED
    if row.valid_from is not None and row.valid_from > today:
        return DocumentState.UPCOMING
    return DocumentState.IN_USE


def _entry(row: Row[Any], today: date) -> DocumentEntry:
    return DocumentEntry(
        document_id=row.id,
        version=row.current_version,
        title=row.title,
        url=row.url,
        media_type=row.media_type,
        source_name=row.source_name,
        state=_state(row, today),
        details=DocumentDetails(row.owner, row.product, row.audience, row.valid_from, row.valid_until),
        character_count=row.character_count,
        chunk_count=row.chunk_count,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )
