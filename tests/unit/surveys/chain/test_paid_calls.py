"""A call is paid for once, whatever happens around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.errors import BackendRejectedError, BackendThrottledError, BackendUnavailableError
from services.ports.language_models import ModelReply, ModelRequest, StopReason
from services.surveys.chain.paid_calls import PaidModelCalls, call_key
from services.surveys.memory_ledger import MemoryLedger
from tests.contract.language_model import request_for
from tests.survey_model import FakeLanguageModel, Values
from tests.unit.surveys.chain.chain_desk import SleepingClock

REQUEST = request_for("The staff is nice")


def calls(
    model: FakeLanguageModel, ledger: MemoryLedger, clock: SleepingClock, *, tenant: str = "pharmacy", owner: str = "a"
) -> PaidModelCalls:
    return PaidModelCalls(model, ledger, tenant, owner, clock=clock, sleep=clock.sleep, draw=lambda low, high: high)


def test_same_request_is_answered_from_the_ledger_to_everybody_of_the_tenant() -> None:
    model, ledger, clock = FakeLanguageModel(), MemoryLedger(), SleepingClock()
    first = calls(model, ledger, clock).complete(REQUEST)
    again = calls(model, ledger, clock, owner="b").complete(REQUEST)
    assert (first.reused, again.reused) == (False, True)
    assert again.reply == first.reply
    assert len(model.requests) == 1
    assert not calls(model, ledger, clock, tenant="clinic").complete(REQUEST).reused


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, system="Other"),
        replace(REQUEST, user='{"responses":[]}'),
        replace(REQUEST, schema={"type": "object"}),
        replace(REQUEST, most_output_tokens=5),
    ],
)
def test_whatever_decides_the_reply_decides_the_key(changed: ModelRequest) -> None:
    model = FakeLanguageModel()
    assert call_key(model, changed) != call_key(model, REQUEST)
    assert call_key(FakeLanguageModel(model="rules-2"), REQUEST) != call_key(model, REQUEST)
    assert call_key(FakeLanguageModel(), request_for("The staff is nice")) == call_key(model, REQUEST)


@pytest.mark.parametrize("reason", [StopReason.LENGTH, StopReason.REFUSED])
def test_reply_that_is_of_no_use_was_paid_for_too_and_is_kept(reason: StopReason) -> None:
    reply = ModelReply("Well,", reason, 10, 2)
    model, ledger, clock = FakeLanguageModel(script=lambda request, good: reply), MemoryLedger(), SleepingClock()
    for _ in range(2):
        assert calls(model, ledger, clock).complete(REQUEST).reply == reply
    assert len(model.requests) == 1


def test_reply_with_characters_that_databases_do_not_keep_is_the_same_now_and_later() -> None:
    model, ledger, clock = (
        FakeLanguageModel(script=lambda request, good: "a\0b\ud800c"),
        MemoryLedger(),
        SleepingClock(),
    )
    texts = {calls(model, ledger, clock).complete(REQUEST).reply.text for _ in range(2)}
    assert texts == {"ab?c"}


def test_a_call_whose_reply_was_lost_is_made_again_and_told_of() -> None:
    def lose(request: ModelRequest, good: Values) -> Values:
        model.script = lambda request, good: good
        raise BackendUnavailableError("Cut.", code="reply-lost")

    model, ledger, clock = FakeLanguageModel(script=lose), MemoryLedger(), SleepingClock()
    assert calls(model, ledger, clock).complete(REQUEST).lost_calls == 1
    assert len(model.requests) == 2


def test_a_call_that_was_not_answered_for_sure_is_not_told_of() -> None:
    def refuse(request: ModelRequest, good: Values) -> Values:
        model.script = lambda request, good: good
        raise BackendThrottledError("Busy.")

    model = FakeLanguageModel(script=refuse)
    assert calls(model, MemoryLedger(), SleepingClock()).complete(REQUEST).lost_calls == 0


def test_call_that_failed_is_free_for_others_at_once() -> None:
    def refuse(request: ModelRequest, good: Values) -> Values:
        raise BackendRejectedError("No.")

    model, ledger, clock = FakeLanguageModel(script=refuse), MemoryLedger(), SleepingClock()
    with pytest.raises(BackendRejectedError):
        calls(model, ledger, clock).complete(REQUEST)
    model.script = lambda request, good: good
    paid = calls(model, ledger, clock, owner="b").complete(REQUEST)
    assert (paid.reused, paid.lost_calls) == (False, 0)


def test_crash_before_the_reply_is_kept_is_told_as_a_call_that_may_cost_too() -> None:
    def crash(request: ModelRequest, good: Values) -> Values:
        raise KeyboardInterrupt

    model, ledger, clock = FakeLanguageModel(script=crash), MemoryLedger(), SleepingClock()
    with pytest.raises(KeyboardInterrupt):
        calls(model, ledger, clock).complete(REQUEST)
    model.script = lambda request, good: good
    assert calls(model, ledger, clock).complete(REQUEST).lost_calls == 1


def test_same_call_of_another_worker_is_waited_for_and_not_paid_twice() -> None:
    model, ledger = FakeLanguageModel(), MemoryLedger()
    key = call_key(model, REQUEST)
    ledger.begin("pharmacy", key, "other", stale_seconds=1_800)
    answer = {"text": "{}", "stop_reason": "complete", "input_tokens": 1, "output_tokens": 1}

    class Settling(SleepingClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.seconds > 5:
                ledger.settle("pharmacy", key, "other", answer)

    settling = Settling()
    assert calls(model, ledger, settling).complete(REQUEST).reused
    assert model.requests == []


def test_waits_double_and_end_after_a_minute_with_a_last_try() -> None:
    def throttle(request: ModelRequest, good: Values) -> Values:
        raise BackendThrottledError("Too many requests.")

    model, ledger, clock = FakeLanguageModel(script=throttle), MemoryLedger(), SleepingClock()
    with pytest.raises(BackendThrottledError):
        calls(model, ledger, clock).complete(REQUEST)
    assert clock.naps == [1, 2, 4, 8, 16, 29]
    assert len(model.requests) == 7


def test_server_that_asks_for_more_than_a_minute_is_left_alone_at_once() -> None:
    def throttle(request: ModelRequest, good: Values) -> Values:
        raise BackendThrottledError("Too many requests.", retry_after_seconds=300)

    model, ledger, clock = FakeLanguageModel(script=throttle), MemoryLedger(), SleepingClock()
    with pytest.raises(BackendThrottledError) as caught:
        calls(model, ledger, clock).complete(REQUEST)
    assert caught.value.retry_after_seconds == 300
    assert clock.naps == []


def test_waiting_counts_into_the_seconds_of_the_call() -> None:
    def twice_down(request: ModelRequest, good: Values) -> Values:
        if len(clock.naps) < 2:
            raise BackendUnavailableError("Down.")
        return good

    model, ledger, clock = FakeLanguageModel(script=twice_down), MemoryLedger(), SleepingClock()
    assert calls(model, ledger, clock).complete(REQUEST).seconds == 3


def test_call_that_its_owner_paid_before_a_crash_is_told_as_its_own_once() -> None:
    model, ledger, clock = FakeLanguageModel(), MemoryLedger(), SleepingClock()
    calls(model, ledger, clock).complete(REQUEST)
    after = calls(model, ledger, clock)
    assert [after.complete(REQUEST).reused for _ in range(2)] == [False, True]
    assert len(model.requests) == 1


def test_reply_is_kept_also_over_a_database_that_is_away_for_a_while() -> None:
    class AwayAtFirst(MemoryLedger):
        def settle(self, tenant_id: str, key: str, owner: str, answer: Mapping[str, Any]) -> None:
            if len(clock.naps) < 3:
                raise BackendUnavailableError("The database did not answer.")
            super().settle(tenant_id, key, owner, answer)

    model, ledger, clock = FakeLanguageModel(), AwayAtFirst(), SleepingClock()
    assert calls(model, ledger, clock).complete(REQUEST).lost_calls == 0
    assert calls(model, ledger, clock, owner="b").complete(REQUEST).reused
    assert len(model.requests) == 1
