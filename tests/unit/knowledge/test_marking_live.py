"""What publishing tells the index."""

from __future__ import annotations

from services.errors import BackendUnavailableError
from services.knowledge.library import KnowledgeService
from tests.answer_fakes import FakeKnowledgeIndex
from tests.contract.knowledge_samples import DOCUMENTS
from tests.fakes import FakeEmbedder
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT = "pharmacy"


def published(index: FakeKnowledgeIndex, *numbers: int) -> FakeKnowledgeRepository:
    """Build as many snapshots as needed and publish these, one after the other."""
    repository = FakeKnowledgeRepository()
    repository.save_documents(TENANT, DOCUMENTS)
    service = KnowledgeService(repository, index, FakeEmbedder(), None, max_file_bytes=1_000)  # type: ignore[arg-type]
    for _ in range(max(numbers)):
        service.build_snapshot(TENANT)
    for number in numbers:
        service.publish(TENANT, number)
    return repository


def test_index_hears_which_snapshot_answers_after_publishing_and_rolling_back() -> None:
    index = FakeKnowledgeIndex()
    published(index, 1, 2)
    assert index.live == {TENANT: 2}
    published(index, 2, 1)
    assert index.live == {TENANT: 1}


def test_index_that_cannot_be_told_keeps_nothing_from_going_live() -> None:
    index = FakeKnowledgeIndex()
    index.deaf = BackendUnavailableError("It is out of reach.")
    live = published(index, 1).published_snapshot(TENANT)
    assert live is not None
    assert live.number == 1
