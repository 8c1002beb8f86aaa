"""Keeps the calls of a model within the account's quota of requests and tokens, together with all other workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from services.errors import AppError
from services.logs import get_logger
from services.ports.rate_limits import RateLimits

PATIENCE_SECONDS = 30.0
"""A call waits no longer than this for its turn; then the error says how long it would be."""

_log = get_logger(__name__)


class CallQuota:
    """The quota of one model in one region.

    Args:
        name: What names the quota: the same for everybody who shares it.
        requests_per_minute, tokens_per_minute: None sets no limit.
    """

    def __init__(
        self,
        limits: RateLimits,
        name: str,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits
        self._name = name
        self._per_minute = {"requests": requests_per_minute, "tokens": tokens_per_minute}
        self._patience_seconds = patience_seconds
        self._sleep = sleep

    def reserve(self, tokens: int) -> CallReservation:
        """Wait for the turn of a call that may take so many tokens.

        Raises:
            BackendThrottledError: the turn is too far away (``quota-reached``).
            BackendUnavailableError: quotas cannot be read.
        """
        reservation = CallReservation(self._limits, [])
        wait_seconds = 0.0
        for kind, amount in (("requests", 1), ("tokens", tokens)):
            per_minute = self._per_minute[kind]
            if per_minute is None:
                continue
            name = f"{self._name} {kind}"
            try:
                wait = self._limits.reserve(name, amount, per_minute, most_wait_seconds=self._patience_seconds)
            except AppError:
                reservation.give_back()
                raise
            reservation.bookings.append((name, amount, per_minute))
            wait_seconds = max(wait_seconds, wait)
        if wait_seconds > 0:
            self._sleep(wait_seconds)
        return reservation


@dataclass(slots=True)
class CallReservation:
    """What was booked for one call; nothing here raises, since the call itself has its outcome already."""

    limits: RateLimits
    bookings: list[tuple[str, int, int]]

    def settle(self, tokens: int) -> None:
        """Say what the call took."""
        self._settle(lambda name, booked: tokens if name.endswith(" tokens") else booked)

    def give_back(self) -> None:
        """Say that the call was not made, or counts for nothing."""
        self._settle(lambda _name, _booked: 0)

    def _settle(self, used_of: Callable[[str, int], int]) -> None:
        for name, booked, per_minute in self.bookings:
            try:
                self.limits.settle(name, booked, used_of(name, booked), per_minute)
            except AppError as error:
                _log.warning("quota-not-settled", quota=name, code=error.code)
