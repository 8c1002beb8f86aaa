"""The contract of AnswerGenerator over the wire: RetrieveAndGenerate on a knowledge base that Frontline fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from services.answers.models import AnswerRequest
from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.kb_answers import LONGEST_QUESTION, TEMPLATE, KnowledgeBaseAnswers
from services.backends.aws.kb_keys import PASSAGE, key_of_passage
from services.errors import BackendMisconfiguredError, BackendRejectedError
from services.knowledge.models import Passage
from tests.answer_fakes import passage
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault, running_aws_endpoint
from tests.aws_endpoint.knowledge_base import LocalKnowledgeBase, StoredDocument
from tests.aws_endpoint.services.bedrock_agent import knowledge_base_of
from tests.contract.answer_generator import (
    CODES,
    PASSAGES,
    REFUNDS,
    AnswerGeneratorContract,
    assert_citations_are_exact,
)
from tests.contract.aws_faults import AwsModelFaultContract

MODEL = "amazon.nova-lite-v1:0"
QUESTION = AnswerRequest("What does reject 75 mean?", PASSAGES)
AT_ONCE = CallPolicy(attempts=3, first_wait_seconds=0.0, longest_wait_seconds=0.0)
SERVICE, OPERATION = "bedrock-agent-runtime", "RetrieveAndGenerate"


def put(knowledge_base: LocalKnowledgeBase, *passages: Passage) -> None:
    """Put passages in as the index does."""
    for number, one in enumerate(passages):
        heading = f"{one.title} › {one.section}" if one.section else one.title
        attributes = {PASSAGE: key_of_passage(one), "frontline_part": "text"}
        name = f"piece-{len(knowledge_base.documents)}-{number}"
        knowledge_base.documents[name] = StoredDocument(name, f"{heading}\n{one.text}", attributes, "INDEXED")


@pytest.fixture(scope="module")
def endpoint_of_module() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(endpoint_of_module: AwsEndpoint) -> AwsEndpoint:
    endpoint_of_module.reset()
    return endpoint_of_module


@pytest.fixture
def knowledge_base(endpoint: AwsEndpoint) -> LocalKnowledgeBase:
    return knowledge_base_of(endpoint)


class TestKnowledgeBaseAnswers(AnswerGeneratorContract):
    @pytest.fixture
    def generator(self, knowledge_base: LocalKnowledgeBase) -> KnowledgeBaseAnswers:
        half = CODES.text.index("Start")
        put(knowledge_base, *PASSAGES, passage("75"), passage("Steps:", "steps.md"))
        put(knowledge_base, passage(CODES.text[half:], start=CODES.start + half))
        return self.made(knowledge_base)

    def made(
        self, knowledge_base: LocalKnowledgeBase, guardrail: tuple[str, str] | None = None
    ) -> KnowledgeBaseAnswers:
        return KnowledgeBaseAnswers(
            AwsAccess(AwsClients("us-east-1")), knowledge_base.id, MODEL, guardrail, policy=AT_ONCE
        )

    def sent(self, endpoint: AwsEndpoint) -> dict[str, Any]:
        last = endpoint.calls_of(SERVICE, OPERATION)[-1].parameters
        configuration: dict[str, Any] = last["retrieveAndGenerateConfiguration"]["knowledgeBaseConfiguration"]
        return configuration

    def test_only_the_passages_that_are_shown_are_read(
        self, generator: KnowledgeBaseAnswers, knowledge_base: LocalKnowledgeBase
    ) -> None:
        put(knowledge_base, passage("Reject 75 means that nothing is ever paid.", "secret.md"))
        draft = generator.generate(QUESTION)
        assert "nothing is ever paid" not in draft.text
        assert {one.document_id for one in draft.citations} <= {one.document_id for one in PASSAGES}

    def test_same_place_with_other_words_is_not_read(self, knowledge_base: LocalKnowledgeBase) -> None:
        put(knowledge_base, replace(CODES, text="Code 75 is a secret of another tenant."))
        assert not self.made(knowledge_base).generate(QUESTION).answered

    def test_passages_that_are_not_in_the_knowledge_base_give_no_answer(
        self, knowledge_base: LocalKnowledgeBase
    ) -> None:
        draft = self.made(knowledge_base).generate(QUESTION)
        assert (draft.answered, draft.statements) == (False, ())

    @pytest.mark.parametrize(
        "statement",
        [
            "Reject 75 means that everything is approved and paid.",
            "Card refunds arrive within 900 days.",
            "Code 88 may not be overridden.",
        ],
    )
    def test_statement_that_its_reference_does_not_support_has_no_citation(
        self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint, statement: str
    ) -> None:
        answer = reply(statement, cited(statement, CODES, REFUNDS))
        with endpoint.answering(SERVICE, OPERATION, lambda _: answer):
            draft = generator.generate(QUESTION)
        assert [(one.text, one.supported) for one in draft.statements] == [(statement, False)]
        assert draft.citations == ()

    def test_reference_that_was_not_asked_for_is_not_cited(
        self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint
    ) -> None:
        foreign = passage("Card refunds arrive within 5 to 7 business days.", "foreign.md")
        answer = reply(foreign.text, cited(foreign.text, foreign))
        with endpoint.answering(SERVICE, OPERATION, lambda _: answer):
            assert not generator.generate(QUESTION).statements[0].supported

    def test_words_between_citations_are_kept_without_one(
        self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint
    ) -> None:
        first, last = "Start form PA-100 on the same day.", "Refunds over $200 need a supervisor."
        text = f"Here is what to do. {first} Stay friendly. {last} Goodbye."
        answer = reply(text, cited(first, CODES), cited(last, REFUNDS))
        with endpoint.answering(SERVICE, OPERATION, lambda _: answer):
            draft = generator.generate(QUESTION)
        assert [one.supported for one in draft.statements] == [False, True, False, True, False]
        assert draft.text == text
        assert_citations_are_exact(draft, PASSAGES)

    @pytest.mark.parametrize("text", ["NOT_IN_PASSAGES", "Sorry, I am unable to assist you with this request.", " "])
    def test_reply_that_says_nothing_is_no_answer(
        self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint, text: str
    ) -> None:
        with endpoint.answering(SERVICE, OPERATION, lambda _: reply(text)):
            assert not generator.generate(QUESTION).answered

    def test_guardrail_that_intervenes_is_told(self, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint) -> None:
        put(knowledge_base, *PASSAGES)
        knowledge_base.intervenes = True
        with pytest.raises(BackendRejectedError) as caught:
            self.made(knowledge_base, ("gr123", "1")).generate(QUESTION)
        assert caught.value.code == "guardrail-intervened"
        assert endpoint.count(SERVICE, OPERATION) == 1

    def test_guardrail_that_bedrock_does_not_know_is_told(
        self, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        fault = AwsFault("ValidationException", "The guardrail identifier or version is invalid.", status=400)
        endpoint.faults.next(SERVICE, OPERATION, fault)
        with pytest.raises(BackendMisconfiguredError) as caught:
            self.made(knowledge_base, ("gr123", "1")).generate(QUESTION)
        assert caught.value.code == "guardrail-unknown"

    def test_model_that_takes_no_temperature_is_asked_without(
        self, generator: KnowledgeBaseAnswers, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        knowledge_base.takes_temperature = False
        assert generator.generate(QUESTION).answered
        assert generator.generate(QUESTION).answered
        assert endpoint.count(SERVICE, OPERATION) == 3

    @pytest.mark.parametrize(
        ("question", "focus", "expected"),
        [
            ("word " * 400, "", ("word " * 200).rstrip()),
            ("x" * 3_000, "", "x" * LONGEST_QUESTION),
            ("What about refunds? " * 100, "And in Spain?", "And in Spain?"),
            ("What does reject 75 mean?", "mean?", "What does reject 75 mean?"),
        ],
    )
    def test_question_is_cut_to_what_bedrock_takes(
        self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint, question: str, focus: str, expected: str
    ) -> None:
        generator.generate(AnswerRequest(question, PASSAGES, focus))
        assert endpoint.calls_of(SERVICE, OPERATION)[-1].parameters["input"]["text"] == expected

    def test_prompt_asks_for_citations_and_fits(self, generator: KnowledgeBaseAnswers, endpoint: AwsEndpoint) -> None:
        generator.generate(QUESTION)
        template = self.sent(endpoint)["generationConfiguration"]["promptTemplate"]["textPromptTemplate"]
        assert template == TEMPLATE
        assert all(
            template.count(name) == 1 for name in ("$search_results$", "$output_format_instructions$", "$query$")
        )

    def test_knowledge_base_that_is_gone_is_told(
        self, knowledge_base: LocalKnowledgeBase, generator: KnowledgeBaseAnswers
    ) -> None:
        knowledge_base.id = "GONEGONEGO"
        with pytest.raises(BackendMisconfiguredError) as caught:
            generator.check_ready()
        assert caught.value.code == "aws-not-found"


def reply(text: str, *citations: dict[str, Any]) -> dict[str, Any]:
    return {"output": {"text": text}, "citations": list(citations), "sessionId": "session-1"}


def cited(text: str, *passages: Passage) -> dict[str, Any]:
    return {
        "generatedResponsePart": {"textResponsePart": {"text": text, "span": {"start": 0, "end": len(text)}}},
        "retrievedReferences": [
            {
                "content": {"text": one.text, "type": "TEXT"},
                "location": {"type": "CUSTOM", "customDocumentLocation": {"id": "piece"}},
                "metadata": {PASSAGE: key_of_passage(one)},
            }
            for one in passages
        ],
    }


class TestFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = (SERVICE, OPERATION)
    action: ClassVar[str] = "bedrock:RetrieveAndGenerate"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Callable[[], object]:
        put(knowledge_base_of(endpoint), *PASSAGES)
        generator = KnowledgeBaseAnswers(
            AwsAccess(AwsClients("us-east-1")), knowledge_base_of(endpoint).id, MODEL, policy=policy
        )
        return lambda: generator.generate(QUESTION)

    def test_a_region_without_the_model_is_told_at_once(  # the endpoint knows of regions for bedrock-runtime alone
        self, endpoint: AwsEndpoint, call: Callable[[], object]
    ) -> None:
        self.spoil(endpoint, AwsFault("ValidationException", "The provided model identifier is invalid.", status=400))
        error = self.failed(call)
        assert (error.code, self.asked(endpoint)) == ("model-unknown", 1)
