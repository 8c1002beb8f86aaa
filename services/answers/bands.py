"""How sure the evidence makes us, and the band that follows."""

from __future__ import annotations

from services.answers.models import Band
from services.knowledge.models import BandCuts, Retrieval

# For a tenant without golden questions; measured on several knowledge bases, see docs/benchmarks.md.
DEFAULT_CUTS = BandCuts(not_found_below=0.8, draft_from=0.15)
# What is alike is found easily in a large knowledge base; what stands out from the other documents is likelier right.
SIMILARITY_SHARE = 0.3


def confidence(retrieval: Retrieval, cuts: BandCuts) -> float:
    """One number from the evidence; its scale is that of the cuts and means nothing elsewhere."""
    value = (
        cuts.bias
        + cuts.similarity_weight * retrieval.evidence.similarity
        + cuts.breadth_weight * retrieval.evidence.breadth
    )
    if cuts.direction and len(cuts.direction) == len(retrieval.question_vector):
        value += sum(w * x for w, x in zip(cuts.direction, retrieval.question_vector, strict=True))
    return value


def distinctness(retrieval: Retrieval) -> float:
    """How clearly the best passage stands out; separates right from wrong documents better than its likeness alone."""
    return retrieval.evidence.lead + SIMILARITY_SHARE * retrieval.evidence.similarity


def band_of(retrieval: Retrieval, cuts: BandCuts | None) -> Band:
    """The band of a question; a code that no passage holds never leads to a draft."""
    if not retrieval.passages:
        return Band.NOT_FOUND
    cuts = cuts or DEFAULT_CUTS
    value = confidence(retrieval, cuts)
    missing = retrieval.evidence.missing_identifiers
    if value < cuts.not_found_below:
        # Few words around a code ("rej 25") say little to a language model, but the code itself was found.
        return Band.SOURCES_ONLY if retrieval.evidence.held_identifiers and not missing else Band.NOT_FOUND
    if missing:
        return Band.SOURCES_ONLY
    # Several documents may explain one code; that they compete is no reason to doubt it.
    if retrieval.evidence.held_identifiers or distinctness(retrieval) >= cuts.draft_from:
        return Band.DRAFT
    return Band.SOURCES_ONLY
