"""Dates and scores out of text."""

from __future__ import annotations

from datetime import date

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pytest

from services.surveys.response_values import parse_dates, parse_scores


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04",
        "2026/3/4 10:15",
        "2026-03-04T10:15:00Z",
        "4 March 2026",
        "Mar 4, 2026",
        "March 4th, 2026",
        "4-Mar-2026",
    ],
)
def test_dates_are_read_in_many_forms(text: str) -> None:
    assert parse_dates(pa.array([text])).days.to_pylist() == [date(2026, 3, 4)]


@pytest.mark.parametrize(
    ("cells", "expected", "ambiguous"),
    [
        (["03/04/2026", "13/04/2026"], [date(2026, 4, 3), date(2026, 4, 13)], False),
        (["03/04/2026", "04/13/2026"], [date(2026, 3, 4), date(2026, 4, 13)], False),
        (["03/04/2026", "05/06/26"], [date(2026, 3, 4), date(2026, 5, 6)], True),
        (["03.04.2026", "05.06.2026"], [date(2026, 4, 3), date(2026, 6, 5)], False),
    ],
)
def test_whether_the_day_comes_first_is_decided_for_the_whole_column(
    cells: list[str], expected: list[date], ambiguous: bool
) -> None:
    parsed = parse_dates(pa.array(cells))
    assert (parsed.days.to_pylist(), parsed.is_ambiguous) == (expected, ambiguous)


def test_days_that_do_not_exist_are_unread_and_empty_cells_are_not() -> None:
    parsed = parse_dates(pa.array(["2026-02-30", "", "soon", "31/06/2026", "2024-02-29"]))
    assert parsed.days.to_pylist() == [None, None, None, None, date(2024, 2, 29)]
    assert parsed.unread_count == 3


def test_scores_are_read_with_words_behind_them() -> None:
    cells = ["9", "10 - Extremely likely", "4,5", "8/10", "95 %", "4 (good)", "5 stars", "-2", "18-24", "n/a", ""]
    parsed = parse_scores(pa.array(cells))
    assert parsed.values.to_pylist() == [9, 10, 4.5, 8, 95, 4, 5, -2, None, None, None]
    assert parsed.unread_count == 2
