"""What an export is made of; whoever has the findings fills it in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.surveys.cross_tabs import CrossTab
from services.surveys.exports.cells import CellValue
from services.surveys.statistics import Impact, Interval


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column and what it means, in one sentence."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ExportTable:
    """Rows with documented columns.

    Attributes:
        rows: Read once per export, so that a generator will do; each row has one value per column.
    """

    title: str
    columns: tuple[ExportColumn, ...]
    rows: Iterable[Sequence[CellValue]]


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One topic over the whole survey.

    Attributes:
        count: Responses with the topic.
        share: Of the analyzed responses, 0 to 1, with its interval.
        positive, neutral, negative, mixed: Of ``count``.
        impact: On the score that the report is about; None when there is none.
    """

    topic: str
    count: int
    share: Interval
    positive: int
    neutral: int
    negative: int
    mixed: int = 0
    impact: Impact | None = None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A topic's share in one period; ``period`` is what stands below the chart, such as ``Mar 2026``."""

    period: str
    share: Interval


@dataclass(frozen=True, slots=True)
class TopicTrend:
    """A topic over time; all trends of a report have the same periods."""

    topic: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A response that stands for a topic; ``start`` and ``end`` mark its evidence."""

    topic: str
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """What a report tells.

    Attributes:
        facts: Name and value, such as ``("Responses", "2,000")``; shown on top.
        summaries: The commonest topic first.
        score_name: What ``impact`` is about; empty when there is no score.
        notes: How it was made and what to be careful with, a sentence or two each.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    summaries: tuple[TopicSummary, ...]
    trends: tuple[TopicTrend, ...] = ()
    cross_tabs: tuple[CrossTab, ...] = ()
    quotes: tuple[Quote, ...] = ()
    score_name: str = ""
    notes: tuple[str, ...] = ()
