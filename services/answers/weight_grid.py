"""Ranks the same findings under many weights at once, and judges the orders that come out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.knowledge.models import Ranking
from services.ports.explanations import Explanation

KEYWORD_WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
HEADING_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
GRID = tuple(Ranking(keyword, heading) for keyword in KEYWORD_WEIGHTS for heading in HEADING_SHARES)
DEPTH = 10
RESAMPLES = 2000
# Means that differ by less came out of rounding.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean difference with the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AskedParts:
    """What a question found, taken apart; the arrays have one value per passage, ordered by document.

    Attributes:
        first_rows: Where each document's passages begin.
        right: Which documents are right, one value per document.
        right_count: How many are right, those included that were not found.
    """

    similarity: NDArray[np.float64]
    heading: NDArray[np.float64]
    keyword: NDArray[np.float64]
    code: NDArray[np.float64]
    first_rows: NDArray[np.int64]
    right: NDArray[np.bool_]
    right_count: int


def asked_parts(explanation: Explanation, right: Collection[str]) -> AskedParts:
    """Take what a question found apart.

    Args:
        right: Ids of the documents that answer it; at least one.
    """
    found = sorted(explanation.passages, key=lambda one: one.passage.document_id)
    ids = [one.passage.document_id for one in found]
    first_rows = [row for row, document_id in enumerate(ids) if row == 0 or ids[row - 1] != document_id]
    return AskedParts(
        similarity=np.array([one.passage.similarity for one in found]),
        heading=np.array([one.heading_similarity for one in found]),
        keyword=np.array([one.passage.keyword_share for one in found]),
        code=np.array([one.code_part for one in found]),
        first_rows=np.array(first_rows, dtype=np.int64),
        right=np.array([ids[row] in right for row in first_rows], dtype=np.bool_),
        right_count=len(right),
    )


def qualities(
    questions: Sequence[AskedParts], grid: Sequence[Ranking]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """nDCG@10, and whether a right document comes first, each of shape (questions, weights)."""
    ndcg = np.zeros((len(questions), len(grid)))
    first = np.zeros((len(questions), len(grid)))
    for row, question in enumerate(questions):
        if not len(question.first_rows):
            continue
        places = _right_places(question, grid)
        gains = np.where(places <= DEPTH, 1 / np.log2(places + 1), 0)
        ideal = (1 / np.log2(np.arange(1, min(question.right_count, DEPTH) + 1) + 1)).sum()
        ndcg[row] = gains.sum(axis=1) / ideal
        first[row] = (places == 1).any(axis=1)
    return ndcg, first


def best_weights(ndcg: NDArray[np.float64], grid: Sequence[Ranking], present: int) -> int:
    """The column with the best mean; of those as good, the one closest to the present weights."""
    means = ndcg.mean(axis=0)
    as_good: list[int] = np.flatnonzero(means >= means.max() - _SAME).tolist()

    def distance(column: int) -> float:
        return abs(grid[column].keyword_weight - grid[present].keyword_weight) + abs(
            grid[column].heading_share - grid[present].heading_share
        )

    return min(as_good, key=distance)


def bootstrap(differences: NDArray[np.float64]) -> Gain:
    """The mean of paired differences and its interval over other questions of the kind; always the same."""
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(differences), size=(RESAMPLES, len(differences)))
    means = differences[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Gain(float(differences.mean()), float(low), float(high))


def _right_places(question: AskedParts, grid: Sequence[Ranking]) -> NDArray[np.float64]:
    """The place from 1 of every right document that was found, of shape (weights, right documents)."""
    keyword = np.array([[ranking.keyword_weight] for ranking in grid])
    heading = np.array([[ranking.heading_share] for ranking in grid])
    scores = (
        (1 - heading) * question.similarity + heading * question.heading + keyword * question.keyword + question.code
    )
    documents = np.maximum.reduceat(scores, question.first_rows, axis=1)
    right = documents[:, question.right]
    places: NDArray[np.float64] = 1.0 + (documents[:, :, None] > right[:, None, :]).sum(axis=1)
    return places
