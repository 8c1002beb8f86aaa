"""The knowledge team's queue: what is in it, how it is grouped, and what acting on it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from services.access.models import Account, Credentials, Role
from services.answers.feedback import LONGEST_OUTCOME_CHARACTERS, FeedbackService
from services.answers.feedback_models import (
    CaseState,
    CloseReason,
    FeedbackFilter,
    FeedbackKind,
    FeedbackOverview,
)
from services.answers.models import Answer, AnswerStatus, Band, Rating
from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.knowledge.models import Snapshot, SnapshotStatus
from services.privacy.audit import AuditTrail
from tests.contract.knowledge_samples import LOADED_AT, REJECTS
from tests.fakes import FakeAccounts, FakeAuditRepository, FakeClock, FakeEmbedder
from tests.feedback_fakes import FakeFeedbackRepository
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT, OTHER_TENANT = "pharmacy", "clinic"
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
HUGO = Account("hugo", "Hugo Bay", Role.ADMIN, (TENANT, OTHER_TENANT))
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
THEIRS = Account("kim", "Kim Ode", Role.ADMIN, (OTHER_TENANT,))
GONE = Account("lea", "Lea Om", Role.ADMIN, (TENANT,), disabled=True)
CODE = ("what does reject code 75 mean", "reject code 75 what does it mean")
ALL = FeedbackFilter(states=frozenset())


@dataclass
class Queue:
    """The service and the fakes to look into; the clock stands at the time when documents are loaded."""

    service: FeedbackService
    repository: FakeFeedbackRepository
    knowledge: FakeKnowledgeRepository
    embedder: FakeEmbedder
    audit: FakeAuditRepository
    clock: FakeClock

    def ask(self, answer_id: str, question: str, *, days_ago: float = 0, **changes: object) -> None:
        """Keep an answer that was rated down when it was asked."""
        at = self.clock() - timedelta(days=days_ago)
        answer = Answer(
            answer_id, "c", TENANT, "ana", at, AnswerStatus.DONE, question, band=Band.DRAFT, rating=Rating.DOWN
        )
        self.repository.answers[answer_id] = replace(answer, rated_at=at, **changes)  # type: ignore[arg-type]

    def overview(self, chosen: FeedbackFilter = ALL) -> FeedbackOverview:
        return self.service.overview(GRACE, TENANT, chosen)

    def state_of(self, answer_id: str) -> CaseState:
        cases = [case for cluster in self.overview().clusters for case in cluster.cases]
        return next(case.state for case in cases if case.answer_id == answer_id)

    def publish(self, number: int, *, minutes_after_loading: int) -> None:
        """Publish a snapshot that was built so many minutes after the documents were loaded."""
        at = LOADED_AT + timedelta(minutes=minutes_after_loading)
        made = Snapshot(TENANT, number, SnapshotStatus.BUILDING, at, 1, 1, "fake")
        reserved = self.knowledge.reserve_snapshot(made, build_id=str(number))
        assert reserved.number == number
        self.knowledge.complete_snapshot(reserved)
        self.knowledge.publish(TENANT, number, at=at)


@pytest.fixture
def queue() -> Queue:
    repository, knowledge, accounts = FakeFeedbackRepository(), FakeKnowledgeRepository(), FakeAccounts()
    embedder, audit, clock = FakeEmbedder(), FakeAuditRepository(), FakeClock(LOADED_AT)
    for account in (GRACE, HUGO, ANA, THEIRS, GONE):
        accounts.credentials[account.username] = Credentials(account, "", 0)
    knowledge.save_documents(TENANT, [REJECTS])
    service = FeedbackService(repository, knowledge, accounts, embedder.embed, AuditTrail(audit, now=clock), now=clock)
    return Queue(service, repository, knowledge, embedder, audit, clock)


def test_questions_that_mean_the_same_are_one_cluster_the_most_frequent_first(queue: Queue) -> None:
    queue.ask("b1", "who signs the visitor book")
    queue.ask("a1", CODE[0], days_ago=2)
    queue.ask("a2", CODE[1], days_ago=1, escalated_at=queue.clock())
    overview = queue.overview()
    assert [[case.answer_id for case in cluster.cases] for cluster in overview.clusters] == [["a2", "a1"], ["b1"]]
    first = overview.clusters[0]
    assert first.question in CODE
    assert first.kinds == {FeedbackKind.RATED_DOWN: 2, FeedbackKind.ESCALATED: 1}
    assert first.newest_at == queue.clock()
    assert (first.id, first.member_ids) == ("a1", ("a1", "a2"))
    assert (overview.case_count, overview.cut_off) == (3, False)


def test_empty_queue_needs_no_model(queue: Queue) -> None:
    assert queue.overview() == FeedbackOverview((), 0)
    assert queue.embedder.embedded == []


def test_trend_compares_this_week_with_the_one_before_whatever_the_period(queue: Queue) -> None:
    for number, days in enumerate((1, 3, 8, 20)):
        queue.ask(f"a{number}", CODE[0], days_ago=days)
    (cluster,) = queue.overview(replace(ALL, days=7)).clusters
    assert (len(cluster.cases), cluster.this_week, cluster.week_before) == (2, 2, 1)
    (cluster,) = queue.overview(replace(ALL, days=30)).clusters
    assert len(cluster.cases) == 4


def test_filters_choose_cases_and_leave_the_groups_alone(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.ask("a2", CODE[1], rating=None, band=Band.NOT_FOUND)
    (cluster,) = queue.overview(replace(ALL, kinds=frozenset({FeedbackKind.UNANSWERED}))).clusters
    assert [case.answer_id for case in cluster.cases] == ["a2"]
    assert set(cluster.member_ids) == {"a1", "a2"}
    queue.service.assign(GRACE, TENANT, cluster.cases, "hugo")
    (mine,) = queue.overview(replace(ALL, assigned_to="hugo")).clusters
    assert [case.answer_id for case in mine.cases] == ["a2"]
    assert queue.overview(replace(ALL, assigned_to="grace")).clusters == ()


def test_assigning_keeps_the_state_and_knows_who_may_take_it(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    (cluster,) = queue.overview().clusters
    assert [account.username for account in queue.service.assignees(GRACE, TENANT)] == ["grace", "hugo"]
    for username in ("ana", "kim", "lea", "nobody"):
        with pytest.raises(InputError):
            queue.service.assign(GRACE, TENANT, cluster.cases, username)
    queue.service.assign(GRACE, TENANT, cluster.cases, "hugo")
    (cluster,) = queue.overview().clusters
    assert (cluster.state, cluster.assignees) == (CaseState.OPEN, ("hugo",))
    queue.service.assign(GRACE, TENANT, cluster.cases, None)
    assert queue.overview().clusters[0].assignees == ()


def test_dismissed_cases_leave_the_queue_and_say_why_to_the_agent(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    (cluster,) = queue.overview().clusters
    queue.service.close(GRACE, TENANT, cluster.cases, CloseReason.ANSWER_RIGHT, "See section 3.")
    assert queue.overview(FeedbackFilter()).clusters == ()
    assert queue.state_of("a1") is CaseState.DISMISSED
    outcome = queue.service.outcome_of(ANA, TENANT, "a1")
    assert outcome is not None
    assert (outcome.state, outcome.words) == (
        CaseState.DISMISSED,
        "The answer is right as it stands. See section 3.",
    )
    record = queue.repository.records["a1"]
    assert (record.resolved_at, record.resolved_by, record.changed_by) == (queue.clock(), "grace", "grace")


def test_what_was_fixed_already_is_resolved(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.ALREADY_FIXED)
    assert queue.state_of("a1") is CaseState.RESOLVED


@pytest.mark.parametrize("comment", ["  ", "x" * (LONGEST_OUTCOME_CHARACTERS + 1)])
def test_closing_for_another_reason_needs_words_of_a_bearable_length(queue: Queue, comment: str) -> None:
    queue.ask("a1", CODE[0])
    with pytest.raises(InputError):
        queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.OTHER, comment)
    assert queue.state_of("a1") is CaseState.OPEN


def test_case_that_is_reported_again_after_it_was_closed_is_open_again(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.ANSWER_RIGHT)
    queue.clock.advance(minutes=5)
    queue.repository.answers["a1"] = replace(queue.repository.answers["a1"], escalated_at=queue.clock())
    (cluster,) = queue.overview(FeedbackFilter()).clusters
    assert cluster.state is CaseState.OPEN
    assert cluster.came_back
    assert queue.service.outcome_of(ANA, TENANT, "a1") is None


def test_new_bad_answer_to_a_settled_question_comes_back(queue: Queue) -> None:
    queue.ask("a1", CODE[0], days_ago=1)
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.ALREADY_FIXED)
    queue.ask("a2", CODE[1])
    (cluster,) = queue.overview(FeedbackFilter()).clusters
    assert [case.answer_id for case in cluster.cases] == ["a2"]
    assert cluster.came_back


def test_cases_with_a_document_are_in_progress_until_it_is_published(queue: Queue) -> None:
    queue.ask("a1", CODE[0], days_ago=1)
    queue.ask("a2", CODE[1], days_ago=1)
    queue.publish(1, minutes_after_loading=-60)
    queue.service.answered_by(GRACE, TENANT, queue.overview().clusters[0].cases, REJECTS.id, 1)
    assert {queue.state_of(answer_id) for answer_id in ("a1", "a2")} == {CaseState.IN_PROGRESS}
    outcome = queue.service.outcome_of(ANA, TENANT, "a1")
    assert outcome is not None
    assert outcome.words == "“Claim rejects” will answer this as soon as it is published."

    queue.publish(2, minutes_after_loading=10)
    outcome = queue.service.outcome_of(ANA, TENANT, "a1")
    assert outcome is not None
    assert (outcome.state, outcome.words) == (
        CaseState.RESOLVED,
        "“Claim rejects” answers this now. Ask again to see it.",
    )
    assert {queue.state_of(answer_id) for answer_id in ("a1", "a2")} == {CaseState.RESOLVED}
    record = queue.repository.records["a1"]
    assert (record.state, record.snapshot, record.resolved_by) == (CaseState.RESOLVED, 2, "grace")
    assert record.resolved_at == LOADED_AT + timedelta(minutes=10)


def test_roll_back_puts_resolved_cases_back_in_progress(queue: Queue) -> None:
    queue.ask("a1", CODE[0], days_ago=1)
    queue.publish(1, minutes_after_loading=-60)
    queue.publish(2, minutes_after_loading=10)
    queue.service.answered_by(GRACE, TENANT, queue.overview().clusters[0].cases, REJECTS.id, 1)
    assert queue.state_of("a1") is CaseState.RESOLVED
    queue.knowledge.publish(TENANT, 1, at=LOADED_AT + timedelta(minutes=20))
    assert queue.state_of("a1") is CaseState.IN_PROGRESS
    queue.knowledge.publish(TENANT, 2, at=LOADED_AT + timedelta(minutes=30))
    assert queue.state_of("a1") is CaseState.RESOLVED


def test_document_to_be_revised_resolves_with_its_next_version_only(queue: Queue) -> None:
    queue.ask("a1", CODE[0], days_ago=1)
    queue.service.answered_by(GRACE, TENANT, queue.overview().clusters[0].cases, REJECTS.id)
    queue.publish(1, minutes_after_loading=10)
    assert queue.state_of("a1") is CaseState.IN_PROGRESS
    queue.knowledge.save_documents(TENANT, [replace(REJECTS, title="Claim rejects, revised")])
    assert queue.state_of("a1") is CaseState.RESOLVED


def test_case_whose_document_was_deleted_before_it_answered_is_open_again(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.answered_by(GRACE, TENANT, queue.overview().clusters[0].cases, REJECTS.id, 1)
    queue.knowledge.delete_documents(TENANT, [REJECTS.id], username=None)
    assert queue.state_of("a1") is CaseState.OPEN
    assert queue.repository.records["a1"].document_id is None


def test_unknown_document_answers_nothing(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    with pytest.raises(NotFoundError):
        queue.service.answered_by(GRACE, TENANT, queue.overview().clusters[0].cases, "none.md", 1)
    assert queue.state_of("a1") is CaseState.OPEN


def test_reopened_cases_are_in_the_queue_again(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.NO_QUESTION)
    queue.service.reopen(GRACE, TENANT, queue.overview().clusters[0].cases)
    (cluster,) = queue.overview(FeedbackFilter()).clusters
    assert cluster.state is CaseState.OPEN
    assert queue.service.outcome_of(ANA, TENANT, "a1") is None


def test_acting_on_what_somebody_else_just_settled_is_a_conflict(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    seen = queue.overview().clusters[0].cases
    queue.service.close(HUGO, TENANT, seen, CloseReason.ANSWER_RIGHT)
    with pytest.raises(ConflictError):
        queue.service.answered_by(GRACE, TENANT, seen, REJECTS.id, 1)
    assert queue.state_of("a1") is CaseState.DISMISSED


def test_outcome_is_for_the_person_who_asked_alone(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.ANSWER_RIGHT)
    assert queue.service.outcome_of(HUGO, TENANT, "a1") is None
    assert queue.service.outcome_of(ANA, TENANT, "none") is None
    with pytest.raises(AccessError):
        queue.service.outcome_of(THEIRS, TENANT, "a1")


@pytest.mark.parametrize("account", [ANA, THEIRS, GONE])
def test_queue_is_for_administrators_of_the_tenant_alone(queue: Queue, account: Account) -> None:
    queue.ask("a1", CODE[0])
    cases = queue.overview().clusters[0].cases
    calls = (
        lambda: queue.service.overview(account, TENANT, ALL),
        lambda: queue.service.answers_of(account, TENANT, cases),
        lambda: queue.service.assignees(account, TENANT),
        lambda: queue.service.assign(account, TENANT, cases, None),
        lambda: queue.service.answered_by(account, TENANT, cases, REJECTS.id, 1),
        lambda: queue.service.close(account, TENANT, cases, CloseReason.ANSWER_RIGHT),
        lambda: queue.service.reopen(account, TENANT, cases),
    )
    for call in calls:
        with pytest.raises(AccessError):
            call()


def test_another_tenant_sees_nothing(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    assert queue.service.overview(HUGO, OTHER_TENANT, ALL).clusters == ()


def test_trail_holds_what_was_done_and_no_words(queue: Queue) -> None:
    queue.ask("a1", CODE[0])
    queue.service.close(GRACE, TENANT, queue.overview().clusters[0].cases, CloseReason.OTHER, "private words")
    queue.service.reopen(GRACE, TENANT, queue.overview().clusters[0].cases)
    assert queue.audit.actions() == ["feedback-closed", "feedback-reopened"]
    assert "private" not in str(queue.audit.events)
    assert "reject" not in str(queue.audit.events)
