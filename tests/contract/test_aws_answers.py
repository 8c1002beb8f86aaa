"""The contract of AnswerGenerator over the wire: Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from services.answers.models import AnswerRequest, Origin
from services.answers.prompting import INSTRUCTIONS, MOST_TOKENS
from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_answers import BedrockAnswers, Guardrail
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendUnavailableError,
)
from services.ports.answers import AnswerGenerator
from services.setting_choices import AnswerBackend
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.services.bedrock_catalogue import changed_model
from tests.aws_endpoint.services.bedrock_runtime_converse import DENIED, FILTERED, GUARDRAIL
from tests.contract.answer_generator import PASSAGES, AnswerGeneratorContract
from tests.contract.aws_faults import AwsStreamFaultContract, Call
from tests.model_call_fakes import RememberingRecorder

MODEL = "amazon.nova-lite-v1:0"
PROFILE = f"us.{MODEL}"
REQUEST = AnswerRequest("What does reject 75 mean?", PASSAGES)
STREAM = ("bedrock-runtime", "ConverseStream")
QUICK = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as running:
        yield running


@pytest.fixture
def recorder() -> RememberingRecorder:
    return RememberingRecorder()


def bedrock(
    model: str = PROFILE, recorder: RememberingRecorder | None = None, guardrail: Guardrail | None = None
) -> AnswerGenerator:
    aws = AwsAccess(AwsClients(REGION), recorder or RememberingRecorder())
    return BedrockAnswers(aws, model, guardrail=guardrail, policy=QUICK)


def streamed(*pieces: str, stop_reason: str | None = "end_turn") -> Callable[[AwsRequest], Iterator[dict[str, Any]]]:
    """A stream of Converse with these pieces; without a reason to stop it ends before it should."""

    def events(_: AwsRequest) -> Iterator[dict[str, Any]]:
        yield {"messageStart": {"role": "assistant"}}
        for piece in pieces:
            yield {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}}
        if stop_reason is None:
            return
        yield {"messageStop": {"stopReason": stop_reason}}
        usage = {"inputTokens": 310, "outputTokens": 42, "totalTokens": 352}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 5}}}

    return events


class TestBedrockAnswers(AnswerGeneratorContract):
    @pytest.fixture
    def generator(self, endpoint: AwsEndpoint) -> AnswerGenerator:
        return bedrock()

    def test_is_what_the_setting_names(self, generator: AnswerGenerator) -> None:
        assert (generator.name, generator.origin) == (AnswerBackend.BEDROCK, Origin.GENERATED)

    def test_request_holds_the_instructions_the_numbered_passages_and_the_question(
        self, generator: AnswerGenerator, endpoint: AwsEndpoint
    ) -> None:
        generator.generate(REQUEST)
        (call,) = endpoint.calls_of(*STREAM)
        sent = call.parameters
        assert (sent["modelId"], sent["system"]) == (PROFILE, [{"text": INSTRUCTIONS}])
        assert sent["inferenceConfig"] == {"maxTokens": MOST_TOKENS, "temperature": 0.0}
        ((block,),) = [message["content"] for message in sent["messages"]]
        for number, item in enumerate(PASSAGES, start=1):
            assert f"[{number}] {item.title} › {item.section}\n{item.text}" in block["text"]
        assert block["text"].endswith(f"Question: {REQUEST.question}")
        assert "guardrailConfig" not in sent

    def test_model_is_not_asked_without_passages(self, generator: AnswerGenerator, endpoint: AwsEndpoint) -> None:
        assert not generator.generate(AnswerRequest("reject 75", ())).answered
        assert endpoint.calls == []

    def test_pieces_are_told_as_they_come_and_reasoning_is_not(self, endpoint: AwsEndpoint) -> None:
        def thinking(request: AwsRequest) -> Iterator[dict[str, Any]]:
            first, *others = streamed("Code 75 means ", "that the plan requires prior authorization [1].")(request)
            yield first
            delta = {"reasoningContent": {"text": "The passage says it."}}
            yield {"contentBlockDelta": {"delta": delta, "contentBlockIndex": 0}}
            yield from others

        arrived: list[str] = []
        with endpoint.answering(*STREAM, thinking):
            draft = bedrock().generate(REQUEST, arrived.append)
        assert arrived == ["Code 75 means ", "that the plan requires prior authorization [1]."]
        assert [statement.supported for statement in draft.statements] == [True]

    def test_tokens_that_the_reply_tells_are_recorded(
        self, endpoint: AwsEndpoint, recorder: RememberingRecorder
    ) -> None:
        with endpoint.answering(*STREAM, streamed("Start form PA-100 on the same day [1].")):
            bedrock(recorder=recorder).generate(REQUEST)
        (call,) = recorder.calls
        assert (call.backend, call.operation, call.model) == ("bedrock", "ConverseStream", PROFILE)
        assert (call.outcome, call.input_tokens, call.output_tokens, call.attempts) == ("ok", 310, 42, 1)

    @pytest.mark.parametrize("stop_reason", ["max_tokens", "model_context_window_exceeded"])
    def test_sentence_that_the_model_could_not_finish_is_left_out_and_the_draft_says_so(
        self, endpoint: AwsEndpoint, stop_reason: str
    ) -> None:
        pieces = ("Start form PA-100 on the same day [1]. ", "A pharmacist may over")
        with endpoint.answering(*STREAM, streamed(*pieces, stop_reason=stop_reason)):
            draft = bedrock().generate(REQUEST)
        assert (draft.text, draft.cut_short) == ("Start form PA-100 on the same day.", True)

    def test_reply_without_a_finished_sentence_is_no_draft(self, endpoint: AwsEndpoint) -> None:
        with (
            endpoint.answering(*STREAM, streamed("Start form PA", stop_reason="max_tokens")),
            pytest.raises(BackendRejectedError) as caught,
        ):
            bedrock().generate(REQUEST)
        assert caught.value.code == "answer-cut-short"

    def test_stop_sequence_ends_a_draft_like_any_other(self, endpoint: AwsEndpoint) -> None:
        with endpoint.answering(*STREAM, streamed("Start form PA-100 [1].", stop_reason="stop_sequence")):
            draft = bedrock().generate(REQUEST)
        assert (draft.answered, draft.cut_short) == (True, False)

    @pytest.mark.parametrize("stop_reason", ["tool_use", "malformed_tool_use", "malformed_model_output"])
    def test_reply_that_is_no_text_is_no_draft(
        self, endpoint: AwsEndpoint, recorder: RememberingRecorder, stop_reason: str
    ) -> None:
        with (
            endpoint.answering(*STREAM, streamed("Start form PA-100 [1].", stop_reason=stop_reason)),
            pytest.raises(BackendUnavailableError) as caught,
        ):
            bedrock(recorder=recorder).generate(REQUEST)
        assert caught.value.code == "model-reply-malformed"
        assert recorder.calls[0].output_tokens == 42  # it was paid for all the same

    def test_draft_that_breaks_off_is_an_error_and_not_half_a_draft(self, endpoint: AwsEndpoint) -> None:
        arrived: list[str] = []
        with (
            endpoint.answering(*STREAM, streamed("Start form ", "PA-100 [1].", stop_reason=None)),
            pytest.raises(BackendUnavailableError),
        ):
            bedrock().generate(REQUEST, arrived.append)
        assert arrived == ["Start form ", "PA-100 [1]."]
        assert endpoint.count(*STREAM) == 1

    def test_content_filter_has_words_of_its_own(self, generator: AnswerGenerator) -> None:
        with pytest.raises(BackendRejectedError) as caught:
            generator.generate(AnswerRequest(f"How do I make {FILTERED}?", PASSAGES))
        assert caught.value.code == "content-filtered"

    def test_model_without_temperature_is_asked_again_without_it_and_from_then_on(self, endpoint: AwsEndpoint) -> None:
        generator = bedrock("us.anthropic.claude-sonnet-5")
        assert generator.generate(REQUEST).answered
        generator.generate(REQUEST)
        told = ["temperature" in call.parameters["inferenceConfig"] for call in endpoint.calls_of(*STREAM)]
        assert told == [True, False, False]

    def test_model_without_system_prompts_is_told_as_unsuitable(self, endpoint: AwsEndpoint) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            bedrock("amazon.titan-text-express-v1").generate(REQUEST)
        assert caught.value.code == "model-unsuitable"

    def test_question_beyond_the_context_window_can_be_shortened(self, endpoint: AwsEndpoint) -> None:
        with pytest.raises(BackendRejectedError) as caught:
            bedrock("mistral.mistral-large-2407-v1:0").generate(AnswerRequest("word " * 40_000, PASSAGES))
        assert caught.value.code == "question-too-long"

    def test_guardrail_that_aws_refuses_is_not_taken_for_a_long_question(self, endpoint: AwsEndpoint) -> None:
        words = "The guardrail has no contextual grounding policy, or its version does not exist."
        endpoint.faults.next(*STREAM, AwsFault("ValidationException", words, status=400))
        with pytest.raises(BackendMisconfiguredError) as caught:
            bedrock(guardrail=Guardrail(*GUARDRAIL)).generate(REQUEST)
        assert caught.value.code == "guardrail-unknown"


class TestBedrockAnswersWithAGuardrail(AnswerGeneratorContract):
    @pytest.fixture
    def generator(self, endpoint: AwsEndpoint) -> AnswerGenerator:
        return bedrock(guardrail=Guardrail(*GUARDRAIL))

    def test_guardrail_learns_what_is_source_and_what_is_question(
        self, generator: AnswerGenerator, endpoint: AwsEndpoint
    ) -> None:
        generator.generate(REQUEST)
        (call,) = endpoint.calls_of(*STREAM)
        assert call.parameters["guardrailConfig"] == {
            "guardrailIdentifier": GUARDRAIL[0],
            "guardrailVersion": GUARDRAIL[1],
            "streamProcessingMode": "sync",
        }
        source, query = [block["guardContent"]["text"] for block in call.parameters["messages"][0]["content"]]
        assert source["qualifiers"] == ["grounding_source"]
        assert query["qualifiers"] == ["query", "guard_content"]
        assert PASSAGES[0].text in source["text"]
        assert REQUEST.question in query["text"]

    def test_what_the_guardrail_stops_is_told_with_words_of_its_own(
        self, generator: AnswerGenerator, endpoint: AwsEndpoint
    ) -> None:
        with pytest.raises(BackendRejectedError) as caught:
            generator.generate(AnswerRequest(f"Will there be a {DENIED}?", PASSAGES))
        assert (caught.value.code, endpoint.count(*STREAM)) == ("guardrail-intervened", 1)

    def test_guardrail_that_is_not_there_is_told_to_administrators(self, endpoint: AwsEndpoint) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            bedrock(guardrail=Guardrail("gone", "1")).generate(REQUEST)
        assert caught.value.code == "guardrail-unknown"


class TestBedrockModels:
    """Whether a model can be called is found out without calling it."""

    @pytest.mark.parametrize("model", [MODEL, PROFILE, f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}"])
    def test_active_model_is_ready_and_nothing_is_paid(self, endpoint: AwsEndpoint, model: str) -> None:
        bedrock(model).check_ready()
        assert {call.service for call in endpoint.calls} == {"bedrock"}

    @pytest.mark.parametrize("model", [MODEL, PROFILE])
    def test_model_past_its_end_is_not_ready(self, endpoint: AwsEndpoint, model: str) -> None:
        with (
            changed_model(MODEL, legacy=True, ends_at=datetime(2025, 1, 1, tzinfo=UTC)),
            pytest.raises(BackendMisconfiguredError) as caught,
        ):
            bedrock(model).check_ready()
        assert caught.value.code == "model-end-of-life"

    def test_legacy_model_is_ready_until_its_end(self, endpoint: AwsEndpoint) -> None:
        with changed_model(MODEL, legacy=True, ends_at=datetime(2999, 1, 1, tzinfo=UTC)):
            bedrock().check_ready()

    @pytest.mark.parametrize("model", ["amazon.nobody-v1:0", "us.amazon.nobody-v1:0"])
    def test_model_that_nobody_knows_is_told(self, endpoint: AwsEndpoint, model: str) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            bedrock(model).check_ready()
        assert caught.value.code == "model-unknown"

    @pytest.mark.parametrize("model", ["amazon.nova-canvas-v1:0", "cohere.embed-english-v3"])
    def test_model_that_writes_no_text_is_unsuitable(self, endpoint: AwsEndpoint, model: str) -> None:
        with changed_model("amazon.nova-canvas-v1:0", ends_at=None), pytest.raises(BackendMisconfiguredError) as caught:
            bedrock(model).check_ready()
        assert caught.value.code == "model-unsuitable"


class TestBedrockFaults(AwsStreamFaultContract):
    operation: ClassVar[tuple[str, str]] = STREAM
    action: ClassVar[str] = "bedrock:InvokeModelWithResponseStream"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        generator = BedrockAnswers(AwsAccess(AwsClients(REGION)), PROFILE, policy=policy)
        return lambda: generator.generate(REQUEST)
