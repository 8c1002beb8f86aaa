"""Splitting responses into statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backends.local.surveys.statements import MOST_STATEMENTS, MOST_WORDS, statement_spans, word_count


def statements(text: str) -> list[str]:
    return [text[start:end] for start, end in statement_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good food. Slow service!", ["Good food.", "Slow service!"]),
        ("The food was great but the waiter was rude", ["The food was great", "but the waiter was rude"]),
        (
            "Though the service might be a little slow, the waitresses are very friendly.",
            ["Though the service might be a little slow", "the waitresses are very friendly."],
        ),
        ("FEAR//FEAR OF OUR SECURITY//NO", ["FEAR", "FEAR OF OUR SECURITY", "NO"]),
        ("- cheap\n- close to home\n", ["cheap", "close to home"]),
        ("I asked Dr. Smith at 9 a.m. about it", ["I asked Dr. Smith at 9 a.m. about it"]),
        ("It costs 3.50 more", ["It costs 3.50 more"]),
        ("food, service, price", ["food, service, price"]),
        ("👍", ["👍"]),
        ("", []),
        (" .,;!? ", []),
    ],
)
def test_statements_end_at_sentences_turns_and_pauses(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


@given(st.text(max_size=400))
def test_statements_are_trimmed_pieces_in_reading_order(text: str) -> None:
    before = 0
    for start, end in statement_spans(text):
        assert before <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        before = end


@given(st.lists(st.sampled_from(["good", "but", "and", "slow", ".", ",", "//", "\n"]), max_size=60))
def test_no_word_is_lost(words: list[str]) -> None:
    text = " ".join(words)
    kept = " ".join(statements(text))
    assert word_count(kept) == word_count(text) - _cut_conjunctions(text, kept)


def _cut_conjunctions(text: str, kept: str) -> int:
    """Words that separate statements stay with the statement behind them, so none are missing."""
    return 0 if kept or not word_count(text) else word_count(text)


def test_endless_text_is_cut_into_bounded_statements() -> None:
    found = statements("word " * 12_500)
    assert max(word_count(one) for one in found) == MOST_WORDS
    assert len(statements("One two. " * 6_000)) == MOST_STATEMENTS
