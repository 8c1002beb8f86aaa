"""How sure the evidence makes us, and the band that follows."""

from __future__ import annotations

from collections.abc import Sequence

from services.answers.models import Band
from services.knowledge.curated_words import CURATED_PREFIX
from services.knowledge.models import BandCuts, Passage, Retrieval

# For a tenant without golden questions; measured on several knowledge bases, see docs/benchmarks.md.
DEFAULT_CUTS = BandCuts(not_found_below=0.85, draft_from=0.15, coverage_weight=0.2)
# What is alike is found easily in a large knowledge base; what stands out from the other documents is likelier right.
SIMILARITY_SHARE = 0.3
CODE_SIMILARITY = 0.35
# From this cosine to one of its phrasings on, a curated answer is taken to be the answer to this very question.
CURATED_LIKENESS = 0.75


def confidence(retrieval: Retrieval, cuts: BandCuts) -> float:
    """One number from the evidence; its scale is that of the cuts and means nothing elsewhere."""
    value = (
        cuts.bias
        + cuts.similarity_weight * retrieval.evidence.similarity
        + cuts.breadth_weight * retrieval.evidence.breadth
        + cuts.coverage_weight * retrieval.evidence.term_coverage
        + cuts.everyday_weight * retrieval.evidence.everyday_likeness
    )
    if cuts.direction and len(cuts.direction) == len(retrieval.question_vector):
        value += sum(w * x for w, x in zip(cuts.direction, retrieval.question_vector, strict=True))
    return value


def distinctness(retrieval: Retrieval) -> float:
    """How clearly the best passage stands out; separates right from wrong documents better than its likeness alone."""
    return retrieval.evidence.lead + SIMILARITY_SHARE * retrieval.evidence.similarity


def answered_by_curated(passages: Sequence[Passage]) -> bool:
    """Whether somebody wrote the answer to this very question down: the best passage is theirs and a phrasing fits."""
    return (
        bool(passages)
        and passages[0].document_id.startswith(CURATED_PREFIX)
        and passages[0].similarity >= CURATED_LIKENESS
    )


def band_of(retrieval: Retrieval, cuts: BandCuts | None) -> Band:
    """The band of a question; a code that no passage holds never leads to a draft."""
    if not retrieval.passages:
        return Band.NOT_FOUND
    cuts = cuts or DEFAULT_CUTS
    evidence = retrieval.evidence
    if answered_by_curated(retrieval.passages) and not evidence.missing_identifiers:
        return Band.DRAFT
    code_found = bool(evidence.held_identifiers) and not evidence.missing_identifiers
    if confidence(retrieval, cuts) < cuts.not_found_below and not code_found:
        return Band.NOT_FOUND
    if evidence.missing_identifiers:
        return Band.SOURCES_ONLY
    # Few words around a code ("rej 25") say little to a language model, and several documents may explain one code;
    # that the code itself was found in a passage which is about the question counts for more.
    if code_found and evidence.similarity >= CODE_SIMILARITY and max(map(len, evidence.held_identifiers)) > 1:
        return Band.DRAFT
    stands_out = distinctness(retrieval) >= cuts.draft_from
    return Band.DRAFT if stands_out and confidence(retrieval, cuts) >= cuts.not_found_below else Band.SOURCES_ONLY
