"""What every KnowledgeIndex holds; a test class for one adapter inherits it and gives the fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from services.errors import AppError, ConfigurationError, NotFoundError
from services.knowledge.models import DocumentVersion, Passage, Retrieval, SearchType
from services.ports.knowledge import Embedder, KnowledgeIndex
from tests.contract.knowledge_samples import AUTHORIZATION, DOCUMENTS, REJECTS, STORAGE, version
from tests.fakes import FakeEmbedder

TENANT, OTHER_TENANT = "pharmacy", "clinic"
MakeIndex = Callable[[Embedder], KnowledgeIndex]


class BrokenEmbedder(FakeEmbedder):
    """Fails in the middle of a build."""

    def embed(self, texts: object) -> NDArray[np.float32]:
        raise RuntimeError("out of memory")


def versions() -> Iterator[DocumentVersion]:
    """The sample documents as they are stored."""
    return iter([version(item) for item in DOCUMENTS])


def found(index: KnowledgeIndex, question: str, search_type: SearchType = SearchType.HYBRID) -> list[Passage]:
    """Passages of snapshot 1, best first."""
    return list(index.search(TENANT, 1, question, limit=10, search_type=search_type).passages)


class KnowledgeIndexContract:
    """Give a fixture ``make_index``: indexes made by it share one storage, as processes on one machine do."""

    @pytest.fixture
    def embedder(self) -> FakeEmbedder:
        return FakeEmbedder()

    @pytest.fixture
    def index(self, make_index: MakeIndex, embedder: FakeEmbedder) -> KnowledgeIndex:
        return make_index(embedder)

    @pytest.fixture
    def built(self, index: KnowledgeIndex) -> KnowledgeIndex:
        index.build(TENANT, 1, versions(), None)
        return index

    def test_build_counts_documents_and_chunks(self, index: KnowledgeIndex) -> None:
        counts = index.build(TENANT, 1, versions(), None)
        assert (counts.document_count, counts.chunk_count, counts.reused_vector_count) == (3, 5, 0)

    def test_passage_is_the_verbatim_span_of_its_document(self, built: KnowledgeIndex) -> None:
        texts = {item.id: item.text for item in DOCUMENTS}
        passages = found(built, "insulin prior authorization refill")
        assert passages
        for passage in passages:
            assert texts[passage.document_id][passage.start : passage.end] == passage.text

    def test_passage_names_document_version_title_and_section(self, index: KnowledgeIndex) -> None:
        index.build(TENANT, 1, iter([version(STORAGE, 7)]), None)
        (passage,) = found(index, "insulin")
        assert (passage.document_id, passage.document_version) == ("storage.md", 7)
        assert (passage.title, passage.section, passage.chunk_id) == ("Cold storage", "Part 1", "storage.md#0")

    @pytest.mark.parametrize("search_type", list(SearchType))
    def test_every_search_type_finds_the_passage_best_first(
        self, built: KnowledgeIndex, search_type: SearchType
    ) -> None:
        passages = found(built, "Where is insulin kept?", search_type)
        assert passages[0].document_id == "storage.md"
        assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)

    def test_keyword_search_finds_nothing_without_a_common_word(self, built: KnowledgeIndex) -> None:
        assert found(built, "zeppelin", SearchType.KEYWORD) == []

    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("What is reject 75?", "Reject 75"),
            ("reject code 79", "Reject 79"),
            ("Who signs PA-100?", "PA-100 "),
            ("Who signs form PA 1000?", "PA-1000"),
        ],
    )
    def test_exact_identifier_ranks_first(self, built: KnowledgeIndex, question: str, right: str) -> None:
        assert right in found(built, question)[0].text

    def test_identifier_that_no_passage_holds_is_named(self, built: KnowledgeIndex) -> None:
        retrieval = built.search(TENANT, 1, "What is reject 76?", limit=3, search_type=SearchType.HYBRID)
        assert retrieval.evidence.missing_identifiers == ("76",)

    def test_identifier_is_known_however_it_is_separated(self, built: KnowledgeIndex) -> None:
        assert built.knows_identifier(TENANT, 1, "pa100")
        assert built.knows_identifier(TENANT, 1, "18005550142")
        assert not built.knows_identifier(TENANT, 1, "pa10")
        assert not built.knows_identifier(TENANT, 1, "76")

    def test_question_phrasing_finds_its_section(self, built: KnowledgeIndex) -> None:
        best = found(built, "How long can a pen stay out of the fridge?", SearchType.SEMANTIC)[0]
        assert best.document_id == "storage.md"
        assert best.similarity == pytest.approx(1, abs=1e-3)

    def test_limit_bounds_the_passages(self, built: KnowledgeIndex) -> None:
        retrieval = built.search(TENANT, 1, "prior authorization", limit=1, search_type=SearchType.HYBRID)
        assert len(retrieval.passages) == 1
        assert retrieval.snapshot == 1

    def test_documents_appear_once_with_their_best_passage(self, built: KnowledgeIndex) -> None:
        def search(call: Callable[..., Retrieval]) -> list[Passage]:
            return list(call(TENANT, 1, "form PA-100 appeal", limit=9, search_type=SearchType.HYBRID).passages)

        passages, per_document = search(built.search), search(built.search_documents)
        ids = [passage.document_id for passage in per_document]
        assert len(ids) == len(set(ids))
        assert per_document[0] == passages[0]
        assert len(passages) > len(per_document)

    def test_evidence_is_higher_for_a_question_that_is_covered(self, built: KnowledgeIndex) -> None:
        def evidence(question: str) -> tuple[float, float]:
            found_evidence = built.search(TENANT, 1, question, limit=3, search_type=SearchType.HYBRID).evidence
            return found_evidence.similarity, found_evidence.term_coverage

        covered, foreign = evidence("Is insulin kept in the refrigerator?"), evidence("Who won the chess match?")
        assert covered[0] > foreign[0]
        assert covered[1] > foreign[1]
        assert all(0 <= share <= 1 for share in (covered[1], foreign[1]))

    @pytest.mark.parametrize("question", ["", "?!", "the of and", "\x00", "🙂", "word " * 3000])
    def test_any_text_can_be_asked(self, built: KnowledgeIndex, question: str) -> None:
        for search_type in SearchType:
            built.search(TENANT, 1, question, limit=3, search_type=search_type)

    def test_unchanged_texts_take_their_vectors_over(self, built: KnowledgeIndex, embedder: FakeEmbedder) -> None:
        embedder.embedded.clear()
        changed = replace(REJECTS, text=REJECTS.text.replace("too soon", "too late"))
        counts = built.build(TENANT, 2, iter([version(AUTHORIZATION), version(changed, 2), version(STORAGE)]), 1)
        assert counts.reused_vector_count > 0
        assert [text for text in embedder.embedded if "too late" in text]
        assert not [text for text in embedder.embedded if "Insulin" in text]
        again = built.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.SEMANTIC).passages[0]
        before = built.search(TENANT, 1, "insulin", limit=1, search_type=SearchType.SEMANTIC).passages[0]
        assert again == before

    def test_vectors_of_another_model_are_not_taken_over(self, built: KnowledgeIndex, make_index: MakeIndex) -> None:
        other = make_index(FakeEmbedder("other"))
        assert other.build(TENANT, 2, versions(), 1).reused_vector_count == 0

    def test_deleted_document_is_gone_from_the_next_snapshot(self, built: KnowledgeIndex) -> None:
        built.build(TENANT, 2, iter([version(AUTHORIZATION), version(REJECTS)]), 1)
        passages = built.search(TENANT, 2, "insulin", limit=9, search_type=SearchType.HYBRID).passages
        assert "storage.md" not in {passage.document_id for passage in passages}
        assert found(built, "insulin")[0].document_id == "storage.md"

    def test_tenants_do_not_see_each_other(self, built: KnowledgeIndex) -> None:
        built.build(OTHER_TENANT, 1, iter([version(STORAGE)]), None)
        passages = built.search(OTHER_TENANT, 1, "reject 75", limit=9, search_type=SearchType.HYBRID).passages
        assert {passage.document_id for passage in passages} == {"storage.md"}
        with pytest.raises(NotFoundError):
            built.search("nobody", 1, "insulin", limit=1, search_type=SearchType.HYBRID)

    def test_other_process_finds_the_snapshot(self, built: KnowledgeIndex, make_index: MakeIndex) -> None:
        assert found(make_index(FakeEmbedder()), "insulin") == found(built, "insulin")

    def test_missing_snapshot_is_not_found(self, built: KnowledgeIndex) -> None:
        with pytest.raises(NotFoundError) as caught:
            built.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID)
        assert caught.value.code == "snapshot-missing"

    def test_snapshot_of_another_model_is_refused(self, built: KnowledgeIndex, make_index: MakeIndex) -> None:
        with pytest.raises(ConfigurationError) as caught:
            found(make_index(FakeEmbedder("other")), "insulin")
        assert caught.value.code == "snapshot-model"

    def test_nothing_to_index_is_said(self, index: KnowledgeIndex) -> None:
        with pytest.raises(ConfigurationError) as caught:
            index.build(TENANT, 1, iter([]), None)
        assert caught.value.code == "nothing-to-index"

    def test_failed_build_leaves_nothing_behind(self, make_index: MakeIndex) -> None:
        with pytest.raises(RuntimeError):
            make_index(BrokenEmbedder()).build(TENANT, 1, versions(), None)
        index = make_index(FakeEmbedder())
        with pytest.raises(AppError):
            found(index, "insulin")
        assert index.build(TENANT, 1, versions(), None).document_count == 3

    def test_many_threads_may_search_at_once(self, built: KnowledgeIndex, make_index: MakeIndex) -> None:
        expected = found(built, "insulin refrigerator")
        cold = make_index(FakeEmbedder())
        with ThreadPoolExecutor(4) as pool:
            for passages in pool.map(lambda _: found(cold, "insulin refrigerator"), range(12)):
                assert passages == expected

    def test_ready_index_says_so(self, index: KnowledgeIndex) -> None:
        index.check_ready()
