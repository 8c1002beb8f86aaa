"""Telling answers from noise."""

from __future__ import annotations

import pytest

from services.backends.local.surveys.cleaning import cleaned, mark_of, says_nothing, text_key
from services.surveys.models import OtherReason


@pytest.mark.parametrize(
    "text", ["n/a", "N.A.", "none", "no", "dk", "IDK", "I really have no idea", "well i dont know", "nothing at all"]
)
def test_phrases_that_say_nothing_are_junk(text: str) -> None:
    assert mark_of(text) is OtherReason.JUNK


@pytest.mark.parametrize("text", ["asdf", "sdfsdf", "hjkl", "qwerty", "xxxx", "ghjkgh"])
def test_keys_hit_at_random_are_junk(text: str) -> None:
    assert mark_of(text) is OtherReason.JUNK


@pytest.mark.parametrize(
    "text",
    [
        "fear",
        "no fries",
        "power",
        "were",
        "not sure, maybe the price",
        "I do not know how to log in",
        "TV",
        "👍",
        "很好",
    ],
)
def test_short_answers_are_answers(text: str) -> None:
    assert mark_of(text) is None


@pytest.mark.parametrize("text", ["", "  ", "...", "-"])
def test_text_without_a_word_or_a_sign_is_empty(text: str) -> None:
    assert mark_of(text) is OtherReason.EMPTY


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert cleaned("zero\u200bwidth\x00 and\t\u00a0spaces\ufeff") == "zerowidth and spaces"


def test_case_and_spaces_make_no_new_text() -> None:
    assert text_key(" Good\tFOOD ") == text_key("good food")


def test_long_words_take_no_long_time_to_judge() -> None:
    assert not says_nothing("know " * 12 + "y" * 50_000)
