"""The ledger of calls that cost money, in the database that all workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import BackendThrottledError
from services.ports.paid_calls import PaidAttempt
from services.storage.database import Database
from services.storage.image_rows import insertion_into
from services.storage.image_tables import PaidCallRow


class SqlPaidCallLedger:
    """See :class:`services.ports.paid_calls.PaidCallLedger`.

    Args:
        now: The time, with its zone. Workers on several machines compare their clocks here, so claims must go stale
            after much more than these may differ.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def begin(self, tenant_id: str, key: str, owner: str, *, stale_seconds: float) -> Mapping[str, Any] | PaidAttempt:
        now = self._now()
        with self._database.transaction() as session:
            first = session.execute(
                insertion_into(session, PaidCallRow)
                .values(tenant_id=tenant_id, key=key, owner=owner, attempts=1, claimed_at=now)
                .on_conflict_do_nothing()
            )
            if first.rowcount == 1:  # type: ignore[attr-defined]
                return PaidAttempt(1)
            claim = {"owner": owner, "attempts": PaidCallRow.attempts + 1, "claimed_at": now}
            free = _change(session, tenant_id, key, PaidCallRow.owner.is_(None), **claim)
            given_up = or_(PaidCallRow.owner == owner, PaidCallRow.claimed_at <= now - timedelta(seconds=stale_seconds))
            cut_off = not free and _change(session, tenant_id, key, given_up, **claim)
            row = session.get_one(PaidCallRow, (tenant_id, key), populate_existing=True)
            if free or cut_off:
                return PaidAttempt(row.attempts, cut_off)
            if row.settled_at is not None:
                return row.answer or {}
        raise BackendThrottledError(
            "Another worker makes the same call right now.",
            code="call-under-way",
            remedy="Wait a minute and try again; its answer will be used here too.",
        )

    def settle(self, tenant_id: str, key: str, owner: str, answer: Mapping[str, Any]) -> None:
        settled = {"owner": None, "settled_by": owner, "settled_at": self._now(), "answer": dict(answer)}
        with self._database.transaction() as session:
            _change(session, tenant_id, key, PaidCallRow.owner == owner, **settled)

    def abandon(self, tenant_id: str, key: str, owner: str, *, may_have_cost: bool = False) -> None:
        # An attempt that cost nothing does not count.
        attempts = PaidCallRow.attempts - (0 if may_have_cost else 1)
        with self._database.transaction() as session:
            _change(session, tenant_id, key, PaidCallRow.owner == owner, owner=None, attempts=attempts)

    def forget(self, tenant_id: str, owner_prefix: str) -> None:
        begins = or_(
            PaidCallRow.owner.startswith(owner_prefix, autoescape=True),
            PaidCallRow.settled_by.startswith(owner_prefix, autoescape=True),
        )
        with self._database.transaction() as session:
            session.execute(
                delete(PaidCallRow)
                .where(PaidCallRow.tenant_id == tenant_id, begins)
                .execution_options(synchronize_session=False)
            )


def _change(session: DatabaseSession, tenant_id: str, key: str, condition: ColumnElement[bool], **values: Any) -> bool:
    """Change the call unless it is settled or the condition does not hold; whether it was changed."""
    changed = session.execute(
        update(PaidCallRow)
        .where(PaidCallRow.tenant_id == tenant_id, PaidCallRow.key == key, PaidCallRow.settled_at.is_(None), condition)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]
