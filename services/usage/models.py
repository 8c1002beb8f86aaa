"""The data of usage: facts about answers without their words, and figures made from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.knowledge.models import DocumentEntry


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """What happened to one question; none of its words.

    Attributes:
        band: ``draft``, ``sources_only`` or ``not_found``; None when the work on it failed or never ended.
        rating: ``up`` or ``down``; None when it was not rated.
        document_ids: Documents whose sentences were quoted, or that were shown as sources; each once.
    """

    asked_at: datetime
    band: str | None
    total_ms: float | None
    rating: str | None
    edited: bool
    copied_at: datetime | None
    escalated: bool
    document_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageFigures:
    """Counts over some days; shares are None where nothing can be divided by.

    Attributes:
        declined: Questions that the knowledge base does not answer.
        failed: Questions that ended in an error, or never ended.
        edited_share: Of the drafts that were copied, those that were edited before.
        up_share: Of the rated answers, those rated up.
        median_ms: Median time from question to answer, in milliseconds.
        p95_ms: 95th percentile of the same.
        median_seconds_to_copy: Median time from the question until the agent copied the answer.
    """

    asked: int = 0
    drafted: int = 0
    sources_only: int = 0
    declined: int = 0
    failed: int = 0
    rated_up: int = 0
    rated_down: int = 0
    copied: int = 0
    copied_edited: int = 0
    escalated: int = 0
    median_ms: float | None = None
    p95_ms: float | None = None
    median_seconds_to_copy: float | None = None

    @property
    def answered_share(self) -> float | None:
        """Questions with a draft or with sources, of those that did not fail."""
        worked = self.asked - self.failed
        return (self.drafted + self.sources_only) / worked if worked else None

    @property
    def up_share(self) -> float | None:
        rated = self.rated_up + self.rated_down
        return self.rated_up / rated if rated else None

    @property
    def edited_share(self) -> float | None:
        return self.copied_edited / self.copied if self.copied else None


@dataclass(frozen=True, slots=True)
class UsageDay:
    """The figures of one day in the zone that was asked for."""

    day: date
    figures: UsageFigures


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What a tenant's agents asked over a period, beside the period of the same length before it.

    Attributes:
        days: Every day of the period, also those without a question.
        never_cited: Documents in use that no answer of the period quoted or showed, oldest change first.
        never_cited_count: How many there are in all; the list is cut.
        expiring: Documents whose last valid day is near, the nearest first.
        most_cited: Document titles and how many answers quoted or showed them.
    """

    since: date
    until: date
    figures: UsageFigures
    before: UsageFigures
    days: tuple[UsageDay, ...]
    never_cited: tuple[DocumentEntry, ...] = ()
    never_cited_count: int = 0
    document_count: int = 0
    expiring: tuple[DocumentEntry, ...] = ()
    most_cited: tuple[tuple[str, int], ...] = ()
