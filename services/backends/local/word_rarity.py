"""How rare the words of a question are in a snapshot."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import bm25s


class WordRarity:
    """How rare each word is in a snapshot; a word that it does not hold at all is the rarest.

    Args:
        frequency: In how many chunks a word stands.
    """

    def __init__(self, frequency: Callable[[str], int], chunk_count: int) -> None:
        self._frequency = frequency
        self._chunk_count = chunk_count

    @classmethod
    def of_keywords(cls, keywords: bm25s.BM25, chunk_count: int) -> WordRarity:
        """As a keyword index counts them."""
        vocabulary: dict[str, int] = keywords.vocab_dict
        pointers = np.asarray(keywords.scores["indptr"])

        def frequency(token: str) -> int:
            row = vocabulary.get(token)
            return int(pointers[row + 1] - pointers[row]) if row is not None else 0

        return cls(frequency, chunk_count)

    def weight(self, token: str) -> float:
        """Inverse document frequency, at least a little."""
        frequency = min(self._frequency(token), self._chunk_count)
        return math.log(1 + (self._chunk_count - frequency + 0.5) / (frequency + 0.5))

    def coverage(self, tokens: list[str], held: set[str]) -> float:
        """Share of the question's words, weighted by rarity, that are among ``held``; 0 without words."""
        weights = {token: self.weight(token) for token in tokens}
        total = sum(weights.values())
        return sum(weight for token, weight in weights.items() if token in held) / total if total else 0.0
