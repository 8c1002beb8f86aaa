"""The log of calls that cost money, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import case, delete, func, insert, select

from services.operations.models import KeptCall, SpendDay, SpendRow
from services.ports.model_calls import Attribution
from services.storage.database import Database
from services.storage.model_call_tables import ModelCallRow


class SqlModelCalls:
    """See :class:`services.ports.model_spending.ModelCallLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, calls: Sequence[KeptCall]) -> None:
        if not calls:
            return
        with self._database.transaction() as session:
            session.execute(insert(ModelCallRow), [_values(kept) for kept in calls])

    def spend(self, days: Sequence[SpendDay], tenant_ids: Collection[str]) -> list[SpendRow]:
        row = ModelCallRow
        alike = (row.tenant_id, row.username, row.purpose, row.backend, row.model)
        sums = (
            func.count(),
            func.sum(case((row.outcome == "ok", 0), else_=1)),
            func.sum(case((row.cost_usd.is_(None), 1), else_=0)),
            func.sum(row.input_tokens),
            func.sum(row.output_tokens),
            func.sum(row.images),
            func.sum(row.units),
            func.coalesce(func.sum(row.cost_usd), 0.0),
        )
        found = []
        # One query per day: where a day begins is a matter of the reader's zone, which SQLite knows nothing about.
        with self._database.transaction() as session:
            for one in days:
                query = (
                    select(*alike, *sums)
                    .where(row.at >= one.begin, row.at < one.end, row.tenant_id.in_(tenant_ids))
                    .group_by(*alike)
                    .order_by(*alike)
                )
                found += [SpendRow(one.day, *values) for values in session.execute(query)]
        return found

    def forget_before(self, moment: datetime) -> int:
        with self._database.transaction() as session:
            deleted = session.execute(delete(ModelCallRow).where(ModelCallRow.at < moment))
            return int(deleted.rowcount)  # type: ignore[attr-defined]


def _values(kept: KeptCall) -> dict[str, object]:
    call = kept.call
    who = call.attribution or Attribution()
    return {
        "at": kept.at,
        "tenant_id": who.tenant_id[:64],
        "username": who.username[:128],
        "purpose": who.purpose[:32],
        "backend": call.backend[:32],
        "operation": call.operation[:64],
        "model": call.model[:300],
        "region": call.region[:32],
        "outcome": call.outcome[:64],
        "attempts": call.attempts,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "images": call.images,
        "units": call.units,
        "milliseconds": call.milliseconds,
        "cost_usd": kept.cost_usd,
    }
