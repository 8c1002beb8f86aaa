"""Responses as Markdown: evidence marked and numbered, and nothing that a person wrote taken for markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from components.explore_words import interval_words, percent, points_words, review_sentence
from components.verbatim_markup import (
    LONGEST_CHARACTERS,
    evidence_markdown,
    facts_line,
    is_cut,
    topic_badges,
)
from services.surveys.exploring.models import Verbatim, VerbatimTopic
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason
from services.surveys.statistics import Interval

NEGATIVE, POSITIVE = Sentiment.NEGATIVE, Sentiment.POSITIVE


def topic(start: int, end: int, sentiment: Sentiment = NEGATIVE, name: str = "Price") -> VerbatimTopic:
    return VerbatimTopic(name.lower(), name, sentiment, 0.9, start, end)


def verbatim(text: str = "fine", *topics: VerbatimTopic) -> Verbatim:
    return Verbatim(
        row=0,
        response_id="P-0001",
        text=text,
        text_key="k",
        day=None,
        segments=(),
        scores=(),
        sentiment=NEGATIVE,
        topics=topics,
        other_reason=None,
        confidence=0.9,
        review=(),
        marks=(),
        corrected=False,
        same_text_count=1,
    )


def test_evidence_is_marked_in_the_color_of_its_sentiment_and_numbered() -> None:
    shown = evidence_markdown("too dear but kind staff", [topic(0, 8), topic(13, 23, POSITIVE, "Staff")])
    assert shown == ":red-background[too dear¹] but :green-background[kind staff²]"


def test_the_number_of_a_topic_is_that_of_its_badge_whatever_stands_first_in_the_text() -> None:
    found = verbatim("too dear but kind staff", topic(13, 23, POSITIVE, "Staff"), topic(0, 8))
    assert evidence_markdown(found.text, found.topics).startswith(":red-background[too dear²]")
    badges = topic_badges(found)
    assert "Staff¹: positive" in badges
    assert "Price²: negative" in badges


def test_topics_with_the_same_evidence_share_a_mark() -> None:
    same = evidence_markdown("all bad", [topic(0, 7), topic(0, 7, NEGATIVE, "Staff")])
    assert same == ":red-background[all bad¹ ²]"
    mixed = evidence_markdown("all bad", [topic(0, 7), topic(0, 7, POSITIVE, "Staff")])
    assert mixed.startswith(":yellow-background[")


def test_evidence_within_other_evidence_keeps_its_number() -> None:
    assert evidence_markdown("all bad here", [topic(0, 12), topic(4, 7)]) == ":red-background[all bad here¹ ²]"


def test_overlapping_evidence_shows_every_character_once() -> None:
    shown = evidence_markdown("abcdefghij", [topic(0, 6), topic(4, 10, POSITIVE)])
    assert shown == ":red-background[abcdef¹]:green-background[ghij²]"


@pytest.mark.parametrize(
    "text",
    ["**bold** [x](http://y) :red[z] $a$ `c` <b>", "# head\n- list\n\n| a | b |", "a]b[c](d) \\ :material/x:", "1. x"],
)
def test_what_was_written_is_never_markup(text: str) -> None:
    shown = evidence_markdown(text, [topic(2, 6)])
    bare = shown.replace(":red-background[", "").replace("¹]", "")
    for sign in "*_[]()<>#`$|~":
        assert bare.count(sign) == bare.count(f"\\{sign}"), sign
    unescaped = bare.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
    assert "".join(unescaped.split()) == "".join(text.split())


@pytest.mark.parametrize("span", [(-5, 3), (0, 999), (50, 60), (3, 3), (5, 2)])
def test_evidence_outside_of_the_text_breaks_nothing(span: tuple[int, int]) -> None:
    shown = evidence_markdown("fine day", [topic(*span)])
    assert shown.replace(":red-background[", "").replace("¹", "").replace("]", "") == "fine day"


def test_a_long_response_is_cut_around_its_evidence_until_all_is_asked_for() -> None:
    text = "x " * 2_000 + "dear" + " y" * 2_000
    found = [topic(4_000, 4_004)]
    assert is_cut(text, found)
    shown = evidence_markdown(text, found)
    assert ":red-background[dear¹]" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < LONGEST_CHARACTERS + 100
    assert len(evidence_markdown(text, found, whole=True)) > len(text)


def test_an_empty_response_says_so_and_other_says_why() -> None:
    assert "Nothing was written" in evidence_markdown("  ", [])
    assert "Other: too short" in topic_badges(replace(verbatim(), other_reason=OtherReason.TOO_SHORT))
    assert "Not analyzed" in topic_badges(replace(verbatim(), sentiment=None))


def test_the_facts_of_a_response_stand_in_one_line() -> None:
    one = replace(
        verbatim(),
        day=date(2026, 3, 2),
        segments=(("Region", ("North", "*West*")),),
        scores=(("NPS", 7.0),),
        same_text_count=3,
    )
    line = facts_line(one).replace("\\", "")
    assert line == "P-0001 · Mar 2, 2026 · Region: North, *West* · NPS: 7 · very sure · said 3 times in these words"
    assert "\\*West\\*" in facts_line(one)
    assert "sure" not in facts_line(replace(one, corrected=True))


def test_reasons_to_review_make_one_sentence() -> None:
    assert review_sentence(()) == ""
    assert review_sentence((ReviewReason.WEAK_TOPIC,)) == "Please look at it: its best topic hardly fits."
    both = review_sentence((ReviewReason.WEAK_TOPIC, ReviewReason.MIXED_FEELINGS, ReviewReason.VERY_LONG))
    assert both.count(", and ") == 1
    assert both.endswith("its end was not read.")


def test_shares_are_told_as_exactly_as_they_can_be_read() -> None:
    assert [percent(share) for share in (0.0, 0.0001, 0.021, 0.0994, 0.1, 0.999, 1.0)] == [
        "0.0 %",
        "<0.1 %",
        "2.1 %",
        "9.9 %",
        "10 %",
        "100 %",
        "100 %",
    ]
    assert interval_words(Interval(0.12, 0.1, 0.14)) == "12 % (10 to 14 %)"
    assert points_words(-0.032) == "−3.2 points"
