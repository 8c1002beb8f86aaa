"""Why a person, or a language model, should look at what was found in a response."""

from __future__ import annotations

from enum import StrEnum


class ReviewReason(StrEnum):
    """What made the analysis unsure. These are the values of ``ResponseFinding.needs_review``."""

    WEAK_TOPIC = "weak-topic"  # the best topic fits, but hardly
    CLOSE_TO_OTHER = "close-to-other"  # it may be Other, or may not
    MIXED_FEELINGS = "mixed-feelings"  # local methods are right about half of these
    UNCLEAR_SENTIMENT = "unclear-sentiment"  # hardly sure, or words and meaning say opposite things
    OTHER_LANGUAGE = "other-language"  # read with a model for English
    VERY_LONG = "very-long"  # its end was not read
