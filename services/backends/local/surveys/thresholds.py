"""Thresholds per topic, and how far above one a score must be to be sure, from scores of examples left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A topic's own threshold counts like its examples do, the common one like so many.
COMMON_EXAMPLES = 20
FEWEST_EXAMPLES = 3
STEEPNESSES = (0.03, 0.05, 0.08, 0.12, 0.2)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a score is enough.

    Attributes:
        values: One per topic.
        steepness: A score this much above its threshold has a confidence of .73.
    """

    values: NDArray[np.float64]
    steepness: float

    def confidences(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """In [0, 1], one half at the threshold; shape as that of the scores."""
        return np.asarray(1 / (1 + np.exp(-np.clip((scores - self.values) / self.steepness, -30, 30))))


def fit_thresholds(scores: NDArray[np.float64], gold: NDArray[np.bool_]) -> Thresholds:
    """Learn from scores of examples, shape (examples, topics), each made without its own example.

    For each topic the threshold of the best F1, drawn toward that of all topics together by how few examples it has.
    """
    common = _best_threshold(scores.ravel(), gold.ravel())
    counts = gold.sum(axis=0)
    own = np.array(
        [
            _best_threshold(scores[:, topic], gold[:, topic]) if counts[topic] >= FEWEST_EXAMPLES else common
            for topic in range(gold.shape[1])
        ]
    )
    values = (counts * own + COMMON_EXAMPLES * common) / (counts + COMMON_EXAMPLES)
    losses = [_log_loss((scores - values) / steepness, gold) for steepness in STEEPNESSES]
    return Thresholds(values, STEEPNESSES[int(np.argmin(losses))])


def _best_threshold(scores: NDArray[np.float64], gold: NDArray[np.bool_]) -> float:
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(gold[order])
    f1 = 2 * found / (np.arange(1, len(order) + 1) + gold.sum())
    best = int(f1.argmax())
    last = float(scores[order[best]])
    following = float(scores[order[best + 1]]) if best + 1 < len(order) else last - 0.1
    return (last + following) / 2


def _log_loss(logits: NDArray[np.float64], gold: NDArray[np.bool_]) -> float:
    signed = np.where(gold, logits, -logits)
    return float(np.logaddexp(0, -signed).mean())
