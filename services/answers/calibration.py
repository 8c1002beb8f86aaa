"""Learns from golden and out-of-scope questions where to decline, show sources, or draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.answers.bands import DEFAULT_CUTS, band_of, confidence, distinctness
from services.answers.models import Band
from services.knowledge.library import KnowledgeService
from services.knowledge.models import BandCuts, GoldenQuestion, LiveKnowledge, Retrieval, SearchType, Snapshot
from services.knowledge.question_files import read_golden_questions
from services.knowledge.shorthand import spell_out
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository
from services.ports.model_calls import attributed

GENERAL_OUT_OF_SCOPE = Path(__file__).with_name("out_of_scope_questions.jsonl")
FEWEST_GOLDEN = 20
# Where there are too few golden questions to learn from, this share of the out-of-scope ones is declined.
DECLINED_WITHOUT_GOLDEN = 0.995
# The cut lies midway between where this share of the golden questions is kept and where this share of the out-of-scope
# ones is declined: where the two overlap both give way, where they are apart neither is cut close.
KEPT_SHARE = 0.96
DECLINED_SHARE = 0.985
# At most this share of rightly answered golden questions may lose its draft to keep wrong ones from getting one.
LARGEST_DRAFT_LOSS = 0.2
# Cosines vary much less than a learned direction; the factors let the regression use them as they deserve.
COSINE_SCALE = 6.0
COVERAGE_SCALE = 2.0
INVERSE_REGULARIZATION = 10.0
FOLDS = 10
PASSAGES = 6
# With fewer texts taken over from the snapshot before, its cuts no longer fit.
TAKEN_OVER_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class SplitReport:
    """Shares on one split of the questions, each in [0, 1].

    Attributes:
        kept: Of answerable golden questions, not declined.
        drafted: Of answerable golden questions, answered with a draft.
        declined: Of out-of-scope questions, declined.
        unanswerable_drafted: Of golden questions whose fact is missing, wrongly answered with a draft.
    """

    golden_count: int
    out_of_scope_count: int
    kept: float
    drafted: float
    declined: float
    unanswerable_drafted: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What a calibration found, on the questions that it learned from and on those it did not see."""

    snapshot: int
    tune: SplitReport
    test: SplitReport


@dataclass(frozen=True, slots=True)
class _Tried:
    question: GoldenQuestion
    retrieval: Retrieval

    @property
    def first(self) -> bool:
        """Whether the best passage is of a right document; never for an unanswerable question."""
        best = self.retrieval.passages[0].document_id if self.retrieval.passages else None
        return any(expected.document_id == best for expected in self.question.expected)


class CalibrationService:
    """Calibrates the bands of a tenant's published snapshot."""

    def __init__(self, knowledge: KnowledgeService, index: KnowledgeIndex, repository: KnowledgeRepository) -> None:
        self._knowledge = knowledge
        self._index = index
        self._repository = repository

    def calibrate(
        self, tenant: str, out_of_scope: Sequence[GoldenQuestion] = (), *, number: int | None = None
    ) -> CalibrationReport:
        """Learn the cuts from the split ``tune`` and store them with the snapshot.

        Without enough golden questions, the cuts are set by the out-of-scope questions alone.

        Args:
            number: The snapshot; the published one when None.
            out_of_scope: Questions of the tenant's that no document answers; the general ones are always added.

        Raises:
            NotFoundError: no such snapshot, or nothing is published.
        """
        snapshot = (
            self._knowledge.require_published(tenant)
            if number is None
            else self._repository.get_snapshot(tenant, number)
        )
        searched = LiveKnowledge(snapshot, self._knowledge.hidden_documents(tenant))
        golden = self._repository.list_golden_questions(tenant)
        general = read_golden_questions(GENERAL_OUT_OF_SCOPE)
        with attributed(tenant_id=tenant, purpose="knowledge"):
            tried = [self._try(searched, question) for question in golden]
            foreign = [self._try(searched, question) for question in (*out_of_scope, *general)]
        foreign += [one for one in tried if one.question.kind == "off_topic"]
        tried = [one for one in tried if one.question.kind != "off_topic"]
        cuts = learn_cuts(
            [one for one in tried if one.question.split == "tune"],
            [one for one in foreign if one.question.split == "tune"],
        )
        self._repository.save_cuts(tenant, snapshot.number, cuts)
        reports = [
            _split_report(
                [one for one in tried if one.question.split == split],
                [one for one in foreign if one.question.split == split],
                cuts,
            )
            for split in ("tune", "test")
        ]
        return CalibrationReport(snapshot.number, *reports)

    def calibrate_unless_it_holds(self, tenant: str, number: int) -> bool:
        """Calibrate a snapshot unless the cuts that it took over from the one before still fit; whether it was done.

        They fit while nearly all texts, and the number of questions that cuts are learned from, are the same.

        Raises:
            NotFoundError: there is no such snapshot.
        """
        if self._holds(self._repository.get_snapshot(tenant, number)):
            return False
        self.calibrate(tenant, number=number)
        return True

    def _holds(self, snapshot: Snapshot) -> bool:
        if snapshot.cuts is None or snapshot.reused_count < TAKEN_OVER_SHARE * snapshot.chunk_count:
            return False
        golden = [one for one in self._repository.list_golden_questions(snapshot.tenant) if one.split == "tune"]
        answerable = sum(one.answerable for one in golden)
        foreign = sum(one.kind == "off_topic" for one in golden)
        foreign += sum(one.split == "tune" for one in read_golden_questions(GENERAL_OUT_OF_SCOPE))
        learned = answerable + foreign if answerable >= FEWEST_GOLDEN else foreign
        return snapshot.cuts.calibrated_on == learned

    def _try(self, searched: LiveKnowledge, question: GoldenQuestion) -> _Tried:
        found = self._knowledge.search(searched, question.text, limit=PASSAGES, search_type=SearchType.HYBRID)
        return _Tried(question, found)


def everyday_texts() -> list[str]:
    """Everyday questions to compare with, as a search spells them out: those that may be learned from."""
    return [spell_out(one.text) for one in read_golden_questions(GENERAL_OUT_OF_SCOPE) if one.split == "tune"]


def learn_cuts(golden: Sequence[_Tried], foreign: Sequence[_Tried]) -> BandCuts:
    """The cuts that keep golden questions and decline foreign ones, judged on folds that were left out."""
    answerable = [one for one in golden if one.question.answerable]
    if len(answerable) < FEWEST_GOLDEN:
        scores = [confidence(one.retrieval, DEFAULT_CUTS) for one in foreign]
        lowest = float(np.quantile(scores, DECLINED_WITHOUT_GOLDEN)) if scores else 0.0
        # A small knowledge base is unlike everything; the floor keeps it from answering what is only a little alike.
        floor = DEFAULT_CUTS.not_found_below
        return replace(DEFAULT_CUTS, not_found_below=max(lowest, floor), calibrated_on=len(foreign))
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    learned = [*answerable, *foreign]
    features = np.array([_features(one.retrieval) for one in learned])
    targets = np.array([1] * len(answerable) + [0] * len(foreign))
    model = LogisticRegression(C=INVERSE_REGULARIZATION, class_weight="balanced", max_iter=5000)
    folds = StratifiedKFold(min(FOLDS, len(answerable)), shuffle=True, random_state=0)
    unseen = cross_val_predict(model, features, targets, cv=folds, method="decision_function")
    model.fit(features, targets)
    weights: NDArray[np.float64] = model.coef_[0]
    keeping = float(np.quantile(unseen[: len(answerable)], 1 - KEPT_SHARE))
    declining = float(np.quantile(unseen[len(answerable) :], DECLINED_SHARE))
    cuts = BandCuts(
        not_found_below=(keeping + declining) / 2,
        draft_from=DEFAULT_CUTS.draft_from,
        calibrated_on=len(learned),
        similarity_weight=float(weights[0] * COSINE_SCALE),
        breadth_weight=float(weights[1] * COSINE_SCALE),
        direction=tuple(round(float(weight), 5) for weight in weights[4:]),
        bias=float(model.intercept_[0]),
        coverage_weight=float(weights[2] * COVERAGE_SCALE),
        everyday_weight=float(weights[3] * COSINE_SCALE),
    )
    good = [distinctness(one.retrieval) for one in golden if one.first]
    bad = [distinctness(one.retrieval) for one in golden if not one.first]
    return replace(cuts, draft_from=_draft_cut(np.array(good), np.array(bad)))


def _draft_cut(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    """Where questions whose right document came first and all others come apart best."""
    if not len(bad) or not len(good):
        return DEFAULT_CUTS.draft_from
    candidates = np.quantile(good, np.linspace(0, LARGEST_DRAFT_LOSS, 41))
    gains = [(good >= cut).mean() - (bad >= cut).mean() for cut in candidates]
    return float(candidates[int(np.argmax(gains))])


def _features(retrieval: Retrieval) -> list[float]:
    return [
        COSINE_SCALE * retrieval.evidence.similarity,
        COSINE_SCALE * retrieval.evidence.breadth,
        COVERAGE_SCALE * retrieval.evidence.term_coverage,
        COSINE_SCALE * retrieval.evidence.everyday_likeness,
        *retrieval.question_vector,
    ]


def _split_report(golden: Sequence[_Tried], foreign: Sequence[_Tried], cuts: BandCuts) -> SplitReport:
    bands = [(one.question.answerable, band_of(one.retrieval, cuts)) for one in golden]
    answerable = [band for is_answerable, band in bands if is_answerable]
    missing = [band for is_answerable, band in bands if not is_answerable]
    return SplitReport(
        golden_count=len(answerable),
        out_of_scope_count=len(foreign),
        kept=_share(band is not Band.NOT_FOUND for band in answerable),
        drafted=_share(band is Band.DRAFT for band in answerable),
        declined=_share(band_of(one.retrieval, cuts) is Band.NOT_FOUND for one in foreign),
        unanswerable_drafted=_share(band is Band.DRAFT for band in missing),
    )


def _share(values: Iterable[bool]) -> float:
    items = list(values)
    return sum(items) / len(items) if items else 0.0
