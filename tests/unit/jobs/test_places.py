"""The places of one worker: never more at once, the finish first, and nobody new once it stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from services.backends.dbos.places import Places


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_no_more_are_inside_than_there_are_places() -> None:
    places, lock = Places(2), threading.Lock()
    inside: list[int] = [0]
    most: list[int] = [0]

    def work() -> None:
        with places.taken():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.01)
            with lock:
                inside[0] -= 1

    threads = [started(work) for _ in range(12)]
    for thread in threads:
        thread.join(30)
    assert (most[0], inside[0]) == (2, 0)


def test_who_is_urgent_goes_before_those_that_wait_longer() -> None:
    places = Places(1)
    order: list[str] = []

    def enter(name: str, *, urgent: bool) -> None:
        with places.taken(urgent=urgent):
            order.append(name)

    with places.taken():
        first = started(lambda: enter("item", urgent=False))
        time.sleep(0.05)
        second = started(lambda: enter("finish", urgent=True))
        time.sleep(0.05)
    first.join(30)
    second.join(30)
    assert order == ["finish", "item"]


def test_who_waited_long_enough_goes_away_without_a_place() -> None:
    places = Places(1)
    with places.taken() as first, places.taken(patience_seconds=0.01) as second:
        assert (first, second) == (True, False)
    with places.taken(patience_seconds=0.01) as third:
        assert third


def test_closing_waits_for_those_inside_and_lets_nobody_in() -> None:
    places, entered, leave = Places(1), threading.Event(), threading.Event()
    late = threading.Event()

    def stay() -> None:
        with places.taken():
            entered.set()
            leave.wait(30)

    def come_late() -> None:
        with places.taken():
            late.set()

    started(stay)
    assert entered.wait(30)
    started(come_late)
    assert not places.close(time.monotonic() + 0.05)
    leave.set()
    assert places.close(time.monotonic() + 30)
    assert not late.wait(0.05)
