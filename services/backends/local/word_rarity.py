"""How rare the words of a question are in a snapshot."""

from __future__ import annotations

import math

import bm25s
import numpy as np


class WordRarity:
    """How rare each word is in a snapshot; a word that it does not hold at all is the rarest."""

    def __init__(self, keywords: bm25s.BM25, chunk_count: int) -> None:
        self._vocabulary: dict[str, int] = keywords.vocab_dict
        self._pointers = np.asarray(keywords.scores["indptr"])
        self._chunk_count = chunk_count

    def weight(self, token: str) -> float:
        """Inverse document frequency, at least a little."""
        row = self._vocabulary.get(token)
        frequency = int(self._pointers[row + 1] - self._pointers[row]) if row is not None else 0
        return math.log(1 + (self._chunk_count - frequency + 0.5) / (frequency + 0.5))

    def coverage(self, tokens: list[str], held: set[str]) -> float:
        """Share of the question's words, weighted by rarity, that are among ``held``; 0 without words."""
        weights = {token: self.weight(token) for token in tokens}
        total = sum(weights.values())
        return sum(weight for token, weight in weights.items() if token in held) / total if total else 0.0
