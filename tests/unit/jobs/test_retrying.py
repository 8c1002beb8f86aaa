"""Which errors are tried again by themselves, and how long that waits."""

from __future__ import annotations

import random

import pytest

from services.errors import AppError, BackendThrottledError, BackendTimeoutError, InputError
from services.jobs.models import RetryPolicy
from services.jobs.retrying import wait_seconds

POLICY = RetryPolicy(most_tries=4, first_wait_seconds=20, longest_wait_seconds=900)


def longest(_low: float, high: float) -> float:
    return high


def test_limit_of_the_wait_doubles_until_the_tries_are_used_up() -> None:
    error = BackendTimeoutError("It did not answer.")
    assert [wait_seconds(POLICY, failed, error, longest) for failed in range(4)] == [20, 40, 80, None]


def test_default_policy_gives_up_after_four_tries_within_some_two_minutes() -> None:
    error = BackendTimeoutError("It did not answer.")
    waits = [wait_seconds(RetryPolicy(), failed, error, longest) for failed in range(4)]
    assert waits[3] is None
    assert 100 <= sum(wait for wait in waits if wait is not None) <= 150


@pytest.mark.parametrize("error", [InputError("It is empty."), AppError("It does not know this kind.")])
def test_error_that_does_not_pass_is_not_tried_again(error: AppError) -> None:
    assert wait_seconds(POLICY, 0, error, longest) is None


def test_waits_are_spread_over_the_whole_time() -> None:
    draw = random.Random(3)
    waits = [wait_seconds(POLICY, 0, BackendTimeoutError("It did not answer."), draw.uniform) for _ in range(200)]
    drawn = [wait for wait in waits if wait is not None]
    assert len(drawn) == 200
    assert min(drawn) < 2
    assert max(drawn) > 18
    assert 8 < sum(drawn) / 200 < 12


def test_backend_that_says_how_long_to_wait_is_obeyed_within_bounds() -> None:
    patient = BackendThrottledError("Too many requests.", retry_after_seconds=30)
    assert wait_seconds(POLICY, 0, patient, lambda low, high: low) == 30
    assert wait_seconds(POLICY, 0, patient, longest) == 50
    endless = BackendThrottledError("Too many requests.", retry_after_seconds=86_400)
    assert wait_seconds(POLICY, 0, endless, longest) == 900
