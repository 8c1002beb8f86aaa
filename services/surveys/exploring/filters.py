"""Which responses somebody looks at, and how a link says it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from services.surveys.marks import Mark
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason

# Names of query parameters. What follows "by.", "also." or "score." is the name of a column.
_TOPIC, _ALL, _FEELING, _FROM, _TO, _SEARCH = "topic", "all", "feeling", "from", "to", "q"
_OTHER, _MARK, _REVIEW, _CORRECTED, _SEGMENT, _SCORE = "other", "mark", "review", "corrected", "by.", "score."
_HAVING, _ALSO = "with", "also."
_ANY, _NONE, _YES, _RANGE, _FELT = "any", "none", "yes", "..", "~"
_Kind = TypeVar("_Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ResponseFilter:
    """Responses that fit everything that is said here; nothing said means all.

    Responses without a word are left out unless ``others`` or ``marks`` names them.

    Attributes:
        topics: Ids: responses with any of them, or with all when ``match_all``. Here and in ``having``, a main topic
            with all below it goes by the name that :func:`services.surveys.exploring.levels.with_below` gives it.
        sentiments: With topics: what is felt about these; without: the response as a whole.
        segments: Name of a column, and the values of which a response has one.
        also_chosen: Name of a column, and a value that a response must have besides: it may have several.
        first_day, last_day: Both are included; a response without a date is not.
        scores: Name, lowest and highest value, both included; None is open. A response without the score is not.
        others: Reasons why a response has no topic.
        only_other: Responses without a topic, whatever the reason.
        marks: Any of them.
        only_review: Responses that a person should look at, whatever the reason.
        review: Any of these reasons.
        only_corrected: Responses that a person corrected or confirmed.
        search: Stands in the text like that, whatever the case of its letters.
        having: Topics that a response must have besides, each with what is felt about it; None for whatever is felt.
        with_topic: Responses with at least one topic.
    """

    topics: tuple[str, ...] = ()
    match_all: bool = False
    sentiments: tuple[Sentiment, ...] = ()
    segments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    also_chosen: tuple[tuple[str, str], ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    scores: tuple[tuple[str, float | None, float | None], ...] = ()
    others: tuple[OtherReason, ...] = ()
    only_other: bool = False
    marks: tuple[Mark, ...] = ()
    only_review: bool = False
    review: tuple[ReviewReason, ...] = ()
    only_corrected: bool = False
    search: str = ""
    having: tuple[tuple[str, Sentiment | None], ...] = ()
    with_topic: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.to_params()

    def to_params(self, prefix: str = "") -> dict[str, list[str]]:
        """As query parameters; what is not said has none.

        Args:
            prefix: What the name of each begins with.
        """
        params: dict[str, list[str]] = {
            _TOPIC: list(self.topics),
            _ALL: [_YES] if self.match_all else [],
            _FEELING: [sentiment.value for sentiment in self.sentiments],
            **{f"{_SEGMENT}{name}": list(values) for name, values in self.segments},
            **{
                f"{_ALSO}{name}": [value for column, value in self.also_chosen if column == name]
                for name, _ in self.also_chosen
            },
            _FROM: [self.first_day.isoformat()] if self.first_day else [],
            _TO: [self.last_day.isoformat()] if self.last_day else [],
            **{
                f"{_SCORE}{name}": [f"{_number_text(low)}{_RANGE}{_number_text(high)}"]
                for name, low, high in self.scores
                if low is not None or high is not None
            },
            _OTHER: [
                *([_ANY] if self.only_other else []),
                *([_NONE] if self.with_topic else []),
                *(reason.value for reason in self.others),
            ],
            _MARK: [mark.value for mark in self.marks],
            _REVIEW: [*([_ANY] if self.only_review else []), *(reason.value for reason in self.review)],
            _CORRECTED: [_YES] if self.only_corrected else [],
            _SEARCH: [self.search] if self.search else [],
            _HAVING: [f"{topic}{_FELT}{felt.value}" if felt else topic for topic, felt in self.having],
        }
        return {f"{prefix}{name}": values for name, values in params.items() if values}

    @staticmethod
    def from_params(params: Mapping[str, str | Sequence[str]], prefix: str = "") -> ResponseFilter:
        """What :meth:`to_params` wrote; whatever cannot be read is left out, so that an old link still opens."""
        told = {
            name.removeprefix(prefix): _distinct((values,) if isinstance(values, str) else values)
            for name, values in params.items()
            if name.startswith(prefix)
        }

        def first(name: str) -> str:
            return next(iter(told.get(name, ())), "")

        scores = ((name.removeprefix(_SCORE), _range(first(name))) for name in told if name.startswith(_SCORE))
        return ResponseFilter(
            topics=told.get(_TOPIC, ()),
            match_all=first(_ALL) == _YES,
            sentiments=_members(Sentiment, told.get(_FEELING, ())),
            segments=tuple(
                (name.removeprefix(_SEGMENT), values)
                for name, values in told.items()
                if name.startswith(_SEGMENT) and values
            ),
            also_chosen=tuple(
                (name.removeprefix(_ALSO), value)
                for name, values in told.items()
                if name.startswith(_ALSO)
                for value in values
            ),
            first_day=_day(first(_FROM)),
            last_day=_day(first(_TO)),
            scores=tuple((name, *ends) for name, ends in scores if ends is not None),
            others=_members(OtherReason, told.get(_OTHER, ())),
            only_other=_ANY in told.get(_OTHER, ()),
            marks=_members(Mark, told.get(_MARK, ())),
            only_review=_ANY in told.get(_REVIEW, ()),
            review=_members(ReviewReason, told.get(_REVIEW, ())),
            only_corrected=first(_CORRECTED) == _YES,
            search=first(_SEARCH),
            having=tuple(_topic_with_feeling(text) for text in told.get(_HAVING, ())),
            with_topic=_NONE in told.get(_OTHER, ()),
        )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _members(kind: type[_Kind], values: Iterable[str]) -> tuple[_Kind, ...]:
    known = {member.value: member for member in kind}
    return tuple(known[value] for value in values if value in known)


def _topic_with_feeling(text: str) -> tuple[str, Sentiment | None]:
    topic, found, felt = text.rpartition(_FELT)
    feelings = _members(Sentiment, (felt,)) if found else ()
    return (topic, feelings[0]) if feelings else (text, None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number_text(number: float | None) -> str:
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _range(text: str) -> tuple[float | None, float | None] | None:
    """Both ends; None when the text is no range."""
    low, found, high = text.partition(_RANGE)
    if not found:
        return None
    try:
        ends = float(low) if low else None, float(high) if high else None
    except ValueError:
        return None
    if any(end is not None and not math.isfinite(end) for end in ends) or ends == (None, None):
        return None
    return ends
