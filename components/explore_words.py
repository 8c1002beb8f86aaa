"""The words and signs for sentiment, Other, marks and doubts in the findings of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason
from services.surveys.run_models import Step
from services.surveys.statistics import Interval

# In the order in which bars are stacked: the good to the left, the bad to the right.
SENTIMENT_ORDER = (Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.MIXED, Sentiment.NEGATIVE)
SENTIMENT_WORDS: Mapping[Sentiment, str] = MappingProxyType(
    {
        Sentiment.POSITIVE: "Positive",
        Sentiment.NEUTRAL: "Neutral",
        Sentiment.MIXED: "Mixed",
        Sentiment.NEGATIVE: "Negative",
    }
)
SENTIMENT_ICONS: Mapping[Sentiment, str] = MappingProxyType(
    {
        Sentiment.POSITIVE: ":material/sentiment_satisfied:",
        Sentiment.NEUTRAL: ":material/sentiment_neutral:",
        Sentiment.MIXED: ":material/swap_vert:",
        Sentiment.NEGATIVE: ":material/sentiment_dissatisfied:",
    }
)
# Colors of Streamlit's Markdown; marks of evidence have them too.
SENTIMENT_COLORS: Mapping[Sentiment, str] = MappingProxyType(
    {
        Sentiment.POSITIVE: "green",
        Sentiment.NEUTRAL: "gray",
        Sentiment.MIXED: "yellow",
        Sentiment.NEGATIVE: "red",
    }
)

OTHER_WORDS: Mapping[OtherReason, str] = MappingProxyType(
    {
        OtherReason.NOTHING_FITS: "Nothing fits",
        OtherReason.TOO_SHORT: "Too short",
        OtherReason.JUNK: "Junk",
        OtherReason.EMPTY: "Empty",
        OtherReason.NOT_UNDERSTOOD: "Not understood",
    }
)
OTHER_SENTENCES: Mapping[OtherReason, str] = MappingProxyType(
    {
        OtherReason.NOTHING_FITS: "It says something, but no topic of the taxonomy fits.",
        OtherReason.TOO_SHORT: "It is too short to tell what it is about.",
        OtherReason.JUNK: "It holds no answer, such as “n/a” or random keys.",
        OtherReason.EMPTY: "Nothing was written.",
        OtherReason.NOT_UNDERSTOOD: "It could not be read, perhaps because of its language.",
    }
)

REVIEW_WORDS: Mapping[ReviewReason, str] = MappingProxyType(
    {
        ReviewReason.WEAK_TOPIC: "Topic hardly fits",
        ReviewReason.CLOSE_TO_OTHER: "Close to Other",
        ReviewReason.MIXED_FEELINGS: "Mixed feelings",
        ReviewReason.UNCLEAR_SENTIMENT: "Sentiment unclear",
        ReviewReason.OTHER_LANGUAGE: "Other language",
        ReviewReason.VERY_LONG: "Very long",
    }
)
REVIEW_SENTENCES: Mapping[ReviewReason, str] = MappingProxyType(
    {
        ReviewReason.WEAK_TOPIC: "its best topic hardly fits",
        ReviewReason.CLOSE_TO_OTHER: "it may belong to no topic, or may after all",
        ReviewReason.MIXED_FEELINGS: "it holds good and bad at once",
        ReviewReason.UNCLEAR_SENTIMENT: "its words do not tell clearly how the person feels",
        ReviewReason.OTHER_LANGUAGE: "it is in another language and was read as English",
        ReviewReason.VERY_LONG: "it is very long and its end was not read",
    }
)

STEP_WORDS: Mapping[Step, str] = MappingProxyType(
    {
        Step.CLEAN: "Clean",
        Step.SPLIT: "Split into statements",
        Step.TOPICS: "Assign topics",
        Step.SENTIMENT: "Sentiment per topic",
        Step.CHECK: "Check",
    }
)

# Least confidence and its words, the surest first.
_CONFIDENCE_WORDS = ((0.85, "very sure"), (0.6, "fairly sure"), (0.35, "unsure"))
_GUESS = "a guess"


def confidence_words(share: float) -> str:
    """How sure a finding is, 0 to 1, in words."""
    return next((words for least, words in _CONFIDENCE_WORDS if share >= least), _GUESS)


def review_sentence(reasons: Sequence[ReviewReason]) -> str:
    """Why a person should look, as one sentence; empty when nobody needs to."""
    if not reasons:
        return ""
    words = [REVIEW_SENTENCES[reason] for reason in reasons]
    return f"Please look at it: {', and '.join((', '.join(words[:-1]), words[-1])) if words[:-1] else words[0]}."


def percent(share: float) -> str:
    """A share in percent: with a decimal below ten, so that rare topics do not all read alike."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")


def interval_words(interval: Interval) -> str:
    """A share with its interval, such as "12 % (10 to 14 %)"."""
    low, high = percent(interval.low).removesuffix(" %"), percent(interval.high)
    return f"{percent(interval.value)} ({low} to {high})"


def points_words(difference: float) -> str:
    """A difference of shares, such as "+3.2 points"."""
    return f"{100 * difference:+.1f} points".replace("-", "−")
