"""Texts as weighted word stems, for what the embedding model does not tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.knowledge.tokens import keyword_tokens

MOST_STEMS = 1_500


def stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [token for token in keyword_tokens(text) if len(token) > 1]


class WordSpace:
    """TF-IDF over the stems of some texts; the most frequent ones when there are too many.

    Args:
        texts: What the stems and their rarity are taken from.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = Counter(stem for text in texts for stem in set(stems(text)))
        known = sorted(counts, key=lambda stem: (-counts[stem], stem))[:MOST_STEMS]
        self._columns = {stem: column for column, stem in enumerate(known)}
        documents = np.array([counts[stem] for stem in known], dtype=np.float64)
        self._rarity = np.log((1 + len(texts)) / (1 + documents)) + 1

    @property
    def size(self) -> int:
        """How many stems it knows."""
        return len(self._columns)

    def weights(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, size); rows of unit length, or zero without a known stem."""
        weights = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            for stem, count in Counter(stems(text)).items():
                column = self._columns.get(stem)
                if column is not None:
                    weights[row, column] = (1 + np.log(count)) * self._rarity[column]
        lengths = np.linalg.norm(weights, axis=1, keepdims=True)
        return np.asarray(np.divide(weights, lengths, out=weights, where=lengths > 0))
