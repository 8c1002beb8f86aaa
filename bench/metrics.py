"""Measures of ranked retrieval, and an interval for the difference between two systems.

A ranking is a list of document identifiers, best first. Judgements map a document identifier to
its grade; documents without a judgement count as grade 0, which is not relevant. Binary judgements
are grades of 0 and 1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A mean difference and the bounds of its confidence interval."""

    mean: float
    low: float
    high: float


def dcg(grades: Sequence[float]) -> float:
    """Return the discounted cumulative gain of grades in rank order.

    The gain is the grade itself, divided by the logarithm to base 2 of one more than its rank.
    """
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def ndcg_at_k(ranking: Sequence[str], judgements: Mapping[str, float], k: int = 10) -> float:
    """Return the normalized discounted cumulative gain of the first k documents.

    1.0 is the best order that the judgements allow. A document repeated in the ranking counts only
    at its first place. Without a relevant document the result is 0.0.
    """
    ideal = dcg(sorted(judgements.values(), reverse=True)[:k])
    if ideal <= 0:
        return 0.0
    return dcg(_grades(ranking[:k], judgements)) / ideal


def recall_at_k(ranking: Sequence[str], judgements: Mapping[str, float], k: int = 10) -> float:
    """Return the share of the relevant documents that are among the first k.

    Every document of a grade above 0 is relevant. Without one the result is 0.0.
    """
    relevant = {document_id for document_id, grade in judgements.items() if grade > 0}
    if not relevant:
        return 0.0
    return len(relevant.intersection(ranking[:k])) / len(relevant)


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, and 0.0 for no values."""
    return math.fsum(values) / len(values) if values else 0.0


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    *,
    confidence: float = 0.95,
    samples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean of first minus second, with a percentile bootstrap interval.

    Both sequences hold one value per question, such as nDCG@10, for the same questions in the same
    order. Questions are drawn with replacement, keeping the pairs, so the interval reflects how the
    difference would vary over other questions of the kind. The same seed gives the same interval.

    Raises:
        ValueError: The sequences differ in length or are empty, or an option is out of range.
    """
    if len(first) != len(second):
        raise ValueError("both systems need a value for every question")
    if not first:
        raise ValueError("at least one question is needed")
    if not 0 < confidence < 1:
        raise ValueError("confidence lies between 0 and 1")
    if samples < 1:
        raise ValueError("at least one sample is needed")
    differences = [a - b for a, b in zip(first, second, strict=True)]
    draw = random.Random(seed)
    means = sorted(mean(draw.choices(differences, k=len(differences))) for _ in range(samples))
    tail = (1 - confidence) / 2
    return Interval(mean(differences), quantile(means, tail), quantile(means, 1 - tail))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the quantile of values in ascending order, interpolating between neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _grades(ranking: Sequence[str], judgements: Mapping[str, float]) -> list[float]:
    """Return the grades in rank order, with 0 for a document seen before."""
    seen: set[str] = set()
    grades: list[float] = []
    for document_id in ranking:
        grades.append(0.0 if document_id in seen else judgements.get(document_id, 0.0))
        seen.add(document_id)
    return grades
