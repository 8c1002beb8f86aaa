"""Serves questions from a large snapshot and prints times, memory and recall; a process of its own for bench.scale."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from bench.machine import private_mib, resident_mib
from bench.page import Figures, spread
from bench.peers.peer import read_questions

QUESTIONS = 500
DEPTH = 10


def main(home: Path, storage: Path, questions: Path) -> Figures:
    """Ask one question after the other, then compare with exact search."""
    from services.backends.local.faiss_index import FaissIndex
    from services.backends.local.onnx_embedder import OnnxEmbedder
    from services.knowledge.models import SearchType
    from services.storage.files import SnapshotFolders

    texts = [question.text for question in read_questions(questions)][:QUESTIONS]
    before = resident_mib()
    embedder = OnnxEmbedder(home)
    embedder.check_ready()
    index = FaissIndex(SnapshotFolders(str(storage), storage / "mirror"), embedder)

    def ask(text: str) -> list[str]:
        found = index.search_documents("large", 1, text, limit=DEPTH, search_type=SearchType.HYBRID)
        return [passage.document_id for passage in found.passages]

    started = time.process_time()
    ask(texts[-1])
    first = time.process_time() - started
    cpu, wall, found = [], [], []
    for text in texts:
        cpu_before, wall_before = time.process_time(), time.perf_counter()
        found.append(ask(text))
        cpu.append(1000 * (time.process_time() - cpu_before))
        wall.append(1000 * (time.perf_counter() - wall_before))
    after, private = resident_mib(), private_mib()
    embedding = []
    for text in texts:
        cpu_before = time.process_time()
        embedder.embed([text])
        embedding.append(1000 * (time.process_time() - cpu_before))
    folder = storage / "snapshots" / "large" / "000001"
    vectors = embedder.embed(texts)
    return {
        "questions": len(texts),
        "cpu_ms": spread(cpu),
        "embedding_cpu_ms": spread(embedding),
        "wall_ms": spread(wall),
        "first_cpu_ms": round(1000 * first),
        "before_mib": round(before),
        "after_mib": round(after),
        "private_mib": round(private),
        "neighbor_recall": round(neighbor_recall(folder, vectors), 4),
        "hybrid_overlap": round(hybrid_overlap(folder, texts, vectors, found), 4),
    }


def neighbor_recall(folder: Path, questions: np.ndarray) -> float:
    """Share of the ten nearest chunks that the inverted file finds."""
    import faiss

    from services.backends.local.snapshot_search import searched_lists

    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    neighbors = faiss.read_index(str(folder / "neighbors.faiss"), faiss.IO_FLAG_MMAP)
    parameters = faiss.SearchParametersIVF()
    parameters.nprobe = searched_lists(neighbors)
    shares = []
    for question in questions:
        _, rows = neighbors.search(question.reshape(1, -1), DEPTH, params=parameters)
        exact = np.argsort(-(vectors[: neighbors.ntotal] @ question))[:DEPTH]
        shares.append(len(set(rows[0].tolist()) & set(exact.tolist())) / DEPTH)
    return float(np.mean(shares))


def hybrid_overlap(folder: Path, texts: list[str], vectors: np.ndarray, found: list[list[str]]) -> float:
    """Share of the documents found that the same search finds when every vector is compared."""
    from services.backends.local.snapshot_files import read_manifest
    from services.backends.local.snapshot_search import OpenSnapshot, Wanted
    from services.knowledge.models import SearchType
    from services.knowledge.shorthand import spell_out

    snapshot = OpenSnapshot(folder, read_manifest(folder, verify=False))
    snapshot._neighbors = None
    shares = []
    for text, vector, approximate in zip(texts, vectors, found, strict=True):
        wanted = Wanted(DEPTH, SearchType.HYBRID, one_per_document=True)
        passages, _ = snapshot.search(spell_out(text), vector, wanted)
        exact = {passage.document_id for passage in passages}
        shares.append(len(exact & set(approximate)) / max(1, len(exact)))
    return float(np.mean(shares))


if __name__ == "__main__":
    print(json.dumps(main(*(Path(argument) for argument in sys.argv[1:4]))))
