"""What every KnowledgeRepository holds; a test class for one adapter inherits it and gives the fixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import BandCuts, ExpectedPassage, GoldenQuestion, Snapshot, SnapshotStatus
from services.ports.knowledge import KnowledgeRepository
from tests.contract.knowledge_samples import AUTHORIZATION, DOCUMENTS, LOADED_AT, REJECTS, document, full_document

TENANT, OTHER_TENANT = "pharmacy", "clinic"


def snapshot(number: int, tenant: str = TENANT) -> Snapshot:
    """A draft."""
    return Snapshot(tenant, number, SnapshotStatus.DRAFT, LOADED_AT, 3, 5, "model-v1")


def ids(repository: KnowledgeRepository, tenant: str = TENANT) -> list[str]:
    """Ids of the current documents."""
    return [stored.document.id for stored in repository.current_documents(tenant)]


class KnowledgeRepositoryContract:
    """Give a fixture ``repository`` that is empty and knows both tenants."""

    def test_document_comes_back_as_it_was_saved(self, repository: KnowledgeRepository) -> None:
        assert repository.save_documents(TENANT, [full_document()]) == (["policies/returns.pdf"], [])
        stored = repository.get_document(TENANT, "policies/returns.pdf")
        assert stored.document == full_document()
        assert stored.version == 1
        assert stored.loaded_at.tzinfo is not None

    def test_changed_document_becomes_the_next_version_and_keeps_the_one_before(
        self, repository: KnowledgeRepository
    ) -> None:
        changed = replace(full_document(), title="Returns and refunds")
        repository.save_documents(TENANT, [full_document()])
        assert repository.save_documents(TENANT, [changed]) == ([changed.id], [])
        assert repository.get_document(TENANT, changed.id).document == changed
        assert repository.get_document(TENANT, changed.id, 1).document == full_document()
        assert [(stored.version, stored.document) for stored in repository.current_documents(TENANT)] == [(2, changed)]

    def test_unchanged_document_gets_no_new_version(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, [full_document()])
        same = replace(full_document(), source_name="moved/returns.pdf")
        assert repository.save_documents(TENANT, [same]) == ([], [same.id])
        assert repository.get_document(TENANT, same.id).version == 1

    def test_same_id_twice_in_one_call_keeps_the_last(self, repository: KnowledgeRepository) -> None:
        changed = replace(REJECTS, title="Other")
        repository.save_documents(TENANT, [REJECTS, changed, changed])
        assert repository.get_document(TENANT, REJECTS.id).document == changed
        assert repository.get_document(TENANT, REJECTS.id).version == 2

    def test_current_documents_come_by_id_however_many(self, repository: KnowledgeRepository) -> None:
        many = [document(f"{number:04d}.md", "Title", "Body") for number in reversed(range(1203))]
        repository.save_documents(TENANT, many)
        assert ids(repository) == [f"{number:04d}.md" for number in range(1203)]

    def test_ids_in_upper_and_lower_case_and_with_accents_are_all_listed_once(
        self, repository: KnowledgeRepository
    ) -> None:
        made = [
            document(name, "Title", "Body") for name in ("a.md", "B.md", "A.md", "é.md", "a b.md", "a-b.md", "_.md")
        ]
        many = [*made, *(document(f"x{number}.md", "Title", "Body") for number in range(600))]
        repository.save_documents(TENANT, many)
        assert sorted(ids(repository)) == sorted(item.id for item in many)

    def test_tenants_do_not_see_each_other(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.save_documents(OTHER_TENANT, [replace(REJECTS, title="Ours")])
        assert ids(repository, OTHER_TENANT) == [REJECTS.id]
        assert repository.get_document(TENANT, REJECTS.id).document == REJECTS
        with pytest.raises(NotFoundError):
            repository.get_document(OTHER_TENANT, AUTHORIZATION.id)

    @pytest.mark.parametrize(("document_id", "version"), [("nowhere.md", None), ("rejects.md", 2), ("rejects.md", 0)])
    def test_unknown_document_or_version_is_not_found(
        self, repository: KnowledgeRepository, document_id: str, version: int | None
    ) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        with pytest.raises(NotFoundError):
            repository.get_document(TENANT, document_id, version)

    def test_snapshot_comes_back_as_it_was_recorded(self, repository: KnowledgeRepository) -> None:
        made = replace(snapshot(1), cuts=BandCuts(0.25, 0.5, 40))
        repository.create_snapshot(made)
        assert repository.get_snapshot(TENANT, 1) == made

    def test_taken_number_is_a_conflict(self, repository: KnowledgeRepository) -> None:
        repository.create_snapshot(snapshot(1))
        with pytest.raises(ConflictError):
            repository.create_snapshot(snapshot(1))
        repository.create_snapshot(snapshot(1, OTHER_TENANT))

    def test_numbers_grow_per_tenant(self, repository: KnowledgeRepository) -> None:
        assert repository.next_snapshot_number(TENANT) == 1
        repository.create_snapshot(snapshot(1))
        repository.create_snapshot(snapshot(7))
        assert repository.next_snapshot_number(TENANT) == 8
        assert repository.next_snapshot_number(OTHER_TENANT) == 1

    def test_snapshots_come_newest_first(self, repository: KnowledgeRepository) -> None:
        for number in (2, 3, 1):
            repository.create_snapshot(snapshot(number))
        assert [made.number for made in repository.list_snapshots(TENANT)] == [3, 2, 1]
        assert repository.list_snapshots(OTHER_TENANT) == []

    def test_published_snapshot_answers_until_the_next_one(self, repository: KnowledgeRepository) -> None:
        repository.create_snapshot(snapshot(1))
        repository.create_snapshot(snapshot(2))
        assert repository.published_snapshot(TENANT) is None
        repository.publish(TENANT, 1)
        repository.publish(TENANT, 2)
        repository.publish(TENANT, 1)  # a rollback
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert (live.number, live.status) == (1, SnapshotStatus.PUBLISHED)
        assert live.published_at is not None
        assert [made.status for made in repository.list_snapshots(TENANT)] == [
            SnapshotStatus.RETIRED,
            SnapshotStatus.PUBLISHED,
        ]
        assert repository.published_snapshot(OTHER_TENANT) is None

    def test_unknown_snapshot_is_not_found_and_the_live_one_stays(self, repository: KnowledgeRepository) -> None:
        repository.create_snapshot(snapshot(1))
        repository.publish(TENANT, 1)
        with pytest.raises(NotFoundError):
            repository.publish(TENANT, 2)
        with pytest.raises(NotFoundError):
            repository.get_snapshot(TENANT, 2)
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert live.number == 1

    def test_cuts_are_kept_with_their_snapshot(self, repository: KnowledgeRepository) -> None:
        repository.create_snapshot(snapshot(1))
        repository.create_snapshot(snapshot(2))
        repository.save_cuts(TENANT, 2, BandCuts(0.3, 0.6, 120))
        assert repository.get_snapshot(TENANT, 2).cuts == BandCuts(0.3, 0.6, 120)
        assert repository.get_snapshot(TENANT, 1).cuts is None

    def test_golden_questions_are_replaced_by_id_and_ordered(self, repository: KnowledgeRepository) -> None:
        first = GoldenQuestion(
            "q1", "What is reject 75?", (ExpectedPassage("rejects.md", "Reject 75"),), "code", "test"
        )
        declined = GoldenQuestion("q0", "Who won the match?")
        repository.save_golden_questions(TENANT, [first, declined])
        repository.save_golden_questions(TENANT, [replace(first, text="And 75?")])
        assert repository.list_golden_questions(TENANT) == [declined, replace(first, text="And 75?")]
        assert [question.answerable for question in repository.list_golden_questions(TENANT)] == [False, True]
        assert repository.list_golden_questions(OTHER_TENANT) == []
