"""What an agent may do with an answer afterwards, and for whom it stays closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from services.access.models import Account, Role
from services.answers.history import LONGEST_COMMENT_CHARACTERS, LONGEST_EDIT_CHARACTERS, AnswerHistory, RatingReason
from services.answers.models import Answer, AnswerStatus, Band, Conversation, Rating
from services.errors import AccessError, InputError, NotFoundError
from tests.fakes import FakeAnswerRepository, FakeClock

TENANT = "pharmacy"
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
BO = Account("bo", "Bo Lind", Role.AGENT, (TENANT, "clinic"))
DRAFT = "Code 75 means that the plan requires prior authorization."


@dataclass
class Kept:
    """One conversation of Ana with one finished answer, "a1"."""

    history: AnswerHistory
    repository: FakeAnswerRepository
    clock: FakeClock

    def stored(self) -> Answer:
        return self.repository.answers["a1"]


@pytest.fixture
def kept() -> Kept:
    repository, clock = FakeAnswerRepository(), FakeClock()
    at = clock()
    repository.save_conversation(Conversation("c1", TENANT, "ana", "Claim rejected with 75", at, at))
    repository.save_answer(
        Answer("a1", "c1", TENANT, "ana", at, AnswerStatus.DONE, "Claim rejected with 75", band=Band.DRAFT, text=DRAFT)
    )
    clock.advance(minutes=1)
    return Kept(AnswerHistory(repository, now=clock), repository, clock)


def test_edit_stands_beside_the_draft(kept: Kept) -> None:
    kept.history.save_edit(ANA, TENANT, "a1", "It needs a prior authorization.")
    stored = kept.stored()
    assert (stored.text, stored.edited_text) == (DRAFT, "It needs a prior authorization.")
    assert stored.edited_at == kept.clock()
    assert stored.current_text == "It needs a prior authorization."


def test_editing_back_to_the_draft_clears_the_edit(kept: Kept) -> None:
    kept.history.save_edit(ANA, TENANT, "a1", "Something else")
    kept.history.save_edit(ANA, TENANT, "a1", f"  {DRAFT}\n")
    assert (kept.stored().edited_text, kept.stored().edited_at) == (None, None)


def test_edit_that_is_too_long_is_refused_and_changes_nothing(kept: Kept) -> None:
    with pytest.raises(InputError, match="longer than 20,000"):
        kept.history.save_edit(ANA, TENANT, "a1", "x" * (LONGEST_EDIT_CHARACTERS + 1))
    assert kept.stored().edited_text is None


def test_copy_keeps_the_text_that_was_taken_over(kept: Kept) -> None:
    kept.history.record_copy(ANA, TENANT, "a1", DRAFT)
    kept.history.save_edit(ANA, TENANT, "a1", "Changed afterwards")
    assert (kept.stored().copied_text, kept.stored().copied_at) == (DRAFT, kept.clock())


def test_rating_down_keeps_reason_and_comment(kept: Kept) -> None:
    kept.history.rate(ANA, TENANT, "a1", Rating.DOWN, reason=RatingReason.OUTDATED, comment=" changed in May ")
    stored = kept.stored()
    assert (stored.rating, stored.rating_reason, stored.rating_comment) == (Rating.DOWN, "outdated", "changed in May")
    assert stored.rated_at == kept.clock()


def test_rating_can_be_changed_and_loses_what_no_longer_fits(kept: Kept) -> None:
    kept.history.rate(ANA, TENANT, "a1", Rating.DOWN, reason=RatingReason.WRONG, comment="no")
    kept.history.rate(ANA, TENANT, "a1", Rating.UP)
    stored = kept.stored()
    assert (stored.rating, stored.rating_reason, stored.rating_comment) == (Rating.UP, None, None)


def test_rating_can_be_taken_back(kept: Kept) -> None:
    kept.history.rate(ANA, TENANT, "a1", Rating.UP)
    kept.history.rate(ANA, TENANT, "a1", None)
    assert (kept.stored().rating, kept.stored().rated_at) == (None, None)


def test_star_can_be_set_and_taken_back(kept: Kept) -> None:
    kept.history.star(ANA, TENANT, "a1")
    assert [answer.id for answer in kept.history.starred(ANA, TENANT)] == ["a1"]
    kept.history.star(ANA, TENANT, "a1", starred=False)
    assert kept.history.starred(ANA, TENANT) == []


def test_question_goes_to_the_knowledge_team_with_a_note(kept: Kept) -> None:
    kept.history.escalate(ANA, TENANT, "a1", "  The patient asked twice. ")
    assert (kept.stored().escalated_at, kept.stored().escalation_note) == (kept.clock(), "The patient asked twice.")


@pytest.mark.parametrize("length", [LONGEST_COMMENT_CHARACTERS + 1])
def test_comment_and_note_have_a_longest_length(kept: Kept, length: int) -> None:
    with pytest.raises(InputError):
        kept.history.rate(ANA, TENANT, "a1", Rating.DOWN, comment="x" * length)
    with pytest.raises(InputError):
        kept.history.escalate(ANA, TENANT, "a1", "x" * length)
    assert kept.stored().rating is None


@pytest.mark.parametrize("status", [AnswerStatus.PENDING, AnswerStatus.FAILED])
def test_answer_that_is_not_there_cannot_be_edited_copied_or_rated(kept: Kept, status: AnswerStatus) -> None:
    kept.repository.save_answer(replace(kept.stored(), status=status))
    actions: list[Callable[[], object]] = [
        lambda: kept.history.save_edit(ANA, TENANT, "a1", "text"),
        lambda: kept.history.record_copy(ANA, TENANT, "a1", "text"),
        lambda: kept.history.rate(ANA, TENANT, "a1", Rating.UP),
        lambda: kept.history.escalate(ANA, TENANT, "a1"),
    ]
    for action in actions:
        with pytest.raises(InputError, match="no answer to this question yet"):
            action()


def test_search_for_no_words_finds_nothing(kept: Kept) -> None:
    assert kept.history.search(ANA, TENANT, "  ") == []
    assert [answer.id for answer in kept.history.search(ANA, TENANT, "REJECTED 75")] == ["a1"]


def test_conversations_and_their_answers_are_listed(kept: Kept) -> None:
    assert [item.id for item in kept.history.recent_conversations(ANA, TENANT)] == ["c1"]
    assert kept.history.conversation(ANA, TENANT, "c1").title == "Claim rejected with 75"
    assert [item.id for item in kept.history.answers(ANA, TENANT, "c1")] == ["a1"]


def test_another_account_of_the_same_tenant_finds_nothing(kept: Kept) -> None:
    with pytest.raises(NotFoundError):
        kept.history.conversation(BO, TENANT, "c1")
    with pytest.raises(NotFoundError):
        kept.history.rate(BO, TENANT, "a1", Rating.UP)
    assert kept.history.answers(BO, TENANT, "c1") == []
    assert kept.history.recent_conversations(BO, TENANT) == []


def test_account_outside_the_tenant_is_refused(kept: Kept) -> None:
    reads: list[Callable[[], object]] = [
        lambda: kept.history.conversation(ANA, "clinic", "c1"),
        lambda: kept.history.answers(ANA, "clinic", "c1"),
        lambda: kept.history.recent_conversations(ANA, "clinic"),
        lambda: kept.history.starred(ANA, "clinic"),
        lambda: kept.history.search(ANA, "clinic", "75"),
        lambda: kept.history.star(ANA, "clinic", "a1"),
    ]
    for read in reads:
        with pytest.raises(AccessError):
            read()
