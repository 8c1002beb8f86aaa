"""Finds the row that names the columns: below a title, in two levels, or not there at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.surveys.response_tables import TableWarning

SAMPLE_ROWS = 200
_LONGEST_SUB_NAME = 80
_TYPED = re.compile(
    r"[+-]?\d+(?:[.,]\d+)*\s?%?"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?(?:Z| ?[AP]M)?"
)
# Qualtrics writes two more rows below the names: the questions in words, then its own ids.
_QUALTRICS_MARK = '{"importid"'


@dataclass(frozen=True, slots=True)
class Header:
    """What the columns are called, and where the data begin.

    Attributes:
        names: Unique and not empty.
        unnamed: Indexes of the columns that have but a number.
        first_data_row: Index into the rows that were looked at.
    """

    names: tuple[str, ...]
    unnamed: frozenset[int]
    first_data_row: int
    warnings: tuple[TableWarning, ...]


def find_header(
    rows: Sequence[Sequence[str]], merged: Sequence[tuple[int, int, int]] = (), *, rows_end_early: bool = False
) -> Header:
    """Find the names of the columns in the first rows of a table.

    Args:
        rows: Up to ``SAMPLE_ROWS`` rows, at least one of them filled; shorter rows lack cells at the end.
        merged: Row, first and last column (from 0) of cells that were merged across columns.
        rows_end_early: Whether rows end at their last filled cell, as in workbooks.
    """
    filled = [[cell.replace("\0", "").strip() for cell in row] for row in rows]
    width = _widest_span(filled) if rows_end_early else _commonest_length(filled)
    found = _header_row(filled, width)
    if rows_end_early:
        width = max(width, _span(filled[found]))
    warnings: list[TableWarning] = []
    if _reads_as_data(filled, found, width):
        names = [f"Column {number}" for number in range(1, width + 1)]
        warnings.append(
            TableWarning(
                "no-header",
                "No row names the columns, so they are numbered.",
                "If a row of names is missing, add it as the first row and load the file again.",
            )
        )
        return Header(tuple(names), frozenset(range(width)), found, _with_title_rows(warnings, filled, found))
    names = _padded(filled[found], width)
    first_data_row = found + 1
    top = found
    if found and _is_group_row(filled[found - 1], found - 1, merged):
        top = found - 1
        names = _joined(_spread(_padded(filled[top], width), top, merged), names)
    elif first_data_row < len(filled) and _is_sub_row(names, _padded(filled[found + 1], width), found, merged):
        names = _joined(_spread(names, found, merged), _padded(filled[found + 1], width))
        first_data_row = found + 2
    if top < found or first_data_row > found + 1:
        warnings.append(
            TableWarning(
                "header-joined",
                "The names of the columns stand in two rows; they were joined.",
                "Look at the names in the preview. If they are wrong, keep one row of names in the file.",
            )
        )
    qualtrics_end = _qualtrics_end(filled, first_data_row)
    if qualtrics_end > first_data_row:
        first_data_row = qualtrics_end
        warnings.append(
            TableWarning(
                "export-rows",
                "The rows with questions and ids that Qualtrics writes below the names were left out.",
                "Nothing to do, unless answers are missing in the preview.",
            )
        )
    unnamed = frozenset(index for index, name in enumerate(names) if not name)
    return Header(_unique(names, warnings), unnamed, first_data_row, _with_title_rows(warnings, filled, top))


def _commonest_length(rows: Sequence[Sequence[str]]) -> int:
    """Text files say with their delimiters how many cells a row has."""
    lengths = Counter(len(row) for row in rows if any(row))
    return max(lengths, key=lambda length: (lengths[length], length))


def _widest_span(rows: Sequence[Sequence[str]]) -> int:
    """The last filled cell of the widest rows; a note beside one of many rows does not make a column."""
    spans = Counter(span for row in rows if (span := _span(row)))
    enough = max(2, sum(spans.values()) // 20)
    return max((span for span, count in spans.items() if count >= enough), default=max(spans))


def _span(row: Sequence[str]) -> int:
    return next((index + 1 for index in range(len(row) - 1, -1, -1) if row[index]), 0)


def _header_row(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row that names most columns; or that names half of them, when the row found so is one of data."""
    counts = [sum(map(bool, row[:width])) for row in rows]
    found = next((index for index, count in enumerate(counts) if count > width / 2), None)
    if found is None:
        return next(index for index, count in enumerate(counts) if count)
    if _reads_as_data(rows, found, width):
        return next(index for index, count in enumerate(counts) if (count > 1 and count >= width / 2) or index == found)
    return found


def _reads_as_data(rows: Sequence[Sequence[str]], found: int, width: int) -> bool:
    """Whether the first full row is data: numbers and dates stand where numbers and dates follow."""
    first = _padded(rows[found], width)
    below = [_padded(row, width) for row in rows[found + 1 : found + 51]]
    typed = []
    for column in range(width):
        cells = [row[column] for row in below if row[column]]
        if cells and sum(bool(_TYPED.fullmatch(cell)) for cell in cells) >= 0.8 * len(cells):
            typed.append(bool(_TYPED.fullmatch(first[column])))
    if typed:
        return all(typed)
    # A lone column without a name begins with a response: sentences that end in a full stop.
    return width == 1 and bool(re.search(r"\w\s+\w+\s+\w+.*[.!]$", first[0]))


def _is_group_row(row: Sequence[str], index: int, merged: Sequence[tuple[int, int, int]]) -> bool:
    if any(place == index and last > first for place, first, last in merged):
        # A title that is merged over the whole width is no group.
        return sum(map(bool, row)) > 1
    return sum(map(bool, row)) > 1 and not any(len(cell) > _LONGEST_SUB_NAME for cell in row)


def _is_sub_row(names: Sequence[str], below: Sequence[str], index: int, merged: Sequence[tuple[int, int, int]]) -> bool:
    blank = [column for column, name in enumerate(names) if not name]
    if not blank or not all(below[column] for column in blank):
        return False
    if any(len(cell) > _LONGEST_SUB_NAME or _TYPED.fullmatch(cell) for cell in below if cell):
        return False
    if any(place == index and last > first for place, first, last in merged):
        return True
    # Without word of merged cells, the second level leaves something open that the first has named.
    return any(name and not below[column] for column, name in enumerate(names))


def _spread(names: Sequence[str], index: int, merged: Sequence[tuple[int, int, int]]) -> list[str]:
    """A name written once over several columns, in each of them."""
    spread = list(names)
    ranges = [(first, last) for place, first, last in merged if place == index]
    if ranges:
        for first, last in ranges:
            for column in range(first, min(last + 1, len(spread))):
                spread[column] = spread[column] or names[first]
        return spread
    for column in range(1, len(spread)):
        spread[column] = spread[column] or spread[column - 1]
    return spread


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    return [
        f"{above} - {below}" if above and below and above != below else above or below
        for above, below in zip(upper, lower, strict=True)
    ]


def _qualtrics_end(rows: Sequence[Sequence[str]], first: int) -> int:
    for index in range(first, min(first + 2, len(rows))):
        if any(cell.lower().replace(" ", "").startswith(_QUALTRICS_MARK) for cell in rows[index]):
            return index + 1
    return first


def _unique(names: Sequence[str], warnings: list[TableWarning]) -> tuple[str, ...]:
    unique: list[str] = []
    twice = 0
    for number, written in enumerate(names, start=1):
        name = re.sub(r"\s+", " ", written).strip()
        name = name or f"Column {number}"
        candidate, count = name, 1
        while candidate in unique:
            count += 1
            candidate = f"{name} ({count})"
        twice += count > 1
        unique.append(candidate)
    if twice:
        warnings.append(
            TableWarning(
                "duplicate-columns",
                "Several columns have the same name; the later ones got a number behind it.",
                "Give each column its own name if you cannot tell them apart.",
            )
        )
    return tuple(unique)


def _with_title_rows(
    warnings: Sequence[TableWarning], rows: Sequence[Sequence[str]], top: int
) -> tuple[TableWarning, ...]:
    titles = sum(any(row) for row in rows[:top])
    if not titles:
        return tuple(warnings)
    return (
        TableWarning(
            "title-rows",
            f"{titles} {'row' if titles == 1 else 'rows'} above the names of the columns "
            f"{'was' if titles == 1 else 'were'} left out.",
            "Nothing to do, unless the names of the columns are wrong.",
        ),
        *warnings,
    )


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]
