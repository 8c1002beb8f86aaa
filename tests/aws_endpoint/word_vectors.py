"""Vectors for the embedding models of the endpoint: every word has a direction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from tests.fakes import FakeEmbedder


@cache
def _embedder(dimension: int) -> FakeEmbedder:
    return FakeEmbedder(dimension=dimension)


def word_vectors(texts: Sequence[str], dimension: int) -> list[list[float]]:
    """Vectors of unit length; texts that share words are alike."""
    return [[round(float(value), 6) for value in vector] for vector in _embedder(dimension).embed(texts)]
