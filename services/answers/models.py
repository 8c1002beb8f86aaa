"""The data of questions and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.knowledge.models import Evidence, Passage, SearchType


class Band(StrEnum):
    """How sure the knowledge base lets us be: a draft, only sources to read, or nothing."""

    DRAFT = "draft"
    SOURCES_ONLY = "sources_only"
    NOT_FOUND = "not_found"


class Origin(StrEnum):
    """Whether the words are the knowledge base's own or a model's."""

    QUOTED = "quoted"
    GENERATED = "generated"


class AnswerStatus(StrEnum):
    """Where the work on a question stands; a question is stored before the work begins."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Rating(StrEnum):
    """What the agent thought of an answer."""

    UP = "up"
    DOWN = "down"


class NoticeKind(StrEnum):
    """Something about the question or its draft that the agent must know."""

    MASKED = "masked"
    CONDENSED = "condensed"
    FOLLOW_UP = "follow_up"
    LANGUAGE = "language"
    UNKNOWN_CODE = "unknown_code"
    CUT_SHORT = "cut_short"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; ``detail`` is a short plain value such as "2 phone numbers", "Spanish" or a backend's name."""

    kind: NoticeKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact place that supports a statement.

    Attributes:
        start: Offset of ``quote`` in the document's text, in characters.
        end: One past its last character; ``text[start:end] == quote`` in that version of the document.
        score: Ranking score of the passage that holds the quote.
    """

    document_id: str
    document_version: int
    title: str
    url: str | None
    section: str
    page: int | None
    quote: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer with the citations that support it.

    Attributes:
        citation_numbers: Positions in the answer's citations, counted from 1; empty when nothing supports it.
    """

    text: str
    citation_numbers: tuple[int, ...]

    @property
    def supported(self) -> bool:
        return bool(self.citation_numbers)


@dataclass(frozen=True, slots=True)
class Substitution:
    """That another generator wrote a draft than the one that was asked.

    Attributes:
        backend: The name of the generator that wrote it.
        instead_of: The name of the one that could not.
        error_code: Why it could not.
    """

    backend: str
    origin: Origin
    instead_of: str
    error_code: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answer generator delivers in the end.

    Attributes:
        answered: False when the generator itself says that the passages do not answer the question.
        cut_short: Whether the model had to stop, and a sentence that it had begun was left out.
        substitution: Who wrote it, where that is not the generator that was asked.
    """

    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    answered: bool = True
    cut_short: bool = False
    substitution: Substitution | None = None

    @property
    def text(self) -> str:
        return " ".join(statement.text for statement in self.statements)


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that is kept of one question.

    Attributes:
        question: As typed, personal data masked.
        searched_question: What was searched for: condensed, or put together with the question before it.
        text: The draft; ``edited_text`` stands beside it and never replaces it.
        backend: Who wrote the draft, the fallback where that had to.
        error_code: Why there is no answer; with a notice of a fallback, why the backend that was asked had none.
        copied_text: What the agent took over when it was copied last.
    """

    id: str
    conversation_id: str
    tenant_id: str
    username: str
    asked_at: datetime
    status: AnswerStatus
    question: str
    searched_question: str = ""
    search_type: SearchType = SearchType.HYBRID
    notices: tuple[Notice, ...] = ()
    band: Band | None = None
    text: str = ""
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    evidence: Evidence | None = None
    snapshot: int | None = None
    backend: str = ""
    origin: Origin | None = None
    retrieval_ms: float | None = None
    total_ms: float | None = None
    error_code: str | None = None
    edited_text: str | None = None
    edited_at: datetime | None = None
    copied_at: datetime | None = None
    copied_text: str | None = None
    rating: Rating | None = None
    rating_reason: str | None = None
    rating_comment: str | None = None
    rated_at: datetime | None = None
    starred: bool = False
    escalated_at: datetime | None = None
    escalation_note: str | None = None

    @property
    def current_text(self) -> str:
        """The agent's edit where there is one, else the draft."""
        return self.edited_text if self.edited_text is not None else self.text


@dataclass(frozen=True, slots=True)
class Conversation:
    """A run of questions by one account within one tenant."""

    id: str
    tenant_id: str
    username: str
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """What a generator gets: the question as searched, and the passages it may use, best first.

    Attributes:
        focus: Of a question put together with the one before it, the part that is new; empty otherwise.
    """

    question: str
    passages: tuple[Passage, ...]
    focus: str = ""


DeltaListener = Callable[[str], None]
