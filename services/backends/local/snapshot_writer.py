"""Builds an index snapshot: embeds what is new, indexes words, writes the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from services.backends.local.snapshot_files import (
    CHUNK_SCHEMA,
    DOCUMENT_SCHEMA,
    FORMAT_VERSION,
    Manifest,
    checksums,
    read_manifest,
    write_manifest,
    write_table,
)
from services.errors import ConfigurationError
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.models import Chunk, DocumentVersion
from services.knowledge.tokens import keyword_tokens
from services.ports.knowledge import BuildListener, Embedder

# Up to here comparing with every vector is fast enough and exact; above it an inverted file is trained.
FLAT_LIMIT = 50_000
INVERTED_LISTS = 512
# With more vectors than this for each list, the number of lists doubles: a list stays quick to read.
VECTORS_PER_LIST = 400
# Texts between two words on how far the work is, and the most that an interruption waits for.
EMBED_BLOCK = 512
# Anserini's values for short passages; see docs/benchmarks.md.
BM25_K1, BM25_B = 0.9, 0.4


@dataclass(frozen=True, slots=True)
class WrittenSnapshot:
    """Counts of a snapshot that was just written."""

    document_count: int
    chunk_count: int
    reused_vector_count: int


def write_snapshot(
    folder: Path,
    versions: Iterable[DocumentVersion],
    embedder: Embedder,
    size: ChunkSize,
    previous: Path | None,
    on_progress: BuildListener | None = None,
) -> WrittenSnapshot:
    """Write a complete snapshot into an empty folder.

    Args:
        previous: A snapshot whose vectors are taken over for texts that did not change.
        on_progress: Hears how many texts were embedded of how many; what it raises ends the work.

    Raises:
        ConfigurationError: there is no text to index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents: dict[str, list[object]] = {name: [] for name in DOCUMENT_SCHEMA.names}
    chunks: list[Chunk] = []
    document_rows: list[int] = []
    for row, stored in enumerate(versions):
        document = stored.document
        for name, value in (
            ("id", document.id),
            ("version", stored.version),
            ("title", document.title),
            ("url", document.url),
            ("text", document.text),
        ):
            documents[name].append(value)
        for chunk in chunk_document(document, size):
            chunks.append(chunk)
            document_rows.append(row)
    if not chunks:
        raise ConfigurationError(
            "There is no text to index.", code="nothing-to-index", remedy="Load at least one document with text."
        )
    headings = list(dict.fromkeys(chunk.heading for chunk in chunks))
    heading_rows = {heading: row for row, heading in enumerate(headings)}
    questions = [(question, row) for row, chunk in enumerate(chunks) for question in chunk.questions]
    texts = [chunk.indexed_text for chunk in chunks] + [question for question, _ in questions] + headings
    keys = [text_key(text) for text in texts]
    vectors, reused = _vectors(
        folder / "vectors.npy", texts, keys, embedder, previous, on_progress or (lambda *_: None)
    )
    write_table(folder / "documents.arrow", documents, DOCUMENT_SCHEMA)
    write_table(
        folder / "chunks.arrow",
        {
            "document": document_rows,
            "ordinal": [chunk.ordinal for chunk in chunks],
            "start": [chunk.start for chunk in chunks],
            "end": [chunk.end for chunk in chunks],
            "page": [chunk.page for chunk in chunks],
            "section": [chunk.section for chunk in chunks],
            "url": [chunk.url for chunk in chunks],
            "heading_row": [heading_rows[chunk.heading] for chunk in chunks],
            "key": keys[: len(chunks)],
        },
        CHUNK_SCHEMA,
    )
    np.save(folder / "questions.npy", np.array([row for _, row in questions], dtype=np.int32))
    np.save(folder / "keys.npy", np.array(keys, dtype="S24"))
    _write_keywords(folder / "keywords", chunks)
    searched = len(chunks) + len(questions)
    if searched > FLAT_LIMIT:
        _write_neighbors(folder / "neighbors.faiss", vectors[:searched])
    write_manifest(
        folder,
        Manifest(
            format_version=FORMAT_VERSION,
            embedding_model=embedder.model_id,
            dimension=embedder.dimension,
            chunk_words=size.words,
            chunk_overlap=size.overlap,
            document_count=len(documents["id"]),
            chunk_count=len(chunks),
            question_count=len(questions),
            heading_count=len(headings),
            files=checksums(folder),
        ),
    )
    return WrittenSnapshot(len(documents["id"]), len(chunks), reused)


def text_key(text: str) -> str:
    """Short hash that recognizes a text whose vector is already known."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _vectors(
    path: Path,
    texts: Sequence[str],
    keys: Sequence[str],
    embedder: Embedder,
    previous: Path | None,
    on_progress: BuildListener,
) -> tuple[NDArray[np.float32], int]:
    """Fill ``vectors.npy`` block by block, so that memory stays flat however many texts there are."""
    known = _known_vectors(previous, embedder)
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(len(texts), embedder.dimension))
    fresh: list[int] = []
    first_row_of_key: dict[str, int] = {}
    repeats: list[tuple[int, int]] = []
    for row, key in enumerate(keys):
        if key in first_row_of_key:
            repeats.append((row, first_row_of_key[key]))
            continue
        first_row_of_key[key] = row
        if known is not None and key.encode() in known[0]:
            vectors[row] = known[1][known[0][key.encode()]]
        else:
            fresh.append(row)
    # Texts of like length next to each other over the whole set: less padding than within one block only.
    fresh.sort(key=lambda row: len(texts[row]))
    for offset in range(0, len(fresh), EMBED_BLOCK):
        on_progress(offset, len(fresh))
        rows = fresh[offset : offset + EMBED_BLOCK]
        vectors[rows] = embedder.embed([texts[row] for row in rows])
    on_progress(len(fresh), len(fresh))
    for row, source in repeats:
        vectors[row] = vectors[source]
    vectors.flush()
    return vectors, len(texts) - len(fresh) - len(repeats)


def _known_vectors(previous: Path | None, embedder: Embedder) -> tuple[dict[bytes, int], NDArray[np.float32]] | None:
    if previous is None or not (previous / "keys.npy").is_file():
        return None
    try:
        manifest = read_manifest(previous, verify=False)
    except ConfigurationError:
        return None  # A damaged predecessor costs time, not the new snapshot.
    if manifest.embedding_model != embedder.model_id:
        return None
    keys: NDArray[np.bytes_] = np.load(previous / "keys.npy")
    rows = {bytes(key): row for row, key in enumerate(keys)}
    return rows, np.load(previous / "vectors.npy", mmap_mode="r")


def _write_keywords(folder: Path, chunks: Sequence[Chunk]) -> None:
    index = bm25s.BM25(k1=BM25_K1, b=BM25_B)
    tokens = [keyword_tokens(" ".join((chunk.indexed_text, *chunk.questions))) or ["-"] for chunk in chunks]
    index.index(tokens, show_progress=False)
    index.save(str(folder), show_progress=False)


def _write_neighbors(path: Path, vectors: NDArray[np.float32]) -> None:
    dimension = vectors.shape[1]
    lists = INVERTED_LISTS
    while len(vectors) > lists * VECTORS_PER_LIST:
        lists *= 2
    index = faiss.index_factory(dimension, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
    random = np.random.default_rng(0)
    sample = random.choice(len(vectors), size=min(len(vectors), 64 * lists), replace=False)
    index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
    for offset in range(0, len(vectors), FLAT_LIMIT):
        index.add(np.ascontiguousarray(vectors[offset : offset + FLAT_LIMIT]))
    faiss.write_index(index, str(path))
