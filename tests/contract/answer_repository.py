"""What every AnswerRepository holds; a test class for one adapter inherits it and gives the fixture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.answers.models import (
    Answer,
    AnswerStatus,
    Band,
    Citation,
    Conversation,
    Notice,
    NoticeKind,
    Origin,
    Rating,
    Statement,
)
from services.errors import ConflictError, NotFoundError
from services.knowledge.models import Evidence, Passage, SearchType
from services.ports.answers import AnswerRepository

TENANT, OTHER_TENANT = "pharmacy", "clinic"
USERNAME, OTHER_USERNAME = "ana.reyes", "grace.lin"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def conversation(number: int = 1, **changes: object) -> Conversation:
    """A conversation; a higher number is a later one."""
    at = START + timedelta(hours=number)
    made = Conversation(f"c{number}", TENANT, USERNAME, f"Question {number}", at, at)
    return replace(made, **changes)  # type: ignore[arg-type]


def answer(number: int = 1, **changes: object) -> Answer:
    """A pending answer of conversation 1; a higher number was asked later."""
    made = Answer(
        f"a{number}",
        "c1",
        TENANT,
        USERNAME,
        START + timedelta(minutes=number),
        AnswerStatus.PENDING,
        f"Question {number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def full_answer() -> Answer:
    """An answer with every field set."""
    citation = Citation("a.md", 3, "Codes", None, "75", 2, "means PA", 10, 18, 0.9)
    passage = Passage("a.md", 3, "a.md#0", "Codes", "https://kb/a", "75", 2, "It means PA.", 7, 19, 0.9, 0.8, 1.0)
    return answer(
        status=AnswerStatus.DONE,
        searched_question="What is code 75?",
        search_type=SearchType.SEMANTIC,
        notices=(Notice(NoticeKind.MASKED, "2 phone numbers"), Notice(NoticeKind.CONDENSED)),
        band=Band.DRAFT,
        text="It means PA.",
        statements=(Statement("It means PA.", (1, 2)), Statement("Says who?", ())),
        citations=(citation,),
        passages=(passage,),
        evidence=Evidence(0.8, 0.5, missing_identifiers=("PA-100",)),
        snapshot=14,
        backend="extractive",
        origin=Origin.QUOTED,
        retrieval_ms=12.5,
        total_ms=20.0,
        error_code="backend-timeout",
        edited_text="It means prior authorization.",
        edited_at=START,
        copied_at=START,
        copied_text="It means prior authorization.",
        rating=Rating.DOWN,
        rating_reason="unclear",
        rating_comment="Which form?",
        rated_at=START,
        starred=True,
        escalated_at=START,
        escalation_note="Please add",
    )


class AnswerRepositoryContract:
    """Give a fixture ``repository`` that is empty and knows both tenants and both accounts."""

    def test_conversation_comes_back_as_it_was_saved(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        renamed = conversation(title="Another title", updated_at=START + timedelta(days=1))
        repository.save_conversation(renamed)
        assert repository.get_conversation(TENANT, USERNAME, "c1") == renamed

    def test_answer_comes_back_as_it_was_saved(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(answer())
        assert repository.get_answer(TENANT, USERNAME, "a1") == answer()
        repository.save_answer(full_answer())
        assert repository.get_answer(TENANT, USERNAME, "a1") == full_answer()

    def test_taken_back_values_are_gone(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(full_answer())
        repository.save_answer(answer())
        assert repository.get_answer(TENANT, USERNAME, "a1") == answer()

    def test_conversations_come_newest_first_and_limited(self, repository: AnswerRepository) -> None:
        for number in (2, 3, 1):
            repository.save_conversation(conversation(number))
        listed = repository.list_conversations(TENANT, USERNAME, limit=2)
        assert [item.id for item in listed] == ["c3", "c2"]

    def test_answers_of_a_conversation_come_oldest_first(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_conversation(conversation(2))
        for number in (2, 1):
            repository.save_answer(answer(number))
        repository.save_answer(answer(3, conversation_id="c2"))
        assert [item.id for item in repository.list_answers(TENANT, USERNAME, "c1")] == ["a1", "a2"]

    def test_starred_answers_come_newest_first_and_limited(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        for number in (1, 2, 3, 4):
            repository.save_answer(answer(number, starred=number != 4))
        assert [item.id for item in repository.list_starred(TENANT, USERNAME, limit=2)] == ["a3", "a2"]

    def test_search_needs_every_word_in_any_case(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(answer(1, question="Claim rejected with 75"))
        repository.save_answer(answer(2, question="What now?", text="The CLAIM needs a form."))
        repository.save_answer(answer(3, question="What now?", edited_text="Ask for the claim number."))

        def found(words: str) -> list[str]:
            return [item.id for item in repository.search_answers(TENANT, USERNAME, words, limit=9)]

        assert found("claim") == ["a3", "a2", "a1"]
        assert found("75 Claim") == ["a1"]
        assert found("form now") == ["a2"]
        assert found("nowhere claim") == []

    def test_signs_of_a_pattern_language_are_searched_as_themselves(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(answer(1, question="What does 100% mean?"))
        repository.save_answer(answer(2, question="What does 1000 mean?"))
        assert [item.id for item in repository.search_answers(TENANT, USERNAME, "100%", limit=9)] == ["a1"]
        assert not repository.search_answers(TENANT, USERNAME, "W_at", limit=9)

    @pytest.mark.parametrize(("tenant", "username"), [(OTHER_TENANT, USERNAME), (TENANT, OTHER_USERNAME)])
    def test_nothing_is_shown_to_another_tenant_or_account(
        self, repository: AnswerRepository, tenant: str, username: str
    ) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(answer(starred=True))
        with pytest.raises(NotFoundError):
            repository.get_conversation(tenant, username, "c1")
        with pytest.raises(NotFoundError):
            repository.get_answer(tenant, username, "a1")
        assert not repository.list_conversations(tenant, username, limit=9)
        assert not repository.list_answers(tenant, username, "c1")
        assert not repository.list_starred(tenant, username, limit=9)
        assert not repository.search_answers(tenant, username, "Question", limit=9)

    def test_nobody_writes_over_what_belongs_to_somebody_else(self, repository: AnswerRepository) -> None:
        repository.save_conversation(conversation())
        repository.save_answer(answer())
        with pytest.raises(ConflictError):
            repository.save_conversation(conversation(username=OTHER_USERNAME))
        with pytest.raises(ConflictError):
            repository.save_answer(answer(username=OTHER_USERNAME))
        with pytest.raises(NotFoundError):
            repository.save_answer(answer(2, username=OTHER_USERNAME))
        assert repository.get_answer(TENANT, USERNAME, "a1") == answer()

    def test_unknown_ids_are_not_found(self, repository: AnswerRepository) -> None:
        with pytest.raises(NotFoundError):
            repository.get_conversation(TENANT, USERNAME, "none")
        with pytest.raises(NotFoundError):
            repository.get_answer(TENANT, USERNAME, "none")
        with pytest.raises(NotFoundError):
            repository.save_answer(answer(conversation_id="none"))
