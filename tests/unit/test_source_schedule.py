"""A worker looks at the schedule of sources again and again, whatever happens at one look."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, cast

import pytest

from app import worker
from services.errors import BackendUnavailableError


class Sources:
    """Fails at the first look, and ends the test at the third."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self.looks = 0

    def submit_due(self) -> list[object]:
        self.looks += 1
        if self.looks == 1:
            raise BackendUnavailableError("The database did not answer.")
        if self.looks == 3:
            self._stopping.set()
        return []


@dataclass
class Holder:
    """What the schedule needs of the services."""

    sources: Sources


def test_failed_look_at_the_schedule_does_not_end_the_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SECONDS_BETWEEN_SCHEDULES", 0.001)
    stopping = threading.Event()
    sources = Sources(stopping)
    worker._start_due_sources(cast("Any", Holder(sources)), stopping)
    assert sources.looks == 3
