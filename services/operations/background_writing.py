"""Writes things down behind the back of those who call: they never wait and never hear of errors."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from services.errors import AppError, BackendUnavailableError
from services.logs import get_logger

AT_ONCE = 200
FIRST_PAUSE_SECONDS = 0.5
END_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 15.0

_T = TypeVar("_T")
_log = get_logger(__name__)


class BackgroundWriter(Generic[_T]):
    """A bounded line of things and one thread, started with the first, that writes them in their order.

    A database that is away is waited for; when the line is full meanwhile, what comes is dropped and the log says so.

    Args:
        called: What the log calls the things.
        write: Writes some; BackendUnavailableError has it tried again, any other error drops these.
        most: Things that may wait.
        at_once: Things that are written together.
        weigh, most_weight: Limit besides for things of different size, such as bytes.
    """

    def __init__(
        self,
        called: str,
        write: Callable[[Sequence[_T]], None],
        *,
        most: int = 10_000,
        at_once: int = AT_ONCE,
        weigh: Callable[[_T], int] = lambda _thing: 0,
        most_weight: int = 0,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._called = called
        self._write = write
        self._most = most
        self._at_once = at_once
        self._weigh = weigh
        self._most_weight = most_weight
        self._first_pause_seconds = first_pause_seconds
        self._changed = threading.Condition()
        self._line: deque[tuple[_T, int]] = deque()
        self._weight = 0
        self._writing = 0
        self._dropped = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def put(self, thing: _T) -> bool:
        """Have it written soon; False when there is no room and it is dropped."""
        weight = self._weigh(thing)
        with self._changed:
            full = len(self._line) >= self._most or (self._weight and self._weight + weight > self._most_weight > 0)
            if self._closing or full:
                self._dropped += 1
                if self._dropped.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …
                    _log.warning("not-kept", what=self._called, dropped=self._dropped, closing=self._closing)
                return False
            self._line.append((thing, weight))
            self._weight += weight
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"keep {self._called}", daemon=True)
                self._thread.start()
                atexit.register(self.close, END_SECONDS)  # a command may end before the thread has written
            self._changed.notify_all()
        return True

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that came so far is written, or dropped; whether it was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._line and not self._writing, timeout_seconds)

    def close(self, timeout_seconds: float) -> None:
        """Write what is left, wait no longer than that, and take nothing more."""
        atexit.unregister(self.close)
        self.flush(timeout_seconds)
        with self._changed:
            self._closing = True
            left = len(self._line) + self._writing
            if left:
                _log.warning("not-kept", what=self._called, dropped=left, closing=True)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line or self._closing)
                if self._closing:
                    return
                some = [self._line.popleft() for _ in range(min(self._at_once, len(self._line)))]
                self._writing = len(some)
            self._write_patiently([thing for thing, _ in some])
            with self._changed:
                self._weight -= sum(weight for _, weight in some)
                self._writing = 0
                self._changed.notify_all()

    def _write_patiently(self, things: Sequence[_T]) -> None:
        pause = self._first_pause_seconds
        while True:
            try:
                self._write(things)
            except BackendUnavailableError as error:
                _log.warning("keeping-waits", what=self._called, code=error.code, seconds=pause)
            except Exception as error:  # what cannot be written must not keep the rest from being written
                known = error if not isinstance(error, AppError) else None
                code = error.code if isinstance(error, AppError) else type(error).__name__
                _log.error("not-kept", what=self._called, dropped=len(things), code=code, exc_info=known)
                return
            else:
                return
            if self._await_close(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _await_close(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._changed:
            while not self._closing and time.monotonic() < until:
                self._changed.wait(until - time.monotonic())
            return self._closing
