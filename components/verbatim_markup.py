"""Responses as Markdown: what people wrote, letter by letter, with the evidence of each topic marked and numbered."""

from __future__ import annotations

from collections.abc import Sequence

from components.explore_words import (
    OTHER_WORDS,
    SENTIMENT_COLORS,
    SENTIMENT_ICONS,
    SENTIMENT_WORDS,
    confidence_words,
)
from components.markdown_text import in_one_line, marked
from components.times import day
from services.surveys.exploring.models import Verbatim, VerbatimTopic
from services.surveys.models import OtherReason, Sentiment

LONGEST_CHARACTERS = 900
_BEFORE_EVIDENCE = 200
_NUMBERS = "¹²³⁴⁵⁶⁷⁸⁹"
_MOST_NUMBERED = len(_NUMBERS)
_NOTHING_WRITTEN = ":gray[:material/check_box_outline_blank: Nothing was written.]"


def evidence_markdown(text: str, topics: Sequence[VerbatimTopic], *, whole: bool = False) -> str:
    """The text with the evidence of its topics marked in the color of their sentiment, and their numbers behind it.

    Args:
        whole: Show all of a long text; else the part around the first evidence.
    """
    if not text.strip():
        return _NOTHING_WRITTEN
    found = _evidence(text, topics)
    first, last = (0, len(text)) if whole else _shown_part(text, found)
    pieces, spans, length, at = [], [], 0, first
    for start, end, color, numbers in found:
        left, right = max(start, at), min(end, last)
        if left >= right:
            continue
        before, words = text[at:left], text[left:right] + (numbers if right == end else "")
        spans.append((length + len(before), length + len(before) + len(words), color))
        pieces += [before, words]
        length += len(before) + len(words)
        at = right
    pieces.append(text[at:last])
    shown = marked("".join(pieces), spans)
    return f"{'… ' if first else ''}{shown}{' …' if last < len(text) else ''}"


def is_cut(text: str, topics: Sequence[VerbatimTopic]) -> bool:
    """Whether only a part of the text is shown unless all of it is asked for."""
    return _shown_part(text, _evidence(text, topics)) != (0, len(text))


def topic_badges(verbatim: Verbatim) -> str:
    """The topics with their numbers and sentiments, or why there is none."""
    if verbatim.sentiment is None:
        return ":gray-badge[:material/hourglass_disabled: Not analyzed]"
    if not verbatim.topics:
        words = OTHER_WORDS[verbatim.other_reason or OtherReason.NOTHING_FITS].lower()
        return f":gray-badge[:material/help: Other: {words}]"
    return " ".join(
        f":{SENTIMENT_COLORS[topic.sentiment]}-badge[{SENTIMENT_ICONS[topic.sentiment]} {in_one_line(topic.name, 60)}"
        f"{_NUMBERS[place] if place < _MOST_NUMBERED and topic.end > topic.start else ''}: "
        f"{SENTIMENT_WORDS[topic.sentiment].lower()}]"
        for place, topic in enumerate(verbatim.topics)
    )


def overall_badge(sentiment: Sentiment) -> str:
    """How the person feels all in all."""
    words = SENTIMENT_WORDS[sentiment].lower()
    return f":{SENTIMENT_COLORS[sentiment]}-badge[{SENTIMENT_ICONS[sentiment]} All in all {words}]"


def facts_line(verbatim: Verbatim) -> str:
    """Who said it and when, how sure the finding is, and how often the same was said; in one line."""
    parts = [in_one_line(verbatim.response_id, 40)]
    if verbatim.day:
        parts.append(day(verbatim.day))
    parts += [f"{in_one_line(name, 30)}: {in_one_line(', '.join(values), 60)}" for name, values in verbatim.segments]
    parts += [f"{in_one_line(name, 30)}: {value:g}" for name, value in verbatim.scores]
    if verbatim.sentiment is not None and not verbatim.corrected:
        parts.append(confidence_words(verbatim.confidence))
    if verbatim.same_text_count > 1:
        parts.append(f"said {verbatim.same_text_count:,} times in these words")
    return " · ".join(parts)


def _evidence(text: str, topics: Sequence[VerbatimTopic]) -> list[tuple[int, int, str, str]]:
    """Start, end, color and numbers of what is marked, from left to right, none over another.

    Topics with the same evidence share a mark; where two overlap, the second one's mark begins behind the first.
    """
    spans: dict[tuple[int, int], list[int]] = {}
    for place, topic in enumerate(topics):
        start, end = max(0, topic.start), min(topic.end, len(text))
        if start < end:
            spans.setdefault((start, end), []).append(place)
    found: list[tuple[int, int, str, str]] = []
    at = 0
    for (start, end), places in sorted(spans.items()):
        colors = {SENTIMENT_COLORS[topics[place].sentiment] for place in places}
        color = colors.pop() if len(colors) == 1 else SENTIMENT_COLORS[Sentiment.MIXED]
        numbers = " ".join(_NUMBERS[place] for place in places if place < _MOST_NUMBERED)
        if start < at and found and end <= at:
            # It lies within the mark before it: that one says both numbers.
            left, right, kept, earlier = found[-1]
            found[-1] = (left, right, kept, f"{earlier} {numbers}".strip())
            continue
        found.append((max(start, at), end, color, numbers))
        at = end
    return found


def _shown_part(text: str, found: Sequence[tuple[int, int, str, str]]) -> tuple[int, int]:
    if len(text) <= LONGEST_CHARACTERS:
        return 0, len(text)
    first = max(0, found[0][0] - _BEFORE_EVIDENCE) if found else 0
    if found and found[0][0] < LONGEST_CHARACTERS // 2:
        first = 0
    return first, min(len(text), first + LONGEST_CHARACTERS)
