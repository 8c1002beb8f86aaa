"""The default embedder: all-MiniLM-L6-v2 as int8 in onnxruntime, on the processor, without torch in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.backends.local.packaged_model import (
    EXPORT_VERSION,
    PACKAGED_MODEL,
    ensure_exported_model,
    packaged_model_folder,
)

MAX_TOKENS = 256
# Padding is computed like text; sorting by length and bounding tokens per batch keeps it small and memory flat.
MAX_BATCH_TOKENS = 4096
TOKENIZER_BLOCK = 2048


class OnnxEmbedder:
    """Unit vectors of 384 dimensions; safe to call from many threads at once.

    Args:
        home: FRONTLINE_HOME; the exported model is kept below it.
        threads: Processor threads that one call may use.
    """

    model_id = f"{PACKAGED_MODEL}-int8-v{EXPORT_VERSION}"
    dimension = 384

    def __init__(self, home: Path, threads: int = 1) -> None:
        self._home = home
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: tuple[Tokenizer, onnxruntime.InferenceSession] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts; only the first 256 tokens of each count.

        Returns:
            Array of shape (len(texts), 384), rows of unit length, in the order given.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        tokenizer, session = self._load()
        for offset in range(0, len(texts), TOKENIZER_BLOCK):
            block = list(texts[offset : offset + TOKENIZER_BLOCK])
            encoded = [encoding.ids for encoding in tokenizer.encode_batch_fast(block)]
            by_length = sorted(range(len(encoded)), key=lambda row: -len(encoded[row]))
            batches: list[list[int]] = []
            position = 0
            while position < len(by_length):
                longest = len(encoded[by_length[position]])
                batches.append(by_length[position : position + max(1, MAX_BATCH_TOKENS // longest)])
                position += len(batches[-1])
            for rows, result in self._run_all(session, encoded, batches):
                vectors[[offset + row for row in rows]] = result
        return vectors

    def _run_all(
        self, session: onnxruntime.InferenceSession, encoded: list[list[int]], batches: list[list[int]]
    ) -> Iterator[tuple[list[int], Any]]:
        """Several batches run side by side, one thread each, which costs less than many threads on one batch."""
        if len(batches) == 1:
            yield batches[0], _run(session, [encoded[row] for row in batches[0]])
            return
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            results = pool.map(lambda rows: _run(session, [encoded[row] for row in rows]), batches)
            yield from zip(batches, results, strict=True)

    def check_ready(self) -> None:
        """Load the model, making it on the first call; raises ConfigurationError when that fails."""
        self._load()

    def _load(self) -> tuple[Tokenizer, onnxruntime.InferenceSession]:
        if self._loaded is None:
            with self._loading:
                if self._loaded is None:
                    path = ensure_exported_model(self._home)
                    tokenizer = Tokenizer.from_file(str(packaged_model_folder() / "tokenizer.json"))
                    tokenizer.enable_truncation(MAX_TOKENS)
                    tokenizer.no_padding()
                    self._loaded = tokenizer, _open_session(path, self._threads)
        return self._loaded


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin would take processor time from the other questions being answered.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _run(session: onnxruntime.InferenceSession, tokens: list[list[int]]) -> Any:
    longest = max(map(len, tokens))
    ids = np.zeros((len(tokens), longest), dtype=np.int64)
    mask = np.zeros((len(tokens), longest), dtype=np.int64)
    for row, values in enumerate(tokens):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return session.run(["vectors"], {"input_ids": ids, "attention_mask": mask})[0]
