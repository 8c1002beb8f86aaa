"""The way of a question, with every port faked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from services.access.models import Account, Role
from services.answers.asking import TITLE_CHARACTERS, AnswerService, AskingLimits
from services.answers.models import Answer, AnswerStatus, Band, Notice, NoticeKind, Origin
from services.errors import (
    AccessError,
    AppError,
    BackendTimeoutError,
    BackendUnavailableError,
    CapacityError,
    InputError,
    NotFoundError,
)
from services.knowledge.library import KnowledgeService
from services.knowledge.models import Snapshot, SnapshotStatus
from services.privacy.models import PersonalDataKind
from tests.answer_fakes import STRONG, WEAK, FakeAnswerGenerator, FakeDetector, FakeKnowledgeIndex, passage, retrieval
from tests.contract.knowledge_samples import LOADED_AT, publish, record_snapshot
from tests.fakes import FakeAnswerRepository, FakeClock, FakeEmbedder, FakeFiles
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT = "pharmacy"
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
BO = Account("bo", "Bo Lind", Role.AGENT, ("clinic",))
QUESTION = "What does reject 75 mean?"
BUSY_SECONDS = 0.01


@dataclass
class Desk:
    """An answer service on fakes, with one published snapshot."""

    knowledge: FakeKnowledgeRepository = field(default_factory=FakeKnowledgeRepository)
    index: FakeKnowledgeIndex = field(default_factory=FakeKnowledgeIndex)
    generator: FakeAnswerGenerator = field(default_factory=FakeAnswerGenerator)
    answers: FakeAnswerRepository = field(default_factory=FakeAnswerRepository)
    detector: FakeDetector = field(default_factory=FakeDetector)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        library = KnowledgeService(self.knowledge, self.index, FakeEmbedder(), FakeFiles(), max_file_bytes=1000)
        record_snapshot(self.knowledge, Snapshot(TENANT, 1, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
        publish(self.knowledge, TENANT, 1)
        self.service = AnswerService(
            library,
            self.index,
            self.generator,
            self.answers,
            self.detector,
            limits=AskingLimits(max_question_characters=500, max_concurrent=1, wait_seconds=BUSY_SECONDS),
            now=self.clock,
        )

    def ask(self, text: str = QUESTION, conversation_id: str | None = None, searched: str | None = None) -> Answer:
        self.clock.advance(minutes=1)
        return self.service.ask(ANA, TENANT, text, conversation_id=conversation_id, searched_question=searched)

    def only_stored(self) -> Answer:
        (answer,) = self.answers.answers.values()
        return answer

    def everything_that_left(self) -> str:
        """All that was stored, searched or sent to the generator."""
        conversations, answers = self.answers.conversations.values(), self.answers.answers.values()
        return f"{[*conversations]} {[*answers]} {self.index.searched} {self.generator.requests}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def kinds(answer: Answer) -> list[NoticeKind]:
    return [notice.kind for notice in answer.notices]


def test_covered_question_gets_a_draft_with_citations_and_is_kept(desk: Desk) -> None:
    answer = desk.ask()
    assert (answer.status, answer.band, answer.snapshot) == (AnswerStatus.DONE, Band.DRAFT, 1)
    assert (answer.backend, answer.origin) == ("fake", Origin.QUOTED)
    assert answer.citations
    assert answer.retrieval_ms is not None
    assert answer.total_ms is not None
    assert answer.total_ms >= answer.retrieval_ms
    assert desk.only_stored() == answer
    assert answer.notices == ()


def test_question_is_stored_before_the_work_begins(desk: Desk) -> None:
    seen: list[Answer] = []
    desk.generator.before = lambda: seen.append(desk.only_stored())
    desk.ask()
    assert [(item.status, item.question) for item in seen] == [(AnswerStatus.PENDING, QUESTION)]


def test_question_outside_the_knowledge_base_is_declined_without_citations(desk: Desk) -> None:
    desk.index.find = lambda _: retrieval(WEAK, passage("Something else."))
    answer = desk.ask("Who won the match?")
    assert answer.band is Band.NOT_FOUND
    assert (answer.text, answer.statements, answer.citations, answer.passages) == ("", (), (), ())
    assert desk.generator.requests == []


def test_draft_that_the_generator_takes_back_becomes_sources_only(desk: Desk) -> None:
    desk.generator.answered = False
    answer = desk.ask()
    assert (answer.band, answer.text, answer.citations) == (Band.SOURCES_ONLY, "", ())
    assert answer.passages


@pytest.mark.parametrize(
    "failure",
    [BackendTimeoutError("late"), BackendUnavailableError("away"), AppError("other", code="strange")],
    ids=lambda failure: failure.code,
)
def test_failed_backend_keeps_the_question_with_its_code(desk: Desk, failure: AppError) -> None:
    desk.generator.failure = failure
    with pytest.raises(AppError) as caught:
        desk.ask()
    assert caught.value is failure
    stored = desk.only_stored()
    assert (stored.status, stored.error_code, stored.question) == (AnswerStatus.FAILED, failure.code, QUESTION)


def test_failed_search_keeps_the_question_too(desk: Desk) -> None:
    desk.index.failure = BackendUnavailableError("away")
    with pytest.raises(BackendUnavailableError):
        desk.ask()
    assert desk.only_stored().error_code == "backend-unavailable"


def test_unexpected_error_keeps_the_question(desk: Desk) -> None:
    desk.generator.failure = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        desk.ask()
    assert (desk.only_stored().status, desk.only_stored().error_code) == (AnswerStatus.FAILED, "unexpected")


def test_retry_works_once_the_backend_is_back(desk: Desk) -> None:
    desk.generator.failure = BackendTimeoutError("late")
    with pytest.raises(BackendTimeoutError):
        desk.ask()
    desk.generator.failure = None
    answer = desk.service.retry(ANA, TENANT, desk.only_stored().id)
    assert (answer.status, answer.band, answer.error_code) == (AnswerStatus.DONE, Band.DRAFT, None)
    assert desk.only_stored() == answer


def test_retry_searches_again_with_the_knowledge_base_as_it_is_now(desk: Desk) -> None:
    before = desk.ask()
    record_snapshot(desk.knowledge, Snapshot(TENANT, 2, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
    publish(desk.knowledge, TENANT, 2)
    after = desk.service.retry(ANA, TENANT, before.id)
    assert (after.id, after.snapshot) == (before.id, 2)


def test_other_tenant_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    desk.ask()
    answer_id = desk.only_stored().id
    for account, tenant in ((BO, TENANT), (ANA, "clinic"), (replace(ANA, disabled=True), TENANT)):
        with pytest.raises(AccessError):
            desk.service.ask(account, tenant, QUESTION)
        with pytest.raises(AccessError):
            desk.service.retry(account, tenant, answer_id)
    assert len(desk.answers.answers) == 1


def test_conversation_of_somebody_else_is_not_found(desk: Desk) -> None:
    theirs = desk.ask().conversation_id
    colleague = replace(ANA, username="cy")
    with pytest.raises(NotFoundError):
        desk.service.ask(colleague, TENANT, QUESTION, conversation_id=theirs)
    with pytest.raises(NotFoundError):
        desk.service.retry(colleague, TENANT, desk.only_stored().id)
    assert len(desk.answers.answers) == 1


def test_tenant_without_a_published_snapshot_is_told_so(desk: Desk) -> None:
    account = replace(ANA, tenant_ids=("clinic",))
    with pytest.raises(NotFoundError) as caught:
        desk.service.ask(account, "clinic", QUESTION)
    assert caught.value.code == "nothing-published"
    assert desk.answers.answers == {}


@pytest.mark.parametrize(
    ("text", "searched"), [("🙂", None), ("why " * 200, None), (QUESTION, "?"), (QUESTION, "w" * 501)]
)
def test_unusable_question_is_refused_and_nothing_is_stored(desk: Desk, text: str, searched: str | None) -> None:
    with pytest.raises(InputError):
        desk.ask(text, searched=searched)
    assert desk.answers.answers == {}
    assert desk.answers.conversations == {}


def test_only_the_masked_question_is_stored_searched_and_sent(desk: Desk) -> None:
    desk.detector.secrets = {"Zora Quill": PersonalDataKind.NAME, "5550199": PersonalDataKind.PHONE}
    answer = desk.ask("Zora Quill at 5550199: what does reject 75 mean?", searched="reject 75 for Zora Quill")
    assert answer.question == "[name] at [phone number]: what does reject 75 mean?"
    assert answer.notices == (Notice(NoticeKind.MASKED, "1 name, 1 phone number"),)
    desk.ask("Zora Quill, what does reject 75 mean?")
    assert "Zora" not in desk.everything_that_left()
    assert "5550199" not in desk.everything_that_left()


def test_masked_question_stays_masked_when_the_backend_fails(desk: Desk) -> None:
    desk.detector.secrets = {"Zora": PersonalDataKind.NAME}
    desk.generator.failure = BackendTimeoutError("late")
    with pytest.raises(BackendTimeoutError):
        desk.ask("Zora asks what reject 75 means")
    assert "Zora" not in desk.everything_that_left()


def test_number_that_the_knowledge_base_holds_is_searched(desk: Desk) -> None:
    desk.index.public_text = "Call the help line at 1-800-555-0110."
    desk.detector.secrets = {"1-800-555-0110": PersonalDataKind.PHONE}
    assert desk.ask("who answers 1-800-555-0110").question == "who answers 1-800-555-0110"


def test_failing_detector_lets_nothing_through(desk: Desk) -> None:
    desk.detector.failure = BackendUnavailableError("away")
    with pytest.raises(BackendUnavailableError):
        desk.ask("Zora asks")
    assert "Zora" not in desk.everything_that_left()


def test_follow_up_is_searched_with_the_question_before_it(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    second = desk.ask("and overnight?", first.conversation_id)
    assert second.searched_question == "What does expedited shipping cost? and overnight?"
    assert kinds(second) == [NoticeKind.FOLLOW_UP]
    assert second.question == "and overnight?"
    assert desk.generator.requests[-1].focus == "and overnight?"


def test_full_question_is_searched_alone(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    assert desk.ask(QUESTION, first.conversation_id).searched_question == QUESTION


def test_follow_up_in_a_new_conversation_has_no_context(desk: Desk) -> None:
    desk.ask("What does expedited shipping cost?")
    assert desk.ask("and overnight?").searched_question == "and overnight?"


def test_failed_question_gives_no_context(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    desk.generator.failure = BackendTimeoutError("late")
    with pytest.raises(BackendTimeoutError):
        desk.ask("Where is the lost package form?", first.conversation_id)
    desk.generator.failure = None
    assert desk.ask("and overnight?", first.conversation_id).searched_question.startswith("What does expedited")


def test_retried_question_takes_the_context_it_had(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    second = desk.ask("and overnight?", first.conversation_id)
    desk.ask("How long do refunds take to arrive?", first.conversation_id)
    again = desk.service.retry(ANA, TENANT, second.id)
    assert again.searched_question == second.searched_question
    assert again.notices == second.notices


def test_agents_correction_is_what_is_searched(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    answer = desk.ask("and overnight?", first.conversation_id, searched="overnight delivery of insulin")
    assert answer.searched_question == "overnight delivery of insulin"
    assert answer.notices == ()
    assert desk.index.searched_texts()[-1] == "overnight delivery of insulin"
    assert desk.service.retry(ANA, TENANT, answer.id).searched_question == "overnight delivery of insulin"


def test_long_message_is_condensed_and_said_so(desk: Desk) -> None:
    story = "We looked at the shelf and at the label and found that nothing was wrong with it at all. " * 4
    answer = desk.ask(f"Hello! {story}What does reject 75 mean? Thank you!")
    assert kinds(answer) == [NoticeKind.CONDENSED]
    assert "What does reject 75 mean?" in answer.searched_question
    assert len(answer.searched_question) < len(answer.question)
    assert kinds(desk.service.retry(ANA, TENANT, answer.id)) == [NoticeKind.CONDENSED]


def hold_the_only_place(desk: Desk, call: Callable[[], None]) -> None:
    """Run the call while another question is being answered."""

    def once() -> None:
        desk.generator.before = lambda: None
        call()

    desk.generator.before = once
    desk.ask("What holds the only place?")


def test_over_capacity_the_question_is_kept_and_can_be_tried_again(desk: Desk) -> None:
    def refused() -> None:
        with pytest.raises(CapacityError) as caught:
            desk.ask()
        assert caught.value.retryable

    hold_the_only_place(desk, refused)
    (kept,) = [answer for answer in desk.answers.answers.values() if answer.question == QUESTION]
    assert (kept.status, kept.error_code) == (AnswerStatus.FAILED, "answers-busy")
    assert desk.service.retry(ANA, TENANT, kept.id).band is Band.DRAFT


def test_place_is_free_again_after_a_failure(desk: Desk) -> None:
    desk.generator.failure = BackendTimeoutError("late")
    for _ in range(3):
        with pytest.raises(BackendTimeoutError):
            desk.ask()
    desk.generator.failure = None
    assert desk.ask().band is Band.DRAFT


def test_other_language_never_gets_a_draft(desk: Desk) -> None:
    answer = desk.ask("¿Cuándo puedo recoger mi receta?")
    assert answer.band is Band.SOURCES_ONLY
    assert answer.notices == (Notice(NoticeKind.LANGUAGE, "Spanish"),)
    assert desk.generator.requests == []
    assert desk.service.retry(ANA, TENANT, answer.id).band is Band.SOURCES_ONLY


def test_other_language_behind_an_english_question_never_gets_a_draft_either(desk: Desk) -> None:
    first = desk.ask("What does expedited shipping cost?")
    follow_up = desk.ask("ok, y cuanto cuesta el envio de noche", first.conversation_id)
    assert follow_up.band is Band.SOURCES_ONLY
    assert desk.service.retry(ANA, TENANT, follow_up.id).band is Band.SOURCES_ONLY


def test_agents_translation_of_another_language_may_get_a_draft(desk: Desk) -> None:
    answer = desk.ask("¿Cuándo puedo recoger mi receta?", searched="When can I pick up my prescription?")
    assert (answer.band, answer.notices) == (Band.DRAFT, ())


def test_unknown_code_never_gets_a_draft(desk: Desk) -> None:
    unknown = replace(STRONG, missing_identifiers=("pa999",))
    desk.index.find = lambda _: retrieval(unknown, passage("About other codes."))
    answer = desk.ask("What is form PA-999?")
    assert answer.band is Band.SOURCES_ONLY
    assert answer.notices == (Notice(NoticeKind.UNKNOWN_CODE, "PA999"),)
    assert desk.generator.requests == []


def test_new_conversation_is_called_after_its_first_question(desk: Desk) -> None:
    answer = desk.ask("What  does\nreject 75 mean?")
    assert desk.answers.conversations[answer.conversation_id].title == "What does reject 75 mean?"
    long = desk.ask("Which form does the plan want, " * 6)
    title = desk.answers.conversations[long.conversation_id].title
    assert len(title) <= TITLE_CHARACTERS
    assert title.endswith("…")


def test_conversation_moves_up_with_every_question(desk: Desk) -> None:
    first = desk.ask()
    before = desk.answers.conversations[first.conversation_id]
    desk.ask("How long do refunds take?", first.conversation_id)
    after = desk.answers.conversations[first.conversation_id]
    assert after.updated_at > before.updated_at
    assert (after.title, after.created_at) == (before.title, before.created_at)


def test_pieces_of_the_draft_reach_the_listener(desk: Desk) -> None:
    pieces: list[str] = []
    answer = desk.service.ask(ANA, TENANT, QUESTION, on_delta=pieces.append)
    assert "".join(pieces) == answer.text


def test_answering_once_stores_nothing(desk: Desk) -> None:
    desk.detector.secrets = {"Zora": PersonalDataKind.NAME}
    answer = desk.service.answer_once(TENANT, "Zora asks what reject 75 means")
    assert (answer.band, answer.question) == (Band.DRAFT, "[name] asks what reject 75 means")
    assert (desk.answers.answers, desk.answers.conversations) == ({}, {})
