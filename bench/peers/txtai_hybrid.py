"""txtai: an embeddings index with `hybrid=True`.

txtai blends its BM25 and vector scores with equal weights. It embeds what it is given as one unit,
with no word splitter in its index, so documents are cut here into overlapping windows of words.
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
    model_path,
)


def word_windows(text: str, size: int = CHUNK_WORDS, overlap: int = OVERLAP_WORDS) -> list[str]:
    """Cut a text into windows of `size` words, each sharing `overlap` words with the one before."""
    words = text.split()
    starts = range(0, max(len(words) - overlap, 1), size - overlap)
    return [" ".join(words[start : start + size]) for start in starts]


class TxtaiHybrid:
    """txtai's hybrid search."""

    distributions: tuple[str, ...] = ("txtai",)

    def __init__(self) -> None:
        """Load the embedding model."""
        from txtai import Embeddings

        self._embeddings: Any = Embeddings(path=model_path(), hybrid=True, gpu=False)
        self._document_ids: list[str] = []

    def index(self, documents: Sequence[SourceDocument]) -> int:
        """Cut the documents into windows and index these."""
        chunks = [(document.id, window) for document in documents for window in word_windows(document.text)]
        self._document_ids = [document_id for document_id, _ in chunks]
        self._embeddings.index((number, window, None) for number, (_, window) in enumerate(chunks))
        return len(chunks)

    def search(self, question: str, k: int) -> list[Hit]:
        """Search; a chunk's score is txtai's own blend."""
        chunks = self._embeddings.search(question, CHUNKS_PER_QUESTION)
        return best_documents(((self._document_ids[number], score) for number, score in chunks), k)


def create() -> TxtaiHybrid:
    """Create the peer."""
    return TxtaiHybrid()
