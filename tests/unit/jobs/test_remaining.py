"""How long a job will still take: told from what was seen, and not thrown off by pauses and exceptions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.jobs.models import ItemSpan, ItemStatus, Job, JobItem, JobStatus
from services.jobs.remaining import estimate_seconds

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def span(begin: float, end: float) -> ItemSpan:
    return ItemSpan(at(begin), at(end))


def job(queued: int, running: int = 0) -> Job:
    counts = {**dict.fromkeys(ItemStatus, 0), ItemStatus.QUEUED: queued, ItemStatus.RUNNING: running}
    return Job("one", "test", "pharmacy", "ana", "A job", {}, START, JobStatus.RUNNING, counts=counts)


def in_turn(count: int, seconds: float, places: int = 1, wait: float = 0.0) -> list[ItemSpan]:
    """Items of this length, so many at a time, with a wait after each."""
    length = seconds + wait
    return [span(length * (number // places), length * (number // places) + seconds) for number in range(count)]


@pytest.mark.parametrize(("places", "seconds"), [(1, 300), (2, 150), (4, 75)])
def test_parallelism_that_was_seen_shortens_the_rest(places: int, seconds: float) -> None:
    left = estimate_seconds(job(30), [], in_turn(20, 10.0, places), at(1000))
    assert left == pytest.approx(seconds)


def test_waits_between_items_count_as_under_a_rate_limit() -> None:
    left = estimate_seconds(job(10), [], in_turn(20, 1.0, wait=5.0), at(1000))
    assert left == pytest.approx(10 * 6.0, rel=0.1)


def test_pause_between_items_does_not_count() -> None:
    later = [
        ItemSpan(one.started_at + timedelta(hours=8), one.finished_at + timedelta(hours=8)) for one in in_turn(5, 10)
    ]
    left = estimate_seconds(job(10), [], [*later, *in_turn(5, 10.0)], at(40_000))
    assert left == pytest.approx(100)


def test_one_item_that_took_very_long_does_not_throw_the_estimate_off() -> None:
    left = estimate_seconds(job(10), [], [*in_turn(20, 10.0), span(200, 800)], at(1000))
    assert left is not None
    assert 80 < left < 120


def test_what_runs_already_is_not_counted_in_full() -> None:
    running = [JobItem("one", 0, "a", {}, ItemStatus.RUNNING, started_at=at(993))]
    assert estimate_seconds(job(0, 1), running, in_turn(5, 10.0), at(1000)) == pytest.approx(3)
    overdue = [JobItem("one", 0, "a", {}, ItemStatus.RUNNING, started_at=at(0))]
    assert estimate_seconds(job(0, 1), overdue, in_turn(5, 10.0), at(1000)) == pytest.approx(1)


def test_last_item_is_not_made_quicker_by_places_that_are_free() -> None:
    assert estimate_seconds(job(1), [], in_turn(20, 10.0, places=4), at(1000)) == pytest.approx(10)


def test_nothing_is_said_without_anything_to_learn_from_or_to_do() -> None:
    assert estimate_seconds(job(5), [], [], START) is None
    assert estimate_seconds(job(0), [], in_turn(5, 10.0), START) is None
