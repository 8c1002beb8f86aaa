"""Other weights for hybrid search: what they do to golden questions, and when they are worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.access.models import Account
from services.answers.calibration import CalibrationService
from services.answers.golden_runs import GoldenRunService
from services.answers.tuning import FEWEST_QUESTIONS, TuningService
from services.answers.weight_grid import GRID, asked_parts, best_weights, bootstrap, qualities
from services.backends.local.faiss_index import FaissIndex
from services.errors import AccessError, BackendUnavailableError, ConflictError, InputError, NotFoundError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import BandCuts, Ranking, SearchType, Snapshot, SnapshotStatus
from services.ports.explanations import ExplainedPassage, Explanation
from services.privacy.audit import AuditTrail
from services.storage.files import SnapshotFolders
from tests.answer_fakes import STRONG, FakeKnowledgeIndex
from tests.contract.knowledge_samples import LOADED_AT, document, publish, record_snapshot, version
from tests.fakes import FakeAuditRepository, FakeEmbedder, FakeFiles
from tests.golden_fakes import ADMIN, AGENT, OTHER_TENANT, TENANT, FakeGoldenRuns, explained, golden
from tests.knowledge_fakes import FakeKnowledgeRepository

PRESENT = Ranking()


def explanation(*passages: ExplainedPassage) -> Explanation:
    return Explanation(passages, STRONG, 1, PRESENT)


class WordsAreRight(FakeKnowledgeIndex):
    """The right document shares the words and the wrong one the meaning, more so for some questions."""

    def explain(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Explanation:
        if self.failure is not None:
            raise self.failure
        if "easy" in question:
            return explanation(explained("right.md", similarity=0.9, keyword=1), explained("wrong.md", similarity=0.1))
        return explanation(
            explained("right.md", similarity=0.3, keyword=1), explained("wrong.md", similarity=0.7, keyword=0.1)
        )


class Desk:
    """The service on a draft (2) beside a published snapshot (1)."""

    def __init__(self) -> None:
        self.repository = FakeKnowledgeRepository()
        self.index = WordsAreRight()
        self.audit = FakeAuditRepository()
        knowledge = KnowledgeService(self.repository, self.index, FakeEmbedder(), FakeFiles(), max_file_bytes=1000)
        calibration = CalibrationService(knowledge, self.index, self.repository)
        runs = GoldenRunService(knowledge, self.index, self.repository, FakeGoldenRuns(), now=lambda: LOADED_AT)
        self.service = TuningService(knowledge, self.index, self.repository, calibration, runs, AuditTrail(self.audit))
        for number in (1, 2):
            record_snapshot(self.repository, Snapshot(TENANT, number, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
        publish(self.repository, TENANT, 1)

    def ask(self, count: int, words: str, *, split: str = "tune") -> None:
        """Add golden questions that the document right.md answers."""
        self.repository.save_golden_questions(
            TENANT,
            [golden(f"{words}-{split}-{n}", f"{words} {n}", ("right.md", ""), split=split) for n in range(count)],
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_weights_that_find_better_are_proposed_and_saved_to_the_draft(desk: Desk) -> None:
    desk.ask(30, "hard")
    desk.ask(10, "hard", split="test")
    proposal = desk.service.propose(ADMIN, TENANT, 2)
    assert proposal.worthwhile
    assert proposal.proposed.keyword_weight > PRESENT.keyword_weight
    assert (proposal.before.first, proposal.after.first) == (0, 1)
    assert proposal.ndcg_gain.low > 0
    assert proposal.test_before is not None
    assert proposal.test_after is not None
    assert (proposal.test_before.first, proposal.test_after.first) == (0, 1)
    assert (proposal.tune_count, proposal.test_count) == (30, 10)
    assert desk.repository.get_snapshot(TENANT, 2).ranking == PRESENT

    result = desk.service.save_weights(ADMIN, TENANT, proposal)
    saved = desk.repository.get_snapshot(TENANT, 2)
    assert saved.ranking == proposal.proposed == result.ranking
    assert saved.cuts is not None
    assert desk.repository.get_snapshot(TENANT, 1).ranking == PRESENT
    assert [event.action for event in desk.audit.events] == ["knowledge-tuned"]


def test_present_weights_are_kept_when_nothing_is_better(desk: Desk) -> None:
    desk.ask(30, "easy")
    proposal = desk.service.propose(ADMIN, TENANT, 2)
    assert proposal.proposed == PRESENT
    assert not proposal.worthwhile
    assert proposal.test_before is None


def test_gain_on_one_question_is_within_chance(desk: Desk) -> None:
    desk.ask(29, "easy")
    desk.ask(1, "hard")
    proposal = desk.service.propose(ADMIN, TENANT, 2)
    assert proposal.proposed != PRESENT
    assert not proposal.worthwhile


def test_questions_that_are_only_checked_with_choose_nothing(desk: Desk) -> None:
    desk.ask(30, "easy")
    desk.ask(50, "hard", split="test")
    assert desk.service.propose(ADMIN, TENANT, 2).proposed == PRESENT


def test_too_few_questions_say_how_many_are_needed(desk: Desk) -> None:
    desk.ask(FEWEST_QUESTIONS - 1, "hard")
    desk.ask(50, "hard", split="test")
    with pytest.raises(InputError) as caught:
        desk.service.propose(ADMIN, TENANT, 2)
    assert caught.value.code == "too-few-golden-questions"
    assert "19" in caught.value.message_for_user


def test_long_run_says_how_far_it_is(desk: Desk) -> None:
    desk.ask(20, "easy")
    steps: list[tuple[int, int]] = []
    desk.service.propose(ADMIN, TENANT, 2, on_progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (20, 20)


def test_what_answers_now_is_never_changed(desk: Desk) -> None:
    desk.ask(30, "hard")
    proposal = desk.service.propose(ADMIN, TENANT, 1)
    with pytest.raises(ConflictError) as saving:
        desk.service.save_weights(ADMIN, TENANT, proposal)
    with pytest.raises(ConflictError) as learning:
        desk.service.recalibrate(ADMIN, TENANT, 1)
    assert saving.value.code == learning.value.code == "not-a-draft"
    assert desk.repository.get_snapshot(TENANT, 1).ranking == PRESENT


def test_proposal_for_weights_that_were_changed_meanwhile_is_refused(desk: Desk) -> None:
    desk.ask(30, "hard")
    proposal = desk.service.propose(ADMIN, TENANT, 2)
    desk.repository.save_ranking(TENANT, 2, Ranking(0.1, 0.1))
    with pytest.raises(ConflictError):
        desk.service.save_weights(ADMIN, TENANT, proposal)
    assert desk.repository.get_snapshot(TENANT, 2).ranking == Ranking(0.1, 0.1)


def test_undo_gives_weights_and_cuts_back(desk: Desk) -> None:
    desk.ask(30, "hard")
    cuts = BandCuts(0.5, 0.1, calibrated_on=7)
    desk.repository.save_cuts(TENANT, 2, cuts)
    result = desk.service.save_weights(ADMIN, TENANT, desk.service.propose(ADMIN, TENANT, 2))
    assert desk.repository.get_snapshot(TENANT, 2).cuts != cuts
    desk.service.undo(ADMIN, TENANT, result)
    restored = desk.repository.get_snapshot(TENANT, 2)
    assert (restored.ranking, restored.cuts) == (PRESENT, cuts)


def test_recalibration_keeps_the_weights(desk: Desk) -> None:
    desk.ask(30, "hard")
    result = desk.service.recalibrate(ADMIN, TENANT, 2)
    assert desk.repository.get_snapshot(TENANT, 2).ranking == PRESENT == result.ranking
    assert desk.repository.get_snapshot(TENANT, 2).cuts is not None


def test_weights_go_back_when_the_bands_cannot_be_learned(desk: Desk) -> None:
    desk.ask(30, "hard")
    proposal = desk.service.propose(ADMIN, TENANT, 2)
    desk.service.recalibrate(ADMIN, TENANT, 2)  # so that the figures before are known
    desk.index.failure = BackendUnavailableError("The model is gone.")
    with pytest.raises(BackendUnavailableError):
        desk.service.save_weights(ADMIN, TENANT, proposal)
    assert desk.repository.get_snapshot(TENANT, 2).ranking == PRESENT


def test_unknown_snapshot_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.service.propose(ADMIN, TENANT, 9)


@pytest.mark.parametrize(("account", "tenant"), [(AGENT, TENANT), (ADMIN, OTHER_TENANT)])
def test_only_administrators_of_the_tenant_may_tune(desk: Desk, account: Account, tenant: str) -> None:
    with pytest.raises(AccessError):
        desk.service.propose(account, tenant, 2)
    with pytest.raises(AccessError):
        desk.service.recalibrate(account, tenant, 2)


def test_present_weights_give_the_order_of_the_search(tmp_path: Path) -> None:
    topics = ["insulin", "claim", "refill", "vaccine", "recall", "copay"]
    documents = [document(f"{one}.md", f"About {one}", f"The {one} and the {two}.") for one in topics for two in topics]
    index = FaissIndex(SnapshotFolders(str(tmp_path), tmp_path), FakeEmbedder())
    index.build(TENANT, 1, (version(replace(one, id=f"{n}-{one.id}")) for n, one in enumerate(documents)), None)
    grid = (PRESENT, Ranking(0.5, 0.0), Ranking(0.0, 0.6))
    for question in ("the refill of insulin", "copay claim", "vaccine recall code 75"):
        told = index.explain(TENANT, 1, question, limit=60)
        for column, ranking in enumerate(grid):
            found = index.search_documents(
                TENANT, 1, question, limit=10, search_type=SearchType.HYBRID, ranking=ranking
            ).passages
            clear = [
                passage.document_id
                for place, passage in enumerate(found)
                if all(abs(passage.score - other.score) > 1e-6 for other in found if other is not passage)
            ]
            for document_id in clear:
                place = [passage.document_id for passage in found].index(document_id) + 1
                ndcg, first = qualities([asked_parts(told, {document_id})], grid)
                assert ndcg[0, column] == pytest.approx(1 / np.log2(place + 1))
                assert first[0, column] == (place == 1)


def test_documents_that_were_not_found_count_against_the_order() -> None:
    told = explanation(
        explained("a.md", similarity=0.9), explained("a.md", similarity=0.2), explained("b.md", similarity=0.5)
    )
    ndcg, first = qualities([asked_parts(told, {"a.md", "gone.md"}), asked_parts(explanation(), {"a.md"})], [PRESENT])
    assert ndcg[0, 0] == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert first[0, 0] == 1
    assert (ndcg[1, 0], first[1, 0]) == (0, 0)


def test_of_weights_as_good_the_closest_to_the_present_ones_are_chosen() -> None:
    ndcg = np.tile([0.5, 0.9, 0.9], (4, 1))
    grid = [Ranking(0.2, 0.3), Ranking(0.9, 0.3), Ranking(0.3, 0.3)]
    assert best_weights(ndcg, grid, 0) == 2
    assert PRESENT in GRID


def test_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    differences = np.array([0.0, 0.1, 0.3, -0.1] * 10)
    gain = bootstrap(differences)
    assert gain.low < gain.mean < gain.high
    assert gain == bootstrap(differences)
