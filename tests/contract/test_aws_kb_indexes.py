"""The contract of KnowledgeIndex over the wire: a Bedrock knowledge base that Frontline fills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.backends.aws import kb_documents, kb_holdings
from services.backends.aws.kb_index import KnowledgeBaseIndex
from services.backends.aws.kb_keys import PieceId
from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendTimeoutError,
    ConfigurationError,
    NotFoundError,
)
from services.knowledge.models import SearchType
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault
from tests.aws_endpoint.knowledge_base import LocalKnowledgeBase, StoredDocument
from tests.contract.kb_place import KnowledgeBaseContract, Place, documents_of, retrieved, sent_search
from tests.contract.knowledge_index import OTHER_TENANT, TENANT, MakeIndex, found, versions
from tests.contract.knowledge_samples import AUTHORIZATION, DOCUMENTS, REJECTS, STORAGE, document, version
from tests.fakes import FakeEmbedder


class TestKnowledgeBaseThatFrontlineFills(KnowledgeBaseContract):
    @pytest.fixture
    def make_index(self, place: Place, knowledge_base: LocalKnowledgeBase) -> MakeIndex:
        return lambda embedder: place.index(knowledge_base, embedder)

    def test_unchanged_documents_are_put_in_once(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        knowledge_base.ingested.clear()
        changed = replace(REJECTS, text=REJECTS.text.replace("too soon", "too late"))
        built.build(TENANT, 2, iter([version(AUTHORIZATION), version(changed, 2), version(STORAGE)]), 1)
        texts = [knowledge_base.documents[one].text for one in knowledge_base.ingested]
        assert len(texts) == 2
        assert all("Claim rejects" in text for text in texts)

    def test_each_snapshot_finds_its_own_version_of_a_document(self, built: KnowledgeBaseIndex) -> None:
        changed = replace(REJECTS, text=REJECTS.text.replace("too soon", "too late"))
        built.build(TENANT, 2, iter([version(AUTHORIZATION), version(changed, 2), version(STORAGE)]), 1)

        def texts(number: int) -> list[str]:
            passages = built.search(TENANT, number, "reject 79 refill", limit=9, search_type=SearchType.HYBRID).passages
            return [one.text for one in passages if "79" in one.text]

        assert len(texts(1)) == len(texts(2)) == 1
        assert "too soon" in texts(1)[0]
        assert "too late" in texts(2)[0]

    def test_what_another_snapshot_holds_takes_no_place_from_the_results(
        self, index: KnowledgeBaseIndex, endpoint: AwsEndpoint
    ) -> None:
        index.build(TENANT, 1, iter([version(STORAGE), version(REJECTS)]), None)
        index.build(TENANT, 2, iter([version(STORAGE, 2)]), 1)
        index.build(TENANT, 3, iter([version(STORAGE, 3), version(REJECTS)]), 2)
        for number in (1, 2, 3):
            index.search(TENANT, number, "insulin", limit=3, search_type=SearchType.SEMANTIC)
            shown = {PieceId.parsed(one.id) for one in retrieved(endpoint)}
            names = {document.document_id for document in index.held_documents(TENANT, number)}
            assert len({one.document for one in shown if one}) == len(names) == (1 if number == 2 else 2)

    def test_deleted_snapshot_takes_only_its_own_pieces_along(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        before = len(documents_of(knowledge_base))
        built.build(TENANT, 2, iter([version(AUTHORIZATION), version(STORAGE, 2)]), 1)
        built.delete(TENANT, 1)
        left = {one.document for one in documents_of(knowledge_base)}
        assert len(left) == 2
        assert len(documents_of(knowledge_base)) < before
        built.delete(TENANT, 2)
        assert documents_of(knowledge_base) == []

    def test_other_tenants_pieces_are_never_removed(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        built.build(OTHER_TENANT, 1, versions(), None)
        built.delete(TENANT, 1)
        assert documents_of(knowledge_base) == []
        assert documents_of(knowledge_base, OTHER_TENANT)

    def test_documents_of_others_in_the_data_source_are_let_alone(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        for name in ("manual.pdf", "frontline/pharmacy/notes"):
            knowledge_base.documents[name] = StoredDocument(name, "insulin insulin", {}, "INDEXED")
        built.build(TENANT, 2, versions(), 1)
        built.delete(TENANT, 1)
        built.delete(TENANT, 2)
        assert set(knowledge_base.documents) == {"manual.pdf", "frontline/pharmacy/notes"}

    def test_result_that_the_snapshot_does_not_hold_is_not_cited(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        real = next(one for one in knowledge_base.documents.values() if "Insulin" in one.text)
        forged = {**real.attributes, "frontline_passage": "0" * 16 + ".1.0.x"}
        knowledge_base.documents["forged"] = StoredDocument("forged", "Insulin is kept in the sun.", forged, "INDEXED")
        assert all("sun" not in one.text for one in found(built, "Is insulin kept in the sun?"))

    def test_interrupted_build_goes_on_where_it_was(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kb_documents, "PIECES_PER_REQUEST", 2)

        def stop(done: int, total: int) -> None:
            if len(knowledge_base.ingested) >= 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index.build(TENANT, 1, versions(), None, stop)
        with pytest.raises(NotFoundError):
            index.open_snapshot(TENANT, 1)
        for one in knowledge_base.documents.values():
            knowledge_base.look(one)
        index.build(TENANT, 1, versions(), None)
        assert len(knowledge_base.ingested) == len(set(knowledge_base.ingested))
        assert len(found(index, "insulin prior authorization reject")) == 5

    def test_failed_build_is_paid_for_once_by_the_next_number_too(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        endpoint.faults.next(
            "bedrock-agent", "GetKnowledgeBaseDocuments", AwsFault("AccessDeniedException", status=403)
        )
        with pytest.raises(BackendMisconfiguredError):
            index.build(TENANT, 1, versions(), None)
        for one in knowledge_base.documents.values():
            knowledge_base.look(one)
        index.build(TENANT, 2, versions(), None)
        assert len(knowledge_base.ingested) == len({PieceId.parsed(one).same_piece for one in knowledge_base.ingested})  # type: ignore[union-attr]
        index.delete(TENANT, 1)
        assert index.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).passages

    def test_what_a_failed_build_left_is_cleaned_up_by_the_next_one(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        endpoint.faults.next(
            "bedrock-agent", "GetKnowledgeBaseDocuments", AwsFault("AccessDeniedException", status=403)
        )
        with pytest.raises(BackendMisconfiguredError):
            index.build(TENANT, 1, versions(), None)
        index.build(TENANT, 2, iter([version(STORAGE, 2)]), None)
        assert {one.since for one in documents_of(knowledge_base)} == {2}

    def test_piece_that_fails_is_tried_again_and_then_told_by_its_document(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        knowledge_base.fails = lambda text: "Insulin" in text
        with pytest.raises(BackendRejectedError) as caught:
            index.build(TENANT, 1, versions(), None)
        assert (caught.value.code, "“Cold storage”" in caught.value.message_for_user) == ("kb-pieces-failed", True)
        insulin = [one for one in knowledge_base.ingested if "Insulin" in knowledge_base.documents[one].text]
        assert len(insulin) == 2
        with pytest.raises(NotFoundError):
            index.open_snapshot(TENANT, 1)
        knowledge_base.fails = lambda _: False
        index.build(TENANT, 2, versions(), None)
        assert index.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).passages

    def test_indexing_that_stands_still_ends_the_build(self, place: Place, knowledge_base: LocalKnowledgeBase) -> None:
        knowledge_base.looks_until_indexed = 10**9
        times = iter(range(0, 10**9, 100))
        index = place.index(knowledge_base, FakeEmbedder(), clock=lambda: float(next(times)))
        with pytest.raises(BackendTimeoutError) as caught:
            index.build(TENANT, 1, versions(), None)
        assert caught.value.code == "kb-indexing-stalled"

    def test_many_pieces_wait_for_their_turn(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kb_documents, "MOST_PENDING", 10)
        monkeypatch.setattr(kb_documents, "IDS_PER_PAGE", 7)
        knowledge_base.looks_until_indexed = 3
        many = [document(f"{number}.md", f"Topic {number}", f"Body of topic {number}.") for number in range(60)]
        told: list[tuple[int, int]] = []
        index.build(TENANT, 1, map(version, many), None, lambda done, total: told.append((done, total)))
        assert len(documents_of(knowledge_base)) == 60
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]
        index.build(TENANT, 2, map(version, many), 1)
        assert len(knowledge_base.ingested) == 60

    def test_lost_reply_to_putting_in_is_not_paid_twice(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        endpoint.faults.next("bedrock-agent", "IngestKnowledgeBaseDocuments", "cut")
        index.build(TENANT, 1, versions(), None)
        assert endpoint.count("bedrock-agent", "IngestKnowledgeBaseDocuments") == 2
        assert len(knowledge_base.ingested) == len(set(knowledge_base.ingested))

    def test_pieces_that_somebody_removed_meanwhile_are_put_in_again(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        def remove(done: int, total: int) -> None:
            if any("new.md" in one.text or "News" in one.text for one in knowledge_base.documents.values()):
                for name in [name for name in knowledge_base.documents if "/000001/000001/" in name]:
                    del knowledge_base.documents[name]

        added = [*DOCUMENTS, document("new.md", "News", "Something new.")]
        built.build(TENANT, 2, map(version, added), 1, remove)
        assert "storage.md" in {
            one.document_id
            for one in built.search(TENANT, 2, "insulin", limit=9, search_type=SearchType.HYBRID).passages
        }

    def test_snapshot_that_is_deleted_while_another_is_built_takes_nothing_from_it(
        self, built: KnowledgeBaseIndex, make_index: MakeIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        added = [*DOCUMENTS, document("new.md", "News", "Something new.")]
        other = make_index(FakeEmbedder())

        def delete_once_it_is_put_in(done: int, total: int) -> None:
            if any("Something new" in one.text for one in knowledge_base.documents.values()):
                other.delete(TENANT, 1)

        built.build(TENANT, 2, map(version, added), 1, delete_once_it_is_put_in)
        passages = built.search(TENANT, 2, "insulin news reject", limit=9, search_type=SearchType.HYBRID).passages
        assert {one.document_id for one in passages} == {one.id for one in added}

    def test_too_many_stale_documents_begin_a_new_epoch(
        self,
        built: KnowledgeBaseIndex,
        knowledge_base: LocalKnowledgeBase,
        monkeypatch: pytest.MonkeyPatch,
        endpoint: AwsEndpoint,
    ) -> None:
        monkeypatch.setattr(kb_holdings, "MOST_STALE", 1)
        built.build(TENANT, 2, iter([version(AUTHORIZATION), version(STORAGE, 2), version(REJECTS)]), 1)
        assert {one.epoch for one in documents_of(knowledge_base)} == {"000001"}
        built.build(TENANT, 3, iter([version(AUTHORIZATION), version(STORAGE, 2), version(REJECTS, 2)]), 2)
        assert {one.epoch for one in documents_of(knowledge_base)} == {"000001", "000003"}
        for number in (1, 2, 3):
            passages = built.search(TENANT, number, "insulin", limit=9, search_type=SearchType.HYBRID).passages
            assert passages[0].document_id == "storage.md"
            assert len(passages) == 5

    def test_hidden_documents_are_left_out_by_the_filter(
        self, built: KnowledgeBaseIndex, endpoint: AwsEndpoint
    ) -> None:
        built.search(TENANT, 1, "insulin", limit=1, search_type=SearchType.HYBRID, hidden={"storage.md": 1, "x": 3})
        (condition,) = [one["notIn"] for one in sent_search(endpoint)["filter"]["andAll"] if "notIn" in one]
        assert len(condition["value"]) == 1

    @pytest.mark.parametrize(
        ("search_type", "override"),
        [(SearchType.HYBRID, "HYBRID"), (SearchType.SEMANTIC, "SEMANTIC"), (SearchType.AUTO, None)],
    )
    def test_search_type_reaches_bedrock(
        self, built: KnowledgeBaseIndex, endpoint: AwsEndpoint, search_type: SearchType, override: str | None
    ) -> None:
        found(built, "insulin", search_type)
        assert sent_search(endpoint).get("overrideSearchType") == override

    def test_store_without_words_is_searched_as_bedrock_thinks_best(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        knowledge_base.takes_hybrid = False
        assert found(built, "Where is insulin kept?")[0].document_id == "storage.md"
        assert endpoint.count("bedrock-agent-runtime", "Retrieve") == 2
        assert "overrideSearchType" not in sent_search(endpoint)
        found(built, "insulin")
        assert endpoint.count("bedrock-agent-runtime", "Retrieve") == 3

    def test_question_without_a_word_asks_nobody(self, built: KnowledgeBaseIndex, endpoint: AwsEndpoint) -> None:
        assert found(built, "?!") == []
        assert endpoint.count("bedrock-agent-runtime", "Retrieve") == 0

    def test_requests_that_cost_are_recorded(self, built: KnowledgeBaseIndex, place: Place) -> None:
        found(built, "insulin")
        assert [(one.operation, one.units) for one in place.heard.calls] == [
            ("IngestKnowledgeBaseDocuments", 1),
            ("Retrieve", 1),
        ]

    def test_snapshot_of_another_knowledge_base_is_refused(
        self, built: KnowledgeBaseIndex, place: Place, knowledge_base: LocalKnowledgeBase
    ) -> None:
        elsewhere = place.index(replace(knowledge_base, id="OTHEROTHER"), FakeEmbedder())
        with pytest.raises(ConfigurationError) as caught:
            elsewhere.open_snapshot(TENANT, 1)
        assert caught.value.code == "snapshot-elsewhere"
        assert elsewhere.search_types

    def test_snapshot_of_the_local_index_is_missing_here_until_it_is_built_anew(
        self, place: Place, index: KnowledgeBaseIndex
    ) -> None:
        place.record(FakeEmbedder()).build(TENANT, 1, versions(), None)
        for call in (index.open_snapshot, index.held_documents):
            with pytest.raises(NotFoundError):
                call(TENANT, 1)

    def test_local_index_reads_the_record(self, built: KnowledgeBaseIndex, place: Place) -> None:
        local = place.record(FakeEmbedder())
        assert found(local, "Where is insulin kept?") == found(built, "Where is insulin kept?")

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [("status", "FAILED", "kb-not-active"), ("source_type", "S3", "kb-data-source-type")],
    )
    def test_knowledge_base_that_cannot_serve_is_told(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, name: str, value: str, code: str
    ) -> None:
        setattr(knowledge_base, name, value)
        with pytest.raises(BackendMisconfiguredError) as caught:
            index.check_ready()
        assert caught.value.code == code

    def test_what_is_written_down_and_damaged_is_refused(
        self, built: KnowledgeBaseIndex, place: Place, knowledge_base: LocalKnowledgeBase
    ) -> None:
        place.files.write(f"knowledge_base/{TENANT}/000001/held.json", b'{"epoch": 1')
        fresh = place.index(knowledge_base, FakeEmbedder())
        with pytest.raises(ConfigurationError) as caught:
            fresh.open_snapshot(TENANT, 1)
        assert caught.value.code == "snapshot-damaged"
