"""How near a text is to anything that the taxonomy is described with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_REFERENCES = 4_000
_BLOCK = 512


class References:
    """Vectors of examples and descriptions.

    Args:
        vectors: Shape (references, dimension); evenly thinned out when there are more than MOST_REFERENCES.
    """

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors[:: -(-len(vectors) // MOST_REFERENCES)]

    def nearest(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine to the nearest reference, one per text."""
        best = [
            (vectors[left : left + _BLOCK] @ self._vectors.T).max(axis=1) for left in range(0, len(vectors), _BLOCK)
        ]
        return np.concatenate(best) if best else np.zeros(0, dtype=np.float32)

    def nearest_other(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """As :meth:`nearest`, for texts that are references themselves: the reference that is the text is left out."""
        best = []
        for left in range(0, len(vectors), _BLOCK):
            likeness = vectors[left : left + _BLOCK] @ self._vectors.T
            likeness[likeness > SAME_COSINE] = -1.0
            best.append(likeness.max(axis=1))
        return np.concatenate(best)


SAME_COSINE = 0.9995
