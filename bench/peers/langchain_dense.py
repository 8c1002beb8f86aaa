"""LangChain: a FAISS vector store alone, as its retriever.

Like the ensemble's dense half. The splitter keeps the title with the text that follows it: it may cut only between
sentences and words.
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


class LangChainDense:
    """LangChain's search by meaning."""

    distributions: tuple[str, ...] = ("langchain-community", "langchain-huggingface")

    def __init__(self) -> None:
        """Load the embedding model."""
        from langchain_huggingface import HuggingFaceEmbeddings

        self._embeddings = HuggingFaceEmbeddings(model_name=model_path(), model_kwargs={"device": "cpu"})
        self._retriever: Any = None

    def index(self, documents: Sequence[SourceDocument]) -> int:
        """Split the documents and build the vector store over the chunks."""
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_WORDS, chunk_overlap=OVERLAP_WORDS, length_function=count_words, separators=[". ", " "]
        )
        chunks = splitter.split_documents(
            [Document(page_content=document.text, metadata={"document_id": document.id}) for document in documents]
        )
        store = FAISS.from_documents(chunks, self._embeddings)
        self._retriever = store.as_retriever(search_kwargs={"k": CHUNKS_PER_QUESTION})
        return len(chunks)

    def search(self, question: str, k: int) -> list[Hit]:
        """Search; the retriever returns no scores, so a chunk's score is one over its rank."""
        chunks = self._retriever.invoke(question)
        return best_documents(
            ((chunk.metadata["document_id"], 1 / rank) for rank, chunk in enumerate(chunks, start=1)), k
        )


def create() -> LangChainDense:
    """Create the peer."""
    return LangChainDense()
