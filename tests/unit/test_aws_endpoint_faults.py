"""The local AWS endpoint fails as it is told to: errors, broken connections, shares and periods of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from tests.aws_endpoint.conversations import MESSAGES, PROFILE, boto_client
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.faults import FaultPlan


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


def error_of(call: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_error_has_the_status_of_the_service_model(endpoint: AwsEndpoint) -> None:
    for code, status in [
        ("ThrottlingException", 429),
        ("ModelTimeoutException", 408),
        ("ServiceUnavailableException", 503),
    ]:
        endpoint.faults.next("bedrock-runtime", "Converse", AwsFault(code, "words"))
        found = error_of(lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES))
        assert found == (code, "words", status)


def test_an_error_over_json_has_code_and_words(endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("rekognition", "DetectLabels", AwsFault("ImageTooLargeException", "too large"))
    found = error_of(lambda: boto_client("rekognition").detect_labels(Image={"Bytes": b"x"}))
    assert found == ("ImageTooLargeException", "too large", 400)


def test_members_of_an_error_arrive(endpoint: AwsEndpoint) -> None:
    fault = AwsFault("ModelError", "it failed", members={"OriginalStatusCode": 500, "OriginalMessage": "out of memory"})
    endpoint.faults.next("sagemaker-runtime", "InvokeEndpoint", fault)
    with pytest.raises(ClientError) as caught:
        boto_client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"x")
    assert caught.value.response["OriginalMessage"] == "out of memory"
    assert caught.value.response["OriginalStatusCode"] == 500


@pytest.mark.parametrize("code", ["ThrottlingException", "UnheardOfException"])
def test_an_error_in_the_middle_of_a_stream_follows_the_events_before_it(endpoint: AwsEndpoint, code: str) -> None:
    def failing(request: AwsRequest) -> Iterator[dict[str, Any]]:
        yield {"messageStart": {"role": "assistant"}}
        raise AwsFault(code, "words")

    endpoint.answer("bedrock-runtime", "ConverseStream", failing)
    events = iter(boto_client("bedrock-runtime").converse_stream(modelId=PROFILE, messages=MESSAGES)["stream"])
    assert next(events) == {"messageStart": {"role": "assistant"}}
    with pytest.raises(EventStreamError) as caught:
        next(events)
    assert caught.value.response["Error"]["Code"].lower() == code.lower()
    assert caught.value.response["Error"]["Message"] == "words"


def test_a_hollow_reply_has_its_members_and_nothing_in_them(endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("*", "*", "hollow", times=None)
    assert boto_client("rekognition").detect_labels(Image={"Bytes": b"x"})["Labels"] == []
    assert boto_client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"x")["Body"].read() == b"{}"
    events = boto_client("bedrock-runtime").converse_stream(modelId=PROFILE, messages=MESSAGES)["stream"]
    assert {"messageStart": {}} in list(events)


def test_callers_that_wait_are_let_go_when_the_endpoint_stops(endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("bedrock-runtime", "Converse", "timeout")
    ended = []

    def wait() -> None:
        try:
            boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES)
        except Exception as error:
            ended.append(type(error).__name__)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not endpoint.count("bedrock-runtime", "Converse"):
        waiting.join(0.01)
    endpoint.stop()
    waiting.join(60)
    assert ended == ["ConnectionClosedError"]


def drawn(plan: FaultPlan, calls: int) -> list[object]:
    return [plan.take("bedrock-runtime", "Converse") for _ in range(calls)]


def test_shares_of_faults_are_the_same_for_the_same_seed() -> None:
    first, second, other = FaultPlan(), FaultPlan(), FaultPlan()
    first.share(throttled=0.2, errors=0.1, seed=3)
    second.share(throttled=0.2, errors=0.1, seed=3)
    other.share(throttled=0.2, errors=0.1, seed=4)
    found = drawn(first, 1000)
    assert found == drawn(second, 1000)
    assert found != drawn(other, 1000)
    assert found.count("throttled") == 200
    assert found.count("error") + found.count("unavailable") == 100


def test_a_single_fault_meets_as_many_calls_as_it_says() -> None:
    plan = FaultPlan()
    plan.next("bedrock-runtime", "Converse", "throttled", times=2)
    plan.next("bedrock-runtime", "Converse", "cut")
    assert plan.take("bedrock-runtime", "InvokeModel") is None
    assert drawn(plan, 4) == ["throttled", "throttled", "cut", None]
    assert plan.pending() == 0


def test_a_fault_without_an_end_stays_until_the_plan_is_cleared() -> None:
    plan = FaultPlan()
    plan.next("bedrock-runtime", "*", "error", times=None)
    assert drawn(plan, 3) == ["error"] * 3
    plan.clear()
    assert drawn(plan, 1) == [None]


def test_a_period_of_faults_ends() -> None:
    now = 100.0
    plan = FaultPlan(clock=lambda: now)
    plan.for_seconds("bedrock-runtime", "unavailable", 30)
    assert plan.take("rekognition", "DetectLabels") is None
    assert drawn(plan, 2) == ["unavailable"] * 2
    now = 130.0
    assert drawn(plan, 1) == [None]


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault 'slow'"):
        FaultPlan().next("bedrock-runtime", "Converse", "slow")
    with pytest.raises(ValueError, match="between 0 and 1"):
        FaultPlan().share(throttled=0.9, errors=0.2)
