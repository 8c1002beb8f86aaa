"""What the audit trail needs from the outside."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.privacy.models import AuditEvent


class AuditRepository(Protocol):
    """Keeps audit events in order; events are added and read, never changed."""

    def append(self, event: AuditEvent) -> None:
        """Keep one event."""

    def list_events(
        self, *, tenant_id: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> list[AuditEvent]:
        """The newest events first, of one tenant when given."""
