"""Recording never raises and keeps nobody waiting; what it is told is kept, in order, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from threading import Event
from typing import Any

import pytest

from services.operations.background_writing import BackgroundWriter
from services.operations.call_recording import KEPT_DAYS, CallRecording
from services.operations.prices import ModelPrice, PriceTable
from services.ports.model_calls import Attribution, ModelCall, attributed
from tests.fakes import FakeClock
from tests.operation_fakes import FakeModelCallLog

PRICES = PriceTable([ModelPrice("m", "us-east-1", date(2026, 1, 1), "list", 1.0, 2.0)])
CALL = ModelCall("bedrock", "Converse", "m", region="us-east-1", input_tokens=1_000_000, output_tokens=500_000)
SECONDS = 30.0


class WordsKept:
    """A Capture; fails where it is told to."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any, Any]] = []
        self.error: Exception | None = None

    def keep(self, call: ModelCall, request: Any, reply: Any) -> None:
        if self.error is not None:
            raise self.error
        self.said.append((call.operation, request, reply))


@pytest.fixture
def log() -> FakeModelCallLog:
    return FakeModelCallLog()


@pytest.fixture
def recording(log: FakeModelCallLog) -> Iterator[CallRecording]:
    made = CallRecording(log, PRICES)
    yield made
    log.open.set()
    made.close()


def test_call_is_kept_with_who_asked_and_what_it_cost(recording: CallRecording, log: FakeModelCallLog) -> None:
    with attributed(tenant_id="pharmacy", username="ana.reyes", purpose="answers"):
        recording.record(CALL)
    assert recording.flush(SECONDS)
    (kept,) = log.kept
    assert kept.call.attribution == Attribution("pharmacy", "ana.reyes", "answers")
    assert kept.cost_usd == pytest.approx(2.0)


def test_attribution_that_a_call_brings_along_counts(recording: CallRecording, log: FakeModelCallLog) -> None:
    recording.record(ModelCall("b", "o", "m", attribution=Attribution("clinic", "mila.novak", "surveys")))
    assert recording.flush(SECONDS)
    assert log.kept[0].call.attribution == Attribution("clinic", "mila.novak", "surveys")


def test_database_that_is_away_is_waited_for_and_nothing_is_kept_twice(log: FakeModelCallLog) -> None:
    log.absences = 2
    written: list[int] = []

    def write(things: Any) -> None:
        log.keep([])
        written.extend(things)

    writer: BackgroundWriter[int] = BackgroundWriter("numbers", write, first_pause_seconds=0.001)
    for number in range(5):
        assert writer.put(number)
    assert writer.flush(SECONDS)
    writer.close(SECONDS)
    assert written == list(range(5))


def test_nobody_waits_for_the_log(recording: CallRecording, log: FakeModelCallLog) -> None:
    log.open.clear()
    for _ in range(50):
        recording.record(CALL)
    assert log.kept == []
    log.open.set()
    assert recording.flush(SECONDS)
    assert len(log.kept) == 50


def test_what_finds_no_room_is_dropped_and_the_rest_is_kept() -> None:
    going_on = Event()
    written: list[str] = []

    def write(things: Any) -> None:
        going_on.wait(SECONDS)
        written.extend(things)

    writer: BackgroundWriter[str] = BackgroundWriter("words", write, most=100, at_once=1, weigh=len, most_weight=10)
    assert writer.put("a" * 50)  # alone it may weigh what it will
    assert not writer.put("b")
    going_on.set()
    assert writer.flush(SECONDS)
    assert writer.put("c")
    writer.close(SECONDS)
    assert not writer.put("d")
    assert written == ["a" * 50, "c"]


def test_error_of_the_log_loses_those_calls_only(log: FakeModelCallLog) -> None:
    seen: list[int] = []

    def write(things: Any) -> None:
        if 1 in things:
            raise ValueError("never mind")
        seen.extend(things)

    writer: BackgroundWriter[int] = BackgroundWriter("numbers", write, at_once=1)
    for number in (1, 2):
        writer.put(number)
    assert writer.flush(SECONDS)
    writer.close(SECONDS)
    assert seen == [2]


def test_recording_never_raises(log: FakeModelCallLog) -> None:
    class Broken(PriceTable):
        def cost_of(self, call: ModelCall) -> float | None:
            raise RuntimeError("broken")

    recording = CallRecording(log, Broken([]))
    recording.record(CALL)
    recording.close()
    assert log.kept == []


def test_words_go_to_the_capture_with_the_call_that_is_kept(log: FakeModelCallLog) -> None:
    words = WordsKept()
    recording = CallRecording(log, PRICES, words)
    recording.record(CALL, request={"text": "hello"}, reply={"text": "hi"})
    recording.close(SECONDS)
    assert words.said == [("Converse", {"text": "hello"}, {"text": "hi"})]
    assert len(log.kept) == 1


def test_capture_that_fails_takes_nothing_else_along(log: FakeModelCallLog) -> None:
    words = WordsKept()
    words.error = ValueError("no room")
    recording = CallRecording(log, PRICES, words)
    recording.record(CALL, request={})
    recording.close(SECONDS)
    assert len(log.kept) == 1


def test_old_calls_are_forgotten_now_and_then(log: FakeModelCallLog) -> None:
    clock = FakeClock()
    recording = CallRecording(log, PRICES, now=clock)
    for hours in (0, 1, 12):
        clock.advance(hours=hours)
        recording.record(CALL)
        assert recording.flush(SECONDS)
    recording.close(SECONDS)
    assert len(log.forgotten_before) == 2
    assert (clock() - log.forgotten_before[-1]).days == KEPT_DAYS
