"""Keeps what calls were made, on whose behalf, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from services.logs import get_logger
from services.operations.background_writing import BackgroundWriter
from services.operations.models import KeptCall
from services.operations.prices import PriceTable
from services.ports.model_calls import ModelCall, current_attribution
from services.ports.model_spending import ModelCallLog

KEPT_DAYS = 400
CLOSE_SECONDS = 5.0
MOST_CAPTURES_WAITING = 500
MOST_CAPTURED_BYTES_WAITING = 64_000_000
_LOOKED_AFTER = timedelta(hours=12)

_log = get_logger(__name__)


class Capture(Protocol):
    """Keeps what was said in a call; see :mod:`services.privacy`."""

    def keep(self, call: ModelCall, request: Any, reply: Any) -> None:
        """Mask and keep it; may take its time and may raise."""
        ...


class CallRecording:
    """See :class:`services.ports.model_calls.ModelCallRecorder`: nobody waits for it, and it never raises.

    Args:
        log: Where calls are kept, for :data:`KEPT_DAYS` days.
        prices: Says what they cost.
        capture: Hears of each call with request and reply; None keeps no words.
        now: The clock, for tests.
    """

    def __init__(
        self,
        log: ModelCallLog,
        prices: PriceTable,
        capture: Capture | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._prices = prices
        self._capture = capture
        self._now = now
        self._look_after_at = now()
        self._calls: BackgroundWriter[KeptCall] = BackgroundWriter("model calls", self._keep)
        self._captures: BackgroundWriter[tuple[ModelCall, Any, Any]] = BackgroundWriter(
            "captured model calls",
            self._keep_words,
            most=MOST_CAPTURES_WAITING,
            at_once=1,
            weigh=lambda kept: _size(kept[1]) + _size(kept[2]),
            most_weight=MOST_CAPTURED_BYTES_WAITING,
        )

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        try:
            if call.attribution is None:
                call = replace(call, attribution=current_attribution())
            self._calls.put(KeptCall(self._now(), call, self._prices.cost_of(call)))
            if self._capture is not None:
                self._captures.put((call, request, reply))
        except Exception as error:  # the call itself went well or has its own error
            _log.error("model-call-not-recorded", operation=call.operation, exc_info=error)

    def flush(self, timeout_seconds: float = CLOSE_SECONDS) -> bool:
        """Wait until what was recorded so far is kept; whether it was in time."""
        kept = self._calls.flush(timeout_seconds)
        return self._captures.flush(timeout_seconds) and kept

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Keep what still waits; for the end of the process."""
        self._calls.close(timeout_seconds)
        self._captures.close(timeout_seconds)

    def _keep(self, calls: Sequence[KeptCall]) -> None:
        self._log.keep(calls)
        now = self._now()
        if now >= self._look_after_at:
            self._look_after_at = now + _LOOKED_AFTER
            gone = self._log.forget_before(now - timedelta(days=KEPT_DAYS))
            if gone:
                _log.info("old-model-calls-deleted", count=gone)

    def _keep_words(self, kept: Sequence[tuple[ModelCall, Any, Any]]) -> None:
        if self._capture is not None:
            for call, request, reply in kept:
                self._capture.keep(call, request, reply)


def _size(value: Any) -> int:
    """About how many bytes it holds; small things count little."""
    if isinstance(value, bytes | bytearray | str):
        return len(value)
    if isinstance(value, dict):
        return sum(_size(one) for one in value.values()) + 16 * len(value)
    if isinstance(value, list | tuple):
        return sum(_size(one) for one in value) + 16 * len(value)
    return 16
