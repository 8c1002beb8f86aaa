"""A ledger of paid calls for analyses that nothing is kept of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from services.errors import BackendThrottledError
from services.ports.paid_calls import PaidAttempt

_Call = tuple[str, str]


class MemoryLedger:
    """See :class:`services.ports.paid_calls.PaidCallLedger`; it remembers as long as it lives.

    Args:
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[_Call, Mapping[str, Any]] = {}
        self._claims: dict[_Call, tuple[str, float]] = {}
        self._attempts: dict[_Call, int] = {}
        self._owners: dict[_Call, str] = {}
        self._lock = threading.Lock()

    def begin(self, tenant_id: str, key: str, owner: str, *, stale_seconds: float) -> Mapping[str, Any] | PaidAttempt:
        call, now = (tenant_id, key), self._clock()
        with self._lock:
            if call in self._answers:
                return self._answers[call]
            cut_off = call in self._claims
            holder, since = self._claims.get(call, (owner, now))
            if holder != owner and now - since < stale_seconds:
                raise BackendThrottledError(
                    "Another analysis makes the same call right now.",
                    code="call-under-way",
                    remedy="Wait a minute and try again.",
                )
            self._claims[call] = owner, now
            self._owners[call] = owner
            self._attempts[call] = self._attempts.get(call, 0) + 1
            return PaidAttempt(self._attempts[call], cut_off)

    def settle(self, tenant_id: str, key: str, owner: str, answer: Mapping[str, Any]) -> None:
        with self._lock:
            if self._release((tenant_id, key), owner):
                self._answers[tenant_id, key] = dict(answer)

    def abandon(self, tenant_id: str, key: str, owner: str, *, may_have_cost: bool = False) -> None:
        with self._lock:
            if self._release((tenant_id, key), owner) and not may_have_cost:
                self._attempts[tenant_id, key] -= 1

    def forget(self, tenant_id: str, owner_prefix: str) -> None:
        with self._lock:
            for call in [call for call, owner in self._owners.items() if owner.startswith(owner_prefix)]:
                if call[0] == tenant_id:
                    for kept in self._kept():
                        kept.pop(call, None)

    def _release(self, call: _Call, owner: str) -> bool:
        if self._claims.get(call, ("", 0.0))[0] != owner:
            return False
        del self._claims[call]
        return True

    def _kept(self) -> tuple[MutableMapping[_Call, Any], ...]:
        return self._answers, self._claims, self._attempts, self._owners
