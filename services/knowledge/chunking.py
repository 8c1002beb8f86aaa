"""Cuts documents into overlapping chunks of whole sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.knowledge.models import Chunk, Document, Section
from services.knowledge.sentences import sentence_spans

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """How much goes into one chunk, in words. Changing it makes a full new index necessary."""

    words: int = 120
    overlap: int = 30


def chunk_document(document: Document, size: ChunkSize | None = None) -> list[Chunk]:
    """All chunks of a document in reading order; a section never shares a chunk with the next one."""
    size = size or ChunkSize()
    chunks: list[Chunk] = []
    for section in document.sections:
        heading = " › ".join((document.title, *section.path))
        questions = section.questions or _heading_question(document, section)
        for start, end in _windows(document.text, section, size):
            chunks.append(
                Chunk(
                    document_id=document.id,
                    ordinal=len(chunks),
                    start=start,
                    end=end,
                    heading=heading,
                    text=document.text[start:end],
                    section=" › ".join(section.path),
                    page=section.page,
                    questions=questions,
                    url=section.url or document.url,
                )
            )
    return chunks


def _heading_question(document: Document, section: Section) -> tuple[str, ...]:
    """A heading that is itself a question is the likeliest phrasing of what people ask."""
    heading = section.path[-1] if section.path else document.title
    return (heading,) if heading.rstrip().endswith("?") else ()


def _windows(text: str, section: Section, size: ChunkSize) -> Iterator[tuple[int, int]]:
    """Spans of about ``size.words`` words; each next one starts ``size.overlap`` words before the last one ended."""
    pieces = [
        (start, end, words)
        for sentence in sentence_spans(text, section.start, section.end)
        for start, end, words in _pieces_of_sentence(text, sentence, size.words)
    ]
    first = 0
    while first < len(pieces):
        last, words = first, pieces[first][2]
        while last + 1 < len(pieces) and words + pieces[last + 1][2] <= size.words:
            last += 1
            words += pieces[last][2]
        yield pieces[first][0], pieces[last][1]
        if last + 1 == len(pieces):
            return
        following, overlap = last + 1, 0
        # The overlap must leave room for what comes next, or the chunk would only repeat the end of this one.
        room = min(size.overlap, size.words - pieces[last + 1][2])
        while following - 1 > first and overlap + pieces[following - 1][2] <= room:
            following -= 1
            overlap += pieces[following][2]
        first = following


def _pieces_of_sentence(text: str, span: tuple[int, int], longest: int) -> Iterator[tuple[int, int, int]]:
    """The sentence as one piece, or, where it is longer than a chunk, cut between words; with its word count."""
    words = [(match.start(), match.end()) for match in _WORD.finditer(text, *span)]
    for offset in range(0, len(words), longest):
        part = words[offset : offset + longest]
        yield part[0][0], part[-1][1], len(part)
