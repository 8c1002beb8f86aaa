"""The knowledge team's queue: answers that were bad or missing, grouped by what was asked, and how they are settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from services.access.models import Account, Role
from services.access.permissions import require_admin, require_tenant
from services.answers.feedback_clusters import WEEK, CaseClusters, Vectors
from services.answers.feedback_models import (
    CaseRecord,
    CaseState,
    CloseReason,
    FeedbackCase,
    FeedbackFilter,
    FeedbackOutcome,
    FeedbackOverview,
)
from services.answers.models import Answer
from services.answers.settling import PublishedCheck
from services.errors import ConflictError, InputError, NotFoundError
from services.ports.access import AccountRepository
from services.ports.feedback import FeedbackRepository
from services.ports.knowledge import KnowledgeRepository
from services.privacy.audit import AuditTrail

MOST_CASES = 2_000
LONGEST_OUTCOME_CHARACTERS = 1_000

CLOSE_WORDS: Mapping[CloseReason, str] = MappingProxyType(
    {
        CloseReason.ALREADY_FIXED: "The knowledge base answers this now.",
        CloseReason.ANSWER_RIGHT: "The answer is right as it stands.",
        CloseReason.NOT_OUR_MATTER: "This does not belong in the knowledge base.",
        CloseReason.NO_QUESTION: "There was no question in it.",
        CloseReason.OTHER: "",
    }
)

_DOCUMENT_WORDS: Mapping[CaseState, str] = MappingProxyType(
    {
        CaseState.IN_PROGRESS: "“{title}” will answer this as soon as it is published.",
        CaseState.RESOLVED: "“{title}” answers this now. Ask again to see it.",
    }
)


class FeedbackService:
    """Lists, assigns and settles cases. Acting is for administrators of the tenant.

    Args:
        vectors: Unit vectors of texts, shape (texts, dimension); best kept between calls.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: FeedbackRepository,
        knowledge: KnowledgeRepository,
        accounts: AccountRepository,
        vectors: Vectors,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._knowledge = knowledge
        self._accounts = accounts
        self._clusters = CaseClusters(vectors)
        self._audit = audit
        self._now = now

    def overview(self, account: Account, tenant_id: str, chosen: FeedbackFilter) -> FeedbackOverview:
        """The cases that fit, grouped by meaning, the most frequent first.

        Cases are brought up to date on the way: those whose document is published by now are resolved.

        Raises:
            AccessError: the account is no administrator of the tenant.
            BackendError: the embedding model failed.
        """
        require_admin(account, tenant_id)
        now = self._now()
        # Two weeks at least, whatever is shown: the trend compares them.
        since = now - max(timedelta(days=chosen.days), 2 * WEEK)
        cases = self._repository.list_cases(tenant_id, since=since, limit=MOST_CASES)
        cut_off = len(cases) == MOST_CASES
        cases = self._settled(tenant_id, cases)
        clusters = self._clusters.of(cases, chosen, now)
        return FeedbackOverview(tuple(clusters), sum(len(cluster.cases) for cluster in clusters), cut_off)

    def answers_of(self, account: Account, tenant_id: str, cases: Sequence[FeedbackCase]) -> list[Answer]:
        """The answers of these cases with all that is kept of them, newest first."""
        require_admin(account, tenant_id)
        return self._repository.get_answers(tenant_id, [case.answer_id for case in cases])

    def assignees(self, account: Account, tenant_id: str) -> list[Account]:
        """The administrators of the tenant, by name."""
        require_admin(account, tenant_id)
        found = [
            other
            for other in self._accounts.list_accounts()
            if other.role is Role.ADMIN and not other.disabled and tenant_id in other.tenant_ids
        ]
        return sorted(found, key=lambda other: other.display_name.lower())

    def assign(self, account: Account, tenant_id: str, cases: Sequence[FeedbackCase], username: str | None) -> None:
        """Give the cases to an administrator, or to nobody.

        Raises:
            InputError: the account is no administrator of the tenant.
            ConflictError: somebody else acted on one of the cases; nothing was changed.
        """
        require_admin(account, tenant_id)
        if username is not None and username not in {other.username for other in self.assignees(account, tenant_id)}:
            raise InputError(
                "This account cannot take questions of this tenant.",
                code="not-an-assignee",
                remedy="Choose an administrator of this tenant.",
            )
        self._save(account, tenant_id, cases, "feedback-assigned", subject=username or "", assigned_to=username)

    def answered_by(
        self,
        account: Account,
        tenant_id: str,
        cases: Sequence[FeedbackCase],
        document_id: str,
        version: int | None = None,
    ) -> None:
        """Say that a document answers the cases; they are resolved as soon as it is published.

        Args:
            version: The version that answers; None for the next one that is written.

        Raises:
            NotFoundError: there is no such document.
            ConflictError: somebody else acted on one of the cases; nothing was changed.
        """
        require_admin(account, tenant_id)
        stored = self._knowledge.get_document(tenant_id, document_id, version)
        self._save(
            account,
            tenant_id,
            cases,
            "feedback-answered",
            subject=document_id,
            state=CaseState.IN_PROGRESS,
            outcome=stored.document.title,
            document_id=document_id,
            document_version=version or stored.version + 1,
            assigned_to=account.username,
        )

    def close(
        self, account: Account, tenant_id: str, cases: Sequence[FeedbackCase], reason: CloseReason, comment: str = ""
    ) -> None:
        """Close the cases without a change; the agents who reported them read why.

        Raises:
            InputError: another reason has no words, or too many.
            ConflictError: somebody else acted on one of the cases; nothing was changed.
        """
        require_admin(account, tenant_id)
        words = " ".join(part for part in (CLOSE_WORDS[reason], comment.strip()) if part)
        if not words:
            raise InputError(
                "There is no reason yet.",
                code="reason-missing",
                remedy="Say in a few words why this is closed; the agent who reported it reads them.",
            )
        if len(words) > LONGEST_OUTCOME_CHARACTERS:
            raise InputError(
                f"The reason is longer than {LONGEST_OUTCOME_CHARACTERS:,} characters.",
                code="text-too-long",
                remedy="Shorten it; it is still in the field.",
            )
        fixed = reason is CloseReason.ALREADY_FIXED
        self._save(
            account,
            tenant_id,
            cases,
            "feedback-closed",
            subject=reason.value,
            state=CaseState.RESOLVED if fixed else CaseState.DISMISSED,
            outcome=words,
            document_id=None,
            document_version=None,
            resolved_at=self._now(),
            resolved_by=account.username,
        )

    def reopen(self, account: Account, tenant_id: str, cases: Sequence[FeedbackCase]) -> None:
        """Put the cases back in the queue.

        Raises:
            ConflictError: somebody else acted on one of the cases; nothing was changed.
        """
        require_admin(account, tenant_id)
        self._save(
            account,
            tenant_id,
            cases,
            "feedback-reopened",
            state=CaseState.OPEN,
            outcome="",
            document_id=None,
            document_version=None,
        )

    def outcome_of(self, account: Account, tenant_id: str, answer_id: str) -> FeedbackOutcome | None:
        """What became of a report, for the person who asked; None while there is nothing to say."""
        require_tenant(account, tenant_id)
        try:
            case = self._repository.get_case(tenant_id, answer_id)
        except NotFoundError:
            return None
        if case.username != account.username:
            return None
        if case.record.state is not CaseState.OPEN:
            case = replace(case, record=self._check(tenant_id).settled(case.record))
        if case.state is CaseState.OPEN:
            return None
        record = case.record
        words = record.outcome
        if record.document_id is not None and record.outcome:
            words = _DOCUMENT_WORDS[case.state].format(title=record.outcome)
        return FeedbackOutcome(case.state, words, record.resolved_at or record.changed_at or case.reported_at)

    def _save(
        self,
        account: Account,
        tenant_id: str,
        cases: Sequence[FeedbackCase],
        action: str,
        *,
        subject: str = "",
        **changes: object,
    ) -> None:
        if not cases:
            return
        # A new state ends whatever was the outcome before.
        cleared = {"snapshot": None, "resolved_at": None, "resolved_by": None} if "state" in changes else {}
        values = cleared | changes | {"changed_at": self._now(), "changed_by": account.username}
        records = []
        for case in cases:
            # Reported again after it was closed, it is open; a change that leaves the state alone keeps that.
            record = replace(case.record, state=CaseState.OPEN) if case.state is CaseState.OPEN else case.record
            records.append(replace(record, **values))  # type: ignore[arg-type]
        self._repository.save_records(records)
        self._audit.record(action, username=account.username, tenant_id=tenant_id, subject=subject, cases=len(cases))

    def _check(self, tenant_id: str) -> PublishedCheck:
        return PublishedCheck(self._knowledge, tenant_id, self._now().astimezone().date())

    def _settled(self, tenant_id: str, cases: Sequence[FeedbackCase]) -> list[FeedbackCase]:
        """The cases as they are now; what changed is stored."""
        if not any(case.record.document_id for case in cases):
            return list(cases)
        check = self._check(tenant_id)
        settled: list[FeedbackCase] = []
        changed: list[CaseRecord] = []
        for case in cases:
            record = check.settled(case.record)
            if record != case.record:
                changed.append(record)
                record = replace(record, revision=record.revision + 1)
            settled.append(replace(case, record=record))
        if changed:
            # Whoever lists at the same moment stores the same.
            with suppress(ConflictError):
                self._repository.save_records(changed)
        return settled
