"""Topics from examples: a ridge regression per topic, solved in one step, with thresholds from left-out examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.chunk import Chunk, combine
from services.backends.local.surveys.judging import Judgement, Scores, fit_belonging, ranked
from services.backends.local.surveys.nearest import References
from services.backends.local.surveys.thresholds import fit_thresholds
from services.backends.local.surveys.topic_texts import TopicTexts
from services.backends.local.surveys.words import WordSpace
from services.ports.knowledge import Embedder

# Chosen on the training parts, see decision 0011.
REGULARIZATION = 1.0
DESCRIPTION_WEIGHT = 3.0
PARTS_WEIGHT = 2.0
WORD_SHARE = 0.5
BIAS = 0.3
NEARNESS_SHARE = 0.5


class RidgeTopics:
    """One linear score per topic over vectors and word stems, learned from examples and descriptions together.

    Args:
        chunk: The examples as responses: whole and statements.
        gold: Shape (examples, topics): which topics a person gave each example; none for Other.
    """

    def __init__(self, texts: TopicTexts, chunk: Chunk, gold: NDArray[np.bool_], embedder: Embedder) -> None:
        topic_count = gold.shape[1]
        wholes = [rows[0] for rows in chunk.rows]
        whole_texts = [chunk.texts[row] for row in wholes]
        descriptions, parts = embedder.embed(texts.descriptions), embedder.embed(texts.parts)
        self._words = WordSpace([*whole_texts, *texts.descriptions])
        examples = self._features(whole_texts, chunk.vectors[wholes])
        features = np.vstack(
            [examples, self._features(texts.descriptions, descriptions), self._features(texts.parts, parts)]
        )
        owners = np.array(texts.owners)
        targets = np.vstack([gold, np.eye(topic_count), np.eye(topic_count)[owners]]).astype(np.float64)
        weights = np.concatenate(
            [
                np.ones(len(gold)),
                np.full(topic_count, DESCRIPTION_WEIGHT),
                PARTS_WEIGHT / np.bincount(owners, minlength=topic_count)[owners],
            ]
        )
        weighted = (features * weights[:, None].astype(np.float32)).T
        gram = (weighted @ features).astype(np.float64)
        gram[np.diag_indices_from(gram)] += REGULARIZATION
        inverse = np.asarray(np.linalg.inv(gram), dtype=np.float64)
        self._solution = (inverse @ (weighted.astype(np.float64) @ targets)).astype(np.float32)
        self._references = References(np.vstack([chunk.vectors[wholes], descriptions]))
        self.left_out = self._left_out_scores(chunk, examples, gold, inverse)
        self._thresholds = fit_thresholds(self.left_out, gold)
        belonging = self.left_out.max(axis=1) + NEARNESS_SHARE * self._references.nearest_other(chunk.vectors[wholes])
        has_topic = gold.any(axis=1)
        self._belonging = fit_belonging(belonging[has_topic], belonging[~has_topic])

    def score(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """Scores of texts, shape (texts, topics); about 0 for no and 1 for yes."""
        dimension = vectors.shape[1]
        scores = vectors @ self._solution[:dimension] + BIAS * self._solution[dimension]
        return np.asarray(
            scores + WORD_SHARE * (self._words.weights(texts) @ self._solution[dimension + 1 :]), dtype=np.float32
        )

    def nearest(self, vectors: NDArray[np.float32]) -> Scores:
        """Cosine to the nearest example or description."""
        return self._references.nearest(vectors)

    def judge(self, scores: Scores, nearest: Scores) -> Judgement:
        """Judge a response by the scores and nearness of its texts: the whole first, then its statements."""
        whole = combine(scores)
        confidences = self._thresholds.confidences(whole)
        chosen = {int(confidences.argmax()), *np.flatnonzero(confidences >= 0.5).tolist()}
        value = float(whole.max()) + NEARNESS_SHARE * float(combine(nearest[:, None])[0])
        belonging = self._belonging.confidence(value)
        return Judgement(
            ranked({topic: float(confidences[topic]) for topic in chosen}),
            belonging,
            belonging < 0.5,
            scores[1:] if len(scores) > 1 else scores,
        )

    def left_out_choices(self) -> NDArray[np.bool_]:
        """What is chosen for each example by what was learned without it, shape (examples, topics)."""
        confidences = self._thresholds.confidences(self.left_out.astype(np.float32))
        chosen = confidences >= 0.5
        chosen[np.arange(len(chosen)), confidences.argmax(axis=1)] = True
        return chosen

    def _features(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        bias = np.full((len(vectors), 1), BIAS, dtype=np.float32)
        return np.hstack([vectors, bias, WORD_SHARE * self._words.weights(texts)]).astype(np.float32)

    def _left_out_scores(
        self, chunk: Chunk, examples: NDArray[np.float32], gold: NDArray[np.bool_], inverse: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Scores of each example by the regression without it, in closed form."""
        reach = examples @ inverse.astype(np.float32)
        leverage = np.minimum((reach * examples).sum(axis=1), 0.999)
        residuals = (gold - examples @ self._solution) / (1 - leverage)[:, None]
        scores = np.empty(gold.shape, dtype=np.float64)
        for number, rows in enumerate(chunk.rows):
            features = self._features([chunk.texts[row] for row in rows], chunk.vectors[rows])
            shift = np.outer(features @ reach[number], residuals[number])
            scores[number] = combine((features @ self._solution - shift).astype(np.float32))
        return scores
