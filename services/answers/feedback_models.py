"""The data of feedback: cases, what is kept about them, and groups of cases that ask the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.answers.models import Answer


class FeedbackKind(StrEnum):
    """Why an answer needs the knowledge team; one answer may have several reasons."""

    RATED_DOWN = "rated_down"
    UNANSWERED = "unanswered"
    ESCALATED = "escalated"


class CaseState(StrEnum):
    """How far the knowledge team is with a case."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class CloseReason(StrEnum):
    """Why a case is closed without a curated answer and without a change of a document."""

    ALREADY_FIXED = "already_fixed"
    ANSWER_RIGHT = "answer_right"
    NOT_OUR_MATTER = "not_our_matter"
    NO_QUESTION = "no_question"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What is kept about a case beside the answer it is about.

    Attributes:
        outcome: Words for the agent who reported it; where a document resolves it, the title of that.
        document_id: The document that resolves it; None where none does.
        document_version: The first version of that document that resolves it; it may not be written yet.
        snapshot: The published snapshot that resolved it; None where something else did.
        revision: 0 for what was never stored; raised with every change.
    """

    tenant_id: str
    answer_id: str
    state: CaseState = CaseState.OPEN
    assigned_to: str | None = None
    outcome: str = ""
    document_id: str | None = None
    document_version: int | None = None
    snapshot: int | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class FeedbackCase:
    """An answer that needs the knowledge team, without its words: enough to list and group it.

    Attributes:
        reported_at: When it was asked, rated down or handed on, whichever came last.
    """

    answer_id: str
    username: str
    question: str
    searched_question: str
    asked_at: datetime
    reported_at: datetime
    kinds: frozenset[FeedbackKind]
    record: CaseRecord

    @property
    def state(self) -> CaseState:
        """Where it stands; one that is reported again after it was closed is open again."""
        closed_at = self.record.resolved_at
        return CaseState.OPEN if closed_at is not None and self.reported_at > closed_at else self.record.state

    @property
    def assigned_to(self) -> str | None:
        return self.record.assigned_to

    @property
    def topic(self) -> str:
        """The question to compare with others: as it was searched for, greetings and stories left out."""
        return self.searched_question or self.question


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Which cases to list.

    Attributes:
        days: Reported in the last so many days.
        kinds: Empty means every kind.
        states: Empty means every state.
        assigned_to: Only those of this account; None for everybody's.
    """

    days: int = 30
    kinds: frozenset[FeedbackKind] = frozenset()
    states: frozenset[CaseState] = frozenset({CaseState.OPEN, CaseState.IN_PROGRESS})
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionCluster:
    """Cases whose questions mean the same.

    Attributes:
        id: The answer id of the oldest case; stays while newer cases join.
        question: The question that stands for the others.
        cases: Those that fit the filter, newest first.
        member_ids: Answer ids of all cases of the group, those that the filter leaves out included.
        kinds: How many of ``cases`` are of each kind.
        this_week: Reports of the last seven days, whatever their state.
        week_before: Reports of the seven days before.
        came_back: Some cases of the group were settled before, and it is asked again.
    """

    id: str
    question: str
    cases: tuple[FeedbackCase, ...]
    member_ids: tuple[str, ...]
    kinds: Mapping[FeedbackKind, int] = field(default_factory=dict)
    this_week: int = 0
    week_before: int = 0
    came_back: bool = False

    @property
    def newest_at(self) -> datetime:
        return self.cases[0].reported_at

    @property
    def state(self) -> CaseState:
        """The state of the case that is least far."""
        states = {case.state for case in self.cases}
        return next(state for state in CaseState if state in states)

    @property
    def assignees(self) -> tuple[str, ...]:
        """User names that cases are assigned to, sorted."""
        return tuple(sorted({case.assigned_to for case in self.cases if case.assigned_to}))


@dataclass(frozen=True, slots=True)
class FeedbackOverview:
    """The clusters that fit a filter, the most frequent first.

    Attributes:
        case_count: Cases in the clusters.
        cut_off: There were more cases than are read at once; the oldest are left out.
    """

    clusters: tuple[QuestionCluster, ...]
    case_count: int
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class SuggestedPhrasing:
    """A phrasing for a curated answer, out of real questions.

    Attributes:
        chosen: Whether it is good as it is; False where personal data was masked in it.
    """

    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PlaceToFix:
    """A passage that bad answers were made of.

    Attributes:
        start: Offset of ``text`` in that version of the document, in characters.
        answer_count: How many of the answers rest on it.
    """

    document_id: str
    document_version: int
    title: str
    section: str
    text: str
    start: int
    end: int
    answer_count: int


@dataclass(frozen=True, slots=True)
class FeedbackOutcome:
    """What the agent who reported an answer gets to see of its case.

    Attributes:
        words: What was done, or why nothing was.
        at: When it came to this state.
    """

    state: CaseState
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer that somebody judged by a rating, an edit or a report, with its case."""

    answer: Answer
    record: CaseRecord
