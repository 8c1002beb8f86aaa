"""Which responses are marked, and as what."""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pytest

from services.surveys.marks import Mark, bit, mark_text, mark_texts, marks_of


@pytest.mark.parametrize(
    "text",
    [
        *(
            "asdf",
            "asdfasdf",
            "n/a",
            "N.A.",
            "//no",
            "#N/A",
            "-",
            "...",
            "?!",
            "None.",
            "I don't know",
            "12345",
            "xxxx",
        ),
        *("qwertz", "jkljkl", "lkjh", "sdfg dfgh", "hjkl;", "nada", "k.A.", "test"),
    ],
)
def test_what_says_nothing_is_junk(text: str) -> None:
    assert mark_text(text) == {Mark.JUNK}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Slow",
            "were",
            "property",
            "Poverty",
            "tree",
            "hahaha",
            "No coffee",
            "nothing works",
            "wtf is this",
            "Great app!",
        ),
        *("I was charged 12345 dollars", "Strengths and weaknesses", "Why?"),
    ],
)
def test_short_answers_that_say_something_have_no_mark(text: str) -> None:
    assert mark_text(text) == frozenset()


@pytest.mark.parametrize("text", ["ok", "👍", "hm!", "😀😀"])
def test_answers_of_hardly_a_letter_are_too_short(text: str) -> None:
    assert mark_text(text) == {Mark.TOO_SHORT}


@pytest.mark.parametrize(
    "text",
    [
        "Muy lento y se cierra siempre",
        "Die App ist sehr langsam und stürzt oft ab",
        "太慢了总是打不开",
        "Приложение очень медленное",
    ],
)
def test_other_languages_are_marked(text: str) -> None:
    assert mark_text(text) == {Mark.NON_ENGLISH}


def test_a_response_of_fifty_thousand_characters_is_too_long() -> None:
    assert mark_text("The app is slow. " * 3_000) == {Mark.TOO_LONG}


def test_the_same_words_are_a_duplicate_from_the_second_on() -> None:
    marked = mark_texts(pa.array(["Great app", "slow", "great app!", " GREAT  APP ", "n/a", "N/A", "", ""]))
    assert [marks_of(int(bits)) for bits in marked.bits] == [
        (),
        (),
        (Mark.DUPLICATE,),
        (Mark.DUPLICATE,),
        (Mark.JUNK,),
        (Mark.JUNK,),
        (Mark.EMPTY,),
        (Mark.EMPTY,),
    ]
    assert marked.groups.tolist() == [0, 1, 0, 0, 2, 2, -1, -1]
    assert marked.distinct_count == 3
    assert marked.counts == {
        Mark.EMPTY: 2,
        Mark.JUNK: 2,
        Mark.TOO_SHORT: 0,
        Mark.TOO_LONG: 0,
        Mark.NON_ENGLISH: 0,
        Mark.DUPLICATE: 2,
    }


def test_bits_and_marks_are_each_others_inverse() -> None:
    for mark in Mark:
        assert marks_of(bit(mark)) == (mark,)
    assert marks_of(bit(Mark.JUNK) | bit(Mark.DUPLICATE)) == (Mark.JUNK, Mark.DUPLICATE)


def test_no_responses_at_all_are_no_error() -> None:
    assert mark_texts(pa.array([], pa.string())).distinct_count == 0
