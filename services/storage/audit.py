"""Audit events in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from services.privacy.models import AuditEvent
from services.storage.database import Database
from services.storage.tables import AuditEventRow


class SqlAuditRepository:
    """Keeps audit events in one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, event: AuditEvent) -> None:
        """Keep one event."""
        with self._database.transaction() as session:
            session.add(
                AuditEventRow(
                    at=event.at,
                    username=event.username,
                    tenant_id=event.tenant_id,
                    action=event.action,
                    subject=event.subject,
                    details=dict(event.details),
                )
            )

    def list_events(
        self, *, tenant_id: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> list[AuditEvent]:
        """The newest events first, of one tenant when given."""
        query = select(AuditEventRow).order_by(AuditEventRow.at.desc(), AuditEventRow.id.desc()).limit(limit)
        if tenant_id is not None:
            query = query.where(AuditEventRow.tenant_id == tenant_id)
        if since is not None:
            query = query.where(AuditEventRow.at >= since)
        with self._database.transaction() as session:
            return [
                AuditEvent(row.at, row.action, row.username, row.tenant_id, row.subject, row.details)
                for row in session.scalars(query)
            ]
