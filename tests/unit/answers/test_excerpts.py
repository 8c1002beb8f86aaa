"""What is shown around quoted words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.answers.excerpts import excerpts_around

SENTENCES = [f"Sentence number {number} says something about the claim." for number in range(40)]
TEXT = " ".join(SENTENCES)


def span_of(words: str) -> tuple[int, int]:
    start = TEXT.index(words)
    return start, start + len(words)


def test_part_holds_the_quote_and_begins_and_ends_with_whole_sentences() -> None:
    (part,) = excerpts_around(TEXT, (0, len(TEXT)), [span_of(SENTENCES[20])])
    assert [part.text[start:end] for start, end in part.spans] == [SENTENCES[20]]
    assert part.text.startswith("Sentence number")
    assert part.text.endswith("claim.")
    assert part.cut_before
    assert part.cut_after


def test_close_quotes_share_a_part_and_distant_ones_do_not() -> None:
    spans = [span_of(SENTENCES[number]) for number in (30, 3, 4)]
    parts = excerpts_around(TEXT, (0, len(TEXT)), spans)
    assert [len(part.spans) for part in parts] == [2, 1]


def test_part_never_leaves_its_section() -> None:
    section = (span_of(SENTENCES[9])[0], span_of(SENTENCES[12])[1])
    (part,) = excerpts_around(TEXT, section, [span_of(SENTENCES[10])])
    assert part.text == " ".join(SENTENCES[9:13])
    assert not part.cut_before
    assert not part.cut_after


def test_without_a_quote_the_beginning_is_shown() -> None:
    (part,) = excerpts_around(TEXT, (0, len(TEXT)), [])
    assert part.text.startswith(SENTENCES[0])
    assert part.spans == ()
    assert part.cut_after


@given(st.text(max_size=600), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=4))
def test_marked_words_are_always_words_of_the_document(text: str, spans: list[tuple[int, int]]) -> None:
    for part in excerpts_around(text, (0, len(text)), spans):
        assert part.text in text
        for start, end in part.spans:
            assert 0 <= start <= end <= len(part.text)
