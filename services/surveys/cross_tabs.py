"""How often topics are spoken of in the segments of a survey, and where that differs by more than chance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.associations import difference_p
from services.surveys.statistics import Interval, benjamini_hochberg, wilson_interval

FALSE_DISCOVERY_RATE = 0.05


class Difference(StrEnum):
    """How a segment differs from all other responses."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = ""


@dataclass(frozen=True, slots=True)
class CrossTabCell:
    """One topic in one segment.

    Attributes:
        count: Responses of the segment with the topic.
        share: Of the segment's responses, 0 to 1, with Wilson's interval.
        corrected_p: Against the responses outside the segment, corrected over the whole table.
        difference: ``NONE`` unless ``corrected_p`` is at most 0.05.
    """

    count: int
    share: Interval
    corrected_p: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class CrossTab:
    """Topics by the values of one segment column.

    Attributes:
        totals: Responses per value; a response with several choices counts in each.
        cells: One row per topic, one cell per value.
        topic_ids: In the order of ``topics``; empty where topics are known by name alone.
    """

    segment: str
    values: tuple[str, ...]
    totals: tuple[int, ...]
    topics: tuple[str, ...]
    cells: tuple[tuple[CrossTabCell, ...], ...]
    topic_ids: tuple[str, ...] = ()


def cross_tab(
    segment: str,
    choices: Any,
    topics: Sequence[str],
    has_topic: NDArray[np.bool_],
    *,
    most_values: int = 12,
) -> CrossTab:
    """Count topics per segment and compare each segment with all responses outside it.

    Args:
        choices: An Arrow array of lists of strings, one list per response.
        topics: Names.
        has_topic: Responses x topics.
        most_values: The commonest values that are shown.
    """
    flat = pc.list_flatten(choices)
    parents = pc.list_parent_indices(choices).to_numpy(zero_copy_only=False)
    counted = {str(one["values"]): one["counts"] for one in pc.value_counts(flat).to_pylist()} if len(flat) else {}
    values = shown_values(counted, most_values)
    counts = np.zeros((len(topics), len(values)), np.int64)
    totals = []
    for place, value in enumerate(values):
        members = np.unique(parents[pc.equal(flat, pa.scalar(value)).to_numpy(zero_copy_only=False)])
        counts[:, place] = has_topic[members].sum(axis=0)
        totals.append(len(members))
    answered = pc.greater(pc.list_value_length(choices), 0).to_numpy(zero_copy_only=False)
    return cross_tab_of_counts(
        segment, values, totals, topics, counts, int(answered.sum()), has_topic[answered].sum(axis=0)
    )


def cross_tab_of_counts(
    segment: str,
    values: Sequence[str],
    totals: Sequence[int],
    topics: Sequence[str],
    counts: NDArray[np.int64],
    all_total: int,
    all_counts: NDArray[np.int64],
    *,
    topic_ids: Sequence[str] = (),
) -> CrossTab:
    """A cross-tab of what was counted already.

    Args:
        totals: Responses per value.
        counts: Topics x values.
        all_total: Responses that chose anything at all; those without a value are compared with nothing.
        all_counts: Of these, per topic.
    """
    inside = np.asarray(totals, np.int64)[None, :].repeat(len(topics), axis=0)
    outside_counts, outside = np.asarray(all_counts, np.int64)[:, None] - counts, all_total - inside
    p_values = difference_p(counts, inside, outside_counts, outside)
    corrected = np.array(benjamini_hochberg([float(one) for one in p_values.flat])).reshape(counts.shape)
    # Shares are compared by cross products, so that equal ones are never called different.
    leans = np.sign(counts * outside - outside_counts * inside)
    cells = tuple(
        tuple(
            CrossTabCell(
                int(counts[row, column]),
                wilson_interval(int(counts[row, column]), int(totals[column])),
                float(corrected[row, column]),
                marked(float(corrected[row, column]), int(leans[row, column])),
            )
            for column in range(len(values))
        )
        for row in range(len(topics))
    )
    return CrossTab(segment, tuple(values), tuple(map(int, totals)), tuple(topics), cells, tuple(topic_ids))


def marked(corrected_p: float, lean: float) -> Difference:
    """What a difference is called.

    Args:
        lean: Above 0 when the share is the higher one.
    """
    if corrected_p > FALSE_DISCOVERY_RATE or not lean:
        return Difference.NONE
    return Difference.HIGHER if lean > 0 else Difference.LOWER


def shown_values(counts: Mapping[str, int], most_values: int) -> tuple[str, ...]:
    """The commonest values, the commonest first; numbers and groups of numbers in their own order."""
    ordered = sorted(counts, key=lambda value: (-counts[value], value))[:most_values]
    if all(re.match(r"[<>\s]*\d", value) for value in ordered):
        ordered.sort(key=lambda value: [int(number) for number in re.findall(r"\d+", value)])
    return tuple(ordered)
