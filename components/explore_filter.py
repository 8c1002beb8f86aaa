"""Which responses of a run are shown: the address says it, so that a link shares the view; and chips that say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st

from components.explore_words import OTHER_WORDS, REVIEW_WORDS, SENTIMENT_WORDS
from components.survey_link import FILTER
from components.survey_words import MARKS
from components.times import day
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter

_Value = TypeVar("_Value")
_REMOVED = "a topic that was removed"


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition of a filter in words, and the filter without it."""

    words: str
    rest: ResponseFilter


def shown_filter() -> ResponseFilter:
    """What the address says."""
    named = {name: st.query_params.get_all(name) for name in st.query_params if name.startswith(FILTER)}
    return ResponseFilter.from_params(named, FILTER)


def show_filter(chosen: ResponseFilter) -> None:
    """Write another filter into the address; for callbacks."""
    for name in [name for name in st.query_params if name.startswith(FILTER)]:
        del st.query_params[name]
    for name, values in chosen.to_params(FILTER).items():
        st.query_params[name] = values


def key_of_filter(chosen: ResponseFilter) -> str:
    """A short name of a filter for keys of widgets that must not outlive it."""
    return hashlib.sha256(json.dumps(chosen.to_params()).encode()).hexdigest()[:12]


def chips_of(chosen: ResponseFilter, topic_names: Mapping[str, str]) -> list[Chip]:
    """The conditions of a filter, each with the filter that is left when it goes.

    Args:
        topic_names: Name by id; a topic that is not among them was removed since the link was made.
    """
    return [
        *_topic_chips(chosen, topic_names),
        *(
            Chip(SENTIMENT_WORDS[one], replace(chosen, sentiments=_without(chosen.sentiments, one)))
            for one in chosen.sentiments
        ),
        *_having_chips(chosen, topic_names),
        *_segment_chips(chosen),
        *_range_chips(chosen),
        *_finding_chips(chosen),
    ]


def topic_names(view: RunView) -> dict[str, str]:
    """What people call everything that a filter may name, by that name."""
    names = dict(view.filter_names)
    return names | {topic.id: topic.name for topic in view.detail.topics if topic.id not in names}


def with_topics(chosen: ResponseFilter, topics: tuple[str, ...]) -> ResponseFilter:
    """The filter with other topics; one topic alone is neither "any" nor "all"."""
    return replace(chosen, topics=topics, match_all=chosen.match_all and len(topics) > 1)


def _topic_chips(chosen: ResponseFilter, topic_names: Mapping[str, str]) -> list[Chip]:
    lead = "and " if chosen.match_all else "or "
    return [
        Chip(
            f"{lead if place else ''}{topic_names.get(topic_id, _REMOVED)}",
            with_topics(chosen, _without(chosen.topics, topic_id)),
        )
        for place, topic_id in enumerate(chosen.topics)
    ]


def _having_chips(chosen: ResponseFilter, topic_names: Mapping[str, str]) -> list[Chip]:
    chips = []
    for one in chosen.having:
        name, felt = topic_names.get(one[0], _REMOVED), one[1]
        words = f"{name}: {SENTIMENT_WORDS[felt].lower()}" if felt else name
        chips.append(Chip(words, replace(chosen, having=_without(chosen.having, one))))
    if chosen.with_topic:
        chips.append(Chip("With a topic", replace(chosen, with_topic=False)))
    return chips


def _segment_chips(chosen: ResponseFilter) -> list[Chip]:
    chips = []
    for place, (name, values) in enumerate(chosen.segments):
        for value in values:
            kept = _without(values, value)
            segments = tuple(
                (column, kept if index == place else others)
                for index, (column, others) in enumerate(chosen.segments)
                if index != place or kept
            )
            chips.append(Chip(f"{name}: {value}", replace(chosen, segments=segments)))
    for one in chosen.also_chosen:
        rest = replace(chosen, also_chosen=_without(chosen.also_chosen, one))
        chips.append(Chip(f"{one[0]}: {one[1]} too", rest))
    return chips


def _range_chips(chosen: ResponseFilter) -> list[Chip]:
    chips = []
    if chosen.first_day or chosen.last_day:
        words = [f"From {day(chosen.first_day)}"] if chosen.first_day else []
        words += [f"{'until' if words else 'Until'} {day(chosen.last_day)}"] if chosen.last_day else []
        chips.append(Chip(" ".join(words), replace(chosen, first_day=None, last_day=None)))
    for place, (name, low, high) in enumerate(chosen.scores):
        scores = tuple(one for index, one in enumerate(chosen.scores) if index != place)
        chips.append(Chip(f"{name}: {range_words(low, high)}", replace(chosen, scores=scores)))
    if chosen.search:
        chips.append(Chip(f"“{chosen.search}”", replace(chosen, search="")))
    return chips


def _finding_chips(chosen: ResponseFilter) -> list[Chip]:
    chips = []
    if chosen.only_other:
        chips.append(Chip("No topic", replace(chosen, only_other=False)))
    chips += [
        Chip(f"Other: {OTHER_WORDS[one].lower()}", replace(chosen, others=_without(chosen.others, one)))
        for one in chosen.others
    ]
    chips += [
        Chip(f"Marked: {MARKS[one][0].lower()}", replace(chosen, marks=_without(chosen.marks, one)))
        for one in chosen.marks
    ]
    if chosen.only_review:
        chips.append(Chip("To be reviewed", replace(chosen, only_review=False)))
    chips += [
        Chip(f"Review: {REVIEW_WORDS[one].lower()}", replace(chosen, review=_without(chosen.review, one)))
        for one in chosen.review
    ]
    if chosen.only_corrected:
        chips.append(Chip("Corrected", replace(chosen, only_corrected=False)))
    return chips


def range_words(low: float | None, high: float | None) -> str:
    """A range of a score, such as "0 to 6"."""
    if low is None:
        return f"at most {high:g}"
    if high is None:
        return f"at least {low:g}"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _without(values: tuple[_Value, ...], value: _Value) -> tuple[_Value, ...]:
    return tuple(one for one in values if one != value)
