"""What holds for the chunks of any document."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.models import Chunk, Document, Section
from services.knowledge.sentences import sentence_spans

WORD = re.compile(r"\S+")
SIZES = st.builds(lambda words, share: ChunkSize(words, int(words * share)), st.integers(2, 40), st.floats(0, 0.9))
SENTENCES = st.lists(
    st.builds(
        lambda count, mark: " ".join(["word"] * count).capitalize() + mark, st.integers(1, 60), st.sampled_from(".?!")
    ),
    min_size=1,
    max_size=12,
)
BODIES = st.lists(SENTENCES.map(" ".join), min_size=1, max_size=4)


def document_of(bodies: list[str], **fields: object) -> Document:
    """A document with a section per body and a heading line between them."""
    text, sections = "", []
    for number, body in enumerate(bodies):
        text += f"Heading {number}\n"
        sections.append(Section((f"Heading {number}",), len(text), len(text) + len(body), **fields))  # type: ignore[arg-type]
        text += f"{body}\n"
    return Document("a.md", "Title", text, tuple(sections), "text/markdown", url="https://kb/a")


def words_of(text: str, start: int, end: int) -> set[tuple[int, int]]:
    """Where each word of a span stands."""
    return {match.span() for match in WORD.finditer(text, start, end)}


def in_section(chunks: list[Chunk], section: Section) -> list[Chunk]:
    """The chunks of one section."""
    return [chunk for chunk in chunks if section.start <= chunk.start and chunk.end <= section.end]


@given(BODIES, SIZES)
def test_chunks_are_verbatim_spans_within_one_section(bodies: list[str], size: ChunkSize) -> None:
    document = document_of(bodies)
    chunks = chunk_document(document, size)
    assert sum(len(in_section(chunks, section)) for section in document.sections) == len(chunks)
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""


@given(BODIES, SIZES)
def test_every_word_of_every_section_is_in_a_chunk(bodies: list[str], size: ChunkSize) -> None:
    document = document_of(bodies)
    chunks = chunk_document(document, size)
    for section in document.sections:
        covered = set[tuple[int, int]]().union(
            *(words_of(document.text, chunk.start, chunk.end) for chunk in in_section(chunks, section))
        )
        assert covered == words_of(document.text, section.start, section.end)


@given(BODIES, SIZES)
def test_no_chunk_has_more_words_than_allowed(bodies: list[str], size: ChunkSize) -> None:
    for chunk in chunk_document(document_of(bodies), size):
        assert len(chunk.text.split()) <= size.words


@given(BODIES, SIZES)
def test_neighbors_share_no_more_words_than_the_overlap_and_each_brings_something_new(
    bodies: list[str], size: ChunkSize
) -> None:
    document = document_of(bodies)
    chunks = chunk_document(document, size)
    for section in document.sections:
        members = in_section(chunks, section)
        for one, following in pairwise(members):
            assert one.start < following.start
            assert one.end < following.end
            shared = words_of(document.text, following.start, one.end) if following.start < one.end else set()
            assert len(shared) <= size.overlap


@given(BODIES)
def test_sentence_that_fits_is_never_cut(bodies: list[str]) -> None:
    document = document_of(bodies)
    size = ChunkSize(60, 15)
    chunks = chunk_document(document, size)
    for section in document.sections:
        for start, end in sentence_spans(document.text, section.start, section.end):
            assert any(chunk.start <= start and end <= chunk.end for chunk in chunks)


@given(BODIES)
def test_ordinals_count_from_zero_and_name_the_chunk(bodies: list[str]) -> None:
    chunks = chunk_document(document_of(bodies))
    assert [chunk.id for chunk in chunks] == [f"a.md#{number}" for number in range(len(chunks))]


def test_default_chunk_has_120_words_with_30_in_common() -> None:
    body = " ".join(f"Sentence number {number} has ten words in it, no more." for number in range(60))
    chunks = chunk_document(document_of([body]))
    counts = [len(chunk.text.split()) for chunk in chunks]
    assert all(110 <= count <= 120 for count in counts[:-1])
    for one, following in pairwise(chunks):
        assert 20 <= len(body[following.start : one.end].split()) <= 30 or following.start < one.end


def test_heading_is_the_title_and_the_path_to_the_section() -> None:
    text = "Body."
    document = Document("a.md", "Title", text, (Section(("Upper", "Lower"), 0, 5, page=3),), "text/markdown")
    (chunk,) = chunk_document(document)
    assert chunk.heading == "Title › Upper › Lower"
    assert chunk.section == "Upper › Lower"
    assert chunk.indexed_text == "Title › Upper › Lower\nBody."
    assert chunk.page == 3


@pytest.mark.parametrize(
    ("heading", "expected"), [("How long does it take?", ("How long does it take?",)), ("Time", ())]
)
def test_heading_that_is_a_question_is_a_phrasing(heading: str, expected: tuple[str, ...]) -> None:
    document = Document("a.md", "Title", "Two days.", (Section((heading,), 0, 9),), "text/markdown")
    assert chunk_document(document)[0].questions == expected


def test_phrasings_and_address_of_a_section_win() -> None:
    document = document_of(["Body."], questions=("How?", "When?"), url="https://kb/a#2")
    (chunk,) = chunk_document(document)
    assert chunk.questions == ("How?", "When?")
    assert chunk.url == "https://kb/a#2"
    assert chunk_document(document_of(["Body."]))[0].url == "https://kb/a"


@pytest.mark.parametrize("bodies", [[], [""], [" \n "]])
def test_document_without_words_has_no_chunk(bodies: list[str]) -> None:
    assert chunk_document(document_of(bodies)) == []
