"""Finds backdrops by the meaning of their captions, with the embedder that the knowledge base has."""

from __future__ import annotations

from collections.abc import Sequence

from services.backends.local.backgrounds.vocabulary import COLORS
from services.backends.local.vector_cache import VectorCache
from services.knowledge.tokens import keyword_tokens
from services.ports.knowledge import Embedder

# Words that stand in nearly every wish for a background and tell none from another; a color alone is no likeness.
_TELLING_NOTHING = frozenset(
    keyword_tokens(f"background backdrop behind scene photo product image picture style light {' '.join(COLORS)}")
)
_WORD_WEIGHT = 0.25


class CaptionSearch:
    """See :class:`services.ports.images.BackdropSearch`.

    A score is the cosine of query and caption, raised by the share of the query's telling words that stand in the
    caption.
    docs/decisions/0010-backgrounds.md says how the floor was measured.
    """

    floor = 0.37

    def __init__(self, embedder: Embedder) -> None:
        self._vectors = VectorCache(embedder)

    def rank(self, query: str, captions: Sequence[str]) -> list[float]:
        """See the port. Raises BackendError when texts cannot be embedded."""
        if not captions:
            return []
        likeness = self._vectors.of(captions) @ self._vectors.of([query])[0]
        words = set(keyword_tokens(query)) - _TELLING_NOTHING
        scores = []
        for caption, cosine in zip(captions, likeness, strict=True):
            held = len(words & set(keyword_tokens(caption))) / len(words) if words else 0.0
            scores.append(min(1.0, (1 - _WORD_WEIGHT) * float(cosine) + _WORD_WEIGHT * held))
        return scores
