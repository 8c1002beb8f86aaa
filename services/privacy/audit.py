"""The audit trail: who did what to what, without the content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.logs import CONTENT_FIELDS, get_logger
from services.ports.audit import AuditRepository
from services.privacy.models import AuditEvent

# Names whose values would turn the trail into a copy of what it protects.
WITHHELD_DETAILS = CONTENT_FIELDS | {"password_hash", "secret", "token", "cookie", "api_key", "key"}
LONGEST_DETAIL_CHARACTERS = 200

_log = get_logger(__name__)


class AuditTrail:
    """Records events and reads them back.

    Args:
        repository: Where events are kept.
        now: The clock, for tests.
    """

    def __init__(self, repository: AuditRepository, *, now: Callable[[], datetime] | None = None) -> None:
        self._repository = repository
        self._now = now or (lambda: datetime.now(UTC))

    def record(
        self,
        action: str,
        *,
        username: str | None = None,
        tenant_id: str | None = None,
        subject: str = "",
        **details: str | int | bool,
    ) -> None:
        """Keep one event, in the database and as a line of the log.

        Raises:
            ValueError: a detail has a name that is kept for content or secrets.
        """
        forbidden = WITHHELD_DETAILS & details.keys()
        if forbidden:
            raise ValueError(f"the audit trail must not hold {', '.join(sorted(forbidden))}")
        short = {
            name: value[:LONGEST_DETAIL_CHARACTERS] if isinstance(value, str) else value
            for name, value in details.items()
        }
        self._repository.append(AuditEvent(self._now(), action, username, tenant_id, subject[:300], short))
        _log.info("audit", action=action, username=username, tenant_id=tenant_id, subject=subject, **short)

    def recent(self, *, tenant_id: str | None = None, days: int = 30, limit: int = 100) -> list[AuditEvent]:
        """The newest events of the last ``days``, newest first."""
        since = self._now() - timedelta(days=days)
        return self._repository.list_events(tenant_id=tenant_id, since=since, limit=limit)
