"""Calls that cost money are made once, whatever crashes and whoever else asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.errors import REPLY_LOST, AppError, BackendError
from services.ports.paid_calls import PaidCallLedger

# Longer than any call takes. The item that made a call gets its claim back at once, whatever happened to its worker.
STALE_SECONDS = 1800.0

PAID_REPLY_LOST = "paid-reply-lost"
"""The code of a call that may have been paid for: it waits for a person's retry, and that may well succeed."""


def paid_once(
    ledger: PaidCallLedger,
    tenant_id: str,
    key: str,
    owner: str,
    ask: Callable[[], Mapping[str, Any]],
    *,
    find: Callable[[], Mapping[str, Any] | None] = lambda: None,
) -> Mapping[str, Any]:
    """The answer that was paid for; it is asked for now where there is none.

    Args:
        key: Of everything that decides the answer.
        owner: Who asks, the same again after a crash.
        ask: Makes the call; its answer is JSON-able.
        find: The answer of a call that was cut off, where ``ask`` kept it before.

    Raises:
        BackendThrottledError: somebody else makes this call right now (``call-under-way``).
        AppError: of ``ask``; see also :func:`not_paid` and :func:`cut_off`.
    """
    begun = ledger.begin(tenant_id, key, owner, stale_seconds=STALE_SECONDS)
    if isinstance(begun, Mapping):
        return begun
    if begun.cut_off:
        found = find()
        if found is None:
            raise cut_off(ledger, tenant_id, key, owner)
        ledger.settle(tenant_id, key, owner, found)
        return found
    try:
        answer = ask()
    except AppError as error:
        failure = not_paid(ledger, tenant_id, key, owner, error)
        if failure is error:
            raise
        raise failure from error
    ledger.settle(tenant_id, key, owner, answer)
    return answer


def not_paid(
    ledger: PaidCallLedger, tenant_id: str, key: str, owner: str, error: AppError, *, free: bool = False
) -> AppError:
    """Free the key of a call that failed, and give the error to raise.

    A call whose reply was lost is made again by itself only where it is free; else a person decides.
    """
    lost = error.code == REPLY_LOST and not free
    ledger.abandon(tenant_id, key, owner, may_have_cost=lost)
    return _person_decides(error.message_for_user) if lost else error


def cut_off(ledger: PaidCallLedger, tenant_id: str, key: str, owner: str) -> AppError:
    """Free the key of a call that a crash cut off, and give the error to raise: here too a person decides."""
    ledger.abandon(tenant_id, key, owner)
    return _person_decides("The work was cut off before the answer was kept.")


def _person_decides(what_happened: str) -> BackendError:
    return BackendError(
        f"{what_happened} It may have been paid for.",
        code=PAID_REPLY_LOST,
        remedy="Retry this photo to ask once more; that is paid for in any case.",
    )
