"""Finds the weights of hybrid search that suit a tenant's golden questions, and says whether they are worth it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.access.models import Account
from services.access.permissions import require_admin
from services.answers.calibration import CalibrationService
from services.answers.golden_models import GoldenFigures
from services.answers.golden_runs import GoldenRunService, ProgressListener
from services.answers.snapshot_asking import explain_snapshot, searched_text
from services.answers.weight_grid import GRID, AskedParts, Gain, asked_parts, best_weights, bootstrap, qualities
from services.errors import ConflictError, InputError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import BandCuts, LiveKnowledge, Ranking, Snapshot, SnapshotStatus
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository
from services.privacy.audit import AuditTrail

FEWEST_QUESTIONS = 20
FOLDS = 5
# Passages of each search type that are weighed anew; none that is further down comes among the first ten.
PASSAGES_WEIGHED = 60


@dataclass(frozen=True, slots=True)
class RankingQuality:
    """How good an order of documents is, as means over questions in [0, 1].

    Attributes:
        ndcg: nDCG@10.
        first: Share with a right document in the first place (R@1).
    """

    ndcg: float
    first: float


@dataclass(frozen=True, slots=True)
class TuningProposal:
    """Other weights, and what they do.

    Attributes:
        tune_count: Questions that chose the weights; every one was judged by weights that the others chose.
        before: Of these questions with the present weights.
        after: Of these questions, each with the weights that it did not choose.
        ndcg_gain: From ``before`` to ``after``, with a 95 % interval over the questions.
        first_gain: The same of the share in the first place.
        test_before: Of the questions that choose nothing, with the present weights; None without such questions.
        test_after: Of the same with the proposed weights.
    """

    number: int
    present: Ranking
    proposed: Ranking
    tune_count: int
    test_count: int
    before: RankingQuality
    after: RankingQuality
    ndcg_gain: Gain
    first_gain: Gain
    test_before: RankingQuality | None
    test_after: RankingQuality | None

    @property
    def worthwhile(self) -> bool:
        """Whether the gain is more than chance."""
        return self.proposed != self.present and self.ndcg_gain.low > 0


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What a change of weights or cuts did to the golden questions, and what takes it back.

    Attributes:
        cuts_before: Of the bands; None where there were none.
    """

    number: int
    ranking_before: Ranking
    ranking: Ranking
    cuts_before: BandCuts | None
    before: GoldenFigures
    after: GoldenFigures


class TuningService:
    """Tunes drafts, for administrators of the tenant; what answers now is never changed."""

    def __init__(
        self,
        knowledge: KnowledgeService,
        index: KnowledgeIndex,
        repository: KnowledgeRepository,
        calibration: CalibrationService,
        golden_runs: GoldenRunService,
        audit: AuditTrail,
    ) -> None:
        self._knowledge = knowledge
        self._index = index
        self._repository = repository
        self._calibration = calibration
        self._golden_runs = golden_runs
        self._audit = audit

    def propose(
        self, account: Account, tenant_id: str, number: int, *, on_progress: ProgressListener | None = None
    ) -> TuningProposal:
        """Try every pair of weights on the golden questions; nothing is changed.

        Only questions of the split ``tune`` choose; their gain is measured on folds that were left out.

        Raises:
            InputError: ``too-few-golden-questions``.
            NotFoundError: there is no such snapshot.
            ConfigurationError: it is damaged or was made with another embedding model.
        """
        require_admin(account, tenant_id)
        snapshot = self._repository.get_snapshot(tenant_id, number)
        golden = [one for one in self._repository.list_golden_questions(tenant_id) if one.answerable]
        tune_count = sum(one.split == "tune" for one in golden)
        if tune_count < FEWEST_QUESTIONS:
            raise InputError(
                f"There are {tune_count} golden questions with an answer to learn from; {FEWEST_QUESTIONS} are needed.",
                code="too-few-golden-questions",
                remedy="Add questions under “Golden questions”, then tune again.",
            )
        knowledge = LiveKnowledge(snapshot, self._knowledge.hidden_documents(tenant_id))
        parts: dict[str, list[AskedParts]] = {"tune": [], "test": []}
        for done, question in enumerate(golden, start=1):
            searched = searched_text(self._index, knowledge, question.text)
            explanation = explain_snapshot(self._index, knowledge, searched, limit=PASSAGES_WEIGHED)
            right = {expected.document_id for expected in question.expected}
            parts["tune" if question.split == "tune" else "test"].append(asked_parts(explanation, right))
            if on_progress is not None:
                on_progress(done, len(golden))
        return _proposal(snapshot, parts["tune"], parts["test"])

    def save_weights(self, account: Account, tenant_id: str, proposal: TuningProposal) -> TuningResult:
        """Give the draft the proposed weights and calibrate its bands anew.

        Raises:
            ConflictError: it is no draft any more, or its weights were changed in the meantime.
            NotFoundError: the draft is gone.
        """
        require_admin(account, tenant_id)
        snapshot = self._draft(tenant_id, proposal.number)
        if snapshot.ranking != proposal.present:
            raise ConflictError(
                "The weights of this draft were changed in the meantime.",
                code="weights-changed",
                remedy="Tune again; nothing was changed.",
            )
        return self._changed(account, snapshot, proposal.proposed)

    def recalibrate(self, account: Account, tenant_id: str, number: int) -> TuningResult:
        """Learn anew where the draft declines, shows sources only, or drafts; its weights stay.

        Raises:
            As :meth:`save_weights`.
        """
        require_admin(account, tenant_id)
        snapshot = self._draft(tenant_id, number)
        return self._changed(account, snapshot, snapshot.ranking)

    def undo(self, account: Account, tenant_id: str, result: TuningResult) -> None:
        """Give the draft the weights and cuts that it had before. Raises as :meth:`save_weights`."""
        require_admin(account, tenant_id)
        self._draft(tenant_id, result.number)
        self._repository.save_ranking(tenant_id, result.number, result.ranking_before)
        if result.cuts_before is not None:
            self._repository.save_cuts(tenant_id, result.number, result.cuts_before)
        self._record("knowledge-tuning-undone", account, tenant_id, result.number)

    def _changed(self, account: Account, snapshot: Snapshot, ranking: Ranking) -> TuningResult:
        tenant_id, number = snapshot.tenant, snapshot.number
        before = self._figures(tenant_id, number)
        if ranking != snapshot.ranking:
            self._repository.save_ranking(tenant_id, number, ranking)
        try:
            self._calibration.calibrate(tenant_id, number=number)
        except Exception:
            # New weights with the old cuts would be worse than either.
            self._repository.save_ranking(tenant_id, number, snapshot.ranking)
            raise
        self._record("knowledge-tuned", account, tenant_id, number)
        after = self._figures(tenant_id, number)
        return TuningResult(number, snapshot.ranking, ranking, snapshot.cuts, before, after)

    def _figures(self, tenant_id: str, number: int) -> GoldenFigures:
        return self._golden_runs.compare(tenant_id, number, None).figures

    def _draft(self, tenant_id: str, number: int) -> Snapshot:
        snapshot = self._repository.get_snapshot(tenant_id, number)
        if snapshot.status is not SnapshotStatus.DRAFT:
            raise ConflictError(
                f"Version {number} is not a draft any more, and what was published is never changed.",
                code="not-a-draft",
                remedy="Build a new draft, then tune it.",
            )
        return snapshot

    def _record(self, action: str, account: Account, tenant_id: str, number: int) -> None:
        self._audit.record(action, username=account.username, tenant_id=tenant_id, subject=f"version {number}")


def _proposal(snapshot: Snapshot, tune: Sequence[AskedParts], test: Sequence[AskedParts]) -> TuningProposal:
    grid = GRID if snapshot.ranking in GRID else (*GRID, snapshot.ranking)
    present = grid.index(snapshot.ranking)
    ndcg, first = qualities(tune, grid)
    chosen = np.empty(len(tune), dtype=np.int64)
    folds = np.random.default_rng(0).permutation(len(tune)) % FOLDS
    for fold in range(FOLDS):
        left_out = folds == fold
        chosen[left_out] = best_weights(ndcg[~left_out], grid, present)
    rows = np.arange(len(tune))
    best = best_weights(ndcg, grid, present)
    test_ndcg, test_first = qualities(test, grid)
    return TuningProposal(
        number=snapshot.number,
        present=snapshot.ranking,
        proposed=grid[best],
        tune_count=len(tune),
        test_count=len(test),
        before=_quality(ndcg[:, present], first[:, present]),
        after=_quality(ndcg[rows, chosen], first[rows, chosen]),
        ndcg_gain=bootstrap(ndcg[rows, chosen] - ndcg[:, present]),
        first_gain=bootstrap(first[rows, chosen] - first[:, present]),
        test_before=_quality(test_ndcg[:, present], test_first[:, present]) if test else None,
        test_after=_quality(test_ndcg[:, best], test_first[:, best]) if test else None,
    )


def _quality(ndcg: NDArray[np.float64], first: NDArray[np.float64]) -> RankingQuality:
    return RankingQuality(float(ndcg.mean()), float(first.mean()))
