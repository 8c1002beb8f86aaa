"""Groups vectors: more groups than topics at first, then those that are nearly the same are merged."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

OVER_CLUSTERING = 1.5
FEWEST_GROUPS, MOST_GROUPS = 4, 40
SAME_TOPIC_COSINE = 0.88
"""Groups whose centers are more alike than this speak of the same thing."""


def usual_group_count(text_count: int) -> int:
    """How many topics so many different statements usually have."""
    return max(FEWEST_GROUPS, min(MOST_GROUPS, round(math.sqrt(text_count) / 2)))


def grouped(
    vectors: NDArray[np.float32], weights: NDArray[np.float32], count: int, *, most: int | None = None
) -> NDArray[np.int64]:
    """The group of each vector, numbered from 0, the same for the same input.

    Args:
        vectors: Shape (texts, dimension), of unit length.
        weights: How often each text came.
        count: How many topics are expected. There are more groups at first: merging two is less work than parting one.
        most: The most alike groups are merged until there are so many; None leaves that to a person.
    """
    first = min(len(vectors), math.ceil(count * OVER_CLUSTERING))
    model = KMeans(n_clusters=first, n_init=2, random_state=0, max_iter=100)
    labels = np.asarray(model.fit_predict(vectors, sample_weight=weights), dtype=np.int64)
    centers = {label: group_center(vectors, weights, labels == label) for label in np.unique(labels).tolist()}
    while len(centers) > 1:
        names = sorted(centers)
        stacked = np.stack([centers[name] for name in names])
        likeness = stacked @ stacked.T
        np.fill_diagonal(likeness, -1)
        one, other = divmod(int(likeness.argmax()), len(names))
        if (most is None or len(centers) <= most) and likeness[one, other] < SAME_TOPIC_COSINE:
            break
        labels[labels == names[other]] = names[one]
        del centers[names[other]]
        centers[names[one]] = group_center(vectors, weights, labels == names[one])
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def group_center(
    vectors: NDArray[np.float32], weights: NDArray[np.float32], members: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """The mean direction of a group, of unit length."""
    mean = (vectors[members] * weights[members, None]).sum(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def cohesion(vectors: NDArray[np.float32], center: NDArray[np.float32], members: NDArray[np.int64]) -> float:
    """The mean cosine of a group's members to its center: low where they have little in common."""
    return float((vectors[members] @ center).mean())
