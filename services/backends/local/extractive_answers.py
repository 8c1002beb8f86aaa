"""Answers without a language model: the sentences of the passages that fit the question best, word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.answers.models import AnswerRequest, Citation, DeltaListener, Draft, Origin, Statement
from services.knowledge.models import Passage
from services.knowledge.sentences import sentence_spans
from services.knowledge.shorthand import spell_out
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens
from services.ports.knowledge import Embedder

PASSAGES_READ = 4
MOST_SENTENCES = 3
# A sentence counts with its heading, which says what it is about, and alone, which says what it adds.
ALONE_WEIGHT = 0.5
KEYWORD_WEIGHT = 0.2
PASSAGE_WEIGHT = 0.2
# A further sentence must come this close to the best one, and must not say the same again.
LARGEST_GAP = 0.12
SAME_COSINE = 0.9
FEWEST_WORDS = 3

_LIST_MARK = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    rank: int
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]


class ExtractiveAnswers:
    """See :class:`services.ports.answers.AnswerGenerator`."""

    name = "extractive"
    origin = Origin.QUOTED

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        candidates = _candidates(request.passages[:PASSAGES_READ])
        if not candidates:
            return Draft((), (), answered=False)
        chosen = self._choose(spell_out(request.focus or request.question), candidates)
        citations = tuple(_citation(candidate) for candidate in chosen)
        statements = tuple(Statement(citation.quote, (number,)) for number, citation in enumerate(citations, start=1))
        draft = Draft(statements, citations)
        if on_delta is not None:
            on_delta(draft.text)
        return draft

    def check_ready(self) -> None:
        self._embedder.check_ready()

    def _choose(self, question: str, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        texts = [candidate.text for candidate in candidates]
        headed = [f"{_heading(candidate.passage)}\n{candidate.text}" for candidate in candidates]
        vectors = self._embedder.embed([question, *texts, *headed])
        alone = vectors[1 : 1 + len(texts)]
        likeness = ALONE_WEIGHT * (alone @ vectors[0]) + (1 - ALONE_WEIGHT) * (vectors[1 + len(texts) :] @ vectors[0])
        words = set(keyword_tokens(question))
        codes = identifiers(question)
        best_passage = candidates[0].passage.score or 1.0
        scores = np.array(
            [
                likeness[row]
                + KEYWORD_WEIGHT * _overlap(words, candidate)
                + PASSAGE_WEIGHT * candidate.passage.score / best_passage
                for row, candidate in enumerate(candidates)
            ]
        )
        held = [_identifier_share(codes, candidate.text) for candidate in candidates]
        if codes and not any(held):
            held = [_identifier_share(codes, _heading(candidate.passage)) for candidate in candidates]
        if any(held):
            # Somebody who asks about code 75 must not be told about code 76.
            scores[np.array(held) < max(held)] = -np.inf
        chosen: list[int] = []
        for row in np.argsort(-scores):
            too_far = bool(chosen) and scores[row] < scores[chosen[0]] - LARGEST_GAP
            if len(chosen) == MOST_SENTENCES or too_far or np.isneginf(scores[row]):
                break
            if all(float(alone[row] @ alone[other]) < SAME_COSINE for other in chosen):
                chosen.append(int(row))
        return sorted((candidates[row] for row in chosen), key=lambda candidate: (candidate.rank, candidate.start))


def _candidates(passages: Sequence[Passage]) -> list[_Candidate]:
    """Every sentence of the passages once, although neighboring passages overlap."""
    seen: set[tuple[str, int]] = set()
    ranks: dict[str, int] = {}
    candidates = []
    for passage in passages:
        rank = ranks.setdefault(passage.document_id, len(ranks))
        for start, end in sentence_spans(passage.text):
            bare = start + _list_mark_length(passage.text[start:end])
            text = passage.text[bare:end]
            key = (passage.document_id, passage.start + bare)
            # Headings and labels such as "Steps:" answer nothing by themselves.
            if key in seen or len(text.split()) < FEWEST_WORDS or text.endswith((":", "?")):
                continue
            seen.add(key)
            candidates.append(_Candidate(passage, rank, passage.start + bare, passage.start + end))
    return candidates


def _list_mark_length(sentence: str) -> int:
    """Length of "- " or "2. " in front of a list item, which has no place in a quote that is read out."""
    mark = _LIST_MARK.match(sentence)
    return mark.end() if mark else 0


def _heading(passage: Passage) -> str:
    return f"{passage.title} › {passage.section}" if passage.section else passage.title


def _overlap(words: set[str], candidate: _Candidate) -> float:
    held = set(keyword_tokens(candidate.text))
    return len(words & held) / len(words) if words else 0.0


def _identifier_share(codes: Sequence[str], text: str) -> float:
    return sum(holds_identifier(text, code) for code in codes) / len(codes) if codes else 0.0


def _citation(candidate: _Candidate) -> Citation:
    passage = candidate.passage
    return Citation(
        document_id=passage.document_id,
        document_version=passage.document_version,
        title=passage.title,
        url=passage.url,
        section=passage.section,
        page=passage.page,
        quote=candidate.text,
        start=candidate.start,
        end=candidate.end,
        score=passage.score,
    )
