"""Haystack: in-memory BM25 and embedding retrieval, joined by reciprocal rank fusion.

A query pipeline runs both retrievers and a DocumentJoiner with equal weights. Chunks come from
Haystack's DocumentSplitter, by words. The store keeps its defaults (BM25L, dot product; the
model's vectors are of unit length).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bench.peers.peer import (
    CHUNK_WORDS,
    CHUNKS_PER_QUESTION,
    OVERLAP_WORDS,
    Hit,
    SourceDocument,
    best_documents,
    model_path,
)


class HaystackRrf:
    """Haystack's hybrid search."""

    distributions: tuple[str, ...] = ("haystack-ai", "sentence-transformers-haystack")

    def __init__(self) -> None:
        """Load the embedding model and build the query pipeline around an empty store."""
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack.utils import ComponentDevice
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        cpu = ComponentDevice.from_str("cpu")
        self._embedder = SentenceTransformersDocumentEmbedder(model=model_path(), device=cpu, progress_bar=False)
        self._embedder.warm_up()
        self._store = InMemoryDocumentStore()
        pipeline = Pipeline()
        pipeline.add_component(
            "text_embedder", SentenceTransformersTextEmbedder(model=model_path(), device=cpu, progress_bar=False)
        )
        pipeline.add_component("bm25", InMemoryBM25Retriever(self._store, top_k=CHUNKS_PER_QUESTION))
        pipeline.add_component("dense", InMemoryEmbeddingRetriever(self._store, top_k=CHUNKS_PER_QUESTION))
        pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("text_embedder.embedding", "dense.query_embedding")
        pipeline.connect("bm25", "joiner")
        pipeline.connect("dense", "joiner")
        pipeline.warm_up()
        self._pipeline: Any = pipeline

    def index(self, documents: Sequence[SourceDocument]) -> int:
        """Split, embed and write the documents to the store."""
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter

        splitter = DocumentSplitter(split_by="word", split_length=CHUNK_WORDS, split_overlap=OVERLAP_WORDS)
        chunks = splitter.run(
            [Document(content=document.text, meta={"document_id": document.id}) for document in documents]
        )["documents"]
        return int(self._store.write_documents(self._embedder.run(chunks)["documents"]))

    def search(self, question: str, k: int) -> list[Hit]:
        """Run the query pipeline; a chunk's score is its reciprocal rank fusion score."""
        found = self._pipeline.run({"text_embedder": {"text": question}, "bm25": {"query": question}})
        chunks = found["joiner"]["documents"]
        return best_documents(((chunk.meta["document_id"], chunk.score) for chunk in chunks), k)


def create() -> HaystackRrf:
    """Create the peer."""
    return HaystackRrf()
