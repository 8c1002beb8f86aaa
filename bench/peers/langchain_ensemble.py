"""LangChain: EnsembleRetriever over BM25Retriever and a FAISS vector store.

The ensemble fuses both rankings by reciprocal rank with equal weights. BM25Retriever keeps its
default tokenizer (split on white space, case kept). Chunks come from LangChain's general-purpose
RecursiveCharacterTextSplitter, measured in words instead of characters. With its default separators
it cuts a document that is longer than a chunk at the line break after the title, so that the title
becomes a chunk of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.peers.peer import (
    CHUNK_WORDS,
    CHUNKS_PER_QUESTION,
    OVERLAP_WORDS,
    Hit,
    SourceDocument,
    best_documents,
    count_words,
    model_path,
)


class LangChainEnsemble:
    """LangChain's hybrid search."""

    distributions: tuple[str, ...] = ("langchain-classic", "langchain-community", "langchain-huggingface")

    def __init__(self) -> None:
        """Load the embedding model."""
        from langchain_huggingface import HuggingFaceEmbeddings

        self._embeddings = HuggingFaceEmbeddings(model_name=model_path(), model_kwargs={"device": "cpu"})
        self._ensemble: Any = None

    def index(self, documents: Sequence[SourceDocument]) -> int:
        """Split the documents and build the BM25 and FAISS retrievers over the chunks."""
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_WORDS, chunk_overlap=OVERLAP_WORDS, length_function=count_words
        )
        chunks = splitter.split_documents(
            [Document(page_content=document.text, metadata={"document_id": document.id}) for document in documents]
        )
        # Without a key of their own, chunks of equal text in different documents would collapse into one.
        for number, chunk in enumerate(chunks):
            chunk.metadata["chunk_id"] = number
        bm25 = BM25Retriever.from_documents(chunks, k=CHUNKS_PER_QUESTION)
        store = FAISS.from_documents(chunks, self._embeddings)
        dense = store.as_retriever(search_kwargs={"k": CHUNKS_PER_QUESTION})
        self._ensemble = EnsembleRetriever(retrievers=[bm25, dense], weights=[0.5, 0.5], id_key="chunk_id")
        return len(chunks)

    def search(self, question: str, k: int) -> list[Hit]:
        """Search; the ensemble returns no scores, so a chunk's score is one over its rank."""
        chunks = self._ensemble.invoke(question)
        return best_documents(
            ((chunk.metadata["document_id"], 1 / rank) for rank, chunk in enumerate(chunks, start=1)), k
        )


def create() -> LangChainEnsemble:
    """Create the peer."""
    return LangChainEnsemble()
