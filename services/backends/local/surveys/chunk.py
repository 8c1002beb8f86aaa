"""Responses that are read together: every different text among them is embedded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.reading import ReadResponse
from services.ports.knowledge import Embedder


@dataclass(frozen=True, slots=True)
class Chunk:
    """The texts of some responses, with their vectors.

    Attributes:
        texts: Different from each other.
        vectors: Shape (texts, dimension), of unit length.
        rows: For each response the rows of its texts: the whole first, then its statements.
    """

    texts: list[str]
    vectors: NDArray[np.float32]
    rows: list[list[int]]


def embed_chunk(responses: Sequence[ReadResponse], embedder: Embedder) -> Chunk:
    """Embed the whole of each response and its statements. A single statement that is the whole has no row of its own.

    Raises:
        BackendError: the embedder failed.
    """
    places: dict[str, int] = {}
    rows = []
    for response in responses:
        whole = places.setdefault(response.whole, len(places))
        statements = response.statements if len(response.statements) > 1 else ()
        rows.append([whole, *(places.setdefault(one, len(places)) for one in statements)])
    texts = list(places)
    return Chunk(texts, embedder.embed(texts), rows)


WHOLE_SHARE = 0.4
"""Of a response's score; the rest is its best statement's. Chosen on the training parts, see decision 0011."""


def combine(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores of a response from those of its texts, shape (texts, columns): the whole first, then statements."""
    if len(scores) == 1:
        return np.asarray(scores[0])
    best: NDArray[np.float32] = scores[1:].max(axis=0)
    return np.asarray(WHOLE_SHARE * scores[0] + (1 - WHOLE_SHARE) * best, dtype=np.float32)
