"""Texts are put into documents and cut so that nothing is lost, and found again where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backends.aws.comprehend_documents import OVERLAP_CHARACTERS, cut, documents_of

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), max_size=12)


@given(TEXTS, st.integers(40, 300))
def test_every_character_is_sent_and_comes_back_to_its_place(texts: list[str], limit_bytes: int) -> None:
    seen: dict[int, set[int]] = {number: set() for number in range(len(texts))}
    for document in documents_of(texts, limit_bytes):
        assert len(document.text.encode()) <= limit_bytes
        for at, character in enumerate(document.text):
            for _, number, start, end in document.places([(at, at + 1)]):
                assert (end - start, texts[number][start]) == (1, character)
                seen[number].add(start)
    assert seen == {number: set(range(len(text))) for number, text in enumerate(texts)}


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400), st.integers(20, 120))
def test_parts_of_a_long_text_keep_within_the_limit_and_leave_no_gap(text: str, limit_bytes: int) -> None:
    end = 0
    for start, part in cut(text, limit_bytes):
        assert len(part.encode()) <= limit_bytes
        assert start <= end
        assert text[start : start + len(part)] == part
        assert start + len(part) > end
        end = start + len(part)
    assert end == len(text)


def test_a_long_text_is_cut_between_sentences_and_an_entity_at_the_cut_is_whole_in_one_part() -> None:
    text = "This is a sentence of about fifty characters here. " * 40
    parts = list(cut(text, 1_000))
    assert len(parts) > 2
    assert all(part.endswith(". ") for _, part in parts[:-1])
    for place in range(0, len(text) - 60, 7):
        assert any(start <= place and place + 60 <= start + len(part) for start, part in parts)
    assert OVERLAP_CHARACTERS > 60


def test_what_reaches_over_two_texts_is_in_both() -> None:
    (document,) = documents_of(["Call Ana", "Quill soon"])
    begin = document.text.index("Ana")
    places = list(document.places([(begin, document.text.index("Quill") + 5)]))
    assert places == [(0, 0, 5, 8), (0, 1, 0, 5)]


@pytest.mark.parametrize("text", ["\ud83d alone", "nul \0 byte"])
def test_what_utf8_cannot_hold_keeps_its_places(text: str) -> None:
    (document,) = documents_of([text, "Ana"])
    begin = document.text.index("Ana")
    assert list(document.places([(begin, begin + 3)])) == [(0, 1, 0, 3)]
