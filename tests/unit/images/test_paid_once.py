"""A call that costs money is made once; where nobody knows what became of it, a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.errors import REPLY_LOST, AppError, BackendThrottledError, BackendUnavailableError
from services.images.paid_once import paid_once
from services.surveys.memory_ledger import MemoryLedger

ANSWER = {"labels": ["Bottle"]}


class Seller:
    """Answers, after it raised its errors.

    Attributes:
        asked: How often it was asked.
    """

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.asked = 0

    def __call__(self) -> Mapping[str, Any]:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)
        return ANSWER


class DiedError(BaseException):
    """Ends the work as the end of its process does: nothing more is done."""


def bought(ledger: MemoryLedger, seller: Seller, **options: Any) -> Mapping[str, Any]:
    return paid_once(ledger, "pharmacy", "key", "run/1", seller, **options)


def test_call_that_a_crash_cut_off_is_made_again_only_when_a_person_retries() -> None:
    ledger, seller = MemoryLedger(), Seller(DiedError())
    with pytest.raises(DiedError):
        bought(ledger, seller)
    with pytest.raises(AppError) as caught:
        bought(ledger, seller)
    assert (caught.value.code, caught.value.retryable, seller.asked) == ("paid-reply-lost", False, 1)
    assert bought(ledger, seller) == ANSWER
    assert seller.asked == 2


def test_answer_that_was_kept_before_the_crash_is_found() -> None:
    ledger, seller = MemoryLedger(), Seller(DiedError())
    with pytest.raises(DiedError):
        bought(ledger, seller)
    for _ in range(2):
        assert bought(ledger, seller, find=lambda: {"file": "kept.png"}) == {"file": "kept.png"}
    assert seller.asked == 1


def test_call_whose_reply_was_lost_is_made_again_only_when_a_person_retries() -> None:
    ledger, seller = MemoryLedger(), Seller(BackendUnavailableError("Broke off.", code=REPLY_LOST))
    with pytest.raises(AppError) as caught:
        bought(ledger, seller)
    assert (caught.value.code, caught.value.retryable) == ("paid-reply-lost", False)
    assert bought(ledger, seller) == ANSWER


def test_call_that_cost_nothing_may_be_made_again_at_once() -> None:
    ledger, seller = MemoryLedger(), Seller(BackendThrottledError("Slow down."))
    with pytest.raises(BackendThrottledError):
        bought(ledger, seller)
    assert bought(ledger, seller) == ANSWER
