"""The places at which one worker works: as many items at once as it may, finishes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """A bounded number of places. Who comes when all are taken waits, so that a place that is left is filled at once.

    Args:
        count: How many work at the same time.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken = 0
        self._urgent = 0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, *, urgent: bool = False, patience_seconds: float | None = None) -> Iterator[bool]:
        """Hold a place for the time of the block; who is urgent goes before those that are not.

        Yields False, without a place, when none became free within the patience. Once :meth:`close` was called nobody
        comes in any more: this does not return then, and the process ends over it.
        """
        with self._changed:
            self._urgent += urgent
            entered = self._changed.wait_for(lambda: self._may_enter(urgent), timeout=patience_seconds)
            self._urgent -= urgent
            if not entered and self._closed:
                self._changed.wait_for(lambda: False)
            self._taken += entered
        if not entered:
            yield False
            return
        try:
            yield True
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    def close(self, deadline: float) -> bool:
        """Let nobody in any more, and wait for those inside until the deadline by the monotonic clock.

        Returns whether all of them left.
        """
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: not self._taken, timeout=max(0.0, deadline - time.monotonic()))

    def _may_enter(self, urgent: bool) -> bool:
        return not self._closed and self._taken < self._count and (urgent or not self._urgent)
