"""The fallback: another generator's draft, and who wrote it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.answers.fallback import GUARDRAIL_INTERVENED, FallbackAnswers
from services.answers.models import AnswerRequest, DeltaListener, Draft, Origin, Substitution
from services.backends.local.extractive_answers import ExtractiveAnswers
from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    InputError,
)
from services.ports.answers import AnswerGenerator
from tests.answer_fakes import FakeAnswerGenerator
from tests.contract.answer_generator import PASSAGES, AnswerGeneratorContract
from tests.fakes import FakeEmbedder

REQUEST = AnswerRequest("What does reject 75 mean?", PASSAGES)


class BreakingOff(FakeAnswerGenerator):
    """Says some words before it fails."""

    name = "bedrock"
    origin = Origin.GENERATED

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        if on_delta is not None:
            on_delta("Code 75 might")
        raise BackendUnavailableError("The connection broke off.", code="reply-lost")


def failing(failure: Exception) -> FakeAnswerGenerator:
    generator = FakeAnswerGenerator()
    generator.failure = failure
    return generator


class TestFallbackThatIsNotNeeded(AnswerGeneratorContract):
    @pytest.fixture
    def generator(self) -> AnswerGenerator:
        return FallbackAnswers(FakeAnswerGenerator(), ExtractiveAnswers(FakeEmbedder()))

    def test_draft_is_the_one_that_was_asked_for(self, generator: AnswerGenerator) -> None:
        assert generator.generate(REQUEST) == FakeAnswerGenerator().generate(REQUEST)
        assert (generator.name, generator.origin) == ("fake", Origin.QUOTED)


class TestFallbackThatSteppedIn(AnswerGeneratorContract):
    @pytest.fixture
    def generator(self) -> AnswerGenerator:
        return FallbackAnswers(failing(BackendTimeoutError("No answer.")), ExtractiveAnswers(FakeEmbedder()))


@pytest.mark.parametrize(
    "failure",
    [
        BackendUnavailableError("a"),
        BackendTimeoutError("a"),
        BackendThrottledError("a", code="aws-throttled"),
        BackendMisconfiguredError("a", code="model-end-of-life"),
        BackendRejectedError("a", code="content-filtered"),
    ],
)
def test_any_failure_of_the_backend_leads_to_the_other_draft_with_its_reason(
    failure: BackendUnavailableError,
) -> None:
    substitute = ExtractiveAnswers(FakeEmbedder())
    draft = FallbackAnswers(failing(failure), substitute).generate(REQUEST)
    assert draft.substitution == Substitution("extractive", Origin.QUOTED, "fake", failure.code)
    assert replace(draft, substitution=None) == substitute.generate(REQUEST)


def test_draft_that_broke_off_is_not_continued_with_the_words_of_another() -> None:
    arrived: list[str] = []
    draft = FallbackAnswers(BreakingOff(), ExtractiveAnswers(FakeEmbedder())).generate(REQUEST, arrived.append)
    assert arrived == ["Code 75 might"]
    assert "might" not in draft.text
    assert draft.citations


def test_what_the_guardrail_stopped_is_answered_by_nobody() -> None:
    stopped = BackendRejectedError("Stopped.", code=GUARDRAIL_INTERVENED)
    with pytest.raises(BackendRejectedError) as caught:
        FallbackAnswers(failing(stopped), FakeAnswerGenerator()).generate(REQUEST)
    assert caught.value is stopped


def test_mistake_of_the_person_is_no_reason_to_fall_back() -> None:
    with pytest.raises(InputError):
        FallbackAnswers(failing(InputError("Too long.")), FakeAnswerGenerator()).generate(REQUEST)


def test_when_both_fail_the_first_reason_is_told() -> None:
    first, second = BackendThrottledError("first"), BackendUnavailableError("second")
    with pytest.raises(BackendThrottledError) as caught:
        FallbackAnswers(failing(first), failing(second)).generate(REQUEST)
    assert caught.value is first


class NotReady(FakeAnswerGenerator):
    def check_ready(self) -> None:
        raise BackendUnavailableError("Not there.")


def test_administrators_see_that_the_backend_is_not_ready_and_the_web_serves_on() -> None:
    generator = FallbackAnswers(NotReady(), FakeAnswerGenerator())
    with pytest.raises(BackendUnavailableError):
        generator.check_ready()
    assert not generator.essential
