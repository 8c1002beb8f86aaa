"""What an evaluation says: agreement of a run with gold labels, runs side by side, and what changed between two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.surveys.statistics import Interval

# As many texts are listed for somebody who wants to look at the cases behind a figure.
MOST_KEYS = 100


class Metric(StrEnum):
    """A figure of a whole run. Every different text counts once, however many responses say it."""

    EXACT_MATCH = "exact-match"  # texts whose topics are all right, none missing and none too many
    MICRO_F1 = "micro-f1"  # over all topics of all texts
    MACRO_F1 = "macro-f1"  # the mean over topics that occur in the gold labels
    OTHER_F1 = "other-f1"
    SENTIMENT = "sentiment-accuracy"
    SENTIMENT_MACRO_F1 = "sentiment-macro-f1"  # the mean over sentiments that occur in the gold labels
    TOPIC_SENTIMENT = "topic-sentiment-accuracy"  # of topics that were rightly found
    TOPIC_SENTIMENT_MACRO_F1 = "topic-sentiment-macro-f1"


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How well a topic was found, counted in different texts.

    Attributes:
        topic_id: None stands for Other: no topic fits.
        support: Texts that have it by the gold labels.
        found: Texts in which the run found it.
        right: Texts of both.
        precision: ``right / found`` with Wilson's interval; None when it was never found.
        recall: ``right / support`` with Wilson's interval; None when no text has it.
        f1: With a bootstrap interval; None when there is neither.
        missed_keys: Keys of texts in which it was not found, up to ``MOST_KEYS``.
        false_alarm_keys: Keys of texts in which it was wrongly found, up to ``MOST_KEYS``.
    """

    topic_id: str | None
    support: int
    found: int
    right: int
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    missed_keys: tuple[str, ...] = ()
    false_alarm_keys: tuple[str, ...] = ()

    @property
    def missed(self) -> int:
        """Texts that have it, but not for the run."""
        return self.support - self.right

    @property
    def false_alarms(self) -> int:
        """Texts that have it for the run alone."""
        return self.found - self.right


@dataclass(frozen=True, slots=True)
class TopicConfusion:
    """Which topic was found where another one is right; None stands for Other.

    Attributes:
        count: Texts in which ``missed`` is missing and ``found`` is too much.
    """

    missed: str | None
    found: str | None
    count: int
    text_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """How well sentiment was found, where the gold labels say one.

    Attributes:
        count: What was compared: texts, or topics of texts.
        accuracy: None when nothing was compared.
        macro_f1: Over the sentiments that occur in the gold labels.
        confusion: Rows by the gold labels, columns by the run, both in the order of ``Sentiment``.
    """

    count: int
    accuracy: Interval | None
    macro_f1: Interval | None
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How far a run agrees with gold labels. Topics are those of the newest version of the taxonomy.

    Attributes:
        is_corrected: Whether corrections stand in place of what the run found: then it is agreement, not quality.
        text_count: Different texts that were compared; each counts once.
        response_count: Responses that say them.
        exact_match: With Wilson's interval.
        topics: In the taxonomy's order; those that occur nowhere too.
        confusions: The commonest first.
        topic_sentiment: Of topics that were rightly found and whose sentiment the gold labels say.
        learned_count: Gold texts left out because the run learned from them.
        not_analyzed_count: Gold texts left out because the run has no finding.
        removed_count: Gold texts left out because all their topics were removed from the taxonomy.
        warnings: What to be careful with, a sentence or two each.
    """

    run_id: str
    is_corrected: bool
    text_count: int
    response_count: int
    exact_match: Interval
    micro_f1: Interval | None
    macro_f1: Interval | None
    topics: tuple[TopicScore, ...]
    other: TopicScore
    confusions: tuple[TopicConfusion, ...]
    sentiment: SentimentScore
    topic_sentiment: SentimentScore
    learned_count: int = 0
    not_analyzed_count: int = 0
    removed_count: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a run less that of the first one, with a paired bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of several runs.

    Attributes:
        values: Per run; None where there was nothing to count.
        differences: Per run, to the first one; None for that one, and where they cannot be paired.
    """

    values: tuple[Interval | None, ...]
    differences: tuple[Difference | None, ...]


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Runs side by side, on the same gold labels where they share a taxonomy.

    Attributes:
        text_counts: Different texts that each run was compared on.
        is_paired: Whether these are the same texts, so that differences can be told.
        topics: The F1 by topic, in the taxonomy's order; only those that occur in gold labels or were found. Empty when
            the runs do not share a taxonomy.
        notes: In what the runs differ, a sentence each.
        warnings: What to be careful with, a sentence or two each.
    """

    run_ids: tuple[str, ...]
    text_counts: tuple[int, ...]
    is_paired: bool
    metrics: dict[Metric, ComparedFigure]
    topics: dict[str, ComparedFigure]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What changed about a topic from an earlier run, counted in responses; ``topic_id`` None stands for Other.

    Attributes:
        gained_keys, lost_keys: Keys of texts, those of most responses first, up to ``MOST_KEYS``.
    """

    topic_id: str | None
    kept: int
    gained: int
    lost: int
    gained_keys: tuple[str, ...]
    lost_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectionsMet:
    """Whether the runs found by themselves what people corrected, counted in different texts.

    Attributes:
        count: Texts with a correction that both runs analyzed.
        now, before: Of them, those whose topics the run found exactly as corrected.
    """

    count: int
    now: int
    before: int


@dataclass(frozen=True, slots=True)
class RunChanges:
    """What a run found otherwise than an earlier one, before corrections; counted in responses.

    Attributes:
        response_count: Compared: both runs analyzed them.
        skipped_count: Not compared.
        topics_changed: Responses that gained or lost a topic.
        sentiment_changed: Responses of another sentiment.
        corrected_count: Of those with another topic or sentiment: responses that have a correction.
        topics: In the taxonomy's order; Other is the last.
        sentiment_moves: Responses by sentiment; rows by the earlier run, columns by the later, in the order of
            ``Sentiment``.
        sentiment_keys: Keys of texts of another sentiment, those of most responses first, up to ``MOST_KEYS``.
        notes: In what the runs differ, a sentence each.
    """

    run_id: str
    earlier_run_id: str
    response_count: int
    skipped_count: int
    topics_changed: int
    sentiment_changed: int
    corrected_count: int
    topics: tuple[TopicChange, ...]
    sentiment_moves: tuple[tuple[int, ...], ...]
    sentiment_keys: tuple[str, ...]
    corrections: CorrectionsMet
    notes: tuple[str, ...]
