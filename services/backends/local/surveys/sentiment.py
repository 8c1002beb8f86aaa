"""How somebody feels, by statement, by topic and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.chunk import Chunk
from services.backends.local.surveys.sentiment_head import CLASSES, SentimentHead
from services.backends.local.surveys.sentiment_words import FEATURES, lexicon_features
from services.surveys.models import Sentiment

POSITIVE, NEUTRAL, NEGATIVE = range(3)
# How sure two statements must be to make a response mixed, and how much the whole counts beside its statements.
CLEAR = 0.55
WHOLE_SHARE = 0.5
# VADER's own bound for "clearly".
LEXICON_CLEAR = 0.5
UNSURE = 0.45
_TOPIC_TEMPERATURE = 0.05

FEWEST_EXAMPLES = 12
CORRECTION_REGULARIZATION = 3.0

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Feeling:
    """How a response feels as a whole.

    Attributes:
        is_unclear: Whether somebody should look: hardly sure, or the head and the lexicon say opposite things.
    """

    sentiment: Sentiment
    is_unclear: bool


class SentimentModel:
    """The general head, corrected by the examples of a survey where that helps on examples left out.

    Args:
        examples: Whole responses with the sentiment that a person gave them.
        chunk: Those responses.
    """

    def __init__(
        self, head: SentimentHead, examples: Sequence[Sentiment | None] = (), chunk: Chunk | None = None
    ) -> None:
        self._head = head
        self._correction: NDArray[np.float32] | None = None
        if chunk is not None:
            self._correction = self._learn_correction(examples, chunk)

    def read(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> tuple[Probabilities, NDArray[np.float32]]:
        """Probabilities of shape (texts, 3) and VADER's compound of each text."""
        features = np.array([lexicon_features(text) for text in texts], dtype=np.float32).reshape(len(texts), FEATURES)
        probabilities = self._head.probabilities(vectors, features)
        if self._correction is not None:
            probabilities = _as_probabilities(probabilities + vectors @ self._correction)
        return probabilities, features[:, 0]

    def _learn_correction(self, examples: Sequence[Sentiment | None], chunk: Chunk) -> NDArray[np.float32] | None:
        """A ridge regression on what the head gets wrong."""
        rows = [row for row, sentiment in enumerate(examples) if sentiment in CLASSES]
        labels = np.array([CLASSES.index(sentiment) for row in rows if (sentiment := examples[row]) is not None])
        if len(rows) < FEWEST_EXAMPLES or len(set(labels.tolist())) < 2:
            return None
        wholes = [chunk.rows[row][0] for row in rows]
        vectors = chunk.vectors[wholes]
        features = np.array([lexicon_features(chunk.texts[row]) for row in wholes], dtype=np.float32)
        probabilities = self._head.probabilities(vectors, features)
        errors = np.eye(3)[labels] - probabilities
        gram = (vectors.T @ vectors).astype(np.float64) + CORRECTION_REGULARIZATION * np.eye(vectors.shape[1])
        inverse = np.linalg.inv(gram)
        solution = inverse @ (vectors.T @ errors)
        leverage = ((vectors @ inverse) * vectors).sum(axis=1)
        left_out = errors - (errors - vectors @ solution) / (1 - leverage)[:, None]
        before = float((probabilities.argmax(axis=1) == labels).mean())
        after = float(((probabilities + left_out).argmax(axis=1) == labels).mean())
        return solution.astype(np.float32) if after > before else None


def topic_sentiment(statement_scores: NDArray[np.float32], statements: Probabilities) -> tuple[Sentiment, float]:
    """The sentiment of the statements that carry a topic, and how sure it is.

    Args:
        statement_scores: The topic's score of each statement.
        statements: Probabilities of each statement.
    """
    weights = np.exp((statement_scores - statement_scores.max()) / _TOPIC_TEMPERATURE)
    mean = (weights / weights.sum()) @ statements
    best = int(mean.argmax())
    return CLASSES[best], float(mean[best])


def overall_feeling(whole: Probabilities, statements: Probabilities, compound: float) -> Feeling:
    """The sentiment of a whole response.

    Args:
        whole: Probabilities of the whole, shape (3,).
        statements: Probabilities of its statements, shape (statements, 3).
        compound: VADER's of the whole.
    """
    if statements[:, POSITIVE].max() >= CLEAR and statements[:, NEGATIVE].max() >= CLEAR:
        return Feeling(Sentiment.MIXED, True)
    mean = WHOLE_SHARE * whole + (1 - WHOLE_SHARE) * statements.mean(axis=0)
    best = int(mean.argmax())
    opposite = (best == POSITIVE and compound < -LEXICON_CLEAR) or (best == NEGATIVE and compound > LEXICON_CLEAR)
    return Feeling(CLASSES[best], opposite or float(mean[best]) < UNSURE)


def _as_probabilities(values: NDArray[np.float32]) -> Probabilities:
    positive = np.clip(values, 0.01, None)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), dtype=np.float32)
