"""A response on its way through the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from services.surveys.chain.clean_text import CleanText
from services.surveys.models import OtherReason, Sentiment

Span = tuple[int, int]


class Sure(StrEnum):
    """How sure a model is of a topic; models keep to words better than to numbers."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class TopicClaim:
    """One topic that a model says a statement speaks of.

    Attributes:
        topic: Its number in the taxonomy, from 0.
        statement: Number of the statement, from 0.
    """

    topic: int
    statement: int
    sure: Sure


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a text so far.

    Attributes:
        id: What it is called in calls, such as ``r7``.
        response_ids: All responses with this text.
        written: The text as it was written.
        statements: Spans in the clean text; empty before it is split.
        claims: The topics found; empty before topics are assigned, or when none fits.
        other: Why none fits; None when one does, or before topics are assigned.
        overall: None before the sentiment is judged.
        sentiments: By topic number.
        notes: What went wrong on the way, a sentence each.
    """

    id: str
    response_ids: tuple[str, ...]
    written: str
    clean: CleanText
    statements: tuple[Span, ...] = ()
    claims: tuple[TopicClaim, ...] = ()
    other: OtherReason | None = None
    overall: Sentiment | None = None
    sentiments: Mapping[int, Sentiment] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    def statement_texts(self) -> list[str]:
        """The statements in words."""
        return [self.clean.text[start:end] for start, end in self.statements]

    def topic_statements(self) -> dict[int, list[int]]:
        """For each topic, in the order found, the numbers of its statements from 0, rising."""
        found: dict[int, list[int]] = {}
        for claim in self.claims:
            found.setdefault(claim.topic, []).append(claim.statement)
        return {topic: sorted(set(statements)) for topic, statements in found.items()}
