"""What models and paid services cost: per day, page, tenant, user and model; unknown costs are counted apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import pandas as pd

from services.access.models import Account
from services.access.permissions import require_role
from services.errors import InputError
from services.operations.models import SpendDay, SpendRow
from services.ports.model_spending import ModelCallLog
from services.spreadsheets import safe_text

LONGEST_PERIOD_DAYS = 366


@dataclass(frozen=True, slots=True)
class SpendSum:
    """Some calls together; see :class:`services.operations.models.SpendRow`."""

    calls: int = 0
    failed: int = 0
    unknown_costs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    units: int = 0
    cost_usd: float = 0.0

    def with_row(self, row: SpendRow) -> SpendSum:
        return SpendSum(
            self.calls + row.calls,
            self.failed + row.failed,
            self.unknown_costs + row.unknown_costs,
            self.input_tokens + row.input_tokens,
            self.output_tokens + row.output_tokens,
            self.images + row.images,
            self.units + row.units,
            self.cost_usd + row.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class SpendReport:
    """The calls of a period.

    Attributes:
        days: Every day of the period, also those without a call.
        rows: What was called, per day.
    """

    since: date
    until: date
    days: tuple[date, ...]
    rows: tuple[SpendRow, ...]

    @property
    def total(self) -> SpendSum:
        return sum_of(self.rows)

    def by(self, key: Callable[[SpendRow], str]) -> list[tuple[str, SpendSum]]:
        """Sums by what the key gives, the most expensive first."""
        groups: defaultdict[str, SpendSum] = defaultdict(SpendSum)
        for row in self.rows:
            groups[key(row)] = groups[key(row)].with_row(row)
        return sorted(groups.items(), key=lambda group: (-group[1].cost_usd, -group[1].calls, group[0]))


class SpendingService:
    """Sums for administrators, over the tenants that are theirs.

    Args:
        now: The clock, for tests.
    """

    def __init__(self, log: ModelCallLog, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._now = now

    def report(self, account: Account, *, days: int, zone: tzinfo = UTC) -> SpendReport:
        """The calls of the last ``days`` days, today included, for the account's tenants and for none.

        Args:
            zone: Where a day begins and ends.

        Raises:
            AccessError: the account is no administrator's.
            InputError: the period is empty or longer than a year.
            BackendError: the database did not answer.
        """
        require_role(account)
        if not 1 <= days <= LONGEST_PERIOD_DAYS:
            raise InputError(
                f"A period of {days} days cannot be shown.",
                code="period-invalid",
                remedy=f"Choose between 1 and {LONGEST_PERIOD_DAYS} days.",
            )
        today = self._now().astimezone(zone).date()
        calendar = [today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]
        rows = self._log.spend([_spend_day(day, zone) for day in calendar], ["", *account.tenant_ids])
        return SpendReport(calendar[0], today, tuple(calendar), tuple(rows))


def sum_of(rows: Iterable[SpendRow]) -> SpendSum:
    """All of them together."""
    total = SpendSum()
    for row in rows:
        total = total.with_row(row)
    return replace(total, cost_usd=round(total.cost_usd, 9))


def spend_csv(rows: Sequence[SpendRow]) -> bytes:
    """One row per day, tenant, user, purpose, backend and model as CSV, UTF-8 with a byte order mark for spreadsheets.

    ``cost_usd`` sums the calls whose cost is known; ``unknown_costs`` counts the others. It is empty where none is
    known.
    """
    table = pd.DataFrame(
        [
            {
                "day": row.day.isoformat(),
                "tenant": safe_text(row.tenant_id),
                "user": safe_text(row.username),
                "purpose": row.purpose,
                "backend": row.backend,
                "model": safe_text(row.model),
                "calls": row.calls,
                "failed": row.failed,
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
                "images": row.images,
                "units": row.units,
                "cost_usd": f"{row.cost_usd:.6f}" if row.unknown_costs < row.calls else "",
                "unknown_costs": row.unknown_costs,
            }
            for row in rows
        ],
        columns=[
            "day", "tenant", "user", "purpose", "backend", "model", "calls", "failed", "input_tokens",
            "output_tokens", "images", "units", "cost_usd", "unknown_costs",
        ],
    )  # fmt: skip
    return table.to_csv(index=False).encode("utf-8-sig")


def _spend_day(day: date, zone: tzinfo) -> SpendDay:
    begin = datetime.combine(day, time.min, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return SpendDay(day, begin, end)
