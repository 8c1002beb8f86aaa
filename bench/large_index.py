"""A large knowledge base for measuring: real chunks, repeated with words changed, and vectors that moved with them."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.backends.local.snapshot_files import open_table, read_manifest
from services.backends.local.snapshot_writer import text_key
from services.knowledge.models import Document, DocumentVersion, Section
from services.ports.knowledge import Embedder

CHANGED_WORDS = 0.2
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class BaseChunk:
    """A chunk of the real snapshot."""

    row: int
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class BaseDocument:
    """A document of the real snapshot with its chunks in order."""

    id: str
    title: str
    url: str | None
    chunks: tuple[BaseChunk, ...]


class RealSnapshot:
    """The documents, chunks and vectors of a published snapshot."""

    def __init__(self, folder: Path) -> None:
        self.manifest = read_manifest(folder)
        self.vectors: NDArray[np.float32] = np.load(folder / "vectors.npy")[: self.manifest.chunk_count]
        documents = open_table(folder / "documents.arrow").to_pydict()
        chunks = open_table(folder / "chunks.arrow").to_pydict()
        held: dict[int, list[BaseChunk]] = {}
        for row, document in enumerate(chunks["document"]):
            text = documents["text"][document][chunks["start"][row] : chunks["end"][row]]
            held.setdefault(document, []).append(BaseChunk(row, chunks["section"][row], text))
        self.documents = [
            BaseDocument(documents["id"][row], documents["title"][row], documents["url"][row], tuple(held[row]))
            for row in sorted(held)
        ]


def with_changed_words(text: str, words: Sequence[str], source: random.Random, share: float = CHANGED_WORDS) -> str:
    """The text with about this share of its words replaced by other words; their number stays the same."""
    return _WORD.sub(lambda match: source.choice(words) if source.random() < share else match[0], text)


class RepeatedDocuments:
    """Yields the real documents, then changed copies of them, until there are enough chunks.

    Each chunk becomes a section of its own, so that it is cut into the same chunk again.

    Attributes:
        sources: For each indexed text, by its key: the row of the real vector that it came from, whether it changed.
    """

    def __init__(self, real: RealSnapshot, wanted_chunks: int) -> None:
        self._real = real
        self._wanted = wanted_chunks
        self.sources: dict[str, tuple[int, bool]] = {}
        texts = [chunk.text for document in real.documents for chunk in document.chunks]
        self._words = [word for text in texts[:: max(1, len(texts) // 2000)] for word in text.split()]

    def __iter__(self) -> Iterator[DocumentVersion]:
        made = 0
        now = datetime.now(UTC)
        for copy in count():
            source = random.Random(copy)
            for document in self._real.documents:
                chunks = document.chunks[: self._wanted - made]
                yield DocumentVersion(self._document(document, chunks, copy, source), 1, now)
                made += len(chunks)
                if made >= self._wanted:
                    return

    def _document(
        self, document: BaseDocument, chunks: Sequence[BaseChunk], copy: int, source: random.Random
    ) -> Document:
        sections: list[Section] = []
        text = ""
        for chunk in chunks:
            changed = with_changed_words(chunk.text, self._words, source) if copy else chunk.text
            start = len(text)
            text += f"{changed}\n\n"
            path = tuple(chunk.section.split(" › ")) if chunk.section else ()
            sections.append(Section(path, start, start + len(changed)))
            heading = " › ".join((document.title, *path))
            self.sources[text_key(f"{heading}\n{changed}")] = (chunk.row, bool(copy))
        return Document(
            id=f"{document.id}-{copy}" if copy else document.id,
            title=document.title,
            text=text,
            sections=tuple(sections),
            media_type="text/plain",
            url=document.url,
        )


class StandInEmbedder:
    """Gives a changed text its original's vector, moved as far as changed words move real ones; embeds the rest.

    Args:
        embedder: The real one, for headings and for the model's name.
        likeness: Cosine that a moved vector keeps to its original.
    """

    def __init__(
        self,
        embedder: Embedder,
        vectors: NDArray[np.float32],
        sources: dict[str, tuple[int, bool]],
        likeness: float,
    ) -> None:
        self._embedder = embedder
        self._vectors = vectors
        self._sources = sources
        self._likeness = likeness
        self.embedded = 0

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        unknown: list[int] = []
        for place, text in enumerate(texts):
            key = text_key(text)
            if key not in self._sources:
                unknown.append(place)
                continue
            row, changed = self._sources[key]
            vectors[place] = moved(self._vectors[row], self._likeness, key) if changed else self._vectors[row]
        if unknown:
            vectors[unknown] = self._embedder.embed([texts[place] for place in unknown])
            self.embedded += len(unknown)
        return vectors

    def check_ready(self) -> None:
        self._embedder.check_ready()


def moved(vector: NDArray[np.float32], likeness: float, key: str) -> NDArray[np.float32]:
    """A unit vector with this cosine to the given one, in a direction that the key alone decides."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    away = np.random.default_rng(seed).standard_normal(len(vector))
    away -= (away @ vector) * vector
    away /= np.linalg.norm(away)
    result: NDArray[np.float32] = (likeness * vector + np.sqrt(1 - likeness**2) * away).astype(np.float32)
    return result
