"""The contract of language models for surveys by Amazon Bedrock, over the wire, and what goes wrong there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.call_quota import CallQuota
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.converse_model import ConverseModel
from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
)
from services.ports.language_models import LanguageModel, ModelReply, StopReason
from services.ports.model_calls import ModelCall
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, running_aws_endpoint
from tests.contract.aws_faults import AwsModelFaultContract
from tests.contract.language_model import SPLIT, LanguageModelContract, request_for
from tests.survey_model import value_problem

NOVA = "amazon.nova-lite-v1:0"
REQUEST = request_for("The staff is nice, but the app crashes", "Fine")
CONVERSE = ("bedrock-runtime", "Converse")


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


class Heard:
    """ModelCallRecorder that keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)


class Limits:
    """RateLimits that remembers what was booked and settled, and lets everybody wait as it is told."""

    def __init__(self, **waits: float) -> None:
        self.waits = waits
        self.booked: list[tuple[str, float]] = []
        self.settled: list[tuple[str, float]] = []

    def reserve(self, name: str, amount: float, per_minute: float, *, most_wait_seconds: float) -> float:
        wait = self.waits.get(name.rsplit(" ", 1)[-1], 0.0)
        if wait > most_wait_seconds:
            raise BackendThrottledError("Full.", code="quota-reached", retry_after_seconds=wait)
        self.booked.append((name, amount))
        return wait

    def settle(self, name: str, reserved: float, used: float, per_minute: float) -> None:
        self.settled.append((name, used))


def client(model: str = NOVA, **options: Any) -> ConverseModel:
    return ConverseModel(AwsAccess(AwsClients(REGION)), model, **options)


def asked(endpoint: AwsEndpoint) -> list[dict[str, Any]]:
    return [call.parameters for call in endpoint.calls_of(*CONVERSE)]


def replying(
    content: list[dict[str, Any]], stop_reason: str = "end_turn", **usage: int
) -> Callable[[object], dict[str, Any]]:
    counts = {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30, **usage}
    return lambda _request: {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": counts,
        "metrics": {"latencyMs": 1},
    }


@pytest.mark.usefixtures("endpoint")
class TestConverseModel(LanguageModelContract):
    @pytest.fixture
    def language_model(self) -> LanguageModel:
        return client()


@pytest.mark.usefixtures("endpoint")
class TestConverseModelThatIsAskedInWords(LanguageModelContract):
    """A model without tools, behind a profile that does not say which it is."""

    @pytest.fixture
    def language_model(self) -> LanguageModel:
        return _InFence(client("example.talker-v1:0"))


class _InFence:
    """Takes the JSON out of the code fence, as callers do, and is ready: the catalogue has no such model."""

    def __init__(self, model: ConverseModel) -> None:
        self._model = model
        self.name, self.model, self.limits = model.name, model.model, model.limits

    def complete(self, request: Any) -> ModelReply:
        reply = self._model.complete(request)
        text = reply.text[reply.text.index("{") : reply.text.rindex("}") + 1]
        return ModelReply(text, reply.stop_reason, reply.input_tokens, reply.output_tokens)

    def check_ready(self) -> None:
        """Nothing."""


class TestFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = CONVERSE
    action: ClassVar[str] = "bedrock:InvokeModel"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Callable[[], object]:
        model = client(policy=policy)
        return lambda: model.complete(REQUEST)


class TestForms:
    @pytest.mark.parametrize(
        ("model", "choice"),
        [
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", {"tool": {"name": "split_1"}}),
            (NOVA, {"tool": {"name": "split_1"}}),
            ("mistral.mistral-large-2407-v1:0", {"any": {}}),
            ("anthropic.claude-opus-5-5", {"auto": {}}),
            ("us.meta.llama3-3-70b-instruct-v1:0", {"auto": {}}),
        ],
    )
    def test_known_models_are_told_to_use_the_tool_as_strongly_as_they_take_it(
        self, endpoint: AwsEndpoint, model: str, choice: dict[str, Any]
    ) -> None:
        reply = client(model).complete(REQUEST)
        (sent,) = asked(endpoint)
        assert sent["toolConfig"]["toolChoice"] == choice
        assert sent["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] == dict(SPLIT.schema)
        assert not value_problem(json.loads(reply.text), SPLIT.schema)

    def test_instructions_stand_apart_from_what_respondents_wrote(self, endpoint: AwsEndpoint) -> None:
        client().complete(REQUEST)
        (sent,) = asked(endpoint)
        assert sent["system"] == [{"text": REQUEST.system}]
        assert sent["messages"] == [{"role": "user", "content": [{"text": REQUEST.user}]}]
        assert sent["inferenceConfig"] == {"maxTokens": 1_000, "temperature": 0.0}

    def test_models_that_think_are_told_to_think_little_and_no_temperature(self, endpoint: AwsEndpoint) -> None:
        client("us.anthropic.claude-sonnet-5").complete(REQUEST)
        (sent,) = asked(endpoint)
        assert sent["outputConfig"] == {"effort": "low"}
        assert sent["inferenceConfig"] == {"maxTokens": 1_000}

    def test_unknown_models_get_the_schema_in_words(self, endpoint: AwsEndpoint) -> None:
        client("example.caller-v1:0").complete(REQUEST)
        (sent,) = asked(endpoint)
        assert "toolConfig" not in sent
        assert json.dumps(dict(SPLIT.schema)) in sent["system"][0]["text"]

    @pytest.mark.parametrize(
        ("refusals", "field"),
        [
            (["This model doesn't support the toolConfig.toolChoice.tool field."], {"any": {}}),
            (
                [
                    "This model doesn't support the toolConfig.toolChoice.tool field.",
                    "The model returned the following errors: Thinking may not be enabled when tool_choice forces it.",
                ],
                {"auto": {}},
            ),
        ],
    )
    def test_a_refused_choice_of_the_tool_is_found_out_once(
        self, endpoint: AwsEndpoint, refusals: list[str], field: dict[str, Any]
    ) -> None:
        model = client()
        for refusal in refusals:
            endpoint.faults.next(*CONVERSE, AwsFault("ValidationException", refusal))
        for _ in range(2):
            assert model.complete(REQUEST).stop_reason is StopReason.COMPLETE
        assert len(asked(endpoint)) == len(refusals) + 2
        assert [sent["toolConfig"]["toolChoice"] for sent in asked(endpoint)[-2:]] == [field, field]

    def test_a_model_that_takes_none_of_it_is_asked_in_one_message_without_a_tool(self, endpoint: AwsEndpoint) -> None:
        for refusal in (
            "This model doesn't support tool use.",
            "This model doesn't support system messages.",
            "`temperature` is deprecated for this model.",
            "The maximum tokens you requested exceeds the model limit of 600. Try again with a value lower than 600.",
        ):
            endpoint.faults.next(*CONVERSE, AwsFault("ValidationException", refusal))
        reply = client().complete(REQUEST)
        sent = asked(endpoint)[-1]
        assert set(sent) == {"modelId", "messages", "inferenceConfig"}
        assert sent["inferenceConfig"] == {"maxTokens": 599}
        text = sent["messages"][0]["content"][0]["text"]
        assert text.startswith(REQUEST.system)
        assert text.endswith(REQUEST.user)
        assert reply.stop_reason is StopReason.COMPLETE

    def test_a_model_that_refuses_every_form_is_asked_a_few_times_and_no_more(self, endpoint: AwsEndpoint) -> None:
        everything = "tool_choice tool use temperature system messages"
        endpoint.faults.next(*CONVERSE, AwsFault("ValidationException", everything), times=None)
        with pytest.raises(BackendRejectedError):
            client().complete(REQUEST)
        assert len(asked(endpoint)) <= 6


class TestReplies:
    def replied(self, endpoint: AwsEndpoint, *content: dict[str, Any], stop_reason: str = "end_turn") -> ModelReply:
        with endpoint.answering(*CONVERSE, replying(list(content), stop_reason)):
            return client().complete(REQUEST)

    @pytest.mark.parametrize(
        ("stop_reason", "expected"),
        [
            ("end_turn", StopReason.COMPLETE),
            ("tool_use", StopReason.COMPLETE),
            ("stop_sequence", StopReason.COMPLETE),
            ("malformed_tool_use", StopReason.COMPLETE),
            ("malformed_model_output", StopReason.COMPLETE),
            ("max_tokens", StopReason.LENGTH),
            ("model_context_window_exceeded", StopReason.LENGTH),
            ("guardrail_intervened", StopReason.REFUSED),
            ("content_filtered", StopReason.REFUSED),
        ],
    )
    def test_why_a_reply_ended_is_told(self, endpoint: AwsEndpoint, stop_reason: str, expected: StopReason) -> None:
        reply = self.replied(endpoint, {"text": "{}"}, stop_reason=stop_reason)
        assert reply == ModelReply("{}", expected, 10, 20)

    def test_a_reply_that_is_cut_is_told_as_such(self, endpoint: AwsEndpoint) -> None:
        reply = client().complete(request_for("The staff is nice, but the app crashes", most_output_tokens=4))
        assert reply.stop_reason is StopReason.LENGTH

    def test_thoughts_and_words_beside_the_tool_are_left_aside(self, endpoint: AwsEndpoint) -> None:
        use = {"toolUseId": "t1", "name": "split_1", "input": {"responses": [{"id": "r1"}]}}
        thought = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
        reply = self.replied(endpoint, thought, {"text": "I will."}, {"toolUse": use}, stop_reason="tool_use")
        assert json.loads(reply.text) == {"responses": [{"id": "r1"}]}

    def test_a_tool_that_is_called_once_per_response_gives_one_list(self, endpoint: AwsEndpoint) -> None:
        uses = [
            {"toolUse": {"toolUseId": f"t{n}", "name": "split_1", "input": {"responses": [{"id": f"r{n}"}]}}}
            for n in (1, 2)
        ]
        reply = self.replied(endpoint, *uses, stop_reason="tool_use")
        assert json.loads(reply.text) == {"responses": [{"id": "r1"}, {"id": "r2"}]}

    def test_a_list_that_came_as_a_text_is_a_list(self, endpoint: AwsEndpoint) -> None:
        use = {"toolUseId": "t1", "name": "split_1", "input": {"responses": '[{"id": "r1"}]'}}
        reply = self.replied(endpoint, {"toolUse": use}, stop_reason="tool_use")
        assert json.loads(reply.text) == {"responses": [{"id": "r1"}]}

    @pytest.mark.parametrize("fault", ["empty", "hollow", "malformed"])
    def test_a_reply_without_a_message_may_be_asked_for_again(self, endpoint: AwsEndpoint, fault: str) -> None:
        endpoint.faults.next(*CONVERSE, fault)
        with pytest.raises(BackendUnavailableError) as caught:
            client().complete(REQUEST)
        assert caught.value.retryable

    @pytest.mark.parametrize(
        "message",
        ["Input is too long for requested model.", "prompt is too long: 200049 tokens > 200000 maximum"],
    )
    def test_a_request_that_is_too_long_names_the_setting(self, endpoint: AwsEndpoint, message: str) -> None:
        endpoint.faults.next(*CONVERSE, AwsFault("ValidationException", message))
        with pytest.raises(BackendRejectedError) as caught:
            client().complete(REQUEST)
        assert caught.value.code == "context-exceeded"
        assert "FRONTLINE_BEDROCK_SURVEY_CONTEXT_TOKENS" in caught.value.remedy

    def test_it_does_not_try_again_by_itself(self, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next(*CONVERSE, "throttled")
        with pytest.raises(BackendThrottledError) as caught:
            client().complete(REQUEST)
        assert caught.value.retry_after_seconds is None
        assert len(asked(endpoint)) == 1


class TestReadiness:
    def test_a_model_that_nobody_lists_is_not_ready(self, endpoint: AwsEndpoint) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            client("amazon.nova-gone-v1:0").check_ready()
        assert caught.value.code == "model-unknown"

    def test_asking_costs_nothing(self, endpoint: AwsEndpoint) -> None:
        client().check_ready()
        assert not endpoint.calls_of(*CONVERSE)


class TestRecords:
    def test_a_call_is_recorded_with_its_tokens_and_a_failed_one_with_its_code(self, endpoint: AwsEndpoint) -> None:
        heard = Heard()
        model = ConverseModel(AwsAccess(AwsClients(REGION), heard), f"us.{NOVA}")
        reply = model.complete(REQUEST)
        endpoint.faults.next(*CONVERSE, "throttled")
        with pytest.raises(BackendThrottledError):
            model.complete(REQUEST)
        done, failed = heard.calls
        assert (done.backend, done.operation, done.model, done.outcome) == ("bedrock", "Converse", f"us.{NOVA}", "ok")
        assert (done.input_tokens, done.output_tokens) == (reply.input_tokens, reply.output_tokens)
        assert (failed.outcome, failed.input_tokens) == ("aws-throttled", 0)


class TestQuota:
    def quota(self, limits: Limits, slept: list[float] | None = None) -> CallQuota:
        return CallQuota(limits, "bedrock here nova", 50, 100_000, sleep=(slept if slept is not None else []).append)

    def test_the_longest_reply_is_reserved_and_what_was_used_is_settled(self, endpoint: AwsEndpoint) -> None:
        limits = Limits()
        reply = client(quota=self.quota(limits)).complete(REQUEST)
        (requests, one), (tokens, reserved) = limits.booked
        assert (requests, tokens, one) == ("bedrock here nova requests", "bedrock here nova tokens", 1)
        assert reserved > REQUEST.most_output_tokens + len(REQUEST.system + REQUEST.user) // 4
        assert limits.settled == [(requests, 1), (tokens, reply.input_tokens + reply.output_tokens)]

    def test_output_that_weighs_five_times_is_settled_so(self, endpoint: AwsEndpoint) -> None:
        limits = Limits()
        model = client("us.anthropic.claude-haiku-4-5-20251001-v1:0", quota=self.quota(limits))
        reply = model.complete(REQUEST)
        assert limits.settled[-1][1] == reply.input_tokens + 5 * reply.output_tokens

    def test_a_call_waits_for_its_turn(self, endpoint: AwsEndpoint) -> None:
        slept: list[float] = []
        client(quota=self.quota(Limits(requests=2.0, tokens=7.5), slept)).complete(REQUEST)
        assert slept == [7.5]

    def test_a_turn_that_is_too_far_away_is_told_and_nothing_is_asked_or_kept(self, endpoint: AwsEndpoint) -> None:
        limits = Limits(tokens=90.0)
        with pytest.raises(BackendThrottledError) as caught:
            client(quota=self.quota(limits)).complete(REQUEST)
        assert caught.value.retry_after_seconds == 90.0
        assert limits.settled == [("bedrock here nova requests", 0)]
        assert not asked(endpoint)

    def test_a_call_that_was_refused_gives_its_share_back(self, endpoint: AwsEndpoint) -> None:
        limits = Limits()
        endpoint.faults.next(*CONVERSE, "throttled")
        with pytest.raises(BackendThrottledError):
            client(quota=self.quota(limits)).complete(REQUEST)
        assert [used for _, used in limits.settled] == [0, 0]

    def test_a_call_whose_reply_was_lost_keeps_its_share(self, endpoint: AwsEndpoint) -> None:
        limits = Limits()
        endpoint.faults.next(*CONVERSE, "cut")
        with pytest.raises(BackendUnavailableError):
            client(quota=self.quota(limits)).complete(REQUEST)
        assert limits.settled == []
