"""Where sentences end, and that their offsets hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.sentences import sentence_spans

PROSE = st.text(alphabet=st.sampled_from("abcé🙂 \n\t.!?;:\"'()’–1."), max_size=300)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Call Dr. Smith at 9 a.m. on Monday.", ["Call Dr. Smith at 9 a.m. on Monday."]),
        ("A line\nanother line", ["A line", "another line"]),
        ("1. Open the form.\n2. Sign it.", ["1. Open the form.", "2. Sign it."]),
        ("a) First\nb) Second", ["a) First", "b) Second"]),
        ("Ends with a label\n3.", ["Ends with a label", "3."]),
        ("Costs $4.50 per pen. Ask first.", ["Costs $4.50 per pen.", "Ask first."]),
        ("  spaced  ", ["spaced"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_text_is_cut_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_only_the_part_asked_for_is_cut() -> None:
    text = "One. Two. Three."
    assert [text[start:end] for start, end in sentence_spans(text, 5, 9)] == ["Two."]


@given(PROSE)
def test_spans_are_ordered_trimmed_and_leave_only_white_space_out(text: str) -> None:
    spans = sentence_spans(text)
    end_before = 0
    for start, end in spans:
        assert end_before <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        assert not text[end_before:start].strip()
        end_before = end
    assert not text[end_before:].strip()


@given(st.text(max_size=200))
def test_any_text_at_all_is_cut_without_an_error(text: str) -> None:
    for start, end in sentence_spans(text):
        assert text[start:end].strip()
