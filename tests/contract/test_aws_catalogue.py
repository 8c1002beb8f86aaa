"""The catalogue of models, the trial of prompts and the caller's identity, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_catalogue import KEPT_SECONDS, BedrockCatalogue
from services.backends.aws.caller_identity import AwsCallerIdentity, identity_in_words
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.prompt_trial import BedrockPromptTrial
from services.errors import BackendMisconfiguredError, BackendRejectedError
from services.ports.model_calls import ModelCall
from services.ports.model_catalogue import CatalogueModel, Lifecycle
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.services.bedrock_catalogue import MODELS, changed_model
from tests.contract.aws_faults import AwsFaultContract, AwsModelFaultContract, Call

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def catalogue(endpoint: AwsEndpoint) -> BedrockCatalogue:
    return BedrockCatalogue(AwsClients(REGION))


def found(catalogue: BedrockCatalogue, model_id: str) -> CatalogueModel:
    return next(model for model in catalogue.models(fresh=True) if model.id == model_id)


def test_all_models_are_listed_with_the_profiles_of_all_pages(
    catalogue: BedrockCatalogue, endpoint: AwsEndpoint
) -> None:
    models = catalogue.models()
    assert {model.id for model in models} == {model.id for model in MODELS}
    assert endpoint.count("bedrock", "ListInferenceProfiles") > 1
    assert found(catalogue, HAIKU).callable_ids == (f"global.{HAIKU}", f"us.{HAIKU}")
    assert found(catalogue, "amazon.nova-lite-v1:0").callable_ids == (
        "amazon.nova-lite-v1:0",
        "us.amazon.nova-lite-v1:0",
    )


def test_model_says_what_it_takes_and_gives(catalogue: BedrockCatalogue) -> None:
    model = found(catalogue, HAIKU)
    assert (model.name, model.provider, model.inputs, model.outputs) == (
        "Claude Haiku 4.5",
        "Anthropic",
        ("text", "image"),
        ("text",),
    )
    assert (model.streaming, model.on_demand, model.lifecycle) == (True, False, Lifecycle.ACTIVE)


def test_legacy_model_whose_day_has_come_has_ended(catalogue: BedrockCatalogue) -> None:
    now = datetime.now(UTC)
    for ends_at, lifecycle in ((now + timedelta(days=9), Lifecycle.LEGACY), (now, Lifecycle.ENDED)):
        with changed_model(HAIKU, legacy=True, ends_at=ends_at):
            assert found(catalogue, HAIKU).lifecycle is lifecycle


def test_list_is_kept_for_a_while(endpoint: AwsEndpoint) -> None:
    seconds = [0.0]
    catalogue = BedrockCatalogue(AwsClients(REGION), clock=lambda: seconds[0])
    catalogue.models()
    catalogue.models()
    assert endpoint.count("bedrock", "ListFoundationModels") == 1
    catalogue.models(fresh=True)
    seconds[0] += KEPT_SECONDS + 1
    catalogue.models()
    assert endpoint.count("bedrock", "ListFoundationModels") == 3


def test_access_says_what_is_missing(catalogue: BedrockCatalogue) -> None:
    assert catalogue.access_to(HAIKU).granted
    refused = catalogue.access_to("deepseek.r1-v1:0")
    assert not refused.granted
    assert "access" in refused.reason


def test_access_to_a_model_that_is_not_there_is_an_error_with_a_remedy(catalogue: BedrockCatalogue) -> None:
    with pytest.raises(BackendMisconfiguredError) as caught:
        catalogue.access_to("maker.nothing-v1:0")
    assert caught.value.code == "model-unknown"


class TestCatalogueFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock", "ListFoundationModels")
    action: ClassVar[str] = "bedrock:ListFoundationModels"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        catalogue = BedrockCatalogue(AwsClients(REGION), policy=policy)
        return lambda: catalogue.models(fresh=True)


class TestPromptTrialFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock-runtime", "Converse")
    action: ClassVar[str] = "bedrock:InvokeModel"
    repeats_unknown_outcomes: ClassVar[bool] = False

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        endpoint.answer(*self.operation, said("Good morning"))
        trial = BedrockPromptTrial(AwsAccess(AwsClients(REGION)), policy=policy)
        return lambda: trial.ask("us.amazon.nova-lite-v1:0", "Good morning", most_output_tokens=50)


class Heard:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)


def said(text: str, stop_reason: str = "end_turn") -> Any:
    def answer(request: AwsRequest) -> dict[str, Any]:
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": stop_reason,
            "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
            "metrics": {"latencyMs": 5},
        }

    return answer


def test_prompt_is_sent_alone_and_the_reply_comes_with_its_count(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", said("Good day"))
    heard = Heard()
    trial = BedrockPromptTrial(AwsAccess(AwsClients(REGION), heard))
    reply = trial.ask("us.amazon.nova-lite-v1:0", "Good morning", most_output_tokens=50)
    assert (reply.text, reply.input_tokens, reply.output_tokens, reply.cut_short) == ("Good day", 7, 3, False)
    (asked,) = endpoint.calls_of("bedrock-runtime", "Converse")
    assert asked.parameters == {
        "modelId": "us.amazon.nova-lite-v1:0",
        "messages": [{"role": "user", "content": [{"text": "Good morning"}]}],
        "inferenceConfig": {"maxTokens": 50},
    }
    (call,) = heard.calls
    assert (call.model, call.region, call.input_tokens, call.outcome) == ("us.amazon.nova-lite-v1:0", REGION, 7, "ok")


def test_reply_that_stops_at_the_limit_says_so(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", said("Good", "max_tokens"))
    trial = BedrockPromptTrial(AwsAccess(AwsClients(REGION)))
    assert trial.ask("us.amazon.nova-lite-v1:0", "Hello", most_output_tokens=1).cut_short


def test_reply_without_text_is_an_error_that_was_paid_for(endpoint: AwsEndpoint) -> None:
    endpoint.answer("bedrock-runtime", "Converse", said(" "))
    heard = Heard()
    with pytest.raises(BackendRejectedError):
        BedrockPromptTrial(AwsAccess(AwsClients(REGION), heard)).ask("m.m", "Hello", most_output_tokens=9)
    assert heard.calls[0].input_tokens == 7


def test_identity_tells_the_end_of_the_account_and_no_more() -> None:
    with running_aws_endpoint(with_moto=True):
        words = AwsCallerIdentity(AwsClients(REGION)).describe()
    assert words.startswith("account …9012")
    assert "123456789012" not in words


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("arn:aws:sts::123456789012:assumed-role/frontline-web/i-0abc", "account …9012, role frontline-web"),
        ("arn:aws:iam::123456789012:user/ops/jo", "account …9012, user jo"),
        ("arn:aws:iam::123456789012:root", "account …9012, the account's root"),
        ("arn:aws:sts::123456789012:federated-user/jo", "account …9012, user jo"),
    ],
)
def test_identity_names_the_role_and_no_session(arn: str, words: str) -> None:
    assert identity_in_words(arn, "123456789012") == words
