"""How passages are ranked and what evidence they make: the same for every index, so that cuts keep their meaning."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.knowledge.models import Evidence, Passage, Ranking, SearchType
from services.knowledge.tokens import holds_identifier, keyword_tokens
from services.ports.explanations import ExplainedPassage

# Hybrid ranking is the weighted sum that :class:`services.knowledge.models.Ranking` gives, plus
# IDENTIFIER_WEIGHT x share of the question's identifiers held, which makes a code win over any likeness.
IDENTIFIER_WEIGHT = 0.5
EVIDENCE_PASSAGES = 5
COVERING_PASSAGES = 3

# The share of a question's words, weighted by rarity, that are among those held.
Coverage = Callable[[list[str], set[str]], float]


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """What the scores of some candidates are made of; one value per candidate.

    Attributes:
        text: Cosine to heading and text, in [-1, 1].
        phrasing: Cosine to the nearest phrasing; -1 where there is none.
        heading: Cosine to the heading alone.
        words: BM25, from 0, not bounded.
        word_shares: BM25 by the best of the whole snapshot, in [0, 1].
        code_shares: Share of the question's codes that are held; only hybrid ranking counts them.
    """

    text: NDArray[np.float32]
    phrasing: NDArray[np.float32]
    heading: NDArray[np.float32]
    words: NDArray[np.float32]
    word_shares: NDArray[np.float32]
    code_shares: NDArray[np.float64]

    @property
    def likeness(self) -> NDArray[np.float32]:
        """The better of the cosines to the text and to the nearest phrasing."""
        return np.maximum(self.text, self.phrasing)

    def taken(self, positions: NDArray[np.int64]) -> ScoreParts:
        """Those at these positions, in their order."""
        return ScoreParts(
            self.text[positions],
            self.phrasing[positions],
            self.heading[positions],
            self.words[positions],
            self.word_shares[positions],
            self.code_shares[positions],
        )


def scores_of(parts: ScoreParts, search_type: SearchType, ranking: Ranking) -> NDArray[np.float64]:
    """The ranking score of every candidate."""
    if search_type is SearchType.KEYWORD:
        return parts.words.astype(np.float64)
    meaning = (1 - ranking.heading_share) * parts.likeness + ranking.heading_share * parts.heading
    if search_type is SearchType.SEMANTIC:
        return meaning.astype(np.float64)
    scores: NDArray[np.float64] = (
        meaning + ranking.keyword_weight * parts.word_shares + IDENTIFIER_WEIGHT * parts.code_shares
    )
    return scores


def code_shares(texts: Sequence[str], codes: Sequence[str]) -> NDArray[np.float64]:
    """Which share of the codes each text holds."""
    if not codes or not texts:
        return np.zeros(len(texts))
    held = [[holds_identifier(text, code) for code in codes] for text in texts]
    shares: NDArray[np.float64] = np.asarray(held, dtype=np.float64).mean(axis=1)
    return shares


def positions_shown(documents: Sequence[Hashable], limit: int, *, one_per_document: bool) -> list[int]:
    """Which candidates, best first, become passages: ``limit`` of them, and what the evidence needs beyond these."""
    chosen: list[int] = []
    seen: set[Hashable] = set()
    for position, document in enumerate(documents):
        if one_per_document and document in seen:
            continue
        seen.add(document)
        chosen.append(position)
        if len(chosen) >= max(limit, EVIDENCE_PASSAGES) and (one_per_document or len(seen) > 1):
            break
    return chosen


def evidence_of(
    passages: Sequence[Passage], similarity: float, tokens: list[str], codes: tuple[str, ...], coverage: Coverage
) -> Evidence:
    """How well passages, best first, cover a question.

    Args:
        similarity: The best cosine of all candidates.
    """
    texts = [searched_text_of(one.title, one.section, one.text) for one in passages[:COVERING_PASSAGES]]
    held = {token for text in texts for token in keyword_tokens(text)}
    held_codes = tuple(code for code in codes if any(holds_identifier(text, code) for text in texts))
    return Evidence(
        similarity=similarity,
        breadth=float(np.mean([one.similarity for one in passages[:EVIDENCE_PASSAGES]])) if passages else 0.0,
        term_coverage=coverage(tokens, held),
        lead=_lead(passages),
        missing_identifiers=tuple(code for code in codes if code not in held_codes),
        held_identifiers=held_codes,
    )


def explained(
    passage: Passage,
    parts: ScoreParts,
    position: int,
    ranking: Ranking,
    *,
    ranks: dict[SearchType, int],
    codes: Sequence[str],
    phrasing: tuple[int, float] | None,
) -> ExplainedPassage:
    """A passage with all that hybrid search adds up for it.

    Args:
        phrasing: Index and cosine of the phrasing that is closest to the question; None where none is near.
    """
    text = searched_text_of(passage.title, passage.section, passage.text)
    return ExplainedPassage(
        passage=passage,
        ranks=ranks,
        text_similarity=float(parts.text[position]),
        phrasing=phrasing[0] if phrasing else None,
        phrasing_similarity=phrasing[1] if phrasing else -1.0,
        heading_similarity=float(parts.heading[position]),
        keyword_score=float(parts.words[position]),
        held_codes=tuple(code for code in codes if holds_identifier(text, code)),
        text_part=(1 - ranking.heading_share) * passage.similarity,
        heading_part=ranking.heading_share * float(parts.heading[position]),
        keyword_part=ranking.keyword_weight * passage.keyword_share,
        code_part=IDENTIFIER_WEIGHT * float(parts.code_shares[position]),
    )


def searched_text_of(title: str, section: str, text: str) -> str:
    """All words of a passage, for codes and words that it may hold."""
    return f"{title} {section} {text}"


def _lead(passages: Sequence[Passage]) -> float:
    best = passages[0] if passages else None
    if best is None:
        return 0.0
    others = [passage.score for passage in passages if passage.document_id != best.document_id]
    return best.score - others[0] if others else 0.0
