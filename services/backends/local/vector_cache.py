"""Keeps the vectors of texts that come back: the sentences of passages which many questions find."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.ports.knowledge import Embedder

MOST_VECTORS = 20_000  # about 30 MB at 384 dimensions


class VectorCache:
    """The vectors used last; safe for many threads.

    Args:
        most_vectors: How many are kept; the one that was not asked for the longest time goes first.
    """

    def __init__(self, embedder: Embedder, most_vectors: int = MOST_VECTORS) -> None:
        self._embedder = embedder
        self._most_vectors = most_vectors
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension); only texts that are not kept are embedded."""
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        missing = list(dict.fromkeys(text for text in texts if text not in found))
        if missing:
            # Copied row by row: a view would keep the whole batch in memory.
            found.update(
                (text, vector.copy()) for text, vector in zip(missing, self._embedder.embed(missing), strict=True)
            )
        with self._lock:
            for text in texts:
                self._kept[text] = found[text]
                self._kept.move_to_end(text)
            while len(self._kept) > self._most_vectors:
                self._kept.popitem(last=False)
        return np.stack([found[text] for text in texts])
