"""A service that fails in a row is left alone, and tried again."""

from __future__ import annotations

import pytest

from services.backends.aws.breaker import CircuitBreaker
from services.errors import BackendUnavailableError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(3, 20.0, "answer model", clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_failures_in_a_row_open_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    breaker.admit()
    breaker.failed()
    with pytest.raises(BackendUnavailableError) as caught:
        breaker.admit()
    assert caught.value.code == "circuit-open"
    assert "answer model" in caught.value.message_for_user


def test_success_between_failures_starts_the_count_again(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    breaker.admit()


def test_after_a_rest_one_call_is_let_through(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 20.0
    breaker.admit()
    with pytest.raises(BackendUnavailableError):
        breaker.admit()


def test_trial_that_succeeds_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 20.0
    breaker.admit()
    breaker.succeeded()
    breaker.admit()
    breaker.admit()


def test_trial_that_fails_keeps_it_open_for_another_rest(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 20.0
    breaker.admit()
    breaker.failed()
    clock.now = 39.9
    with pytest.raises(BackendUnavailableError):
        breaker.admit()
    clock.now = 40.0
    breaker.admit()
