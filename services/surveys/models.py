"""What an analysis of open-ended responses is made of: responses, a taxonomy, examples, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Sentiment(StrEnum):
    """How somebody feels about something. ``mixed`` is for a whole response that holds both."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MIXED = "mixed"


class OtherReason(StrEnum):
    """Why no topic was assigned."""

    NOTHING_FITS = "nothing-fits"
    TOO_SHORT = "too-short"
    JUNK = "junk"  # "asdf", "n/a", "//no"
    EMPTY = "empty"
    NOT_UNDERSTOOD = "not-understood"  # another language, or the backend could not read it


@dataclass(frozen=True, slots=True)
class Response:
    """One open-ended answer.

    Attributes:
        id: Unique in its survey.
        text: As it was written, personal data masked.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that responses speak of.

    Attributes:
        id: Stable over renaming, and from wave to wave.
        keywords: Words that name it, for the first analysis without examples.
        parent: The id of the topic above; None at the top.
    """

    id: str
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A response with the topics that a person gave it.

    Attributes:
        topic_ids: Empty says that no topic fits.
        sentiment: Of the whole response; None when nobody said.
    """

    text: str
    topic_ids: tuple[str, ...]
    sentiment: Sentiment | None = None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The topics of a survey, with the examples that teach them."""

    topics: tuple[Topic, ...]
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicFinding:
    """One topic of one response.

    Attributes:
        confidence: 0 to 1.
        start: Where its evidence begins in the response's text, in characters.
        end: Where it ends; ``text[start:end]`` is the evidence.
    """

    topic_id: str
    sentiment: Sentiment
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ResponseFinding:
    """What was found in one response.

    Attributes:
        topics: The surest first; empty means Other.
        other_reason: Why it is Other; None when it has topics.
        confidence: 0 to 1, of the whole.
        needs_review: Why a person, or a language model, should look; empty when nobody needs to.
    """

    response_id: str
    topics: tuple[TopicFinding, ...]
    sentiment: Sentiment
    confidence: float
    other_reason: OtherReason | None = None
    needs_review: tuple[str, ...] = field(default=())
