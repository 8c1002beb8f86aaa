"""What an export is made of; whoever has the findings fills it in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.surveys.cross_tabs import CrossTab
from services.surveys.exports.cells import CellValue
from services.surveys.statistics import Impact, Interval


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column and what it means, in one sentence."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SheetGuide:
    """What stands in a sheet of the workbook; the first is what the CSV file has too."""

    title: str
    about: str
    columns: tuple[ExportColumn, ...]


@dataclass(frozen=True, slots=True)
class ExportTable:
    """Rows with documented columns.

    Attributes:
        rows: Read once per export, so that a generator will do; each row has one value per column.
        about: What a row is, in one sentence.
    """

    title: str
    columns: tuple[ExportColumn, ...]
    rows: Iterable[Sequence[CellValue]]
    about: str = ""


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One topic over the whole survey.

    Attributes:
        count: Responses with the topic.
        share: Of the analyzed responses, 0 to 1, with its interval.
        positive, neutral, negative, mixed: Of ``count``.
        impact: On the score that the report is about; None when there is none.
        topic_id: Empty where the topic is known by its name alone.
    """

    topic: str
    count: int
    share: Interval
    positive: int
    neutral: int
    negative: int
    mixed: int = 0
    impact: Impact | None = None
    topic_id: str = ""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A topic's share in one period.

    Attributes:
        period: What stands below the chart, such as ``Mar 2026``.
        share: Of the period's responses; None where the period has none: a gap, not a zero.
        first_day, last_day: The period's ends, to look at what is behind the point.
        count: Responses with the topic.
        total: Responses of the period.
    """

    period: str
    share: Interval | None
    first_day: date | None = None
    last_day: date | None = None
    count: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class TopicTrend:
    """A topic over time; all trends of a report have the same periods."""

    topic: str
    points: tuple[TrendPoint, ...]
    topic_id: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A response that stands for a topic; ``start`` and ``end`` mark its evidence."""

    topic: str
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A part of all responses, such as the positive ones; ``kind`` is the name of its color, or empty."""

    name: str
    count: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TopicPair:
    """Two topics in the same responses.

    Attributes:
        lift: How many times as often as if the two had nothing to do with each other.
        difference: ``more often``, ``less often``, or empty where chance would do.
    """

    topic: str
    other: str
    count: int
    lift: float
    difference: str = ""


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """What a report tells.

    Attributes:
        facts: Name and value, such as ``("Responses", "2,000")``; shown on top.
        summaries: The commonest topic first.
        score_name: What ``impact`` is about; empty when there is no score.
        sentiments: All responses by sentiment.
        coverage: All responses by whether they have a topic, and why not.
        pairs: Topics that come together; the commonest pair first.
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
    sentiments: tuple[ReportFigure, ...] = ()
    coverage: tuple[ReportFigure, ...] = ()
    pairs: tuple[TopicPair, ...] = ()
