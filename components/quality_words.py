"""The words for how far a run agrees with gold labels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.surveys.evaluation_models import Difference, Metric
from services.surveys.statistics import Interval

OTHER_NAME = "Other (no topic)"
# What a figure is called, and what it means.
METRICS: Mapping[Metric, tuple[str, str]] = MappingProxyType(
    {
        Metric.EXACT_MATCH: ("All topics right", "Texts whose topics are exactly the gold ones (accuracy)."),
        Metric.MICRO_F1: (
            "Micro-F1",
            "How many topics are right and how many are found, over all texts in one figure; common topics weigh most.",
        ),
        Metric.MACRO_F1: (
            "Macro-F1",
            "The same for each topic, then the mean; rare topics weigh as much as common ones.",
        ),
        Metric.OTHER_F1: ("Other (F1)", "How well texts without a topic are told apart."),
        Metric.SENTIMENT: ("Sentiment right", "Texts whose overall sentiment is the gold one (accuracy)."),
        Metric.SENTIMENT_MACRO_F1: (
            "Sentiment, macro-F1",
            "How well each sentiment is told apart, then the mean; rare ones weigh as much as common ones.",
        ),
        Metric.TOPIC_SENTIMENT: (
            "Topic sentiment",
            "Of topics that were rightly found: those with the gold sentiment (accuracy).",
        ),
        Metric.TOPIC_SENTIMENT_MACRO_F1: (
            "Topic sentiment, macro-F1",
            "How well each sentiment is told apart about topics that were rightly found, then the mean.",
        ),
    }
)


def share_words(interval: Interval | None) -> str:
    """A figure from 0 to 1 with its interval, such as "71 % (between 65 and 77 %)"."""
    if interval is None:
        return "–"
    return f"{interval.value:.0%} (between {100 * interval.low:.0f} and {interval.high:.0%})".replace("%", " %")


def brief_share(interval: Interval | None) -> str:
    """The same for a cell of a table, such as "71 % (65 to 77)"."""
    if interval is None:
        return "–"
    value = f"{interval.value:.0%}".replace("%", " %")
    return f"{value} ({100 * interval.low:.0f} to {100 * interval.high:.0f})"


def short_share(interval: Interval | None) -> str:
    """A figure from 0 to 1 alone."""
    return f"{interval.value:.0%}".replace("%", " %") if interval else "–"


def difference_words(difference: Difference | None) -> str:
    """How a run differs from the first one, such as "better by 4 points (1 to 7)"."""
    if difference is None:
        return ""
    points, low, high = (100 * one for one in (difference.value, difference.low, difference.high))
    if not difference.is_clear and not round(points):
        return "about the same"
    if not difference.is_clear:
        return f"{points:+.0f} points, may be chance".replace("-", "−")
    if points < 0:
        return f"worse by {-points:.0f} points ({-high:.0f} to {-low:.0f})"
    return f"better by {points:.0f} points ({low:.0f} to {high:.0f})"
