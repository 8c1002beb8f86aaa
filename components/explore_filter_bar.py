"""The one bar of filters over charts and responses: search, what can be chosen, and what is chosen as chips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from components import session_keys
from components.explore_filter import chips_of, show_filter, shown_filter, topic_names, with_topics
from components.explore_words import OTHER_WORDS, REVIEW_WORDS, SENTIMENT_ORDER, SENTIMENT_WORDS
from components.markdown_text import in_one_line
from components.survey_words import MARKS
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.marks import Mark
from services.surveys.models import OtherReason
from services.surveys.prepared_facts import ScoreFacts
from services.surveys.review_reasons import ReviewReason

_ANY, _ALL = "Any of them", "All of them"
_LONGEST_CHIP = 60


def draw_filter_bar(view: RunView) -> ResponseFilter:
    """Draw the bar.

    Returns:
        What is chosen now.
    """
    chosen = shown_filter()
    facts = view.prepared.facts
    segments = len(chosen.segments) + len(chosen.also_chosen)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _draw_search(view, chosen)
        with st.popover(_counted("Topics", len(chosen.topics)), icon=":material/label:"):
            _draw_topics(view, chosen)
        with st.popover(_counted("Sentiment", len(chosen.sentiments)), icon=":material/mood:"):
            _draw_sentiments(view, chosen)
        if facts.columns.segments:
            with st.popover(_counted("Segments", segments), icon=":material/groups:"):
                _draw_segments(view, chosen)
        if facts.first_day or facts.scores:
            count = len(chosen.scores) + bool(chosen.first_day or chosen.last_day)
            with st.popover(_counted("Time and score", count), icon=":material/date_range:"):
                _draw_dates(view, chosen)
                for score in facts.scores:
                    _draw_score(view, chosen, score)
        count = len(chosen.others) + len(chosen.marks) + len(chosen.review)
        count += chosen.only_other + chosen.only_review + chosen.only_corrected
        with st.popover(_counted("More", count), icon=":material/tune:"):
            _draw_more(view, chosen)
    _draw_chips(view, chosen)
    return chosen


def _draw_chips(view: RunView, chosen: ResponseFilter) -> None:
    chips = chips_of(chosen, topic_names(view))
    if not chips:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for place, chip in enumerate(chips):
            st.button(
                in_one_line(chip.words, _LONGEST_CHIP),
                key=f"{session_keys.EXPLORE_CHIP}{place}",
                icon=":material/close:",
                icon_position="right",
                help="Take this condition away",
                on_click=show_filter,
                args=(chip.rest,),
            )
        if len(chips) > 1:
            st.button(
                "Clear all",
                key=f"{session_keys.EXPLORE_CHIP}all",
                icon=":material/filter_alt_off:",
                type="tertiary",
                on_click=show_filter,
                args=(ResponseFilter(),),
            )


def _draw_search(view: RunView, chosen: ResponseFilter) -> None:
    key = _put(view, "search", chosen.search)
    st.text_input(
        "Search in the responses",
        key=key,
        type="search",
        icon=":material/search:",
        placeholder="Words in the responses",
        label_visibility="collapsed",
        width=190,
        on_change=_take,
        args=(lambda now: replace(now, search=str(st.session_state[key] or "").strip()),),
    )


def _draw_topics(view: RunView, chosen: ResponseFilter) -> None:
    names = {name: words for name, words in topic_names(view).items() if name in {*view.filter_names, *chosen.topics}}
    key = _put(view, "topics", [one for one in chosen.topics if one in names])
    st.multiselect(
        "Topics",
        list(names),
        key=key,
        format_func=lambda topic_id: names[topic_id],
        placeholder="Any topic",
        on_change=_take,
        args=(lambda now: with_topics(now, tuple(st.session_state[key])),),
    )
    if len(chosen.topics) < 2:
        return
    which = _put(view, "topics.all", _ALL if chosen.match_all else _ANY)
    st.segmented_control(
        "A response has",
        [_ANY, _ALL],
        key=which,
        required=True,
        on_change=_take,
        args=(lambda now: replace(now, match_all=st.session_state[which] == _ALL),),
    )


def _draw_sentiments(view: RunView, chosen: ResponseFilter) -> None:
    key = _put(view, "sentiments", list(chosen.sentiments))
    st.pills(
        "Sentiment about the chosen topics" if chosen.topics else "Sentiment of the whole response",
        list(SENTIMENT_ORDER),
        selection_mode="multi",
        key=key,
        format_func=lambda one: SENTIMENT_WORDS[one],
        on_change=_take,
        args=(lambda now: replace(now, sentiments=tuple(st.session_state[key])),),
    )


def _draw_segments(view: RunView, chosen: ResponseFilter) -> None:
    before = dict(chosen.segments)
    for place, column in enumerate(view.prepared.facts.columns.segments):
        _draw_segment(view, place, column.name, before.get(column.name, ()))


def _draw_segment(view: RunView, place: int, name: str, chosen: tuple[str, ...]) -> None:
    counts = {one.value: one.count for one in view.segment_values(name)}
    key = _put(view, f"segment.{place}", [one for one in chosen if one in counts])
    st.multiselect(
        in_one_line(name, 80),
        list(counts),
        key=key,
        format_func=lambda value: f"{value} ({counts[value]:,})",
        placeholder="All",
        on_change=_take,
        args=(lambda now: _with_segment(now, name, st.session_state[key]),),
    )


def _draw_dates(view: RunView, chosen: ResponseFilter) -> None:
    facts = view.prepared.facts
    if facts.first_day is None or facts.last_day is None:
        return
    for name, label, value in (("first", "From", chosen.first_day), ("last", "Until", chosen.last_day)):
        inside = value if value and facts.first_day <= value <= facts.last_day else None
        key = _put(view, name, inside)
        st.date_input(
            label,
            value=None,
            min_value=facts.first_day,
            max_value=facts.last_day,
            key=key,
            format="YYYY-MM-DD",
            on_change=_take,
            args=(lambda now, name=name, key=key: _with_day(now, name, st.session_state[key]),),
        )


def _draw_score(view: RunView, chosen: ResponseFilter, score: ScoreFacts) -> None:
    if score.low is None or score.high is None or score.low == score.high:
        return
    low, high = next(((one[1], one[2]) for one in chosen.scores if one[0] == score.name), (None, None))
    ends = (
        min(max(score.low if low is None else low, score.low), score.high),
        max(min(score.high if high is None else high, score.high), score.low),
    )
    whole = float(score.low).is_integer() and float(score.high).is_integer()
    key = _put(view, f"score.{score.name}", (int(ends[0]), int(ends[1])) if whole else ends)
    bounds: tuple[Any, Any] = (int(score.low), int(score.high)) if whole else (score.low, score.high)
    st.slider(
        in_one_line(score.name, 80),
        *bounds,
        key=key,
        on_change=_take,
        args=(lambda now: _with_score(now, score, st.session_state[key]),),
    )


def _draw_more(view: RunView, chosen: ResponseFilter) -> None:
    _draw_flag(view, "only_other", "Without a topic", chosen.only_other)
    _draw_pills(view, "others", "Why there is no topic", OTHER_WORDS, chosen.others, OtherReason)
    _draw_flag(view, "only_review", "To be reviewed", chosen.only_review)
    _draw_pills(view, "review", "Why to review", REVIEW_WORDS, chosen.review, ReviewReason)
    words = {mark: word for mark, (word, _, _) in MARKS.items()}
    _draw_pills(view, "marks", "Marked when loaded", words, chosen.marks, Mark)
    _draw_flag(view, "only_corrected", "Corrected or confirmed", chosen.only_corrected)


def _draw_flag(view: RunView, name: str, label: str, value: bool) -> None:
    key = _put(view, name, value)
    st.toggle(
        label,
        key=key,
        on_change=_take,
        args=(lambda now: replace(now, **{name: bool(st.session_state[key])}),),
    )


def _draw_pills(view: RunView, name: str, label: str, words: Any, chosen: tuple[Any, ...], kind: Any) -> None:
    key = _put(view, name, list(chosen))
    st.pills(
        label,
        list(kind),
        selection_mode="multi",
        key=key,
        format_func=lambda one: words[one],
        on_change=_take,
        args=(lambda now: replace(now, **{name: tuple(st.session_state[key])}),),
    )


def _put(view: RunView, name: str, value: Any) -> str:
    """The key of a field, which shows what the address says."""
    key = f"{session_keys.EXPLORE_FIELD}{name}.{view.run.id}"
    st.session_state[key] = value
    return key


def _take(change: Callable[[ResponseFilter], ResponseFilter]) -> None:
    show_filter(change(shown_filter()))


def _with_segment(now: ResponseFilter, name: str, values: list[str]) -> ResponseFilter:
    named = {column: kept for column, kept in now.segments if column != name}
    if values:
        named[name] = tuple(values)
    return replace(now, segments=tuple(named.items()))


def _with_day(now: ResponseFilter, name: str, value: date | None) -> ResponseFilter:
    return replace(now, first_day=value) if name == "first" else replace(now, last_day=value)


def _with_score(now: ResponseFilter, score: ScoreFacts, ends: tuple[float, float]) -> ResponseFilter:
    others = tuple(one for one in now.scores if one[0] != score.name)
    if (ends[0], ends[1]) == (score.low, score.high):
        return replace(now, scores=others)
    return replace(now, scores=(*others, (score.name, float(ends[0]), float(ends[1]))))


def _counted(label: str, count: int) -> str:
    return f"{label} ({count})" if count else label
