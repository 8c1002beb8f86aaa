"""What is seen of a run: counts, charts and verbatims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.surveys.cross_tabs import Difference
from services.surveys.exports.models import TopicTrend
from services.surveys.marks import Mark
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason
from services.surveys.statistics import Interval


class Period(StrEnum):
    """How long a step of a trend is; ``AUTO`` goes by how long the survey ran."""

    AUTO = "auto"
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"
    QUARTER = "quarter"


class VerbatimOrder(StrEnum):
    """In which order responses are listed; the order of the file decides between equal ones."""

    FILE = "file"
    LEAST_SURE = "least-sure"  # those that were not analyzed come last
    NEWEST = "newest"  # those without a date come last
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a filter leaves, in numbers of responses.

    Attributes:
        row_count: All that fit the filter and hold a word: ``answered`` and ``not_analyzed``.
        empty: Those that fit it but hold no word.
        not_analyzed: Their part of the run failed or was canceled; no share counts them.
        answered: What every share is a share of.
        with_topic: Of ``answered``, those with at least one topic.
        distinct_count: Different texts among ``answered``.
        assignments: Topics of all responses together.
        sentiments: ``answered`` by sentiment; all four are there.
        others: Those without a topic by the reason; all reasons but ``EMPTY`` are there.
        review: How many a person should look at.
        review_reasons: By reason; a response may have several.
        corrected: How many a person corrected or confirmed.
    """

    row_count: int
    empty: int
    not_analyzed: int
    answered: int
    with_topic: int
    distinct_count: int
    assignments: int
    sentiments: tuple[tuple[Sentiment, int], ...]
    others: tuple[tuple[OtherReason, int], ...]
    review: int
    review_reasons: tuple[tuple[ReviewReason, int], ...]
    corrected: int

    @property
    def net_sentiment(self) -> float | None:
        """Share of positive less share of negative responses, -1 to 1; None without responses."""
        counts = dict(self.sentiments)
        if not self.answered:
            return None
        return (counts[Sentiment.POSITIVE] - counts[Sentiment.NEGATIVE]) / self.answered


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was said the topics cover.

    Attributes:
        answered: Responses that were counted.
        share: Of these, with at least one topic; with its interval.
        by_topic_count: How many responses have 0, 1, 2, … topics.
        others: Why the others have none; all reasons but ``EMPTY`` are there.
        unused: Names of topics that no response has.
    """

    answered: int
    share: Interval
    by_topic_count: tuple[int, ...]
    others: tuple[tuple[OtherReason, int], ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeriodTotals:
    """One period of a trend; ``sentiments`` are those of whole responses."""

    label: str
    first_day: date
    last_day: date
    total: int
    sentiments: tuple[tuple[Sentiment, int], ...]

    @property
    def net_sentiment(self) -> float | None:
        """Share of positive less share of negative responses, -1 to 1; None without responses."""
        counts = dict(self.sentiments)
        return (counts[Sentiment.POSITIVE] - counts[Sentiment.NEGATIVE]) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Trend:
    """Topics over time.

    Attributes:
        period: How long the steps are; longer than asked for where there would be too many.
        totals: All periods from the first response to the last, also those without any.
        topics: The commonest first; their points are those of ``totals``.
        undated: Responses without a date, counted nowhere here.
    """

    period: Period
    totals: tuple[PeriodTotals, ...]
    topics: tuple[TopicTrend, ...]
    undated: int


@dataclass(frozen=True, slots=True)
class CoOccurrence:
    """Two topics in the same responses.

    Attributes:
        count: Responses with both.
        first_count, second_count: Responses with each.
        lift: ``count`` by what it would be if the two had nothing to do with each other; 1 is chance.
        corrected_p: For "they have nothing to do with each other", corrected over all pairs.
        difference: ``HIGHER`` when they come together more often than by chance; ``NONE`` unless ``corrected_p`` is at
            most 0.05.
    """

    first_id: str
    second_id: str
    first: str
    second: str
    count: int
    first_count: int
    second_count: int
    lift: float
    corrected_p: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class SegmentValue:
    """A choice in a segment column, and how many responses of the whole survey have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class VerbatimTopic:
    """A topic of a response; ``start`` and ``end`` mark its evidence, both 0 when a person gave it without one."""

    topic_id: str
    name: str
    sentiment: Sentiment
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A response with what was found in it.

    Attributes:
        row: Its number in the survey, from 0.
        text_key: What names the text in labels.
        segments: Name of the column and its choices; columns in which nothing was chosen are left out.
        scores: Name and value; scores that were not given are left out.
        sentiment: None where the response was not analyzed.
        topics: The surest first.
        corrected: Whether a person corrected or confirmed it.
        same_text_count: Responses of the whole survey with exactly this text, itself included.
    """

    row: int
    response_id: str
    text: str
    text_key: str
    day: date | None
    segments: tuple[tuple[str, tuple[str, ...]], ...]
    scores: tuple[tuple[str, float], ...]
    sentiment: Sentiment | None
    topics: tuple[VerbatimTopic, ...]
    other_reason: OtherReason | None
    confidence: float
    review: tuple[ReviewReason, ...]
    marks: tuple[Mark, ...]
    corrected: bool
    same_text_count: int


@dataclass(frozen=True, slots=True)
class TopicWave:
    """A topic in one wave; ``net_sentiment`` is positive less negative by ``count``, None when nobody speaks of it."""

    count: int
    total: int
    share: Interval
    net_sentiment: float | None


@dataclass(frozen=True, slots=True)
class WaveTopic:
    """A topic that both waves have.

    Attributes:
        difference: Share now less share before, with Newcombe's interval.
        corrected_p: For "the share is the same", corrected over all topics.
        change: ``NONE`` unless ``corrected_p`` is at most 0.05.
        net_change: Net sentiment now less that before, with Welch's interval; None where either wave has fewer than
            five responses with the topic.
    """

    topic_id: str
    topic: str
    now: TopicWave
    before: TopicWave
    difference: Interval
    corrected_p: float
    change: Difference
    net_change: Interval | None


@dataclass(frozen=True, slots=True)
class WaveScore:
    """A score that both waves have: its mean with Student's interval; None with fewer than two values."""

    name: str
    now: Interval | None
    before: Interval | None


@dataclass(frozen=True, slots=True)
class WaveComparison:
    """Two waves side by side.

    Attributes:
        now_total, before_total: Responses that were counted.
        topics: Those that both have; the commonest now first.
        overall: Net sentiment of whole responses now less before, with Welch's interval.
        only_now, only_before: Names of topics that only one of the taxonomies has.
        same_backend: Whether the same method analyzed both; if not, a difference may come of that.
    """

    now_total: int
    before_total: int
    topics: tuple[WaveTopic, ...]
    overall: Interval | None
    scores: tuple[WaveScore, ...]
    only_now: tuple[str, ...]
    only_before: tuple[str, ...]
    same_backend: bool
