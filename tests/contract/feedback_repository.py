"""What every FeedbackRepository holds; a test class for one adapter inherits it and gives the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.answers.feedback_models import CaseRecord, CaseState, FeedbackKind
from services.answers.models import Answer, AnswerStatus, Band, Rating
from services.errors import ConflictError, NotFoundError
from services.ports.feedback import FeedbackRepository
from tests.contract.answer_repository import OTHER_TENANT, OTHER_USERNAME, START, TENANT, answer, full_answer

SaveAnswers = Callable[..., None]
"""Keeps answers as the answer repository does, each in a conversation of its own account and tenant."""

MINUTE = timedelta(minutes=1)


def finished(number: int, **changes: object) -> Answer:
    """A finished answer with a draft that nobody judged."""
    made = replace(answer(number), status=AnswerStatus.DONE, band=Band.DRAFT, text="It means PA.")
    return replace(made, **changes)  # type: ignore[arg-type]


def rated_down(number: int, **changes: object) -> Answer:
    """A finished answer that was rated down a minute after it was asked."""
    asked_at = answer(number).asked_at
    return finished(number, **{"rating": Rating.DOWN, "rated_at": asked_at + MINUTE, **changes})


class FeedbackRepositoryContract:
    """Give fixtures ``repository``, which knows both tenants and accounts, and ``save_answers``."""

    def test_bad_missing_and_reported_answers_are_cases(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        reported = finished(3, escalated_at=START + timedelta(hours=1))
        save_answers(rated_down(1), finished(2, band=Band.NOT_FOUND), reported, finished(4))
        cases = repository.list_cases(TENANT, since=START, limit=9)
        assert [(case.answer_id, set(case.kinds)) for case in cases] == [
            ("a3", {FeedbackKind.ESCALATED}),
            ("a2", {FeedbackKind.UNANSWERED}),
            ("a1", {FeedbackKind.RATED_DOWN}),
        ]
        assert cases[0].reported_at == START + timedelta(hours=1)
        assert cases[2].reported_at == START + 2 * MINUTE
        assert all(case.record == CaseRecord(TENANT, case.answer_id) for case in cases)

    def test_one_answer_may_be_reported_for_several_reasons(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(rated_down(1, band=Band.NOT_FOUND, escalated_at=START + 5 * MINUTE))
        (case,) = repository.list_cases(TENANT, since=START, limit=9)
        assert case.kinds == frozenset(FeedbackKind)
        assert case == repository.get_case(TENANT, "a1")
        assert (case.question, case.searched_question, case.username) == ("Question 1", "", "ana.reyes")

    def test_rating_that_is_taken_back_takes_the_case_back(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(rated_down(1))
        save_answers(rated_down(1, rating=Rating.UP))
        assert not repository.list_cases(TENANT, since=START, limit=9)
        with pytest.raises(NotFoundError):
            repository.get_case(TENANT, "a1")

    def test_unfinished_answer_is_no_case(self, repository: FeedbackRepository, save_answers: SaveAnswers) -> None:
        save_answers(rated_down(1, status=AnswerStatus.FAILED))
        assert not repository.list_cases(TENANT, since=START, limit=9)

    def test_old_answer_that_is_reported_now_is_listed(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        later = START + timedelta(days=40)
        save_answers(finished(1, escalated_at=later), rated_down(2, rated_at=later), finished(3, band=Band.NOT_FOUND))
        listed = repository.list_cases(TENANT, since=START + timedelta(days=30), limit=9)
        assert {case.answer_id for case in listed} == {"a1", "a2"}

    def test_only_the_latest_reports_are_listed(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(*(rated_down(number) for number in (2, 1, 3)))
        assert [case.answer_id for case in repository.list_cases(TENANT, since=START, limit=2)] == ["a3", "a2"]

    def test_record_comes_back_as_it_was_saved_with_the_next_revision(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(rated_down(1), rated_down(2))
        record = CaseRecord(
            TENANT, "a1", CaseState.RESOLVED, "grace.lin", "Fixed.", "a.md", 4, 14, START, "grace.lin", START, "bo"
        )
        repository.save_records([record, CaseRecord(TENANT, "a2", CaseState.DISMISSED)])
        assert repository.get_case(TENANT, "a1").record == replace(record, revision=1)
        again = CaseRecord(TENANT, "a1", revision=1)
        repository.save_records([again])
        assert repository.get_case(TENANT, "a1").record == replace(again, revision=2)
        assert repository.list_cases(TENANT, since=START, limit=1)[0].record.state is CaseState.DISMISSED

    @pytest.mark.parametrize("stale", [0, 5])
    def test_of_two_people_who_act_at_once_the_second_is_refused_as_a_whole(
        self, repository: FeedbackRepository, save_answers: SaveAnswers, stale: int
    ) -> None:
        save_answers(rated_down(1), rated_down(2))
        repository.save_records([CaseRecord(TENANT, "a1", CaseState.DISMISSED)])
        with pytest.raises(ConflictError):
            repository.save_records([CaseRecord(TENANT, "a2"), CaseRecord(TENANT, "a1", revision=stale)])
        assert repository.get_case(TENANT, "a1").record.state is CaseState.DISMISSED
        assert repository.get_case(TENANT, "a2").record.revision == 0

    def test_nothing_is_shown_or_changed_across_tenants(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(rated_down(1))
        assert not repository.list_cases(OTHER_TENANT, since=START, limit=9)
        assert not repository.get_answers(OTHER_TENANT, ["a1"])
        assert not list(repository.judged_answers(OTHER_TENANT))
        with pytest.raises(NotFoundError):
            repository.get_case(OTHER_TENANT, "a1")
        with pytest.raises(NotFoundError):
            repository.save_records([CaseRecord(OTHER_TENANT, "a1")])
        with pytest.raises(NotFoundError):
            repository.save_records([CaseRecord(TENANT, "none")])

    def test_answers_of_all_accounts_come_whole_and_newest_first(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        theirs = rated_down(2, username=OTHER_USERNAME, conversation_id="c2")
        save_answers(full_answer(), theirs)
        assert repository.get_answers(TENANT, ["a1", "none", "a2"]) == [theirs, full_answer()]
        assert repository.get_answers(TENANT, []) == []

    def test_judged_answers_come_oldest_first_with_their_records(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        save_answers(
            finished(4, rating=Rating.UP),
            finished(1, copied_text="Sent"),
            finished(2, edited_text="Edited"),
            finished(3),
            finished(5, escalated_at=START + timedelta(days=1)),
        )
        repository.save_records([CaseRecord(TENANT, "a5", document_id="curated/1")])
        judged = list(repository.judged_answers(TENANT))
        assert [item.answer.id for item in judged] == ["a1", "a2", "a4", "a5"]
        assert judged[0].record == CaseRecord(TENANT, "a1")
        assert judged[3].record.document_id == "curated/1"
        since = START + 3 * MINUTE
        assert [item.answer.id for item in repository.judged_answers(TENANT, since=since)] == ["a4", "a5"]

    def test_judged_answers_come_once_each_however_many(
        self, repository: FeedbackRepository, save_answers: SaveAnswers
    ) -> None:
        # All asked at the same moment: what comes next must not hang on the time alone.
        save_answers(*(rated_down(number, asked_at=START, rated_at=START) for number in range(450)))
        ids = [item.answer.id for item in repository.judged_answers(TENANT)]
        assert sorted(ids) == sorted({f"a{number}" for number in range(450)})
