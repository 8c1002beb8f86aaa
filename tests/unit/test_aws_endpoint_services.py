"""The routes that several services share, and the context that the endpoint runs in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.settings import load_settings
from tests.aws_endpoint import services
from tests.aws_endpoint.conversations import MESSAGES, PROFILE, boto_client, conversation
from tests.aws_endpoint.endpoint import ACCESS_KEY, AwsEndpoint, AwsRequest, register_services, running_aws_endpoint
from tests.aws_endpoint.faults import end_of_life
from tests.aws_endpoint.model_ids import plain_model_id
from tests.aws_endpoint.services.bedrock_runtime_converse_route import events_of, register_converse
from tests.aws_endpoint.services.bedrock_runtime_invoke import register_model
from tests.aws_endpoint.trial import TRIAL_SETTINGS, app_settings


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


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("example.chat-v1:0", "example.chat-v1:0"),
        ("us-gov.example.chat-v1:0", "example.chat-v1:0"),
        (PROFILE, "example.chat-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/example.embed", "example.embed"),
    ],
)
def test_a_model_is_the_same_by_its_id_its_profile_and_its_arn(given: str, plain: str) -> None:
    assert plain_model_id(given) == plain


def test_the_longest_prefix_decides_who_answers_for_a_model(endpoint: AwsEndpoint) -> None:
    register_model("example-long.", lambda request, body: {"by": "family", **body})
    register_model("example-long.embed", lambda request, body: {"by": "model", **body})
    models = boto_client("bedrock-runtime")
    embedded = models.invoke_model(modelId="eu.example-long.embed-v2", body=json.dumps({"n": 1}))
    assert json.loads(embedded["body"].read()) == {"by": "model", "n": 1}
    assert embedded["contentType"] == "application/json"
    other = models.invoke_model(modelId="example-long.paint", body=json.dumps({"n": 2}))
    assert json.loads(other["body"].read()) == {"by": "family", "n": 2}
    streamed = models.invoke_model_with_response_stream(modelId="example-long.paint", body=json.dumps({"n": 3}))
    assert [json.loads(event["chunk"]["bytes"]) for event in streamed["body"]] == [{"by": "family", "n": 3}]


def test_a_model_that_nobody_answers_for_is_unknown_as_at_bedrock(endpoint: AwsEndpoint) -> None:
    models = boto_client("bedrock-runtime")
    code, message, _ = error_of(lambda: models.invoke_model(modelId="nobody.model", body=b"{}"))
    assert (code, message) == ("ValidationException", "The provided model identifier is invalid.")


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_a_model_refuses_a_body_that_is_no_object(endpoint: AwsEndpoint, body: bytes) -> None:
    register_model("example-strict.", lambda request, body: body)
    models = boto_client("bedrock-runtime")
    code, message, _ = error_of(lambda: models.invoke_model(modelId="example-strict.a", body=body))
    assert code == "ValidationException"
    assert "Malformed" in message


def test_the_last_answer_that_fits_a_conversation_is_taken(endpoint: AwsEndpoint) -> None:
    def first(request: AwsRequest) -> Mapping[str, Any]:
        return conversation("first")

    def second(request: AwsRequest) -> Mapping[str, Any]:
        return conversation("second")

    register_converse(lambda request: "example-both" in request.parameters["modelId"], first)
    register_converse(lambda request: request.parameters["modelId"] == "example-both.b", second)
    models = boto_client("bedrock-runtime")
    for model, said in [("example-both.a", "first"), ("example-both.b", "second")]:
        reply = models.converse(modelId=model, messages=MESSAGES)
        assert reply["output"]["message"]["content"] == [{"text": said}]


def test_a_reply_in_one_piece_is_streamed_as_words_and_pieces_of_tool_input(endpoint: AwsEndpoint) -> None:
    tool = {"toolUseId": "t-1", "name": "sort", "input": {"topics": ["price", "delivery", "staff"]}}

    def with_tool(request: AwsRequest) -> Mapping[str, Any]:
        reply = conversation("One two  three")
        reply["output"]["message"]["content"].append({"toolUse": tool})
        return reply

    register_converse(lambda request: request.parameters["modelId"] == "example-tool.a", with_tool)
    events = list(boto_client("bedrock-runtime").converse_stream(modelId="example-tool.a", messages=MESSAGES)["stream"])
    assert events == list(events_of(with_tool(endpoint.calls[0])))
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == "One two  three"
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)) == tool["input"]
    assert [next(iter(event)) for event in (events[0], events[-2], events[-1])] == [
        "messageStart",
        "messageStop",
        "metadata",
    ]


def test_the_environment_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    with running_aws_endpoint() as endpoint:
        assert os.environ["AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME"] == endpoint.url("bedrock-agent-runtime")
        assert os.environ["AWS_ACCESS_KEY_ID"] == ACCESS_KEY
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == before


def test_storage_and_models_stand_beside_each_other(endpoint: AwsEndpoint) -> None:
    with running_aws_endpoint(with_moto=True) as other:
        other.answer("bedrock-runtime", "Converse", echo)
        boto_client("s3").put_object(Bucket="frontline", Key="a", Body=b"x")
        assert boto_client("s3").get_object(Bucket="frontline", Key="a")["Body"].read() == b"x"
        assert boto_client("sts").get_caller_identity()["Account"] == "123456789012"
        boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES)
        assert other.count("bedrock-runtime", "Converse") == 1


def test_a_reset_forgets_calls_and_faults_and_tells_the_services(endpoint: AwsEndpoint) -> None:
    forgotten = []
    endpoint.on_reset(lambda: forgotten.append("yes"))
    endpoint.answer("bedrock-runtime", "Converse", echo)
    endpoint.faults.next("bedrock-runtime", "Converse", end_of_life(), times=None)
    error_of(lambda: boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES))
    endpoint.reset()
    assert (endpoint.calls, forgotten) == ([], ["yes"])
    boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES)
    assert endpoint.count("bedrock-runtime", "Converse") == 1


def test_an_answer_for_a_while_gives_way_to_the_one_before(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", echo)
    models = boto_client("bedrock-runtime")
    with endpoint.answering("bedrock-runtime", "Converse", lambda request: conversation("for a while")):
        said = models.converse(modelId=PROFILE, messages=MESSAGES)["output"]["message"]["content"][0]["text"]
        assert said == "for a while"
    said = models.converse(modelId=PROFILE, messages=MESSAGES)["output"]["message"]["content"][0]["text"]
    assert said.startswith("You said")


def test_the_modules_of_all_services_can_be_imported(endpoint: AwsEndpoint) -> None:
    assert endpoint.broken_services == []


def test_a_module_that_cannot_be_imported_is_told_and_leaves_the_others_alone(
    endpoint: AwsEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_written.py").write_text("import a_module_that_is_not_there")
    monkeypatch.setattr(services, "__path__", [*services.__path__, str(tmp_path)])
    with pytest.warns(UserWarning, match="half_written cannot be imported"):
        endpoint.broken_services = register_services(endpoint)
    endpoint.answer("bedrock-runtime", "Converse", echo)
    boto_client("bedrock-runtime").converse(modelId=PROFILE, messages=MESSAGES)
    error_of(lambda: boto_client("sagemaker").list_endpoints(NameContains="x"))
    assert "a_module_that_is_not_there" in endpoint.mistakes[0]
    endpoint.forgive_mistakes()


def test_the_settings_of_the_trial_start_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_aws_endpoint(with_moto=True):
        for name, value in app_settings().items():
            monkeypatch.setenv(name, value)
        settings = load_settings()
        boto_client("sns").get_topic_attributes(TopicArn=settings.sns_topic_arn)
        boto_client("s3").head_bucket(Bucket="frontline")
    assert settings.survey_backend == "bedrock"


@pytest.mark.parametrize("setting", [name for name in TRIAL_SETTINGS if name.endswith("_MODEL")])
def test_somebody_answers_for_each_model_of_the_trial(endpoint: AwsEndpoint, setting: str) -> None:
    models, model, said = boto_client("bedrock-runtime"), TRIAL_SETTINGS[setting], ""
    try:
        if setting in {"FRONTLINE_BEDROCK_ANSWER_MODEL", "FRONTLINE_BEDROCK_SURVEY_MODEL"}:
            models.converse(modelId=model, messages=MESSAGES)
        else:
            models.invoke_model(modelId=model, body=b"{}")
    except ClientError as error:  # an empty body is refused by most, but not as one for a model that is not there
        said = str(error)
    assert "model identifier is invalid" not in said
    assert not endpoint.mistakes
