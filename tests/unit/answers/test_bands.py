"""When there is a draft, when there are sources only, when there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.answers.bands import DEFAULT_CUTS, band_of, confidence, distinctness
from services.answers.models import Band
from services.knowledge.models import BandCuts, Evidence
from tests.answer_fakes import STRONG, WEAK, passage, retrieval

PASSAGE = passage("Code 75 means prior authorization.")
EVIDENCE = st.builds(
    Evidence,
    similarity=st.floats(-1, 1),
    term_coverage=st.floats(0, 1),
    breadth=st.floats(-1, 1),
    missing_identifiers=st.sampled_from([(), ("pa999",)]),
    held_identifiers=st.sampled_from([(), ("75",), ("6",)]),
    lead=st.floats(0, 2),
)
CUTS = st.builds(BandCuts, not_found_below=st.floats(-5, 5), draft_from=st.floats(-1, 2))
ORDER = [Band.NOT_FOUND, Band.SOURCES_ONLY, Band.DRAFT]


def test_clear_evidence_leads_to_a_draft() -> None:
    assert band_of(retrieval(STRONG, PASSAGE), None) is Band.DRAFT


def test_weak_evidence_is_declined() -> None:
    assert band_of(retrieval(WEAK, PASSAGE), None) is Band.NOT_FOUND


def test_covered_question_whose_best_passage_does_not_stand_out_shows_sources() -> None:
    alike = replace(STRONG, lead=0.0, similarity=0.45, breadth=0.44)
    assert distinctness(retrieval(alike, PASSAGE)) < DEFAULT_CUTS.draft_from
    assert band_of(retrieval(alike, PASSAGE), None) is Band.SOURCES_ONLY


def test_question_that_somebody_curated_an_answer_for_is_answered_with_it() -> None:
    curated = passage("Ask for the slip.", "curated/1a2b", similarity=0.8)
    assert band_of(retrieval(WEAK, curated), BandCuts(not_found_below=5.0, draft_from=2.0)) is Band.DRAFT
    assert band_of(retrieval(WEAK, replace(curated, similarity=0.6)), None) is Band.NOT_FOUND
    unknown_code = replace(WEAK, missing_identifiers=("pa999",))
    assert band_of(retrieval(unknown_code, curated), None) is not Band.DRAFT


def test_code_that_was_found_is_never_declined() -> None:
    found = replace(WEAK, held_identifiers=("75",))
    assert band_of(retrieval(found, PASSAGE), None) is not Band.NOT_FOUND


def test_weak_evidence_with_an_unknown_code_is_declined() -> None:
    assert band_of(retrieval(replace(WEAK, missing_identifiers=("pa999",)), PASSAGE), None) is Band.NOT_FOUND


@given(EVIDENCE, CUTS)
def test_unknown_code_never_leads_to_a_draft(evidence: Evidence, cuts: BandCuts) -> None:
    unknown = replace(evidence, missing_identifiers=("pa999",))
    assert band_of(retrieval(unknown, PASSAGE), cuts) is not Band.DRAFT


@given(EVIDENCE, CUTS)
def test_nothing_found_is_declined_whatever_the_cuts(evidence: Evidence, cuts: BandCuts) -> None:
    assert band_of(retrieval(evidence), cuts) is Band.NOT_FOUND


@given(EVIDENCE, CUTS, st.floats(0, 1))
def test_better_evidence_never_leads_to_a_lower_band(evidence: Evidence, cuts: BandCuts, more: float) -> None:
    better = replace(evidence, similarity=evidence.similarity + more, lead=evidence.lead + more)
    before, after = (band_of(retrieval(item, PASSAGE), cuts) for item in (evidence, better))
    assert ORDER.index(after) >= ORDER.index(before)


def test_direction_counts_only_for_vectors_of_its_own_length() -> None:
    cuts = BandCuts(0.0, 0.0, similarity_weight=0.0, breadth_weight=0.0, direction=(1.0, -2.0), bias=0.5)
    assert confidence(retrieval(STRONG, PASSAGE, vector=(1.0, 1.0)), cuts) == pytest.approx(-0.5)
    assert confidence(retrieval(STRONG, PASSAGE, vector=(1.0, 1.0, 1.0)), cuts) == pytest.approx(0.5)
    assert confidence(retrieval(STRONG, PASSAGE), cuts) == pytest.approx(0.5)


def test_likeness_to_everyday_questions_counts_by_its_weight() -> None:
    cuts = BandCuts(0.0, 0.0, similarity_weight=0.0, breadth_weight=0.0, everyday_weight=-4.0)
    assert confidence(retrieval(replace(STRONG, everyday_likeness=0.5), PASSAGE), cuts) == pytest.approx(-2.0)
    assert confidence(retrieval(STRONG, PASSAGE), cuts) == 0.0
