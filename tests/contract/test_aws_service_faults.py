"""The one way in which AWS is called meets every fault, before any adapter stands on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients
from services.errors import BackendUnavailableError
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsRequest
from tests.contract.aws_faults import AwsFaultContract, AwsModelFaultContract, AwsStreamFaultContract, Call

CONVERSATION: Mapping[str, Any] = {
    "modelId": "us.amazon.nova-lite-v1:0",
    "messages": [{"role": "user", "content": [{"text": "Good morning"}]}],
}
REPLY: Mapping[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Good morning to you"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 2, "outputTokens": 4, "totalTokens": 6},
    "metrics": {"latencyMs": 5},
}
EVENTS: tuple[Mapping[str, Any], ...] = (
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Good "}, "contentBlockIndex": 0}},
    {"contentBlockDelta": {"delta": {"text": "morning"}, "contentBlockIndex": 0}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "end_turn"}},
)


def answer(request: AwsRequest) -> Mapping[str, Any] | Iterator[Mapping[str, Any]]:
    return iter(EVENTS) if request.operation == "ConverseStream" else REPLY


class TestModelCalls(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock-runtime", "Converse")
    action: ClassVar[str] = "bedrock:InvokeModel"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        endpoint.answer(*self.operation, answer)
        service = AwsService(AwsClients(REGION), "bedrock-runtime", called="answer model", policy=policy)
        return lambda: service.call("Converse", CONVERSATION)


class TestCallsThatAreNotRepeatedBlindly(TestModelCalls):
    repeats_unknown_outcomes: ClassVar[bool] = False


class TestStreams(AwsStreamFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock-runtime", "ConverseStream")
    action: ClassVar[str] = "bedrock:InvokeModelWithResponseStream"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        endpoint.answer(*self.operation, answer)
        service = AwsService(AwsClients(REGION), "bedrock-runtime", called="answer model", policy=policy)
        return lambda: list(service.stream("ConverseStream", "stream", CONVERSATION, ends_with="messageStop"))


class TestCallsOverJson(AwsFaultContract):
    """JSON 1.1, and a reply of which the service model requires no member."""

    operation: ClassVar[tuple[str, str]] = ("rekognition", "DetectLabels")
    action: ClassVar[str] = "rekognition:DetectLabels"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        endpoint.answer(*self.operation, lambda request: {"Labels": []})
        service = AwsService(AwsClients(REGION), "rekognition", called="label service", policy=policy)
        return lambda: service.call("DetectLabels", {"Image": {"Bytes": b"photo"}})


class TestCallsWithBinaryReplies(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("sagemaker-runtime", "InvokeEndpoint")
    action: ClassVar[str] = "sagemaker:InvokeEndpoint"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        endpoint.answer(*self.operation, lambda request: {"Body": request.parameters["Body"]})
        service = AwsService(AwsClients(REGION), "sagemaker-runtime", called="answer model", policy=policy)

        def call() -> object:
            reply = service.call("InvokeEndpoint", {"EndpointName": "answers", "Body": b'{"inputs": "x"}'})
            try:
                return json.loads(reply["Body"])
            except ValueError as error:  # what the bytes mean is left to the adapter
                raise BackendUnavailableError("The reply of the answer model cannot be read.") from error

        return call
