"""What every ModelCallLog holds; a test class for one adapter inherits it and gives the fixture ``log``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.operations.models import KeptCall, SpendDay, SpendRow
from services.ports.model_calls import Attribution, ModelCall
from services.ports.model_spending import ModelCallLog

DAY = date(2026, 3, 2)
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
ONE_DAY = SpendDay(DAY, BEGIN, BEGIN + timedelta(days=1))
WHO = Attribution("pharmacy", "ana.reyes", "answers")


def kept(cost: float | None = 0.5, at: datetime = BEGIN, who: Attribution = WHO, **changes: Any) -> KeptCall:
    facts: dict[str, Any] = {
        "backend": "bedrock",
        "operation": "Converse",
        "model": "us.maker.text-v1:0",
        "region": "us-east-1",
        "input_tokens": 100,
        "output_tokens": 20,
    }
    return KeptCall(at, ModelCall(**{**facts, **changes}, attribution=who), cost)


class ModelCallLogContract:
    """Give the fixture ``log``, empty."""

    def test_alike_calls_of_a_day_are_summed(self, log: ModelCallLog) -> None:
        log.keep([kept(0.5), kept(0.25, images=2, units=3), kept(None, outcome="reply-lost")])
        assert log.spend([ONE_DAY], ["pharmacy"]) == [
            SpendRow(
                DAY,
                "pharmacy",
                "ana.reyes",
                "answers",
                "bedrock",
                "us.maker.text-v1:0",
                calls=3,
                failed=1,
                unknown_costs=1,
                input_tokens=300,
                output_tokens=60,
                images=2,
                units=3,
                cost_usd=0.75,
            )
        ]

    def test_calls_that_differ_stand_apart(self, log: ModelCallLog) -> None:
        log.keep(
            [
                kept(),
                kept(who=Attribution("pharmacy", "omar.haddad", "answers")),
                kept(who=Attribution("pharmacy", "ana.reyes", "surveys")),
                kept(model="eu.maker.text-v1:0"),
                kept(backend="sagemaker"),
            ]
        )
        assert [row.calls for row in log.spend([ONE_DAY], ["pharmacy"])] == [1] * 5

    def test_only_unknown_costs_make_no_cost_and_are_counted(self, log: ModelCallLog) -> None:
        log.keep([kept(None), kept(None)])
        (row,) = log.spend([ONE_DAY], ["pharmacy"])
        assert (row.cost_usd, row.unknown_costs) == (0.0, 2)

    def test_other_tenants_are_left_out_and_no_tenant_has_an_empty_name(self, log: ModelCallLog) -> None:
        log.keep([kept(), kept(who=Attribution("clinic")), kept(who=Attribution())])
        assert {row.tenant_id for row in log.spend([ONE_DAY], ["pharmacy", ""])} == {"pharmacy", ""}
        assert log.spend([ONE_DAY], []) == []

    def test_day_includes_its_beginning_and_not_its_end(self, log: ModelCallLog) -> None:
        log.keep([kept(at=BEGIN + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)])
        next_day = SpendDay(DAY + timedelta(days=1), ONE_DAY.end, ONE_DAY.end + timedelta(days=1))
        rows = log.spend([ONE_DAY, next_day], ["pharmacy"])
        assert [(row.day, row.calls) for row in rows] == [(DAY, 2), (next_day.day, 1)]

    def test_old_calls_are_forgotten(self, log: ModelCallLog) -> None:
        log.keep([kept(at=BEGIN - timedelta(seconds=1)), kept(at=BEGIN)])
        assert log.forget_before(BEGIN) == 1
        assert log.forget_before(BEGIN) == 0
        assert [row.calls for row in log.spend([ONE_DAY], ["pharmacy"])] == [1]

    def test_nothing_to_keep_keeps_nothing(self, log: ModelCallLog) -> None:
        log.keep([])
        assert log.spend([ONE_DAY], ["pharmacy"]) == []

    def test_names_that_are_too_long_are_cut_and_not_lost(self, log: ModelCallLog) -> None:
        log.keep([kept(model="m" * 400, outcome="c" * 90, operation="o" * 90)])
        (row,) = log.spend([ONE_DAY], ["pharmacy"])
        assert row.model.startswith("mmm")
