"""How eagerly workers look for work: seldom while there is none, and ahead of time while items are short."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from services.jobs.models import Pace
from services.ports.jobs import JobRuns, WorkTaker

# Up to this, the time between two items counts. Beyond it, an item that one worker holds ready might rather be run by
# another at once.
SHORT_SECONDS = 5.0
# Somebody else may have set another pace meanwhile.
SECONDS_BETWEEN_REMINDERS = 15.0


class Pacer:
    """Sets the pace of all workers by what there is to be done; every worker has one, and they agree.

    Args:
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, runs: JobRuns, taker: WorkTaker, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._runs = runs
        self._taker = taker
        self._clock = clock
        self._pace: Pace | None = None
        self._set_at = 0.0

    def keep_pace(self) -> None:
        """Look at what there is, and tell the workers if they should change."""
        pace = self._fitting()
        now = self._clock()
        if pace is not self._pace or now - self._set_at >= SECONDS_BETWEEN_REMINDERS:
            self._taker.set_pace(pace)
            self._pace, self._set_at = pace, now

    def _fitting(self) -> Pace:
        if not self._runs.something_to_do():
            return Pace.IDLE
        longest = self._runs.longest_recent_seconds(datetime.now(UTC))
        return Pace.BRISK if longest is not None and longest < SHORT_SECONDS else Pace.STEADY
