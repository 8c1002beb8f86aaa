"""The cache of sentence vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.backends.local.vector_cache import VectorCache


class CountingEmbedder:
    """Embeds a text as its length, and remembers what it was asked for."""

    model_id = "counting"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    def check_ready(self) -> None:
        """Always ready."""


def test_known_texts_are_not_embedded_again() -> None:
    embedder = CountingEmbedder()
    cache = VectorCache(embedder)
    cache.of(["a", "bb"])
    vectors = cache.of(["bb", "ccc", "a"])
    assert embedder.asked == [["a", "bb"], ["ccc"]]
    assert vectors.tolist() == [[2, 1], [3, 1], [1, 1]]


def test_repeated_texts_are_embedded_once_and_returned_each_time() -> None:
    embedder = CountingEmbedder()
    assert VectorCache(embedder).of(["a", "a", "bb"]).tolist() == [[1, 1], [1, 1], [2, 1]]
    assert embedder.asked == [["a", "bb"]]


def test_oldest_vector_goes_when_the_cache_is_full() -> None:
    embedder = CountingEmbedder()
    cache = VectorCache(embedder, most_vectors=2)
    cache.of(["a", "bb"])
    cache.of(["a"])
    cache.of(["ccc"])
    cache.of(["a"])
    cache.of(["bb"])
    assert embedder.asked == [["a", "bb"], ["ccc"], ["bb"]]
