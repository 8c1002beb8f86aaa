"""The local AWS endpoint keeps both sides to botocore's service models; the tests of the adapters rest on that."""

from __future__ import annotations

import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EventStreamError

from tests.aws_endpoint.conversations import MESSAGES, PROFILE, boto_client, conversation
from tests.aws_endpoint.endpoint import ACCESS_KEY, AwsEndpoint, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.routing import SERVICES, service_model
from tests.aws_endpoint.validation import problems


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


def echo(request: AwsRequest) -> Mapping[str, Any]:
    return conversation("You said: " + request.parameters["messages"][-1]["content"][0]["text"])


def error_of(call: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_model_named_by_its_arn_arrives_with_colons_and_slashes(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", echo)
    reply = boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES)
    assert reply["output"]["message"]["content"] == [{"text": "You said: Grüße 🙂"}]
    (request,) = endpoint.calls
    assert request.parameters == {"modelId": PROFILE, "messages": MESSAGES}
    assert (request.service, request.operation) == ("bedrock-runtime", "Converse")
    assert (request.region, request.access_key) == ("us-east-1", ACCESS_KEY)


def test_photos_in_messages_arrive_as_their_bytes(endpoint: AwsEndpoint) -> None:
    photo = bytes(range(256))
    endpoint.answer("rekognition", "DetectLabels", lambda request: {"Labels": [{"Name": "Dog", "Confidence": 99.5}]})
    assert boto_client("rekognition").detect_labels(Image={"Bytes": photo}, MaxLabels=3)["Labels"][0]["Name"] == "Dog"
    assert endpoint.calls[0].parameters == {"Image": {"Bytes": photo}, "MaxLabels": 3}


def test_bodies_that_are_bytes_go_through_unchanged_with_their_content_type(endpoint: AwsEndpoint) -> None:
    def doubled(request: AwsRequest) -> dict[str, Any]:
        return {"Body": request.parameters["Body"] * 2, "ContentType": "text/csv"}

    endpoint.answer("sagemaker-runtime", "InvokeEndpoint", doubled)
    sent = bytes(range(256))
    reply = boto_client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=sent, ContentType="image/png")
    assert reply["Body"].read() == sent * 2
    assert reply["ContentType"] == "text/csv"
    assert endpoint.calls[0].parameters["ContentType"] == "image/png"


def test_times_and_query_strings_travel(endpoint: AwsEndpoint) -> None:
    changed = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    summary = {"knowledgeBaseId": "ABCDEFGHIJ", "name": "care", "status": "ACTIVE", "updatedAt": changed}
    endpoint.answer("bedrock-agent", "ListKnowledgeBases", lambda request: {"knowledgeBaseSummaries": [summary]})
    found = boto_client("bedrock-agent").list_knowledge_bases(maxResults=3)["knowledgeBaseSummaries"]
    assert found == [summary]
    assert endpoint.calls[0].parameters == {"maxResults": 3}
    endpoint.answer("bedrock", "ListFoundationModels", lambda request: {"modelSummaries": []})
    boto_client("bedrock").list_foundation_models(byProvider="Example")
    assert endpoint.calls[1].parameters == {"byProvider": "Example"}


def test_events_reach_the_caller_while_the_answer_is_still_being_made(endpoint: AwsEndpoint) -> None:
    go_on = threading.Event()

    def slow(request: AwsRequest) -> Iterator[dict[str, Any]]:
        yield {"messageStart": {"role": "assistant"}}
        assert go_on.wait(60)
        yield {"messageStop": {"stopReason": "end_turn"}}

    endpoint.answer("bedrock-runtime", "ConverseStream", slow)
    events = iter(boto_client("bedrock-runtime").converse_stream(modelId=PROFILE, messages=MESSAGES)["stream"])
    assert next(events) == {"messageStart": {"role": "assistant"}}
    go_on.set()
    assert list(events) == [{"messageStop": {"stopReason": "end_turn"}}]


def test_a_stream_may_have_other_members_beside_it(endpoint: AwsEndpoint) -> None:
    reply = {"sessionId": "s-1", "stream": iter([{"output": {"text": "Hello"}}])}
    endpoint.answer("bedrock-agent-runtime", "RetrieveAndGenerateStream", lambda request: reply)
    given = boto_client("bedrock-agent-runtime").retrieve_and_generate_stream(input={"text": "Hi"})
    assert given["sessionId"] == "s-1"
    assert list(given["stream"]) == [{"output": {"text": "Hello"}}]


def test_each_service_has_its_own_address(endpoint: AwsEndpoint) -> None:
    endpoint.answer("comprehend", "DetectPiiEntities", lambda request: {"Entities": []})
    assert boto_client("comprehend").detect_pii_entities(Text="x", LanguageCode="en")["Entities"] == []
    assert {name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")} == {
        "AWS_ENDPOINT_URL_" + str(service_model(service).service_id).upper().replace(" ", "_") for service in SERVICES
    }


def test_one_address_for_everything_works_too(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", echo)
    whole = boto3.Session().client("bedrock-runtime", "us-east-1", endpoint_url=endpoint.address)
    assert whole.converse(modelId=PROFILE, messages=MESSAGES)["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"messages": [{"role": "chief", "content": [{"text": "x"}]}]}, "enum value set"),
        ({"modelId": "no model!"}, "regular expression pattern"),
        ({"inferenceConfig": {"temperature": 7.0}}, "less than or equal to 1"),
        ({"inferenceConfig": {"stopSequences": ["x"] * 3000}}, "length less than or equal to"),
    ],
)
def test_requests_that_break_what_botocore_leaves_unchecked_are_refused(
    endpoint: AwsEndpoint, parameters: dict[str, Any], told: str
) -> None:
    endpoint.answer("bedrock-runtime", "Converse", echo)
    whole = {"modelId": PROFILE, "messages": MESSAGES, **parameters}
    code, message, status = error_of(lambda: boto_client("bedrock-runtime").converse(**whole))
    assert (code, status) == ("ValidationException", 400)
    assert told in message


def post(endpoint: AwsEndpoint, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(endpoint.address + path, body, dict(headers))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    return caught.value.code, caught.value.headers["x-amzn-ErrorType"]


SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260504/us-east-1/bedrock/aws4_request, Signature=0"}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"messages": {}}', b"\xff"])
def test_a_body_that_cannot_be_read_is_refused(endpoint: AwsEndpoint, body: bytes) -> None:
    found = post(endpoint, "/bedrock-runtime/model/example.chat/converse", body, SIGNED)
    assert found == (400, "SerializationException")


def test_members_that_the_model_does_not_know_are_refused(endpoint: AwsEndpoint) -> None:
    body = json.dumps({"messages": MESSAGES, "mesages": []}).encode()
    found = post(endpoint, "/bedrock-runtime/model/example.chat/converse", body, SIGNED)
    assert found == (400, "ValidationException")


def test_a_request_without_a_signature_is_refused(endpoint: AwsEndpoint) -> None:
    found = post(endpoint, "/bedrock-runtime/model/example.chat/converse", b"{}", {})
    assert found == (403, "MissingAuthenticationTokenException")
    assert not endpoint.calls


def test_keys_whose_session_is_over_are_refused_by_every_service(endpoint: AwsEndpoint) -> None:
    endpoint.expired_keys.add(ACCESS_KEY)
    for call in (
        lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES),
        lambda: boto_client("rekognition").detect_labels(Image={"Bytes": b"x"}),
    ):
        code, _, status = error_of(call)
        assert (code, status) == ("ExpiredTokenException", 403)


def test_a_model_is_only_in_the_region_of_the_endpoint(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", echo)
    endpoint.region = "eu-central-1"
    code, message, _ = error_of(lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES))
    assert (code, message) == ("ValidationException", "The provided model identifier is invalid.")
    boto_client("bedrock-runtime", "eu-central-1").converse(modelId=PROFILE, messages=MESSAGES)


@contextmanager
def mistaken_endpoint(told: str) -> Iterator[AwsEndpoint]:
    """An endpoint that must complain at its end."""
    running = running_aws_endpoint()
    yield running.__enter__()
    with pytest.raises(AssertionError, match=told):
        running.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stopReason": "tired"}, "enum value set"),
        ({"usage": {"inputTokens": -1, "outputTokens": 0, "totalTokens": 0}}, "greater than or equal to 0"),
        ({"usage": None}, "must not be null"),
        ({"mood": "good"}, "does not know: mood"),
        ({"output": {"message": {"role": "assistant", "content": [{"text": "a", "image": {}}]}}}, "exactly one"),
        ({"output": "x"}, "must be a structure"),
    ],
)
def test_replies_that_break_the_service_model_are_told_loudly(change: dict[str, Any], told: str) -> None:
    with mistaken_endpoint(told) as endpoint:
        endpoint.answer("bedrock-runtime", "Converse", lambda request: {**conversation("x"), **change})
        found = error_of(lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES))
        assert found[2] == 500


def test_an_event_that_breaks_the_service_model_is_told_loudly() -> None:
    with mistaken_endpoint("does not know: nothing") as endpoint:
        endpoint.answer("bedrock-runtime", "ConverseStream", lambda request: iter([{"nothing": {}}]))
        events = boto_client("bedrock-runtime").converse_stream(modelId=PROFILE, messages=MESSAGES)["stream"]
        with pytest.raises(EventStreamError):
            list(events)


def test_an_answer_that_raises_is_told_loudly() -> None:
    def broken(request: AwsRequest) -> dict[str, Any]:
        raise KeyError("a slip of the test")

    with mistaken_endpoint("a slip of the test") as endpoint:
        endpoint.answer("bedrock-runtime", "Converse", broken)
        found = error_of(lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES))
        assert found[2] == 500


def test_an_operation_that_nobody_answers_is_told_loudly() -> None:
    with mistaken_endpoint("Nothing answers sagemaker ListTags"):
        arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
        assert error_of(lambda: boto_client("sagemaker").list_tags(ResourceArn=arn))[2] == 501


def test_a_test_that_fails_tells_the_mistakes_of_the_endpoint_too() -> None:
    def failing() -> None:
        with running_aws_endpoint() as endpoint:
            endpoint.mistake("what the endpoint did wrong")
            raise ValueError("what the test saw of it")

    with pytest.raises(ValueError, match="what the test saw of it") as caught:
        failing()
    assert caught.value.__notes__ == ["what the endpoint did wrong"]


def test_every_pattern_of_the_service_models_can_be_checked() -> None:
    for service in SERVICES:
        model = service_model(service)
        for name in model.shape_names:
            shape = model.shape_for(name)
            if shape.type_name == "string" and shape.metadata.get("pattern"):
                list(problems(shape, "x"))


def test_letters_of_every_language_are_letters_to_a_pattern() -> None:
    shape = service_model("bedrock").shape_for("AutomatedReasoningPolicyDefinitionTypeName")
    assert not list(problems(shape, "Größe"))
    assert list(problems(shape, "1x"))
