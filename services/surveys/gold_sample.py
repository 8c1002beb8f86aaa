"""Draws texts for people to label: some of every topic, of Other and of every sentiment."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.findings import RunFindings
from services.surveys.marks import normalize
from services.surveys.models import Example


def draw_sample(
    findings: RunFindings, usable: NDArray[np.bool_], rank: NDArray[np.int8], size: int, seed: int
) -> list[int]:
    """Numbers of texts, in an order whose every beginning is spread like the whole.

    Texts are grouped by the rarest topic that the run found in them (or Other) and by sentiment. A group gets places
    by the square root of its size: rare topics get more than their share, so that something can be said of them, and
    common ones still get most. The same seed draws the same texts.

    Args:
        usable: Per text, whether it may be drawn.
        rank: Per text; one of a higher rank is drawn only when all of lower ranks are.
    """
    groups = _groups(findings)
    shuffled = np.random.default_rng(seed).permutation(findings.text_count)
    drawn: list[int] = []
    for one in np.unique(rank[usable]).tolist():
        candidates = shuffled[(usable & (rank == one))[shuffled]]
        drawn.extend(_spread(candidates, groups, size - len(drawn)))
        if len(drawn) >= size:
            break
    return drawn


def learned_texts(texts: Any, examples: Sequence[Example]) -> NDArray[np.int64]:
    """Numbers of the texts that are among the examples; case, spaces and marks at the ends do not count.

    Args:
        texts: An Arrow array of strings.
    """
    learned = {normalize(example.text) for example in examples} - {""}
    if not learned:
        return np.zeros(0, np.int64)
    values = texts.to_pylist() if isinstance(texts, pa.Array | pa.ChunkedArray) else texts
    return np.array([number for number, text in enumerate(values) if normalize(text) in learned], np.int64)


def _groups(findings: RunFindings) -> NDArray[np.int64]:
    """The group of each text: its rarest topic, 0 for Other, and its sentiment."""
    totals = np.bincount(findings.topics, minlength=len(findings.topic_ids))
    rarest = np.zeros(findings.text_count, np.int64)
    text_of = np.repeat(np.arange(findings.text_count), np.diff(findings.offsets))
    # Written from the commonest topic to the rarest: what is written last stays.
    order = np.lexsort((findings.topics, -totals[findings.topics]))
    rarest[text_of[order]] = findings.topics[order].astype(np.int64) + 1
    return rarest * 8 + findings.overall


def _spread(candidates: NDArray[np.int64], groups: NDArray[np.int64], size: int) -> list[int]:
    """Up to ``size`` candidates, place after place for the group that is most behind (Sainte-Laguë's rule)."""
    members: dict[int, list[int]] = {}
    for number in candidates.tolist():
        members.setdefault(int(groups[number]), []).append(number)
    weights = {group: float(np.sqrt(len(numbers))) for group, numbers in members.items()}
    waiting = [(-weight, group, 0) for group, weight in weights.items()]
    heapq.heapify(waiting)
    drawn: list[int] = []
    while waiting and len(drawn) < size:
        _, group, taken = heapq.heappop(waiting)
        drawn.append(members[group][taken])
        taken += 1
        if taken < len(members[group]):
            heapq.heappush(waiting, (-weights[group] / (2 * taken + 1), group, taken))
    return drawn
