"""What every KnowledgeIndex holds; a test class for one adapter inherits it and gives the fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from services.errors import AppError, ConfigurationError, InputError, NotFoundError
from services.knowledge.models import DocumentVersion, Passage, Ranking, Retrieval, SearchType
from services.ports.documents import HeldDocument
from services.ports.knowledge import Embedder, KnowledgeIndex
from tests.contract.knowledge_samples import AUTHORIZATION, DOCUMENTS, REJECTS, STORAGE, document, version
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


def offers(index: KnowledgeIndex, search_type: SearchType) -> bool:
    """Whether the index searches that way; every one may choose by itself."""
    return search_type in index.search_types or search_type is SearchType.AUTO


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
    def test_search_type_that_is_not_offered_is_refused(self, built: KnowledgeIndex, search_type: SearchType) -> None:
        assert SearchType.HYBRID in built.search_types
        for call in (built.search, built.search_documents):
            if offers(built, search_type):
                assert call(TENANT, 1, "Where is insulin kept?", limit=1, search_type=search_type).passages
                continue
            with pytest.raises(InputError) as caught:
                call(TENANT, 1, "Where is insulin kept?", limit=1, search_type=search_type)
            assert caught.value.code == "search-type-not-offered"

    def test_snapshot_answers_before_and_after_it_is_marked_as_live(self, built: KnowledgeIndex) -> None:
        before = found(built, "insulin")
        built.build(TENANT, 2, versions(), 1)
        for number in (1, 2, 2, 1):
            built.mark_live(TENANT, number)
            assert found(built, "insulin") == before

    @pytest.mark.parametrize("search_type", list(SearchType))
    def test_hidden_version_is_not_found_by_any_search_and_a_newer_one_is(
        self, index: KnowledgeIndex, search_type: SearchType
    ) -> None:
        index.build(TENANT, 1, iter([version(STORAGE, 3), version(REJECTS), version(AUTHORIZATION)]), None)
        if not offers(index, search_type):
            return  # refused, see above

        def ids_with(hidden: dict[str, int]) -> set[str]:
            question = "Where is insulin kept?"
            for call in (index.search, index.search_documents):
                found = call(TENANT, 1, question, limit=10, search_type=search_type, hidden=hidden)
            return {passage.document_id for passage in found.passages}

        assert "storage.md" in ids_with({"unknown.md": 9})
        assert "storage.md" not in ids_with({"storage.md": 3})
        assert "storage.md" in ids_with({"storage.md": 2})
        assert ids_with({item.id: 9 for item in DOCUMENTS}) == set()

    def test_hidden_documents_do_not_count_as_evidence(self, built: KnowledgeIndex) -> None:
        question = "Where is insulin kept?"
        whole, without = (
            built.search(TENANT, 1, question, limit=5, search_type=SearchType.HYBRID, hidden=hidden).evidence
            for hidden in ({}, {"storage.md": 1})
        )
        assert without.similarity < whole.similarity
        assert without.term_coverage < whole.term_coverage

    def test_ranking_weighs_words_and_headings(self, built: KnowledgeIndex) -> None:
        def score(ranking: Ranking | None) -> float:
            question = "Where is insulin kept?"
            found = built.search(TENANT, 1, question, limit=1, search_type=SearchType.HYBRID, ranking=ranking)
            return found.passages[0].score

        assert score(None) == pytest.approx(score(Ranking(0.2, 0.3)))
        assert score(Ranking(0.7, 0.3)) == pytest.approx(score(None) + 0.5)

    def test_deleted_snapshot_is_not_found_and_the_others_answer(self, built: KnowledgeIndex) -> None:
        built.build(TENANT, 2, versions(), 1)
        assert found(built, "insulin")
        built.delete(TENANT, 1)
        built.delete(TENANT, 1)
        with pytest.raises(NotFoundError):
            found(built, "insulin")
        assert built.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).passages

    @pytest.mark.parametrize("search_type", list(SearchType))
    def test_every_search_type_finds_the_passage_best_first(
        self, built: KnowledgeIndex, search_type: SearchType
    ) -> None:
        if not offers(built, search_type):
            return  # refused, see above
        passages = found(built, "Where is insulin kept?", search_type)
        assert passages[0].document_id == "storage.md"
        assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)

    def test_keyword_search_finds_nothing_without_a_common_word(self, built: KnowledgeIndex) -> None:
        if offers(built, SearchType.KEYWORD):
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
        for search_type in built.search_types:
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

    def test_build_tells_how_far_it_is_and_can_be_interrupted(self, index: KnowledgeIndex) -> None:
        heard: list[tuple[int, int]] = []
        index.build(TENANT, 1, versions(), None, lambda done, total: heard.append((done, total)))
        assert heard[0][0] == 0
        assert heard[-1][0] == heard[-1][1] > 0

        def stop(done: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index.build(TENANT, 2, versions(), 1, stop)
        with pytest.raises(NotFoundError):
            index.open_snapshot(TENANT, 2)

    def test_held_documents_are_those_that_were_indexed(self, index: KnowledgeIndex) -> None:
        index.build(TENANT, 1, iter([version(STORAGE, 3), version(REJECTS)]), None)
        assert index.held_documents(TENANT, 1) == [
            HeldDocument("rejects.md", 1, "Claim rejects"),
            HeldDocument("storage.md", 3, "Cold storage"),
        ]
        with pytest.raises(NotFoundError):
            index.held_documents(TENANT, 2)

    def test_held_documents_are_told_whatever_the_embedding_model(
        self, built: KnowledgeIndex, make_index: MakeIndex
    ) -> None:
        assert len(make_index(FakeEmbedder("other")).held_documents(TENANT, 1)) == 3

    def test_snapshot_that_is_there_opens_and_a_missing_one_does_not(
        self, built: KnowledgeIndex, make_index: MakeIndex
    ) -> None:
        built.open_snapshot(TENANT, 1)
        with pytest.raises(NotFoundError):
            built.open_snapshot(TENANT, 2)
        with pytest.raises(ConfigurationError):
            make_index(FakeEmbedder("other")).open_snapshot(TENANT, 1)

    def test_snapshot_that_is_built_again_is_searched_anew(self, built: KnowledgeIndex) -> None:
        assert found(built, "insulin")[0].document_id == "storage.md"
        built.build(TENANT, 1, iter([version(REJECTS)]), None)
        assert {passage.document_id for passage in found(built, "insulin")} == {"rejects.md"}

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

    @pytest.mark.parametrize("search_type", list(SearchType))
    @pytest.mark.parametrize("question", ["Who signs PA-100?", "insulin out of the fridge", "zeppelin", ""])
    def test_explanation_has_what_every_search_finds_in_its_order(
        self, built: KnowledgeIndex, search_type: SearchType, question: str
    ) -> None:
        explanation = built.explain(TENANT, 1, question, limit=3)
        if search_type not in built.search_types:
            assert explanation.found_by(search_type) == []
            return
        expected = built.search(TENANT, 1, question, limit=3, search_type=search_type)
        told = explanation.found_by(search_type)
        assert [one.passage.chunk_id for one in told[:3]] == [passage.chunk_id for passage in expected.passages]
        assert [one.ranks[search_type] for one in told[:3]] == list(range(1, len(expected.passages) + 1))
        if search_type is SearchType.HYBRID:
            assert tuple(one.passage for one in told[:3]) == expected.passages
            assert explanation.evidence == expected.evidence

    def test_explained_score_is_the_sum_of_its_parts(self, built: KnowledgeIndex) -> None:
        for one in built.explain(TENANT, 1, "Who signs form PA-100?", limit=5).passages:
            parts = one.text_part + one.heading_part + one.keyword_part + one.code_part
            assert parts == pytest.approx(one.passage.score, abs=1e-5)

    def test_explanation_names_the_codes_that_a_passage_holds(self, built: KnowledgeIndex) -> None:
        explanation = built.explain(TENANT, 1, "Who signs PA-100?", limit=5)
        assert explanation.codes == ("pa100",)
        first, *others = explanation.passages
        assert first.held_codes == ("pa100",)
        assert first.code_part > 0
        assert all(not one.held_codes and one.code_part == 0 for one in others)

    def test_explanation_names_the_phrasing_that_is_closest(self, index: KnowledgeIndex) -> None:
        phrased = document(
            "pens.md", "Pens", "Insulin is cold.", questions=("Where do pens go?", "How long does a pen last?")
        )
        index.build(TENANT, 1, iter([version(phrased), version(REJECTS)]), None)
        first = index.explain(TENANT, 1, "How long does a pen last?", limit=2).passages[0]
        assert first.phrasing == 1
        assert first.phrasing_similarity == pytest.approx(1, abs=1e-3)
        assert first.text_similarity < first.phrasing_similarity
        other = index.explain(TENANT, 1, "reject", limit=2).found_by(SearchType.HYBRID)[0]
        assert (other.passage.document_id, other.phrasing) == ("rejects.md", None)

    def test_hidden_documents_are_not_explained(self, built: KnowledgeIndex) -> None:
        told = built.explain(TENANT, 1, "Where is insulin kept?", limit=5, hidden={"storage.md": 1})
        assert told.passages
        assert "storage.md" not in {one.passage.document_id for one in told.passages}

    def test_explanation_weighs_as_it_is_told(self, built: KnowledgeIndex) -> None:
        told = built.explain(TENANT, 1, "Where is insulin kept?", limit=1, ranking=Ranking(0.7, 0.0))
        assert told.ranking == Ranking(0.7, 0.0)
        assert told.passages[0].keyword_part == pytest.approx(0.7)
        assert told.passages[0].heading_part == 0

    def test_ready_index_says_so(self, index: KnowledgeIndex) -> None:
        index.check_ready()
