"""Quotas that everybody who calls a service shares: so many requests, so many tokens a minute."""

from __future__ import annotations

from typing import Protocol


class RateLimits(Protocol):
    """Buckets by name that fill evenly, shared by all threads, processes and machines.

    Places are given in the order in which they are asked for. After a quiet while a sixth of a minute's amount may go
    at once; what is more than that goes when the bucket is full, and those after it wait the longer.
    """

    def reserve(self, name: str, amount: float, per_minute: float, *, most_wait_seconds: float) -> float:
        """Book an amount.

        Args:
            per_minute: How much there is in a minute; above 0.

        Returns:
            Seconds to wait before it may be used; 0 where it may be used at once.

        Raises:
            BackendThrottledError: the wait would be longer (``quota-reached``, with how long in
                ``retry_after_seconds``); nothing was booked.
            BackendUnavailableError: the place where buckets are kept does not answer.
        """
        ...

    def settle(self, name: str, reserved: float, used: float, per_minute: float) -> None:
        """Correct a booking to what was used in the end, less or more.

        Raises:
            BackendUnavailableError: as above; the booking stands then.
        """
        ...
