"""Sums of a period: days as the reader's zone has them, the own tenants only, unknown costs apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.errors import AccessError, InputError
from services.operations.models import KeptCall
from services.operations.spending import SpendingService, spend_csv
from services.ports.model_calls import Attribution, ModelCall
from tests.fakes import FakeClock
from tests.operation_fakes import ADMIN, AGENT, FakeModelCallLog

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def kept(at: datetime, cost: float | None, tenant: str = "pharmacy") -> KeptCall:
    made = ModelCall("bedrock", "Converse", "m", attribution=Attribution(tenant, "ana.reyes", "answers"))
    return KeptCall(at, made, cost)


@pytest.fixture
def log() -> FakeModelCallLog:
    return FakeModelCallLog()


@pytest.fixture
def spending(log: FakeModelCallLog) -> SpendingService:
    return SpendingService(log, now=FakeClock(NOW))


def test_known_costs_are_summed_and_unknown_ones_counted_apart(
    spending: SpendingService, log: FakeModelCallLog
) -> None:
    log.kept = [kept(NOW, 0.5), kept(NOW, None), kept(NOW - timedelta(days=1), 0.25)]
    report = spending.report(ADMIN, days=7)
    assert (report.total.cost_usd, report.total.calls, report.total.unknown_costs) == (0.75, 3, 1)
    assert len(report.days) == 7


def test_calls_of_other_tenants_are_not_shown_and_those_of_none_are(
    spending: SpendingService, log: FakeModelCallLog
) -> None:
    log.kept = [kept(NOW, 1.0, "pharmacy"), kept(NOW, 2.0, "bank"), kept(NOW, 4.0, "")]
    assert spending.report(ADMIN, days=1).total.cost_usd == 5.0


def test_day_begins_where_the_reader_is(spending: SpendingService, log: FakeModelCallLog) -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    log.kept = [kept(late, 1.0)]
    assert spending.report(ADMIN, days=1).rows == ()
    (row,) = spending.report(ADMIN, days=1, zone=ZoneInfo("Europe/Berlin")).rows
    assert row.day.isoformat() == "2026-03-02"


def test_most_expensive_group_comes_first(spending: SpendingService, log: FakeModelCallLog) -> None:
    log.kept = [kept(NOW, 1.0, "pharmacy"), kept(NOW, 2.0, "clinic")]
    groups = spending.report(ADMIN, days=1).by(lambda row: row.tenant_id)
    assert [name for name, _ in groups] == ["clinic", "pharmacy"]


@pytest.mark.parametrize("days", [0, 367])
def test_period_that_cannot_be_shown_is_refused(spending: SpendingService, days: int) -> None:
    with pytest.raises(InputError):
        spending.report(ADMIN, days=days)


def test_spend_is_for_administrators(spending: SpendingService) -> None:
    with pytest.raises(AccessError):
        spending.report(AGENT, days=7)


def test_csv_leaves_an_unknown_cost_empty_and_makes_no_formula(
    spending: SpendingService, log: FakeModelCallLog
) -> None:
    log.kept = [
        KeptCall(NOW, ModelCall("openai", "chat", "=evil()", attribution=Attribution("pharmacy", "a", "")), None),
        KeptCall(NOW, ModelCall("bedrock", "Converse", "m", attribution=Attribution("pharmacy", "b", "")), 0.0125),
    ]
    text = spend_csv(spending.report(ADMIN, days=1).rows).decode("utf-8-sig")
    first, second = text.splitlines()[1:]
    assert "'=evil()" in first
    assert first.endswith(",,1")
    assert second.endswith(",0.012500,0")


def test_csv_of_nothing_has_its_heading() -> None:
    assert spend_csv(()).decode("utf-8-sig").startswith("day,tenant,user")
