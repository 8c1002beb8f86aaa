"""Answers without a language model: the sentences of the passages that fit the question best, word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.answers.bands import answered_by_curated
from services.answers.models import AnswerRequest, Citation, DeltaListener, Draft, Origin, Statement
from services.backends.local.vector_cache import VectorCache
from services.knowledge.models import Passage
from services.knowledge.sentences import list_mark_length, sentence_spans
from services.knowledge.shorthand import spell_out
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens
from services.ports.knowledge import Embedder

PASSAGES_READ = 4
MOST_SENTENCES = 3
KEYWORD_WEIGHT = 0.2
PASSAGE_WEIGHT = 0.2
# A further sentence must come this close to the best one, and must not say the same again.
LARGEST_GAP = 0.12
SAME_WORD_SHARE = 0.8
FEWEST_WORDS = 3


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
        self._vectors = VectorCache(embedder)

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        candidates = _candidates(request.passages[:PASSAGES_READ])
        if not candidates:
            return Draft((), (), answered=False)
        chosen = _curated(request.passages) or self._choose(spell_out(request.focus or request.question), candidates)
        citations = tuple(_citation(candidate) for candidate in chosen)
        statements = tuple(Statement(citation.quote, (number,)) for number, citation in enumerate(citations, start=1))
        draft = Draft(statements, citations)
        if on_delta is not None:
            on_delta(draft.text)
        return draft

    def check_ready(self) -> None:
        self._embedder.check_ready()

    def _choose(self, question: str, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        # With its heading, which says what it is about: alone, a sentence ranks clearly worse.
        headed = [f"{_heading(candidate.passage)}\n{candidate.text}" for candidate in candidates]
        likeness = self._vectors.of(headed) @ self._embedder.embed([question])[0]
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
            held = [
                0.0 if _names_another(codes, candidate.text) else _identifier_share(codes, _heading(candidate.passage))
                for candidate in candidates
            ]
        if any(held):
            # Somebody who asks about code 75 must not be told about code 76.
            scores[np.array(held) < max(held)] = -np.inf
        chosen: list[int] = []
        for row in np.argsort(-scores):
            too_far = bool(chosen) and scores[row] < scores[chosen[0]] - LARGEST_GAP
            if len(chosen) == MOST_SENTENCES or too_far or np.isneginf(scores[row]):
                break
            if not any(_says_the_same(candidates[row].text, candidates[other].text) for other in chosen):
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
            bare = start + list_mark_length(passage.text[start:end])
            text = passage.text[bare:end]
            key = (passage.document_id, passage.start + bare)
            # Headings and labels such as "Steps:" answer nothing by themselves.
            if key in seen or len(text.split()) < FEWEST_WORDS or text.endswith((":", "?")):
                continue
            seen.add(key)
            candidates.append(_Candidate(passage, rank, passage.start + bare, passage.start + end))
    return candidates


def _curated(passages: Sequence[Passage]) -> list[_Candidate]:
    """Every sentence of a curated answer to this very question; none where it only comes near."""
    if not answered_by_curated(passages):
        return []
    best = passages[0]
    return [
        _Candidate(best, 0, best.start + start + list_mark_length(best.text[start:end]), best.start + end)
        for start, end in sentence_spans(best.text)
    ]


def _says_the_same(text: str, other: str) -> bool:
    words, others = set(keyword_tokens(text)), set(keyword_tokens(other))
    return len(words & others) >= SAME_WORD_SHARE * max(1, len(words | others))


def _heading(passage: Passage) -> str:
    return f"{passage.title} › {passage.section}" if passage.section else passage.title


def _overlap(words: set[str], candidate: _Candidate) -> float:
    held = set(keyword_tokens(candidate.text))
    return len(words & held) / len(words) if words else 0.0


def _identifier_share(codes: Sequence[str], text: str) -> float:
    return sum(holds_identifier(text, code) for code in codes) / len(codes) if codes else 0.0


def _names_another(codes: Sequence[str], text: str) -> bool:
    """Whether the text names a code of the same kind as one of these: 70 beside 75, but not PA-100 beside 75."""
    kinds = {re.sub(r"\d", "", code) for code in codes}
    return any(code not in codes and re.sub(r"\d", "", code) in kinds for code in identifiers(text))


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
