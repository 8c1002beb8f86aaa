"""What every RateLimits holds; a test class for one adapter inherits it and gives the fixture ``rate_limits``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.errors import BackendThrottledError
from services.ports.rate_limits import RateLimits
from tests.fakes import FakeClock

PER_MINUTE = 60.0  # one a second
BURST = 10
PATIENCE_SECONDS = 30.0


class RateLimitsContract:
    """Give a fixture ``rate_limits`` without any bookings that reads ``clock``."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    def reserve(
        self, limits: RateLimits, amount: float = 1.0, name: str = "model", patience: float = PATIENCE_SECONDS
    ) -> float:
        return limits.reserve(name, amount, PER_MINUTE, most_wait_seconds=patience)

    def test_a_sixth_of_a_minutes_amount_goes_at_once_and_the_rest_in_turn(self, rate_limits: RateLimits) -> None:
        waits = [self.reserve(rate_limits) for _ in range(BURST + 3)]
        assert waits == pytest.approx([0.0] * BURST + [1.0, 2.0, 3.0])

    def test_time_gives_back_what_was_used(self, rate_limits: RateLimits, clock: FakeClock) -> None:
        for _ in range(BURST):
            self.reserve(rate_limits)
        clock.advance(seconds=4)
        assert [self.reserve(rate_limits) for _ in range(5)] == pytest.approx([0.0] * 4 + [1.0])

    def test_a_quiet_hour_saves_up_no_more_than_a_sixth_of_a_minute(
        self, rate_limits: RateLimits, clock: FakeClock
    ) -> None:
        self.reserve(rate_limits)
        clock.advance(hours=1)
        assert [self.reserve(rate_limits) for _ in range(BURST + 1)] == pytest.approx([0.0] * BURST + [1.0])

    def test_who_would_wait_too_long_is_told_how_long_and_books_nothing(self, rate_limits: RateLimits) -> None:
        self.reserve(rate_limits, BURST + 20)
        with pytest.raises(BackendThrottledError) as caught:
            self.reserve(rate_limits, patience=20.5)
        assert caught.value.code == "quota-reached"
        assert caught.value.retry_after_seconds == pytest.approx(21.0)
        assert caught.value.retryable
        assert self.reserve(rate_limits, patience=21.5) == pytest.approx(21.0)

    def test_what_is_larger_than_a_minutes_amount_waits_for_a_full_bucket_and_goes(
        self, rate_limits: RateLimits, clock: FakeClock
    ) -> None:
        assert self.reserve(rate_limits, 3 * PER_MINUTE) == 0.0
        clock.advance(seconds=178)
        assert self.reserve(rate_limits, 3 * PER_MINUTE) == pytest.approx(2.0)

    def test_what_was_not_used_is_there_for_others(self, rate_limits: RateLimits) -> None:
        self.reserve(rate_limits, 40)
        rate_limits.settle("model", 40, 5, PER_MINUTE)
        assert [self.reserve(rate_limits) for _ in range(6)] == pytest.approx([0.0] * 5 + [1.0])

    def test_what_took_more_than_was_booked_makes_others_wait(self, rate_limits: RateLimits) -> None:
        self.reserve(rate_limits, 5)
        rate_limits.settle("model", 5, 25, PER_MINUTE)
        assert self.reserve(rate_limits) == pytest.approx(16.0)

    def test_settling_what_was_never_booked_is_no_error(self, rate_limits: RateLimits) -> None:
        rate_limits.settle("nobody", 1, 0, PER_MINUTE)
        assert self.reserve(rate_limits, name="nobody") == 0.0

    def test_buckets_know_nothing_of_each_other(self, rate_limits: RateLimits) -> None:
        self.reserve(rate_limits, BURST + 20)
        assert self.reserve(rate_limits, name="another model") == 0.0

    def test_of_many_at_the_same_moment_each_gets_its_own_turn(self, rate_limits: RateLimits) -> None:
        with ThreadPoolExecutor(8) as pool:
            waits = sorted(pool.map(lambda _number: self.reserve(rate_limits), range(BURST + 20)))
        assert waits == pytest.approx([0.0] * BURST + [float(second) for second in range(1, 21)])
