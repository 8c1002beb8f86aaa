"""Checks what a language model wrote against the passages that it was given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from services.answers.models import Citation, Draft, Statement
from services.knowledge.models import Passage
from services.knowledge.sentences import list_mark_length, sentence_spans
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens

NOT_IN_PASSAGES = "NOT_IN_PASSAGES"
# A statement is supported when a sentence of a passage it cites holds most of its words and all of its numbers.
LOWEST_WORD_SHARE = 0.5
_NUMBERS = r"\s*\d{1,2}(?:\s*[,;]\s*\d{1,2})*\s*"
# Round brackets are a mark at the end of a sentence only: "within two (2) days" and "(800) 555-0110" are its words.
_MARK = re.compile(rf"\s*(?:\[{_NUMBERS}\]|\({_NUMBERS}\)(?=[.!?]*$))")
_MARKS_BEHIND_STOP = re.compile(rf"([.!?]+)((?:[ \t]*\[{_NUMBERS}\])+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# A stop, with quotation marks or brackets behind it, or a whole mark: models are told to end sentences with one.
_FINISHED = re.compile(rf"(?:[.!?…][\"'”’)]*|\[{_NUMBERS}\])$")
_UNFINISHED_MARK = re.compile(r"\s*[\[(][\d\s,;]*$")
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|without|neither|nor|\w+n['’]t)\b", re.IGNORECASE)


def draft_from_reply(reply: str, passages: Sequence[Passage], *, cut_short: bool = False) -> Draft:
    """Turn a reply with marks such as ``[2]`` into statements with exact citations.

    Each mark is checked: the statement gets the best supporting sentence of the passage it names; a mark that names no
    passage, or one that does not support the statement, is dropped. A statement without support keeps no citation.

    Args:
        cut_short: What the draft says of itself.
    """
    if not reply.strip() or NOT_IN_PASSAGES in reply:
        return Draft((), (), answered=False)
    citations: list[Citation] = []
    statements: list[Statement] = []
    for sentence, marks in _sentences_with_marks(reply):
        numbers: list[int] = []
        for mark in marks:
            if not 1 <= mark <= len(passages):
                continue
            citation = supporting_citation(sentence, passages[mark - 1])
            if citation is None:
                continue
            if citation not in citations:
                citations.append(citation)
            number = citations.index(citation) + 1
            if number not in numbers:
                numbers.append(number)
        statements.append(Statement(sentence, tuple(numbers)))
    return Draft(tuple(statements), tuple(citations), cut_short=cut_short)


def finished_part(reply: str) -> str:
    """A reply that broke off, up to the end of its last finished sentence; empty when none is finished."""
    text = reply.strip()
    bare = _UNFINISHED_MARK.sub("", text)
    # Half a mark may name another passage than the whole one would: its sentence is not finished either.
    if bare == text and _FINISHED.search(text):
        return text
    moved = _MARKS_BEHIND_STOP.sub(r"\2\1", bare)
    spans = sentence_spans(moved)
    return moved[: spans[-1][0]].rstrip() if spans else ""


def supporting_citation(statement: str, passage: Passage) -> Citation | None:
    """The sentence, or pair of neighboring sentences, of a passage that supports a statement; None when none does."""
    words = set(keyword_tokens(statement))
    if not words:
        return None
    spans = [(start + list_mark_length(passage.text[start:end]), end) for start, end in sentence_spans(passage.text)]
    windows = spans + [(first[0], second[1]) for first, second in pairwise(spans)]
    best: tuple[float, int, int] | None = None
    for start, end in windows:
        quote = passage.text[start:end]
        if not _agrees(statement, quote, f"{passage.title} {passage.section} {quote}"):
            continue
        share = len(words & set(keyword_tokens(f"{passage.section} {quote}"))) / len(words)
        # Of two that hold the same words the shorter one points better.
        score = share - 0.001 * len(quote.split())
        if share >= LOWEST_WORD_SHARE and (best is None or score > best[0] + 1e-9):
            best = (score, start, end)
    if best is None:
        return None
    _, start, end = best
    return Citation(
        document_id=passage.document_id,
        document_version=passage.document_version,
        title=passage.title,
        url=passage.url,
        section=passage.section,
        page=passage.page,
        quote=passage.text[start:end],
        start=passage.start + start,
        end=passage.start + end,
        score=passage.score,
    )


def _agrees(statement: str, quote: str, headed_quote: str) -> bool:
    """No number or code of the statement is foreign to the quote, and both deny, or neither does."""
    numbers = set(_NUMBER.findall(statement))
    if not numbers <= set(_NUMBER.findall(headed_quote)):
        return False
    if not all(holds_identifier(headed_quote, code) for code in identifiers(statement)):
        return False
    return bool(_NEGATION.search(statement)) == bool(_NEGATION.search(quote))


def _sentences_with_marks(reply: str) -> list[tuple[str, list[int]]]:
    found: list[tuple[str, list[int]]] = []
    # A mark behind the full stop belongs to the sentence before it, so it is moved in front of the stop.
    text = _MARKS_BEHIND_STOP.sub(r"\2\1", reply.strip())
    for start, end in sentence_spans(text):
        sentence = text[start + list_mark_length(text[start:end]) : end]
        marks = [int(number) for mark in _MARK.finditer(sentence) for number in re.findall(r"\d+", mark.group())]
        bare = _MARK.sub("", sentence).strip()
        if any(character.isalnum() for character in bare):
            found.append((bare, marks))
        elif found:
            found[-1][1].extend(marks)
    return found
