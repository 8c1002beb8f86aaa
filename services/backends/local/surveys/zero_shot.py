"""Topics without examples: by likeness to names, descriptions and keywords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.chunk import combine
from services.backends.local.surveys.judging import Belonging, Judgement, Scores, logistic, ranked
from services.backends.local.surveys.topic_texts import TopicTexts
from services.backends.local.surveys.words import stems
from services.ports.knowledge import Embedder

WORD_BONUS = 0.15
"""What a response gains in likeness by using a word that names the topic."""

# Below this likeness to everything a response is Other, see decision 0011.
BELONGING = Belonging(cut=0.3, scale=0.05)
_STEEPNESS = 0.05
_SURE_LIKENESS = 0.35


class ZeroShotTopics:
    """Scores texts by cosine to what is written about each topic.

    The more topics there are, the finer they are cut, and the nearer to the best one must a second one come.

    Args:
        extra_parts: Texts that belong to one topic, with its number: the few examples there are.
    """

    def __init__(self, texts: TopicTexts, embedder: Embedder, extra_parts: Sequence[tuple[str, int]] = ()) -> None:
        self._words = texts.word_weights
        self._descriptions = embedder.embed(texts.descriptions)
        self._parts = embedder.embed([*texts.parts, *(text for text, _ in extra_parts)])
        owners = np.array([*texts.owners, *(owner for _, owner in extra_parts)])
        order = np.argsort(owners, kind="stable")
        self._parts = self._parts[order]
        self._starts = np.searchsorted(owners[order], np.arange(len(texts.descriptions)))
        self._by_stem: dict[str, list[tuple[int, float]]] = {}
        for topic, weights in enumerate(texts.word_weights):
            for stem, weight in weights.items():
                self._by_stem.setdefault(stem, []).append((topic, weight))
        # A statement so much like a topic speaks for it, however much more another one does for another.
        self._sure_statement = 0.45 + 0.004 * len(texts.descriptions)
        self._near_tie = min(0.03, 0.5 / len(texts.descriptions))
        self._statement_lead = min(0.2, 3 / len(texts.descriptions))

    def score(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """Likeness of texts to topics, shape (texts, topics)."""
        likeness = np.maximum.reduceat(vectors @ self._parts.T, self._starts, axis=1)
        scores = (likeness + vectors @ self._descriptions.T) / 2
        for row, text in enumerate(texts):
            bonus: dict[int, float] = {}
            for stem in dict.fromkeys(stems(text)):
                for topic, weight in self._by_stem.get(stem, ()):
                    bonus[topic] = bonus.get(topic, 0.0) + weight
            for topic, weight in bonus.items():
                scores[row, topic] += WORD_BONUS * min(1.0, weight)
        return np.asarray(scores, dtype=np.float32)

    def nearest(self, vectors: NDArray[np.float32]) -> Scores:
        """Not needed: the scores are cosines themselves."""
        return np.zeros(len(vectors), dtype=np.float32)

    def judge(self, scores: Scores, nearest: Scores) -> Judgement:
        """Judge a response by the scores of its texts: the whole first, then its statements."""
        whole = combine(scores)
        best = float(whole.max())
        statements = scores[1:] if len(scores) > 1 else scores
        chosen = set(np.flatnonzero(whole >= best - self._near_tie).tolist())
        # Each statement speaks for the topic that it is most like, unless that is far behind.
        leaders = statements.argmax(axis=1)
        sure = statements.max(axis=1) >= self._sure_statement
        near = whole[leaders] >= best - self._statement_lead
        chosen.update(leaders[sure | near].tolist())
        confidences = {topic: logistic((float(whole[topic]) - _SURE_LIKENESS) / _STEEPNESS) for topic in chosen}
        belonging = BELONGING.confidence(best)
        return Judgement(ranked(confidences), belonging, belonging < 0.5, statements)
