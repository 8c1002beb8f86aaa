"""What every KnowledgeRepository holds; a test class for one adapter inherits it and gives the fixture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import (
    BandCuts,
    DocumentDetails,
    DocumentFilter,
    DocumentState,
    ExpectedPassage,
    GoldenQuestion,
    Publication,
    Ranking,
    Snapshot,
    SnapshotStatus,
)
from services.ports.knowledge import KnowledgeRepository
from tests.contract.knowledge_samples import (
    AUTHORIZATION,
    DOCUMENTS,
    LOADED_AT,
    REJECTS,
    STORAGE,
    document,
    full_document,
    publish,
    record_snapshot,
)

TENANT, OTHER_TENANT = "pharmacy", "clinic"
TODAY, DAY = LOADED_AT.date(), timedelta(days=1)


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

    def test_current_documents_of_one_format_are_listed_alone(self, repository: KnowledgeRepository) -> None:
        other = replace(REJECTS, id="curated/1", media_type="text/x-curated-answer")
        repository.save_documents(TENANT, [REJECTS, other])
        listed = repository.current_documents(TENANT, media_type="text/x-curated-answer")
        assert [stored.document.id for stored in listed] == ["curated/1"]

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

    def test_document_saved_on_an_old_version_is_a_conflict_and_nothing_is_stored(
        self, repository: KnowledgeRepository
    ) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        theirs, mine = replace(REJECTS, title="Theirs"), replace(REJECTS, title="Mine")
        repository.save_documents(TENANT, [theirs], expected_versions={REJECTS.id: 1})
        other = document("another.md", "Another", "Body")
        with pytest.raises(ConflictError):
            repository.save_documents(TENANT, [other, mine], expected_versions={REJECTS.id: 1})
        assert repository.get_document(TENANT, REJECTS.id).document == theirs
        assert other.id not in ids(repository)

    def test_disabled_document_is_hidden_until_it_is_enabled(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.set_disabled(TENANT, [REJECTS.id], LOADED_AT, username="grace")
        assert repository.hidden_documents(TENANT, TODAY) == {REJECTS.id: 1}
        assert repository.hidden_documents(OTHER_TENANT, TODAY) == {}
        entry = repository.get_entry(TENANT, REJECTS.id, TODAY)
        assert (entry.state, entry.changed_by) == (DocumentState.DISABLED, "grace")
        repository.set_disabled(TENANT, [REJECTS.id], None, username="grace")
        assert repository.hidden_documents(TENANT, TODAY) == {}
        assert repository.get_entry(TENANT, REJECTS.id, TODAY).state is DocumentState.IN_USE

    def test_deleted_document_is_hidden_and_its_versions_stay(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.delete_documents(TENANT, [REJECTS.id], username="grace")
        assert REJECTS.id not in ids(repository)
        assert repository.hidden_documents(TENANT, TODAY) == {REJECTS.id: 1}
        assert repository.get_document(TENANT, REJECTS.id, 1).document == REJECTS

    def test_document_that_comes_back_answers_with_its_new_version_only(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.delete_documents(TENANT, [REJECTS.id], username=None)
        assert repository.save_documents(TENANT, [REJECTS]) == ([REJECTS.id], [])
        assert REJECTS.id in ids(repository)
        assert repository.hidden_documents(TENANT, TODAY) == {REJECTS.id: 1}
        assert repository.get_document(TENANT, REJECTS.id).version == 2

    @pytest.mark.parametrize(
        ("details", "state"),
        [
            (DocumentDetails(valid_until=TODAY - DAY), DocumentState.EXPIRED),
            (DocumentDetails(valid_from=TODAY + DAY), DocumentState.UPCOMING),
            (DocumentDetails(valid_from=TODAY, valid_until=TODAY), DocumentState.IN_USE),
            (DocumentDetails("Grace", "Insulin", "patients"), DocumentState.IN_USE),
        ],
    )
    def test_document_is_hidden_outside_its_dates(
        self, repository: KnowledgeRepository, details: DocumentDetails, state: DocumentState
    ) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.set_details(TENANT, [REJECTS.id], details, username="grace")
        hidden = {} if state is DocumentState.IN_USE else {REJECTS.id: 1}
        assert repository.hidden_documents(TENANT, TODAY) == hidden
        entry = repository.get_entry(TENANT, REJECTS.id, TODAY)
        assert (entry.details, entry.state) == (details, state)

    def test_details_that_the_file_does_not_state_stay_as_they_were(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, [REJECTS])
        details = DocumentDetails("Grace", "Insulin", "patients", TODAY, TODAY + DAY)
        repository.set_details(TENANT, [REJECTS.id], details, username=None)
        repository.save_documents(TENANT, [replace(REJECTS, title="Rejects", owner="Ana")])
        assert repository.get_entry(TENANT, REJECTS.id, TODAY).details == replace(details, owner="Ana")

    def test_documents_are_listed_by_words_state_and_page(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS, username="grace", chunk_counts={REJECTS.id: 4})
        repository.set_disabled(TENANT, [AUTHORIZATION.id], LOADED_AT, username=None)

        def listed(chosen: DocumentFilter, **paging: int) -> tuple[list[str], int]:
            entries, total = repository.list_documents(TENANT, chosen, today=TODAY, **paging)
            return [entry.document_id for entry in entries], total

        everything, count = listed(DocumentFilter())
        assert (sorted(everything), count) == (sorted(item.id for item in DOCUMENTS), 3)
        assert listed(DocumentFilter(), offset=1, limit=1) == (everything[1:2], 3)
        assert listed(DocumentFilter(words="INSULIN kept")) == (["storage.md"], 1)
        assert listed(DocumentFilter(words="100%")) == ([], 0)
        assert listed(DocumentFilter(states=frozenset({DocumentState.DISABLED}))) == ([AUTHORIZATION.id], 1)
        assert listed(DocumentFilter(media_types=frozenset({"application/pdf"}))) == ([], 0)
        entry = repository.get_entry(TENANT, REJECTS.id, TODAY)
        assert (entry.chunk_count, entry.character_count, entry.changed_by) == (4, len(REJECTS.text), "grace")

    def test_documents_are_listed_by_their_details(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, DOCUMENTS)
        repository.set_details(TENANT, [REJECTS.id], DocumentDetails("Grace", "Insulin"), username=None)
        repository.set_details(TENANT, ["storage.md"], DocumentDetails(valid_until=TODAY + DAY), username=None)

        def listed(chosen: DocumentFilter) -> list[str]:
            return [entry.document_id for entry in repository.list_documents(TENANT, chosen, today=TODAY)[0]]

        assert listed(DocumentFilter(owner="Grace")) == listed(DocumentFilter(product="Insulin")) == [REJECTS.id]
        assert listed(DocumentFilter(owner="Ana")) == []
        assert listed(DocumentFilter(expires_before=TODAY + 2 * DAY)) == ["storage.md"]
        assert listed(DocumentFilter(expires_before=TODAY + DAY)) == []
        in_use = DocumentFilter(states=frozenset({DocumentState.IN_USE}))
        assert sorted(listed(in_use)) == sorted(item.id for item in DOCUMENTS)

    def test_versions_are_listed_newest_first(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, [REJECTS], username="grace", chunk_counts={REJECTS.id: 2})
        repository.save_documents(TENANT, [replace(REJECTS, title="Codes")])
        versions = repository.list_versions(TENANT, REJECTS.id)
        assert [(entry.version, entry.title, entry.loaded_by, entry.chunk_count) for entry in versions] == [
            (2, "Codes", None, 0),
            (1, REJECTS.title, "grace", 2),
        ]
        assert repository.list_versions(OTHER_TENANT, REJECTS.id) == []

    def test_documents_are_found_by_the_bytes_they_were_made_from(self, repository: KnowledgeRepository) -> None:
        repository.save_documents(TENANT, [replace(REJECTS, source_sha256="ab" * 32), STORAGE])
        assert repository.ids_by_source(TENANT, "ab" * 32) == [REJECTS.id]
        repository.save_documents(TENANT, [replace(REJECTS, source_sha256="cd" * 32, title="New")])
        assert repository.ids_by_source(TENANT, "ab" * 32) == []

    def test_snapshot_comes_back_as_it_was_recorded(self, repository: KnowledgeRepository) -> None:
        made = replace(
            snapshot(1),
            cuts=BandCuts(0.25, 0.5, 40, direction=(0.5, -0.25)),
            ranking=Ranking(0.3, 0.1),
            chunk_words=80,
            chunk_overlap=10,
            reused_count=7,
            created_by="grace",
        )
        record_snapshot(repository, made)
        assert repository.get_snapshot(TENANT, 1) == made

    def test_two_builds_at_once_get_numbers_of_their_own(self, repository: KnowledgeRepository) -> None:
        with ThreadPoolExecutor(8) as pool:
            reserved = list(
                pool.map(lambda name: repository.reserve_snapshot(snapshot(0), build_id=str(name)), range(8))
            )
        assert sorted(made.number for made in reserved) == list(range(1, 9))
        assert repository.reserve_snapshot(snapshot(0, OTHER_TENANT), build_id="other").number == 1

    def test_interrupted_build_goes_on_with_its_number(self, repository: KnowledgeRepository) -> None:
        first = repository.reserve_snapshot(snapshot(0), build_id="build")
        assert repository.reserve_snapshot(snapshot(0), build_id="build").number == first.number
        repository.fail_snapshot(TENANT, first.number, "The disk was full.")
        assert repository.get_snapshot(TENANT, first.number).failure == "The disk was full."
        assert repository.reserve_snapshot(snapshot(0), build_id="build").number == first.number + 1

    def test_unfinished_snapshots_are_listed_only_when_asked_for_and_cannot_be_published(
        self, repository: KnowledgeRepository
    ) -> None:
        record_snapshot(repository, snapshot(1))
        building = repository.reserve_snapshot(snapshot(0), build_id="build")
        assert [made.number for made in repository.list_snapshots(TENANT)] == [1]
        assert [made.number for made in repository.list_snapshots(TENANT, unfinished=True)] == [2, 1]
        with pytest.raises(NotFoundError):
            publish(repository, TENANT, building.number)

    def test_snapshots_come_newest_first(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(3))
        assert [made.number for made in repository.list_snapshots(TENANT)] == [3, 2, 1]
        assert repository.list_snapshots(OTHER_TENANT) == []

    def test_published_snapshot_answers_until_the_next_one(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(2))
        assert repository.published_snapshot(TENANT) is None
        for number in (1, 2, 1):  # the last is a rollback
            publish(repository, TENANT, number)
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert (live.number, live.status) == (1, SnapshotStatus.PUBLISHED)
        assert live.published_at is not None
        assert [made.status for made in repository.list_snapshots(TENANT)] == [
            SnapshotStatus.RETIRED,
            SnapshotStatus.PUBLISHED,
        ]
        assert repository.published_snapshot(OTHER_TENANT) is None

    def test_every_publication_is_kept_with_who_and_why(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(2))
        repository.publish(TENANT, 1, at=LOADED_AT, username="grace")
        repository.publish(TENANT, 2, at=LOADED_AT + DAY, username="omar", reason="Recall notice", expected_live=1)
        assert repository.list_publications(TENANT) == [
            Publication(TENANT, 2, 1, LOADED_AT + DAY, "omar", "Recall notice"),
            Publication(TENANT, 1, None, LOADED_AT, "grace"),
        ]
        assert repository.list_publications(OTHER_TENANT) == []

    @pytest.mark.parametrize("seen", [None, 2])
    def test_publishing_over_what_somebody_else_published_is_a_conflict(
        self, repository: KnowledgeRepository, seen: int | None
    ) -> None:
        record_snapshot(repository, snapshot(3))
        publish(repository, TENANT, 1)
        with pytest.raises(ConflictError):
            repository.publish(TENANT, 3, at=LOADED_AT, expected_live=seen)
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert live.number == 1

    def test_of_many_admins_who_publish_at_once_one_succeeds(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(6))
        publish(repository, TENANT, 1)

        def try_to(number: int) -> bool:
            try:
                repository.publish(TENANT, number, at=LOADED_AT, expected_live=1)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(5) as pool:
            done = list(pool.map(try_to, range(2, 7)))
        assert done.count(True) == 1
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert live.number == 2 + done.index(True)

    def test_unknown_snapshot_is_not_found_and_the_live_one_stays(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(1))
        publish(repository, TENANT, 1)
        with pytest.raises(NotFoundError):
            publish(repository, TENANT, 2)
        with pytest.raises(NotFoundError):
            repository.get_snapshot(TENANT, 2)
        live = repository.published_snapshot(TENANT)
        assert live is not None
        assert live.number == 1

    def test_live_snapshot_cannot_be_deleted_and_others_can(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(2))
        publish(repository, TENANT, 1)
        with pytest.raises(ConflictError):
            repository.delete_snapshot(TENANT, 1)
        repository.delete_snapshot(TENANT, 2)
        assert [made.number for made in repository.list_snapshots(TENANT)] == [1]

    def test_cuts_and_ranking_are_kept_with_their_snapshot(self, repository: KnowledgeRepository) -> None:
        record_snapshot(repository, snapshot(2))
        repository.save_cuts(TENANT, 2, BandCuts(0.3, 0.6, 120))
        repository.save_ranking(TENANT, 2, Ranking(0.1, 0.4))
        made = repository.get_snapshot(TENANT, 2)
        assert (made.cuts, made.ranking) == (BandCuts(0.3, 0.6, 120), Ranking(0.1, 0.4))
        assert repository.get_snapshot(TENANT, 1).ranking == Ranking()

    def test_deleted_golden_questions_are_gone_and_the_others_stay(self, repository: KnowledgeRepository) -> None:
        repository.save_golden_questions(TENANT, [GoldenQuestion("q0", "One?"), GoldenQuestion("q1", "Two?")])
        repository.delete_golden_questions(TENANT, ["q0", "unknown"])
        repository.delete_golden_questions(OTHER_TENANT, ["q1"])
        assert [question.id for question in repository.list_golden_questions(TENANT)] == ["q1"]

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
