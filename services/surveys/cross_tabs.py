"""How often topics are spoken of in the segments of a survey, and where that differs by more than chance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.statistics import Interval, benjamini_hochberg, compare_proportions, wilson_interval

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
    """

    segment: str
    values: tuple[str, ...]
    totals: tuple[int, ...]
    topics: tuple[str, ...]
    cells: tuple[tuple[CrossTabCell, ...], ...]


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
    memberships = _memberships(choices, most_values)
    values = tuple(memberships)
    totals = tuple(int(members.sum()) for members in memberships.values())
    answered = pc.greater(pc.list_value_length(choices), 0).to_numpy(zero_copy_only=False)
    rows: list[list[CrossTabCell]] = []
    for place in range(len(topics)):
        row = []
        for value in values:
            members = memberships[value]
            outside = answered & ~members
            count, total = int(has_topic[members, place].sum()), int(members.sum())
            other_count, other_total = int(has_topic[outside, place].sum()), int(outside.sum())
            comparison = compare_proportions(count, total, other_count, other_total)
            side = Difference.HIGHER if comparison.difference.value > 0 else Difference.LOWER
            row.append(CrossTabCell(count, wilson_interval(count, total), comparison.p_value, side))
        rows.append(row)
    corrected = iter(benjamini_hochberg([cell.corrected_p for row in rows for cell in row]))
    cells = tuple(tuple(_corrected(cell, next(corrected)) for cell in row) for row in rows)
    return CrossTab(segment, values, totals, tuple(topics), cells)


def _corrected(cell: CrossTabCell, p_value: float) -> CrossTabCell:
    difference = cell.difference if p_value <= FALSE_DISCOVERY_RATE else Difference.NONE
    return replace(cell, corrected_p=p_value, difference=difference)


def _memberships(choices: Any, most_values: int) -> dict[str, NDArray[np.bool_]]:
    """Who is in which segment: the commonest first, numbers in their order."""
    flat = pc.list_flatten(choices)
    parents = pc.list_parent_indices(choices).to_numpy(zero_copy_only=False)
    counted = pc.value_counts(flat).to_pylist() if len(flat) else []
    ordered = sorted(counted, key=lambda one: (-one["counts"], one["values"]))[:most_values]
    if all(re.match(r"[<>\s]*\d", str(one["values"])) for one in ordered):
        # Age groups and the like have an order of their own.
        ordered.sort(key=lambda one: [int(number) for number in re.findall(r"\d+", str(one["values"]))])
    memberships = {}
    for one in ordered:
        members = np.zeros(len(choices), np.bool_)
        members[parents[pc.equal(flat, pa.scalar(one["values"])).to_numpy(zero_copy_only=False)]] = True
        memberships[str(one["values"])] = members
    return memberships
