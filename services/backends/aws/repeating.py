"""How a call to a service is repeated: waits with jitter, a circuit breaker, a limit of calls at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_random_exponential

from services.backends.aws.breaker import CircuitBreaker
from services.backends.aws.clients import READ_TIMEOUT_SECONDS
from services.errors import REPLY_LOST, AppError, BackendThrottledError, BackendTimeoutError, BackendUnavailableError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How one service is called.

    Attributes:
        attempts: Requests for one call at most.
        first_wait_seconds: Upper end of the random wait before the second; it doubles from one to the next.
        longest_wait_seconds: Upper end of any wait.
        give_up_seconds: No new request is begun when so much time has gone by since the first.
        read_timeout_seconds: Longest wait for the next bytes of a reply.
        at_once: Calls at the same time, from this process; more wait in line.
        repeats_unknown_outcomes: Whether to ask again when a reply did not come or broke off: the service may have
            carried out, and charged for, what was asked.
        breaker_failures, breaker_seconds: See :class:`services.backends.aws.breaker.CircuitBreaker`.
    """

    attempts: int = 4
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 10.0
    give_up_seconds: float = 30.0
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    at_once: int = 16
    repeats_unknown_outcomes: bool = True
    breaker_failures: int = 10
    breaker_seconds: float = 20.0


@dataclass(slots=True)
class Progress:
    """How many requests a call has taken so far.

    Attributes:
        lost: Those among them whose replies did not come or broke off: they may have been paid for.
    """

    attempts: int = 0
    lost: int = 0


class RepeatedCalls:
    """Calls of one service. Safe to use from many threads.

    Args:
        called: What messages call the service.
        sleep, clock: For tests.
    """

    def __init__(
        self,
        policy: CallPolicy,
        called: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._called = called
        self._sleep = sleep
        self._places = threading.BoundedSemaphore(policy.at_once)
        self._breaker = CircuitBreaker(policy.breaker_failures, policy.breaker_seconds, called, clock)

    def repeat(self, once: Callable[[], _T], progress: Progress | None = None) -> _T:
        """What ``once`` gives, tried again where that can help; it raises our errors only."""
        policy = self._policy
        progress = progress or Progress()

        def attempt() -> _T:
            self._breaker.admit()
            progress.attempts += 1
            try:
                result = once()
            except AppError as error:
                if error.code == REPLY_LOST:
                    progress.lost += 1
                if isinstance(error, BackendUnavailableError | BackendTimeoutError):
                    self._breaker.failed()
                else:
                    self._breaker.succeeded()
                raise
            self._breaker.succeeded()
            return result

        return Retrying(
            stop=stop_after_attempt(policy.attempts) | stop_after_delay(policy.give_up_seconds),
            wait=_longer_of_asked_and(wait_random_exponential(policy.first_wait_seconds, policy.longest_wait_seconds)),
            retry=retry_if_exception(self._may_repeat),
            sleep=self._sleep,
            reraise=True,
        )(attempt)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the calls at the same time.

        Raises:
            BackendThrottledError: too many wait in line.
        """
        if not self._places.acquire(timeout=self._policy.give_up_seconds):
            raise BackendThrottledError(f"Too many calls wait for the {self._called}.", code="aws-busy")
        try:
            yield
        finally:
            self._places.release()

    def _may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, AppError) or not error.retryable or error.code == "circuit-open":
            return False
        return self._policy.repeats_unknown_outcomes or error.code != REPLY_LOST


def _longer_of_asked_and(drawn: wait_random_exponential) -> Callable[[RetryCallState], float]:
    """The drawn wait, or the one that the service asks for where that is longer."""

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = getattr(error, "retry_after_seconds", None) or 0.0
        return max(drawn(state), float(asked))

    return wait
