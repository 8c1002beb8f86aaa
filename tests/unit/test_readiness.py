"""Readiness for those who ask often: quick, and no load on backends of others."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from services.errors import BackendUnavailableError
from services.readiness import (
    KEPT_SECONDS,
    NOT_CHECKED_YET,
    REMOTE_FAILURE_KEPT_SECONDS,
    REMOTE_KEPT_SECONDS,
    Readiness,
    ReadinessWatch,
    check_readiness,
    run_checks,
)

SECONDS = 30.0


@dataclass
class Checked:
    """Counts how often it is asked; waits for ``open``."""

    error: Exception | None = None
    asked: int = 0
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def check_ready(self) -> None:
        self.asked += 1
        self.open.wait(SECONDS)
        if self.error is not None:
            raise self.error


@dataclass
class Parts:
    """Services with one part here and one elsewhere."""

    database: Checked = field(default_factory=Checked)
    embedder: Checked = field(default_factory=Checked)
    settings: str = "no check"
    remote_capabilities: frozenset[str] = frozenset({"embedder"})


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def watch(parts: Parts, seconds: Seconds) -> ReadinessWatch:
    return ReadinessWatch(lambda: parts, clock=seconds)


def by_name(checks: list[Readiness]) -> dict[str, Readiness]:
    return {check.capability: check for check in checks}


def test_remote_backend_is_not_waited_for(parts: Parts, watch: ReadinessWatch) -> None:
    parts.embedder.open.clear()
    first = by_name(watch.current())
    assert (first["database"].ready, first["embedder"].code) == (True, NOT_CHECKED_YET)
    parts.embedder.open.set()
    watch.await_remote(SECONDS)
    assert by_name(watch.current())["embedder"].ready


def test_remote_backend_is_asked_at_most_once_a_minute(parts: Parts, watch: ReadinessWatch, seconds: Seconds) -> None:
    for moment in (0.0, 5.0, REMOTE_KEPT_SECONDS - 1):
        seconds.now = moment
        watch.current()
        watch.await_remote(SECONDS)
    assert (parts.embedder.asked, parts.database.asked) == (1, 3)
    seconds.now = REMOTE_KEPT_SECONDS
    watch.current()
    watch.await_remote(SECONDS)
    assert parts.embedder.asked == 2


def test_remote_backend_that_failed_is_asked_again_sooner(
    parts: Parts, watch: ReadinessWatch, seconds: Seconds
) -> None:
    parts.embedder.error = BackendUnavailableError("Away.")
    watch.current()
    watch.await_remote(SECONDS)
    parts.embedder.error = None
    seconds.now = REMOTE_FAILURE_KEPT_SECONDS
    assert not by_name(watch.current())["embedder"].ready
    watch.await_remote(SECONDS)
    assert by_name(watch.current())["embedder"].ready


def test_web_serves_without_what_is_elsewhere_and_not_without_what_is_here(parts: Parts, watch: ReadinessWatch) -> None:
    found = by_name(watch.current())
    assert (found["database"].essential, found["embedder"].essential) == (True, False)
    assert by_name(check_readiness(parts))["embedder"].essential is False


def test_local_checks_are_kept_for_a_moment(parts: Parts, watch: ReadinessWatch, seconds: Seconds) -> None:
    watch.current()
    seconds.now = KEPT_SECONDS / 2
    watch.current()
    assert parts.database.asked == 1


def test_hanging_check_and_crashing_check_take_no_other_along() -> None:
    hanging, crashing, fine = Checked(), Checked(ValueError("secret")), Checked()
    hanging.open.clear()
    checks = {"hanging": hanging.check_ready, "crashing": crashing.check_ready, "fine": fine.check_ready}
    found = by_name(run_checks(checks, timeout_seconds=0.2))
    hanging.open.set()
    assert {name: check.code for name, check in found.items()} == {
        "hanging": "timeout",
        "crashing": "unexpected",
        "fine": "ready",
    }
    assert "secret" not in found["crashing"].message
