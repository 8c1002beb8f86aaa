"""The contract of AnswerGenerator over the wire: text models at SageMaker endpoints, one class per container."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from services.answers.models import AnswerRequest, Origin
from services.answers.prompting import INSTRUCTIONS, MOST_TOKENS
from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.sagemaker_answers import SageMakerAnswers
from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
)
from services.ports.answers import AnswerGenerator
from services.setting_choices import AnswerBackend, AnswerContainer
from tests.answer_fakes import passage
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.services.sagemaker_runtime import in_parts
from tests.contract.answer_generator import PASSAGES, AnswerGeneratorContract
from tests.contract.aws_faults import AwsFaultContract, Call
from tests.model_call_fakes import RememberingRecorder

REQUEST = AnswerRequest("What does reject 75 mean?", PASSAGES)
QUICK = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as running:
        yield running


@pytest.fixture
def recorder() -> RememberingRecorder:
    return RememberingRecorder()


def sagemaker(
    container: AnswerContainer, endpoint: str = "", recorder: RememberingRecorder | None = None
) -> AnswerGenerator:
    aws = AwsAccess(AwsClients(REGION), recorder or RememberingRecorder())
    return SageMakerAnswers(aws, endpoint or f"answers-{container.value}", container, policy=QUICK)


class SageMakerContract(AnswerGeneratorContract):
    """Give ``container`` and, where it has another name, the endpoint."""

    container: ClassVar[AnswerContainer]
    endpoint_name: ClassVar[str] = ""
    operation: ClassVar[str] = "InvokeEndpointWithResponseStream"

    @pytest.fixture
    def generator(self, endpoint: AwsEndpoint) -> AnswerGenerator:
        return sagemaker(self.container, self.endpoint_name)

    def test_is_what_the_setting_names(self, generator: AnswerGenerator) -> None:
        assert (generator.name, generator.origin) == (AnswerBackend.SAGEMAKER, Origin.GENERATED)

    def test_request_holds_instructions_passages_and_question(
        self, generator: AnswerGenerator, endpoint: AwsEndpoint
    ) -> None:
        generator.generate(REQUEST)
        (call,) = endpoint.calls_of("sagemaker-runtime", self.operation)
        sent = call.parameters["Body"].decode()
        for text in (INSTRUCTIONS, PASSAGES[0].text, REQUEST.question):
            assert json.dumps(text, ensure_ascii=False)[1:-1] in sent
        assert str(MOST_TOKENS) in sent

    def test_call_is_recorded_with_the_endpoint_as_model(
        self, endpoint: AwsEndpoint, recorder: RememberingRecorder
    ) -> None:
        sagemaker(self.container, self.endpoint_name, recorder).generate(REQUEST)
        (call,) = recorder.calls
        assert (call.backend, call.operation, call.outcome) == ("sagemaker", self.operation, "ok")
        assert call.model.startswith("answers-")

    def test_letters_that_parts_cut_in_two_arrive_whole(self, generator: AnswerGenerator) -> None:
        umlauts = passage("Code 75 heißt: größere Prüfung – “für Ärzte” 🙂 nötig.")
        arrived: list[str] = []
        draft = generator.generate(AnswerRequest("code 75 Prüfung", (umlauts,)), arrived.append)
        assert draft.text == umlauts.text
        assert umlauts.text in "".join(arrived)


class TestTextGenerationInference(SageMakerContract):
    container = AnswerContainer.TGI

    def test_tokens_that_were_generated_are_recorded(
        self, endpoint: AwsEndpoint, recorder: RememberingRecorder
    ) -> None:
        sagemaker(self.container, recorder=recorder).generate(REQUEST)
        assert recorder.calls[0].output_tokens > 0

    def test_endpoint_that_is_not_there_is_told(self, endpoint: AwsEndpoint) -> None:
        for ask in (
            lambda: sagemaker(self.container, "answers-gone").generate(REQUEST),
            lambda: sagemaker(self.container, "answers-gone").check_ready(),
        ):
            with pytest.raises(BackendMisconfiguredError) as caught:
                ask()
            assert caught.value.code == "aws-not-found"

    @pytest.mark.parametrize(
        ("status", "error", "code"),
        [
            ("Creating", BackendUnavailableError, None),
            ("Failed", BackendMisconfiguredError, None),
            ("Updating", None, ""),
        ],
    )
    def test_endpoint_is_ready_while_it_answers(
        self, endpoint: AwsEndpoint, status: str, error: type[Exception] | None, code: str | None
    ) -> None:
        described = endpoint.answer_of("sagemaker", "DescribeEndpoint")
        assert described is not None

        def otherwise(request: AwsRequest) -> Mapping[str, Any]:
            members = described(request)
            assert isinstance(members, Mapping)
            return {**members, "EndpointStatus": status}

        with endpoint.answering("sagemaker", "DescribeEndpoint", otherwise):
            if error is None:
                sagemaker(self.container).check_ready()
                return
            with pytest.raises(error):
                sagemaker(self.container).check_ready()

    @pytest.mark.parametrize(
        ("status", "error", "code"),
        [
            (400, BackendMisconfiguredError, "container-refused"),
            (413, BackendRejectedError, "question-too-long"),
            (429, BackendThrottledError, "aws-throttled"),
            (500, BackendUnavailableError, "container-failed"),
        ],
    )
    def test_error_of_the_container_is_told_by_its_own_status(
        self, endpoint: AwsEndpoint, status: int, error: type[Exception], code: str
    ) -> None:
        def failing(_: AwsRequest) -> Iterator[dict[str, Any]]:
            kind = "client" if status < 500 else "server"
            message = f'Received {kind} error ({status}) from primary with message "arn:aws:123456789012".'
            raise AwsFault("ModelError", message, status=424, members={"OriginalStatusCode": status})

        with endpoint.answering("sagemaker-runtime", self.operation, failing), pytest.raises(error) as caught:
            sagemaker(self.container).generate(REQUEST)
        assert getattr(caught.value, "code", "") == code
        assert "arn" not in str(caught.value)

    @pytest.mark.parametrize("code", ["ModelStreamError", "InternalStreamFailure"])
    def test_stream_that_fails_in_the_middle_is_unavailable(self, endpoint: AwsEndpoint, code: str) -> None:
        def failing(_: AwsRequest) -> Iterator[dict[str, Any]]:
            yield {"PayloadPart": {"Bytes": b'data:{"token":{"text":"Start","special":false}}\n\n'}}
            raise AwsFault(code, "arn:aws:123456789012")

        arrived: list[str] = []
        with endpoint.answering("sagemaker-runtime", self.operation, failing), pytest.raises(BackendUnavailableError):
            sagemaker(self.container).generate(REQUEST, arrived.append)
        assert arrived == ["Start"]
        assert endpoint.count("sagemaker-runtime", self.operation) == 1

    @pytest.mark.parametrize(
        "sent",
        [
            b'data:{"token":{"text":"Start form PA-100 [1].","special":false}}\n\n',
            b'data:{"error":"Input validation error","error_type":"validation"}\n\n',
            b"data:{broken\n\n",
            b"\xff\xfe\n",
            b"",
        ],
        ids=["no end", "error", "broken JSON", "no text", "nothing"],
    )
    def test_stream_that_does_not_end_as_it_should_is_no_draft(self, endpoint: AwsEndpoint, sent: bytes) -> None:
        with (
            endpoint.answering("sagemaker-runtime", self.operation, lambda _: in_parts(sent)),
            pytest.raises(BackendUnavailableError),
        ):
            sagemaker(self.container).generate(REQUEST)

    def test_sentence_that_the_model_could_not_finish_is_left_out(self, endpoint: AwsEndpoint) -> None:
        events = (
            {"token": {"text": "Start form PA-100 on the same day [1]. ", "special": False}},
            {"token": {"text": "A pharmacist may", "special": False}, "details": {"finish_reason": "length"}},
        )
        sent = b"".join(f"data:{json.dumps(event)}\n\n".encode() for event in events)
        with endpoint.answering("sagemaker-runtime", self.operation, lambda _: in_parts(sent)):
            draft = sagemaker(self.container).generate(REQUEST)
        assert (draft.text, draft.cut_short) == ("Start form PA-100 on the same day.", True)

    def test_request_beyond_what_sagemaker_takes_is_not_sent(self, endpoint: AwsEndpoint) -> None:
        with pytest.raises(BackendRejectedError) as caught:
            sagemaker(self.container).generate(AnswerRequest("x" * 6_300_000, PASSAGES))
        assert caught.value.code == "question-too-long"
        assert endpoint.calls == []


class TestVllm(SageMakerContract):
    container = AnswerContainer.VLLM


class TestLargeModelInference(SageMakerContract):
    container = AnswerContainer.VLLM
    endpoint_name = "answers-lmi"


class TestJumpStart(SageMakerContract):
    container = AnswerContainer.JUMPSTART
    operation = "InvokeEndpoint"

    def test_unfinished_sentence_tells_that_the_model_had_to_stop(self, endpoint: AwsEndpoint) -> None:
        def cut(_: AwsRequest) -> Mapping[str, Any]:
            text = "Start form PA-100 on the same day [1]. A pharmacist may"
            return {"Body": json.dumps([{"generated_text": text}]).encode()}

        with endpoint.answering("sagemaker-runtime", self.operation, cut):
            draft = sagemaker(self.container).generate(REQUEST)
        assert (draft.text, draft.cut_short) == ("Start form PA-100 on the same day.", True)


class TestSageMakerFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("sagemaker-runtime", "InvokeEndpoint")
    action: ClassVar[str] = "sagemaker:InvokeEndpoint"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        aws = AwsAccess(AwsClients(REGION))
        generator = SageMakerAnswers(aws, "answers-jumpstart", AnswerContainer.JUMPSTART, policy=policy)
        return lambda: generator.generate(REQUEST)


class TestSageMakerStreamFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("sagemaker-runtime", "InvokeEndpointWithResponseStream")
    action: ClassVar[str] = "sagemaker:InvokeEndpointWithResponseStream"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        generator = SageMakerAnswers(AwsAccess(AwsClients(REGION)), "answers-tgi", AnswerContainer.TGI, policy=policy)
        return lambda: generator.generate(REQUEST)
