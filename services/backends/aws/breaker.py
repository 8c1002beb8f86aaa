"""A circuit breaker: a service that fails again and again is left alone for a while.

Own code, because the well-kept library for it (pybreaker) holds a lock over each whole call: calls would queue up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from services.errors import BackendUnavailableError


class CircuitBreaker:
    """Counts failures in a row. Open, it refuses calls; after a rest it lets one through, and its outcome decides.

    Args:
        failures: How many in a row open it.
        rest_seconds: How long it stays open before it tries one call.
        called: What its error calls the service.
        clock: Seconds that only grow.
    """

    def __init__(
        self, failures: int, rest_seconds: float, called: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_failures = failures
        self._rest_seconds = rest_seconds
        self._called = called
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again_at: float | None = None

    def admit(self) -> None:
        """Let a call pass.

        Raises:
            BackendUnavailableError: it is open (``circuit-open``).
        """
        with self._lock:
            if self._closed_again_at is None:
                return
            if self._clock() < self._closed_again_at:
                raise BackendUnavailableError(
                    f"The {self._called} failed several times in a row and is left alone for a moment.",
                    code="circuit-open",
                )
            # This call is the trial; the others wait for another rest, or for its success.
            self._closed_again_at = self._clock() + self._rest_seconds

    def succeeded(self) -> None:
        """The service answered, if only to refuse."""
        with self._lock:
            self._failures = 0
            self._closed_again_at = None

    def failed(self) -> None:
        """The service did not answer, or with an error of its own."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._most_failures:
                self._closed_again_at = self._clock() + self._rest_seconds
