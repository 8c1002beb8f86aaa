"""Builds a large snapshot of changed copies and prints what that took; a process of its own for bench.scale."""

from __future__ import annotations

import json
import random
import resource
import shutil
import sys
import time
from pathlib import Path

from bench.data_sets import SETS
from bench.frontline import services_of
from bench.page import Figures

SAMPLED_CHUNKS = 200
"""Chunks whose words are changed and that are embedded for real, to learn how far that moves a vector."""


def main(home: Path, storage: Path, name: str, wanted_chunks: int) -> Figures:
    """Build snapshot 1 of the tenant ``large`` below ``storage``."""
    import numpy as np

    from bench.large_index import (
        CHANGED_WORDS,
        RealSnapshot,
        RepeatedDocuments,
        StandInEmbedder,
        with_changed_words,
    )
    from services.backends.local.faiss_index import FaissIndex
    from services.storage.files import SnapshotFolders

    shutil.rmtree(storage, ignore_errors=True)
    with services_of(home) as services:
        number = services.knowledge.require_published(SETS[name]).number
        root = Path(services.settings.resolved_storage_root)
        real = RealSnapshot(root / "snapshots" / SETS[name] / f"{number:06d}")
        source = random.Random(0)
        held = [(document.title, chunk) for document in real.documents for chunk in document.chunks]
        words = [word for _, chunk in source.sample(held, 2000) for word in chunk.text.split()]
        sample = [(title, chunk) for title, chunk in source.sample(held, SAMPLED_CHUNKS) if not chunk.section]
        changed = services.embedder.embed(
            [f"{title}\n{with_changed_words(chunk.text, words, source)}" for title, chunk in sample]
        )
        originals = real.vectors[[chunk.row for _, chunk in sample]]
        likeness = float(np.mean(np.sum(changed * originals, axis=1)))
        repeated = RepeatedDocuments(real, wanted_chunks)
        stand_in = StandInEmbedder(services.embedder, real.vectors, repeated.sources, likeness)
        index = FaissIndex(SnapshotFolders(str(storage), storage / "mirror"), stand_in)
        started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        built = index.build("large", 1, iter(repeated), None)
    folder = storage / "snapshots" / "large" / "000001"
    figures = {
        "chunks": built.chunk_count,
        "documents": built.document_count,
        "real_chunks": real.manifest.chunk_count,
        "changed_words": CHANGED_WORDS,
        "likeness": round(likeness, 3),
        "embedded_for_real": stand_in.embedded,
        "cpu_seconds_without_embedding": round(time.process_time() - started),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "before_mib": round(before / 1024),
        "disk_mib": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1024 / 1024),
        "inverted_lists": _inverted_lists(folder / "neighbors.faiss"),
    }
    (storage / "built.json").write_text(json.dumps(figures), encoding="utf-8")
    return figures


def _inverted_lists(path: Path) -> int:
    import faiss

    return int(faiss.extract_index_ivf(faiss.read_index(str(path), faiss.IO_FLAG_MMAP)).nlist) if path.is_file() else 0


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
