"""Calls that cost money are made once, whatever crashes and whoever else asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.errors import AppError, BackendError
from services.ports.paid_calls import PaidCallLedger

# Longer than any call takes. The item that made a call gets its claim back at once, whatever happened to its worker.
STALE_SECONDS = 1800.0

# By these codes backends say that a reply was lost: what was asked may have been done, and charged for.
_LOST_CODES = frozenset({"aws-reply-lost"})


def paid_once(
    ledger: PaidCallLedger, tenant_id: str, key: str, owner: str, ask: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The answer that was paid for; it is asked for now where there is none.

    Args:
        key: Of everything that decides the answer.
        owner: Who asks, the same again after a crash.
        ask: Makes the call; its answer is JSON-able.

    Raises:
        BackendThrottledError: somebody else makes this call right now (``call-under-way``).
        AppError: of ``ask``; see also :func:`not_paid`.
    """
    begun = ledger.begin(tenant_id, key, owner, stale_seconds=STALE_SECONDS)
    if isinstance(begun, Mapping):
        return begun
    try:
        answer = ask()
    except AppError as error:
        failure = not_paid(ledger, tenant_id, key, owner, error)
        if failure is error:
            raise
        raise failure from error
    ledger.settle(tenant_id, key, owner, answer)
    return answer


def not_paid(ledger: PaidCallLedger, tenant_id: str, key: str, owner: str, error: AppError) -> AppError:
    """Free the key of a call that failed, and give the error to raise.

    A call whose reply was lost is not made again by itself: a person decides whether to pay once more.
    """
    lost = error.code in _LOST_CODES
    ledger.abandon(tenant_id, key, owner, may_have_cost=lost)
    if not lost:
        return error
    return BackendError(
        f"{error.message_for_user} It may have been paid for.",
        code="paid-reply-lost",
        remedy="Retry this photo to ask once more; that is paid for in any case.",
    )
