"""What models read is clean, and what they quote is found where it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.surveys.chain.clean_text import clean_text
from services.surveys.chain.quotes import QuotedText
from services.surveys.chain.split_step import is_one_statement
from services.surveys.chain.tokens import TokenMeter, text_tokens


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  two \t\n  words ", "two words"),
        ("zero\u200bwidth and \u202eturned\x00", "zerowidth and turned"),
        ("👩\u200d👧 family", "👩\u200d👧 family"),
        ("\ud800lone", "lone"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_clean_text_has_single_spaces_and_nothing_that_cannot_be_seen(written: str, read: str) -> None:
    assert clean_text(written).text == read


@given(st.text(max_size=200), st.data())
def test_every_part_of_a_clean_text_is_found_in_what_was_written(written: str, data: st.DataObject) -> None:
    clean = clean_text(written)
    if clean.text:
        start = data.draw(st.integers(0, len(clean.text) - 1))
        end = data.draw(st.integers(start + 1, len(clean.text)))
        left, right = clean.original_span(start, end)
        assert 0 <= left < right <= len(written)
        assert clean_text(written[left:right]).text == clean.text[start:end].strip()


@pytest.mark.parametrize(("text", "longest"), [("word " * 10_000, 5_100), ("很好" * 25_000, 1_430)])
def test_very_long_text_is_cut_by_what_it_costs_in_its_script(text: str, longest: int) -> None:
    clean = clean_text(text)
    assert clean.is_cut
    assert 0.95 * longest < len(clean.text) <= longest
    assert not clean.text.endswith("wor")


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("The app crashes.", "The app crashes.", "The app crashes."),
        ("The app crashes.", "the APP crashes", "The app crashes"),
        ("The app crashes", "The app crashes.", "The app crashes"),
        ("It’s “fine”", 'It\'s "fine"', "It’s “fine”"),
        ("open — always", "open - always", "open — always"),
        ("café\u0301 closed", "cafe\u0301\u0301 closed", "café\u0301 closed"),
        ("Nice staff", "…nice staff…", "Nice staff"),
        ("no  space", "no space", "no  space"),
        ("The app crashes", "The app is slow", None),
        ("The app crashes", "", None),
        ("The app crashes", " . ", None),
        ("The app crashes", "The app crashes and burns", None),
    ],
)
def test_quote_is_found_whatever_its_marks_and_case_and_not_when_a_word_differs(
    text: str, quote: str, found: str | None
) -> None:
    span = QuotedText(text).find(quote)
    assert (None if span is None else text[slice(*span)]) == found


def test_quote_that_stands_twice_is_found_behind_the_one_before() -> None:
    text = "Too slow. Nice. Too slow."
    assert QuotedText(text).find("Too slow.", 9) == (16, 25)
    assert QuotedText(text).find("Nice", 20) == (10, 14)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("prices", True),
        ("too expensive now", True),
        ("good. bad", False),
        ("good, bad", False),
        ("good staff bad app", False),
    ],
)
def test_only_what_is_too_short_for_two_statements_is_not_split(text: str, is_one: bool) -> None:
    assert is_one_statement(text) is is_one


@pytest.mark.parametrize(("text", "tokens"), [("", 4), ("abcdefg", 6), ("很好", 6), ("a很", 6)])
def test_tokens_are_rather_too_many_than_too_few(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


def test_meter_raises_estimates_and_never_lowers_them() -> None:
    meter = TokenMeter()
    meter.heard(100, 0)
    meter.heard(100, 50)
    assert meter.corrected(100) == 100
    meter.heard(100, 150)
    meter.heard(100, 110)
    assert meter.corrected(100) == 150
