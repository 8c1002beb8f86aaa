"""A question tried on a draft or on what answers now, with the reasons for what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.access.models import Account
from services.answers.golden_runs import GoldenRunService
from services.answers.models import Band
from services.answers.quality import CheckedVersions, QualityService
from services.backends.local.faiss_index import FaissIndex
from services.errors import AccessError, InputError, NotFoundError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import Snapshot, SnapshotStatus
from services.storage.files import SnapshotFolders
from tests.contract.knowledge_samples import DOCUMENTS, LOADED_AT, publish, record_snapshot
from tests.fakes import FakeEmbedder, FakeFiles
from tests.golden_fakes import ADMIN, AGENT, OTHER_TENANT, TENANT, FakeGoldenRuns, golden
from tests.knowledge_fakes import FakeKnowledgeRepository

PHRASING = "How long can a pen stay out of the fridge?"


class Desk:
    """The service over the sample documents in a real index of one snapshot."""

    def __init__(self, folder: Path) -> None:
        self.repository = FakeKnowledgeRepository()
        self.repository.save_documents(TENANT, DOCUMENTS)
        index = FaissIndex(SnapshotFolders(str(folder), folder), FakeEmbedder())
        knowledge = KnowledgeService(self.repository, index, FakeEmbedder(), FakeFiles(), max_file_bytes=1000)
        runs = GoldenRunService(knowledge, index, self.repository, FakeGoldenRuns(), now=lambda: LOADED_AT)
        self.service = QualityService(knowledge, index, self.repository, runs)
        knowledge.build_snapshot(TENANT)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def record(repository: FakeKnowledgeRepository, number: int) -> None:
    record_snapshot(repository, Snapshot(TENANT, number, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))


def numbers(versions: CheckedVersions) -> tuple[int | None, int | None]:
    """Of what answers now, and of the draft."""
    live, draft = versions.live, versions.draft
    return live.number if live else None, draft.number if draft else None


def test_draft_is_the_newest_version_after_the_live_one(desk: Desk) -> None:
    assert numbers(desk.service.versions(ADMIN, TENANT)) == (None, 1)
    publish(desk.repository, TENANT, 1)
    assert numbers(desk.service.versions(ADMIN, TENANT)) == (1, None)
    record(desk.repository, 3)
    assert numbers(desk.service.versions(ADMIN, TENANT)) == (1, 3)
    publish(desk.repository, TENANT, 3)
    publish(desk.repository, TENANT, 2)  # rolled back: 3 answered once and is no draft
    assert numbers(desk.service.versions(ADMIN, TENANT)) == (2, None)


def test_trial_tells_band_passages_and_the_phrasing_in_words(desk: Desk) -> None:
    trial = desk.service.try_question(ADMIN, TENANT, 1, f" {PHRASING} ")
    assert (trial.question, trial.searched) == (PHRASING, PHRASING)
    assert trial.band is Band.DRAFT
    first = trial.explanation.passages[0].passage
    assert first.document_id == "storage.md"
    assert trial.phrasings[first.chunk_id] == PHRASING


def test_trial_of_a_foreign_question_shows_that_it_is_declined(desk: Desk) -> None:
    assert desk.service.try_question(ADMIN, TENANT, 1, "Who won the chess match?").band is Band.NOT_FOUND


def test_trial_leaves_out_hidden_documents_and_keeps_nothing(desk: Desk) -> None:
    desk.repository.hidden = {"storage.md": 1}
    trial = desk.service.try_question(ADMIN, TENANT, 1, PHRASING)
    assert "storage.md" not in {one.passage.document_id for one in trial.explanation.passages}
    assert desk.service.latest_run(ADMIN, TENANT, 1) is None


@pytest.mark.parametrize("question", ["", " ?! ", "x" * 8001])
def test_nothing_to_ask_is_said(desk: Desk, question: str) -> None:
    with pytest.raises(InputError):
        desk.service.try_question(ADMIN, TENANT, 1, question)


def test_unknown_version_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.service.try_question(ADMIN, TENANT, 7, PHRASING)


def test_comparison_needs_a_run_until_there_is_one_of_now(desk: Desk) -> None:
    desk.repository.save_golden_questions(TENANT, [golden("q", PHRASING, ("storage.md", ""))])
    assert desk.service.needs_run(ADMIN, TENANT, 1)
    desk.service.run(ADMIN, TENANT, 1)
    assert not desk.service.needs_run(ADMIN, TENANT, 1)
    assert desk.service.compare(ADMIN, TENANT, 1, None).figures.first == 1
    desk.repository.delete_golden_questions(TENANT, ["q"])
    assert desk.service.needs_run(ADMIN, TENANT, 1)


@pytest.mark.parametrize(("account", "tenant"), [(AGENT, TENANT), (ADMIN, OTHER_TENANT)])
def test_only_administrators_of_the_tenant_get_anywhere(desk: Desk, account: Account, tenant: str) -> None:
    service = desk.service
    for call in (
        lambda: service.versions(account, tenant),
        lambda: service.try_question(account, tenant, 1, PHRASING),
        lambda: service.run(account, tenant, 1),
        lambda: service.latest_run(account, tenant, 1),
        lambda: service.compare(account, tenant, 1, None),
    ):
        with pytest.raises(AccessError):
            call()
