"""The one way to call AWS, over the wire against the local endpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.eventstream import EventStream

from services.backends.aws.calls import STOPPED_EARLY, AwsService, CallPolicy, Usage
from services.backends.aws.clients import AwsClients
from services.backends.aws.errors import AwsProblem
from services.errors import (
    REPLY_LOST,
    AppError,
    BackendError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
    ConfigurationError,
)
from services.ports.model_calls import ModelCall
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault, AwsRequest, running_aws_endpoint

DETECT = ("rekognition", "DetectLabels")
PICTURE = {"Image": {"Bytes": b"not looked at"}}
LABELS = {"Labels": [{"Name": "Bottle", "Confidence": 99.0}]}
QUESTION = {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
EVENTS = (
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Good "}}},
    {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "day."}}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "end_turn"}},
    {
        "metadata": {
            "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
            "metrics": {"latencyMs": 1},
        }
    },
)


class Records:
    def __init__(self) -> None:
        self.kept: list[tuple[ModelCall, Any, Any]] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.kept.append((call, request, reply))


class Sleeps:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        endpoint.answer(*DETECT, lambda _request: LABELS)
        endpoint.answer("bedrock-runtime", "ConverseStream", lambda _request: iter(EVENTS))
        yield endpoint


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


def service(name: str, records: Records, sleeps: Sleeps, policy: CallPolicy | None = None) -> AwsService:
    return AwsService(
        AwsClients("us-east-1"),
        name,
        called="label service",
        backend="rekognition",
        policy=policy,
        recorder=records,
        sleep=sleeps,
    )


def one_unit(_reply: dict[str, Any]) -> Usage:
    return Usage(units=1)


def tokens(reply: dict[str, Any]) -> Usage:
    found = [event["metadata"]["usage"] for event in reply["events"] if "metadata" in event]
    return Usage(found[0]["inputTokens"], found[0]["outputTokens"]) if found else Usage()


class TestCalls:
    def test_throttling_is_waited_out_and_the_attempts_are_told(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "throttled", times=2)
        reply = service("rekognition", records, sleeps).call("DetectLabels", PICTURE, usage=one_unit)
        assert reply["Labels"] == LABELS["Labels"]
        assert len(sleeps.seconds) == 2
        ((call, request, kept),) = records.kept
        assert (call.outcome, call.attempts, call.units, call.operation) == ("ok", 3, 1, "DetectLabels")
        assert (call.region, call.backend) == ("us-east-1", "rekognition")
        assert request == PICTURE
        assert kept["Labels"] == LABELS["Labels"]

    def test_it_gives_up_after_as_many_requests_as_the_policy_says(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "throttled", times=None)
        with pytest.raises(BackendThrottledError):
            service("rekognition", records, sleeps, CallPolicy(attempts=3)).call(
                "DetectLabels", PICTURE, usage=one_unit
            )
        assert endpoint.count(*DETECT) == 3
        assert records.kept[0][0].outcome == "aws-throttled"

    def test_what_cannot_get_better_is_asked_once(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, AwsFault("InvalidImageFormatException", "no image"), times=None)
        with pytest.raises(BackendRejectedError):
            service("rekognition", records, sleeps).call("DetectLabels", PICTURE)
        assert endpoint.count(*DETECT) == 1

    @pytest.mark.parametrize("fault", ["empty", "malformed", "cut"])
    @pytest.mark.parametrize("repeats", [True, False])
    def test_lost_reply_is_asked_for_again_only_where_that_is_allowed(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps, fault: str, repeats: bool
    ) -> None:
        endpoint.faults.next(*DETECT, fault, times=1)
        policy = CallPolicy(repeats_unknown_outcomes=repeats)
        asked = service("rekognition", records, sleeps, policy)
        if repeats:
            assert asked.call("DetectLabels", PICTURE)["Labels"]
        else:
            with pytest.raises(BackendUnavailableError) as caught:
                asked.call("DetectLabels", PICTURE)
            assert caught.value.code == REPLY_LOST
        assert endpoint.count(*DETECT) == (2 if repeats else 1)

    def test_reply_that_was_lost_is_recorded_beside_the_one_that_came(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "cut", times=1)
        service("rekognition", records, sleeps).call("DetectLabels", PICTURE, usage=one_unit)
        kept = [(call.outcome, call.attempts, call.units) for call, _, _ in records.kept]
        assert kept == [(REPLY_LOST, 1, 0), ("ok", 1, 1)]

    def test_refusal_after_a_lost_reply_is_not_recorded_as_one_that_cost_nothing(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "cut", times=1)
        endpoint.faults.next(*DETECT, "throttled", times=1)
        with pytest.raises(BackendThrottledError):
            service("rekognition", records, sleeps, CallPolicy(attempts=2)).call(
                "DetectLabels", PICTURE, usage=one_unit
            )
        assert [(call.outcome, call.attempts) for call, _, _ in records.kept] == [(REPLY_LOST, 2)]

    def test_refusals_of_an_operation_can_be_told_apart(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        def refused(problem: AwsProblem) -> AppError | None:
            return BackendRejectedError("Too dark.", code="too-dark") if "too dark" in problem.message else None

        endpoint.faults.next(*DETECT, AwsFault("InvalidParameterException", "The image is too dark"))
        with pytest.raises(BackendRejectedError) as caught:
            service("rekognition", records, sleeps).call("DetectLabels", PICTURE, refused=refused)
        assert caught.value.code == "too-dark"

    def test_service_that_fails_in_a_row_is_left_alone(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "error", times=None)
        asked = service("rekognition", records, sleeps, CallPolicy(attempts=1, breaker_failures=3))
        codes = []
        for _ in range(5):
            with pytest.raises(BackendUnavailableError) as caught:
                asked.call("DetectLabels", PICTURE)
            codes.append(caught.value.code)
        assert codes == ["backend-unavailable"] * 3 + ["circuit-open"] * 2
        assert endpoint.count(*DETECT) == 3

    def test_throttling_does_not_open_the_circuit(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        endpoint.faults.next(*DETECT, "throttled", times=5)
        asked = service("rekognition", records, sleeps, CallPolicy(attempts=6, breaker_failures=2))
        assert asked.call("DetectLabels", PICTURE)["Labels"]

    def test_no_more_calls_run_at_once_than_the_policy_says(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        running, most, lock, together = 0, 0, threading.Lock(), threading.Event()

        def slow(_request: AwsRequest) -> dict[str, Any]:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running == 2:
                    together.set()
            together.wait(10)
            with lock:
                running -= 1
            return LABELS

        asked = service("rekognition", records, sleeps, CallPolicy(at_once=2))
        with endpoint.answering(*DETECT, slow):
            threads = [threading.Thread(target=lambda: asked.call("DetectLabels", PICTURE)) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert most == 2
        assert endpoint.count(*DETECT) == 6

    def test_missing_region_is_told(self, monkeypatch: pytest.MonkeyPatch, records: Records, sleeps: Sleeps) -> None:
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        asked = AwsService(AwsClients(), "rekognition", called="label service", recorder=records, sleep=sleeps)
        with pytest.raises(ConfigurationError) as caught:
            asked.call("DetectLabels", PICTURE)
        assert caught.value.code == "aws-region-missing"


class TestStreams:
    def test_events_come_as_they_are_sent_and_are_recorded_once(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        asked = service("bedrock-runtime", records, sleeps)
        events = list(asked.stream("ConverseStream", "stream", QUESTION, ends_with="messageStop", usage=tokens))
        assert events == list(EVENTS)
        ((call, _, reply),) = records.kept
        assert (call.input_tokens, call.output_tokens, call.outcome) == (5, 2, "ok")
        assert reply["events"] == list(EVENTS)

    def test_it_is_asked_again_only_before_the_first_event(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        operation = ("bedrock-runtime", "ConverseStream")
        endpoint.faults.next(*operation, "throttled", times=1)
        asked = service("bedrock-runtime", records, sleeps)
        assert len(list(asked.stream("ConverseStream", "stream", QUESTION))) == len(EVENTS)
        assert endpoint.count(*operation) == 2
        endpoint.faults.next(*operation, "cut", times=1)
        seen: list[dict[str, Any]] = []
        with pytest.raises(BackendError) as caught:
            seen.extend(asked.stream("ConverseStream", "stream", QUESTION, ends_with="messageStop"))
        assert caught.value.retryable
        assert endpoint.count(*operation) == 3

    def test_stream_that_ends_without_its_last_event_was_cut(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        asked = service("bedrock-runtime", records, sleeps)
        with (
            endpoint.answering("bedrock-runtime", "ConverseStream", lambda _request: iter(EVENTS[:3])),
            pytest.raises(BackendUnavailableError) as caught,
        ):
            list(asked.stream("ConverseStream", "stream", QUESTION, ends_with="messageStop", usage=tokens))
        assert caught.value.code == REPLY_LOST
        assert records.kept[0][0].outcome == REPLY_LOST

    def test_throttling_in_the_middle_is_not_recorded_as_what_cost_nothing(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        def throttled_later(_request: AwsRequest) -> Iterator[dict[str, Any]]:
            yield from EVENTS[:2]
            raise AwsFault("throttlingException", "slow down", status=429)

        asked = service("bedrock-runtime", records, sleeps)
        with (
            endpoint.answering("bedrock-runtime", "ConverseStream", throttled_later),
            pytest.raises(BackendThrottledError),
        ):
            list(asked.stream("ConverseStream", "stream", QUESTION, ends_with="messageStop", usage=tokens))
        assert [call.outcome for call, _, _ in records.kept] == [REPLY_LOST]

    def test_stream_is_closed_however_it_ends(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed: list[EventStream] = []
        close = EventStream.close

        def noted(stream: EventStream) -> None:
            closed.append(stream)
            close(stream)

        monkeypatch.setattr(EventStream, "close", noted)
        asked = service("bedrock-runtime", records, sleeps)
        list(asked.stream("ConverseStream", "stream", QUESTION))
        assert len(closed) == 1
        events = asked.stream("ConverseStream", "stream", QUESTION)
        next(events)
        events.close()
        assert len(closed) == 2

    def test_reader_that_stops_early_is_recorded_and_frees_its_place(
        self, endpoint: AwsEndpoint, records: Records, sleeps: Sleeps
    ) -> None:
        asked = service("bedrock-runtime", records, sleeps, replace(CallPolicy(), at_once=1))
        events = asked.stream("ConverseStream", "stream", QUESTION, usage=tokens)
        next(events)
        events.close()
        assert [call.outcome for call, _, _ in records.kept] == [STOPPED_EARLY]
        assert len(list(asked.stream("ConverseStream", "stream", QUESTION))) == len(EVENTS)
