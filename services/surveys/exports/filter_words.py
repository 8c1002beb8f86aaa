"""What a filter says, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.run_view import RunView
from services.surveys.models import OtherReason

OTHER_WORDS = {
    OtherReason.NOTHING_FITS: "No topic fits",
    OtherReason.TOO_SHORT: "Too short",
    OtherReason.JUNK: "Junk",
    OtherReason.EMPTY: "Empty",
    OtherReason.NOT_UNDERSTOOD: "Not understood",
}


def filter_words(view: RunView, chosen: ResponseFilter) -> tuple[str, ...]:
    """A part for each thing said, such as ``Topic: Prices``; empty when nothing is."""
    chosen = view.known(chosen)
    return (*_found_words(view, chosen), *_row_words(chosen), *_doubt_words(chosen))


def day_words(day: date) -> str:
    """Such as ``5 March 2026``."""
    return f"{day.day} {day:%B %Y}"


def _found_words(view: RunView, chosen: ResponseFilter) -> Iterator[str]:
    if chosen.topics:
        joiner = " and " if chosen.match_all else " or "
        yield f"Topic: {joiner.join(view.filter_name(topic) for topic in chosen.topics)}"
    if chosen.sentiments:
        yield f"{'Sentiment toward it' if chosen.topics else 'Sentiment'}: {' or '.join(chosen.sentiments)}"
    for topic, felt in chosen.having:
        yield f"Topic: {view.filter_name(topic)}{f', {felt.value}' if felt is not None else ''}"
    if chosen.with_topic:
        yield "With a topic"
    if chosen.only_other:
        yield "Without a topic"
    if chosen.others:
        yield f"Without a topic because: {' or '.join(OTHER_WORDS[reason].lower() for reason in chosen.others)}"


def _row_words(chosen: ResponseFilter) -> Iterator[str]:
    for name, values in chosen.segments:
        yield f"{name}: {' or '.join(values)}"
    for name, value in chosen.also_chosen:
        yield f"{name}: {value} too"
    if chosen.first_day:
        yield f"From {day_words(chosen.first_day)}"
    if chosen.last_day:
        yield f"Until {day_words(chosen.last_day)}"
    for name, low, high in chosen.scores:
        ends = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
        yield f"{name}: {' '.join(filter(None, ends))}"
    if chosen.marks:
        yield f"Marked as: {' or '.join(mark.replace('-', ' ') for mark in chosen.marks)}"
    if chosen.search.strip():
        yield f"With the words “{chosen.search.strip()}”"


def _doubt_words(chosen: ResponseFilter) -> Iterator[str]:
    if chosen.only_review:
        yield "A person should look at it"
    if chosen.review:
        yield f"To be reviewed because: {' or '.join(reason.replace('-', ' ') for reason in chosen.review)}"
    if chosen.only_corrected:
        yield "Corrected or confirmed by a person"
