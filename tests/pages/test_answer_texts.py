"""Texts of people and documents on the answer page: shown letter by letter, quoted and changed words marked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.backend_words import writer_words
from components.difference_view import difference
from components.failure_words import failure_words
from components.markdown_text import highlighted, in_one_line, plain
from components.times import ago, day, took
from services.errors import BackendTimeoutError
from services.setting_choices import AnswerBackend

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PUNCTUATION = r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"""


def test_every_sign_that_markdown_knows_is_escaped() -> None:
    assert plain(PUNCTUATION) == "".join(f"\\{sign}" for sign in PUNCTUATION)


def test_line_breaks_and_paragraphs_stay() -> None:
    assert plain("one\ntwo\n\n\nthree") == "one  \ntwo\n\nthree"


def test_indented_text_does_not_become_code() -> None:
    assert plain("List:\n    four spaces") == "List\\:  \n four spaces"


def test_label_is_one_line_and_cut_with_an_ellipsis() -> None:
    assert in_one_line("a\n b   c") == "a b c"
    assert in_one_line("abcdef", 4) == "abc…"


def test_quoted_words_are_marked_line_by_line() -> None:
    text = "Say: yes.\nThen (maybe) no."
    marked = highlighted(text, [(5, 22)])
    assert marked == "Say\\: :green-background[yes\\.]  \n:green-background[Then \\(maybe\\)] no\\."


OFFSETS = st.integers(0, 60)


@given(st.text(alphabet="ab \n.]", max_size=60), st.lists(st.tuples(OFFSETS, OFFSETS), max_size=3))
def test_marking_keeps_every_word(text: str, spans: list[tuple[int, int]]) -> None:
    shown = highlighted(text, sorted(spans)).replace(":green-background[", "")
    letters = [sign for sign in shown.replace("\\]", "").replace("\\.", "") if sign in "ab"]
    assert letters == [sign for sign in text if sign in "ab"]


def test_changed_words_are_struck_through_or_bold_and_the_rest_is_as_it_was() -> None:
    shown = difference("The plan pays it.", "The plan never pays it, sorry.")
    assert shown == "The plan :green-background[**never**] pays it:green-background[**\\, sorry**]\\."
    assert difference("Take out this.", "Take this.") == "Take :red[~~out~~] this\\."


def test_equal_texts_have_no_marks() -> None:
    assert ":" not in difference("same\ntext", "same\ntext")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (3 * 86_400, "3 days ago"), (10**6, "Feb 18, 2026")],
)
def test_moments_are_told_relative_to_now(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_days_and_durations_are_written_as_people_say_them() -> None:
    assert day(date(2026, 3, 2)) == "Mar 2, 2026"
    assert (took(180), took(3), took(2345)) == ("0.2 s", "0.1 s", "2.3 s")


def test_every_stored_code_has_words_and_unknown_ones_too() -> None:
    assert failure_words(BackendTimeoutError.default_code).message == "The answer took too long."
    assert failure_words("answers-busy").message == "There were too many questions at once."
    assert failure_words("never heard of").remedy == failure_words(None).remedy


@pytest.mark.parametrize("code", ["aws-throttled", "aws-access-denied", "content-filtered", "guardrail-intervened"])
def test_codes_of_aws_have_words_of_their_own(code: str) -> None:
    assert failure_words(code) != failure_words(None)


def test_every_writer_has_a_name_that_people_know() -> None:
    names = {backend: writer_words(backend) for backend in AnswerBackend if backend is not AnswerBackend.EXTRACTIVE}
    assert all(name != backend for backend, name in names.items())
    assert writer_words("") == "a language model"
