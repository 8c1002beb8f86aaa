"""The contract of KnowledgeIndex over the wire: a Bedrock knowledge base that others fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.backends.aws.kb_index import KnowledgeBaseIndex
from services.knowledge.models import DocumentVersion
from services.ports.knowledge import BuiltSnapshot, Embedder
from tests.aws_endpoint.endpoint import AwsEndpoint
from tests.aws_endpoint.knowledge_base import LocalKnowledgeBase, StoredDocument
from tests.contract.kb_place import KnowledgeBaseContract, Place
from tests.contract.knowledge_index import TENANT, MakeIndex, found
from tests.contract.knowledge_samples import DOCUMENTS, STORAGE, document, version


def fill(knowledge_base: LocalKnowledgeBase, versions: Iterator[DocumentVersion]) -> Iterator[DocumentVersion]:
    """Put documents in as a synchronized bucket does, on their way."""
    for stored in versions:
        name = f"s3://company/handbook/{stored.document.id}"
        # Parsed anew: white space is lost, and all sections come as one piece.
        text = " ".join(stored.document.text.split())
        location = {"type": "S3", "s3Location": {"uri": name}}
        knowledge_base.documents[name] = StoredDocument(name, text, {}, "INDEXED", location=location)
        yield stored


class TestKnowledgeBaseThatOthersFill(KnowledgeBaseContract):
    """Others put the same documents in, cut their own way and named by where they lie."""

    @pytest.fixture
    def make_index(self, place: Place, knowledge_base: LocalKnowledgeBase) -> MakeIndex:
        def make(embedder: Embedder) -> KnowledgeBaseIndex:
            index = place.index(knowledge_base, embedder, filled=False)
            build = index.build

            def build_while_others_fill(
                tenant: str, number: int, stored: Iterator[DocumentVersion], *rest: Any
            ) -> BuiltSnapshot:
                return build(tenant, number, fill(knowledge_base, stored), *rest)

            index.build = build_while_others_fill  # type: ignore[method-assign, assignment]
            return index

        return make

    def test_nothing_is_put_in_and_nothing_removed(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, endpoint: AwsEndpoint
    ) -> None:
        built.delete(TENANT, 1)
        assert knowledge_base.ingested == []
        assert len(knowledge_base.documents) == 3
        assert {call.operation for call in endpoint.calls} == set()

    def test_document_that_is_none_of_ours_is_not_cited(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        foreign = version(document("foreign.md", "Foreign", "Insulin is kept in the sun and nowhere else."))
        list(fill(knowledge_base, iter([foreign])))
        passages = found(built, "Is insulin kept in the sun?")
        assert {one.document_id for one in passages} <= {one.id for one in DOCUMENTS}

    def test_other_words_under_the_name_of_a_document_of_ours_are_not_cited(
        self, built: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase
    ) -> None:
        name = "s3://company/handbook/storage.md"
        knowledge_base.documents[name].text = "Meanwhile somebody else wrote that insulin belongs on the window sill."
        assert "storage.md" not in {one.document_id for one in found(built, "Where is insulin kept?")}

    @pytest.mark.parametrize(
        "location",
        [
            {"type": "WEB", "webLocation": {"url": "https://KB.example/storage/"}},
            {"type": "CUSTOM", "customDocumentLocation": {"id": "storage.md"}},
            {"type": "S3", "s3Location": {"uri": "s3://company/deep/in/folders/storage.md"}},
            {"type": "CONFLUENCE", "confluenceLocation": {"url": "https://kb.example/storage#top"}},
        ],
    )
    def test_document_is_known_by_its_address(
        self, index: KnowledgeBaseIndex, knowledge_base: LocalKnowledgeBase, location: dict[str, Any]
    ) -> None:
        index.build(TENANT, 1, iter([version(replace(STORAGE, url="https://kb.example/storage"))]), None)
        (one,) = [one for one in knowledge_base.documents.values() if "Insulin" in one.text]
        one.location = location
        assert {passage.document_id for passage in found(index, "insulin")} == {"storage.md"}

    def test_found_piece_gives_every_passage_whose_words_it_holds(self, built: KnowledgeBaseIndex) -> None:
        ids = {one.chunk_id for one in found(built, "Who signs PA-100?") if one.document_id == "authorization.md"}
        assert ids == {"authorization.md#0", "authorization.md#1"}
