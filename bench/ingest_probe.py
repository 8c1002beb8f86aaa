"""Takes in documents with one of two embedders and prints what it cost; a process of its own for bench.scale."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.page import Figures
from services.ports.knowledge import Embedder

EVERY = 9
"""Each ninth document, so that the sample holds all of the set's sources."""


class TimedEmbedder:
    """Passes on to another embedder and adds up the processor time."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.cpu_seconds = 0.0

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        started = time.process_time()
        vectors = self._embedder.embed(texts)
        self.cpu_seconds += time.process_time() - started
        return vectors

    def check_ready(self) -> None:
        self._embedder.check_ready()


def main(home: Path, engine: str, corpus: Path, wanted_chunks: int) -> Figures:
    """Load a sample of the corpus into a snapshot."""
    from services.backends.local.snapshot_writer import write_snapshot
    from services.knowledge.chunking import ChunkSize, chunk_document
    from services.knowledge.loading import load_path
    from services.knowledge.models import DocumentVersion

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as temporary:
        lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)[::EVERY]
        sample = Path(temporary) / "sample.jsonl"
        chunks, taken = 0, 0
        while chunks < wanted_chunks and taken < len(lines):
            sample.write_text(lines[taken], encoding="utf-8")
            loaded = load_path(sample, max_file_bytes=2**40)
            chunks += sum(len(chunk_document(document)) for file in loaded for document in file.documents)
            taken += 1
        sample.write_text("".join(lines[:taken]), encoding="utf-8")
        embedder = TimedEmbedder(_embedder(home, engine))
        embedder.check_ready()
        embedder.embed(["One text before the clock starts."])
        embedder.cpu_seconds = 0.0
        started = time.process_time()
        now = datetime.now(UTC)
        versions = (
            DocumentVersion(document, 1, now)
            for file in load_path(sample, max_file_bytes=2**40)
            for document in file.documents
        )
        written = write_snapshot(Path(temporary) / "snapshot", versions, embedder, ChunkSize(), None)
        cpu_seconds = time.process_time() - started
    return {
        "chunks": written.chunk_count,
        "cpu_seconds": round(cpu_seconds, 2),
        "embedding_cpu_seconds": round(embedder.cpu_seconds, 2),
    }


def _embedder(home: Path, engine: str) -> Embedder:
    if engine == "frontline":
        from services.backends.local.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(home)
    import torch

    from services.backends.local.packaged_model import packaged_model_folder
    from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder

    torch.set_num_threads(1)
    return SentenceTransformersEmbedder(str(packaged_model_folder()))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
