"""A logistic regression from vectors and word features to sentiment, learned from sentences of our own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.cleaning import text_key
from services.backends.local.surveys.sentiment_words import lexicon_features
from services.ports.knowledge import Embedder
from services.surveys.models import Sentiment

CLASSES = (Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE)
INVERSE_REGULARIZATION = 1.0
_PACKAGE = "services.backends.local.surveys"
HEAD_FILE = "sentiment_head.json"
SENTENCES_FILE = "sentiment_sentences.txt"
_SHIPPED_DIGITS = 3


@dataclass(frozen=True, slots=True)
class SentimentHead:
    """The weights.

    Attributes:
        model_id: Of the embedder whose vectors it reads.
        weights: Shape (dimension + lexicon features, 3).
        offsets: Shape (3,).
    """

    model_id: str
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def probabilities(self, vectors: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (texts, 3), in the order of CLASSES."""
        logits = np.hstack([vectors, features]) @ self.weights + self.offsets
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def head_for(embedder: Embedder) -> SentimentHead:
    """The head that comes with the app when it fits the embedder; else one that is learned now.

    Raises:
        BackendError: the embedder failed.
    """
    shipped = _shipped_head()
    return shipped if shipped.model_id == embedder.model_id else learn_head(embedder)


def learn_head(embedder: Embedder) -> SentimentHead:
    """Learn from the sentences that come with the app, a second's work; the same embedder gives the same head."""
    from sklearn.linear_model import LogisticRegression

    sentences = read_sentences()
    texts = [text_key(text) for text, _ in sentences]
    features = np.hstack([embedder.embed(texts), np.array([lexicon_features(text) for text in texts])])
    labels = np.array([CLASSES.index(sentiment) for _, sentiment in sentences])
    model = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=1000).fit(features, labels)
    return SentimentHead(embedder.model_id, model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32))


def read_sentences() -> list[tuple[str, Sentiment]]:
    """The sentences that the head learns from."""
    sentences = []
    sentiment = Sentiment.NEUTRAL
    for line in files(_PACKAGE).joinpath(SENTENCES_FILE).read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            sentiment = Sentiment(line[1:].strip())
        elif line.strip() and not line.startswith("#"):
            sentences.append((line.strip(), sentiment))
    return sentences


def head_as_json(head: SentimentHead) -> str:
    """The file that comes with the app: rounded numbers, a row per input."""
    rows = [[round(float(value), _SHIPPED_DIGITS) for value in row] for row in head.weights]
    offsets = [round(float(value), _SHIPPED_DIGITS) for value in head.offsets]
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f'{{"model_id": {json.dumps(head.model_id)}, "offsets": {json.dumps(offsets)}, "weights": [\n{lines}\n]}}\n'


def _shipped_head() -> SentimentHead:
    values = json.loads(files(_PACKAGE).joinpath(HEAD_FILE).read_text(encoding="utf-8"))
    return SentimentHead(
        values["model_id"],
        np.array(values["weights"], dtype=np.float32),
        np.array(values["offsets"], dtype=np.float32),
    )
