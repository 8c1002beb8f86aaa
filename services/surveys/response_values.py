"""Dates and scores out of the text of a column, a whole column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

_YEAR_FIRST = r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[T ].*)?$"
_YEAR_LAST = r"^(?P<a>\d{1,2})[-/.] ?(?P<b>\d{1,2})[-/.] ?(?P<y>\d{4}|\d{2})(?:[T ,].*)?$"
_NAMED_MONTHS = (
    r"^(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?[ -](?P<n>[A-Za-z]{3,9})\.?,?[ -](?P<y>\d{4})(?:[T ,].*)?$",
    r"^(?P<n>[A-Za-z]{3,9})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})(?:[T ,].*)?$",
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "9", "9.5", "9,5", "10 - Extremely likely", "4 (good)", "8/10", "95 %"; but not the age group "18-24".
SCORE_PATTERN = r"^(?P<n>[+-]?\d{1,9}(?:[.,]\d{1,6})?)(?:\s*%|\s*/\s*\d+|\s+[-–—:=]\s*\D.*|\s*\(.*\)|\s+\D{1,30})?$"
DATE_PATTERNS = (_YEAR_FIRST, _YEAR_LAST, *_NAMED_MONTHS)


@dataclass(frozen=True, slots=True)
class ParsedDates:
    """The dates of a column.

    Attributes:
        days: An Arrow array of ``date32``; null where there is no date.
        unread_count: Filled cells that are no date.
        is_ambiguous: Whether day and month cannot be told apart in any cell; the month was taken to come first.
    """

    days: Any
    unread_count: int
    is_ambiguous: bool


@dataclass(frozen=True, slots=True)
class ParsedScores:
    """The numbers of a column.

    Attributes:
        values: An Arrow array of ``float64``; null where there is no number.
        unread_count: Filled cells that are no number.
    """

    values: Any
    unread_count: int


def parse_dates(column: Any) -> ParsedDates:
    """Dates in most people's ways of writing them; a time of day behind a date is left out.

    Whether the day or the month comes first is decided for the column as a whole.

    Args:
        column: An Arrow array of strings without nulls.
    """
    cells = _combined(column)
    days = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[D]")
    _fill(days, cells, _YEAR_FIRST, lambda found: (_integers(found, "y"), _integers(found, "m"), _integers(found, "d")))
    is_ambiguous = False
    found = pc.extract_regex(cells, pattern=_YEAR_LAST)
    if found.null_count < len(found):
        first, second = _integers(found, "a"), _integers(found, "b")
        has_points = pc.any(pc.and_(pc.is_valid(found), pc.match_substring(cells, "."))).as_py()
        day_first = bool((first > 12).any()) or (has_points and not bool((second > 12).any()))
        is_ambiguous = not day_first and not bool((second > 12).any())
        days_of, months = (first, second) if day_first else (second, first)
        _put(days, _four_digits(_integers(found, "y")), months, days_of)
    for pattern in _NAMED_MONTHS:
        _fill(days, cells, pattern, lambda found: (_integers(found, "y"), _months(found), _integers(found, "d")))
    unread = int((np.isnat(days) & _filled(cells)).sum())
    return ParsedDates(pa.array(days, pa.date32()), unread, is_ambiguous)


def parse_scores(column: Any) -> ParsedScores:
    """Numbers, also with words behind them as in ``10 - Extremely likely``; a decimal comma counts as a point.

    Args:
        column: An Arrow array of strings without nulls.
    """
    cells = _combined(column)
    found = pc.struct_field(pc.extract_regex(cells, pattern=SCORE_PATTERN), "n")
    values = pc.cast(pc.replace_substring(found, ",", "."), pa.float64())
    unread = int((values.is_null().to_numpy(zero_copy_only=False) & _filled(cells)).sum())
    return ParsedScores(values, unread)


def _combined(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _filled(cells: Any) -> NDArray[np.bool_]:
    filled: NDArray[np.bool_] = pc.not_equal(cells, "").to_numpy(zero_copy_only=False)
    return filled


def _fill(days: NDArray[np.datetime64], cells: Any, pattern: str, parts: Any) -> None:
    found = pc.extract_regex(cells, pattern=pattern)
    if found.null_count < len(found):
        _put(days, *parts(found))


def _put(
    days: NDArray[np.datetime64], years: NDArray[np.int64], months: NDArray[np.int64], days_of: NDArray[np.int64]
) -> None:
    """Write the dates that exist; the 31st of June does not."""
    sound = (years >= 1900) & (years <= 2200) & (months >= 1) & (months <= 12) & (days_of >= 1)
    begins = ((np.where(sound, years, 1970) - 1970) * 12 + np.where(sound, months, 1) - 1).astype("datetime64[M]")
    lengths = ((begins + 1).astype("datetime64[D]") - begins.astype("datetime64[D]")).astype(np.int64)
    sound &= days_of <= lengths
    found = begins.astype("datetime64[D]") + (days_of - 1).astype("timedelta64[D]")
    days[sound] = found[sound]


def _integers(found: Any, name: str) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = pc.fill_null(pc.cast(pc.struct_field(found, name), pa.int64()), -1).to_numpy(
        zero_copy_only=False
    )
    return numbers


def _months(found: Any) -> NDArray[np.int64]:
    names = pc.utf8_lower(pc.utf8_slice_codeunits(pc.struct_field(found, "n"), 0, 3))
    places = pc.fill_null(pc.index_in(names, value_set=pa.array(_MONTHS)), -1)
    months: NDArray[np.int64] = places.to_numpy(zero_copy_only=False).astype(np.int64) + 1
    return months


def _four_digits(years: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where((years >= 0) & (years < 100), years + np.where(years < 70, 2000, 1900), years)
