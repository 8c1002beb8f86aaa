"""What every UsageRepository holds; a test class for one adapter inherits it and gives the fixtures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.answers.models import Answer, Rating
from services.ports.answers import AnswerRepository
from services.ports.usage import UsageRepository
from services.usage.models import AnswerFact
from tests.contract.answer_repository import (
    OTHER_TENANT,
    OTHER_USERNAME,
    START,
    TENANT,
    answer,
    conversation,
    full_answer,
)

DAY = timedelta(days=1)


class UsageRepositoryContract:
    """Give the fixtures ``usage`` and ``answers``: what the second keeps, the first counts."""

    def keep(self, answers: AnswerRepository, *kept: Answer) -> None:
        answers.save_conversation(conversation())
        for one in kept:
            answers.save_answer(one)

    def test_facts_hold_what_happened_and_no_words(self, usage: UsageRepository, answers: AnswerRepository) -> None:
        kept = replace(full_answer(), edited_text="Better.", copied_at=START + DAY, rating=Rating.DOWN, total_ms=80.0)
        self.keep(answers, kept)
        (fact,) = usage.answer_facts(TENANT, START, START + DAY)
        assert fact == AnswerFact(
            asked_at=kept.asked_at,
            band="draft",
            total_ms=80.0,
            rating="down",
            edited=True,
            copied_at=START + DAY,
            escalated=kept.escalated_at is not None,
            document_ids=("a.md",),
        )

    def test_unfinished_answer_has_no_band_and_no_documents(
        self, usage: UsageRepository, answers: AnswerRepository
    ) -> None:
        self.keep(answers, answer())
        (fact,) = usage.answer_facts(TENANT, START, START + DAY)
        assert (fact.band, fact.total_ms, fact.document_ids, fact.edited) == (None, None, (), False)

    def test_answers_of_all_agents_are_counted_and_of_no_other_tenant(
        self, usage: UsageRepository, answers: AnswerRepository
    ) -> None:
        self.keep(answers, answer(1))
        answers.save_conversation(conversation(2, username=OTHER_USERNAME))
        answers.save_answer(answer(2, conversation_id="c2", username=OTHER_USERNAME))
        answers.save_conversation(conversation(3, tenant_id=OTHER_TENANT))
        answers.save_answer(answer(3, conversation_id="c3", tenant_id=OTHER_TENANT))
        assert len(list(usage.answer_facts(TENANT, START, START + DAY))) == 2
        assert len(list(usage.answer_facts(OTHER_TENANT, START, START + DAY))) == 1

    def test_period_includes_its_beginning_and_not_its_end(
        self, usage: UsageRepository, answers: AnswerRepository
    ) -> None:
        self.keep(answers, *(answer(number, asked_at=START + number * DAY) for number in range(3)))
        facts = usage.answer_facts(TENANT, START, START + 2 * DAY)
        assert [fact.asked_at for fact in facts] == [START, START + DAY]

    def test_many_answers_of_one_moment_are_each_counted_once(
        self, usage: UsageRepository, answers: AnswerRepository
    ) -> None:
        self.keep(answers, *(answer(number, asked_at=START) for number in range(25)))
        assert len(list(usage.answer_facts(TENANT, START, START + DAY))) == 25
