"""Topics from examples that have exactly one each: a logistic regression that lets them compete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.backends.local.surveys.chunk import Chunk
from services.backends.local.surveys.judging import Judgement, Scores, fit_belonging
from services.backends.local.surveys.nearest import References
from services.backends.local.surveys.topic_texts import TopicTexts
from services.ports.knowledge import Embedder

# Chosen on the training part of banking77, see decision 0011.
INVERSE_REGULARIZATION = 20.0
FOLDS = 5
FEWEST_NONE_EXAMPLES = 3


class SingleTopic:
    """One topic per response, from vectors of whole responses.

    Args:
        chunk: The examples as responses.
        gold: Shape (examples, topics), at most one topic each; none for Other.
    """

    def __init__(self, texts: TopicTexts, chunk: Chunk, gold: NDArray[np.bool_], embedder: Embedder) -> None:
        self._topic_count = gold.shape[1]
        has_topic = gold.any(axis=1)
        vectors = chunk.vectors[[rows[0] for rows in chunk.rows]]
        descriptions = embedder.embed(texts.descriptions)
        labels = np.where(has_topic, gold.argmax(axis=1), self._topic_count)
        kept = has_topic | ((~has_topic).sum() >= FEWEST_NONE_EXAMPLES)
        self._model = self._fit(vectors[kept], labels[kept], descriptions)
        self._references = References(np.vstack([vectors[has_topic], descriptions]))
        left_out = np.zeros((len(gold), self._topic_count))
        folds = np.random.default_rng(0).permutation(len(gold)) % FOLDS
        for fold in range(FOLDS):
            rest = kept & (folds != fold)
            if (folds == fold).any():
                model = self._fit(vectors[rest], labels[rest], descriptions)
                left_out[folds == fold] = self._probabilities(model, vectors[folds == fold])
        self.left_out = left_out
        value = _belonging_values(left_out.max(axis=1), self._references.nearest_other(vectors))
        self._belonging = fit_belonging(value[has_topic], value[~has_topic])

    def score(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """Probabilities of texts, shape (texts, topics); what is missing to 1 is that of no topic."""
        return self._probabilities(self._model, vectors).astype(np.float32)

    def nearest(self, vectors: NDArray[np.float32]) -> Scores:
        """Cosine to the nearest example or description."""
        return self._references.nearest(vectors)

    def judge(self, scores: Scores, nearest: Scores) -> Judgement:
        """Judge a response by its whole; its statements only tell where the topic stands."""
        best = int(scores[0].argmax())
        value = _belonging_values(scores[:1].max(axis=1), nearest[:1])
        belonging = self._belonging.confidence(float(value[0]))
        statements = scores[1:] if len(scores) > 1 else scores
        return Judgement(((best, float(scores[0, best])),), belonging, belonging < 0.5, statements)

    def left_out_choices(self) -> NDArray[np.bool_]:
        """What is chosen for each example by what was learned without it, shape (examples, topics)."""
        return np.asarray(np.eye(self._topic_count, dtype=bool)[self.left_out.argmax(axis=1)])

    def _fit(self, vectors: NDArray[np.float32], labels: NDArray[np.int64], descriptions: NDArray[np.float32]) -> Any:
        features = np.vstack([vectors, descriptions])
        targets = np.concatenate([labels, np.arange(self._topic_count)])
        return LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=300).fit(features, targets)

    def _probabilities(self, model: Any, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = model.predict_proba(vectors)
        return probabilities[:, : self._topic_count]


def _belonging_values(best: NDArray[np.floating], nearest: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(best) * nearest, dtype=np.float64)
