"""From rows of cells, as a text file or a sheet gives them, to a table with names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.surveys.response_headers import SAMPLE_ROWS, find_header
from services.surveys.response_tables import (
    MOST_COLUMNS,
    TableBuilder,
    TableWarning,
    no_rows,
    too_many_columns,
)

EXTRA_COLUMN = "Extra cells"


@dataclass(frozen=True, slots=True)
class NamedTable:
    """The columns' names and cells.

    Attributes:
        data: An Arrow table of strings.
    """

    columns: tuple[str, ...]
    data: Any
    warnings: tuple[TableWarning, ...]


def named_table(
    name: str,
    rows: Iterable[Sequence[str]],
    merged: Sequence[tuple[int, int, int]] = (),
    *,
    rows_end_early: bool,
) -> NamedTable:
    """Find the names of the columns and give every row as many cells.

    A row with more cells keeps them: they stand joined in a column of their own at the end.

    Args:
        name: Of the file.
        rows: From the top of the file; rows without cells may be among them.
        merged: Row, first and last column (from 0) of cells that were merged across columns.
        rows_end_early: Whether rows end at their last filled cell, as in workbooks; else a short row gets a warning.

    Raises:
        InputError: ``no-rows``, ``too-many-rows`` or ``too-many-columns``.
    """
    waiting = iter(rows)
    sample = list(islice(waiting, SAMPLE_ROWS))
    if not any(any(cell.strip() for cell in row) for row in sample):
        raise no_rows(name)
    header = find_header(sample, merged, rows_end_early=rows_end_early)
    width = len(header.names)
    if width > MOST_COLUMNS:
        raise too_many_columns(name)
    builder = TableBuilder(name)
    short, long = 0, 0
    for row in chain(sample[header.first_data_row :], waiting):
        count = len(row)
        if count == width:
            builder.add((*row, ""))
        elif count < width:
            short += any(row)
            builder.add((*row, *[""] * (width + 1 - count)))
        else:
            extra = " | ".join(cell for cell in row[width:] if cell.strip())
            long += bool(extra)
            builder.add((*row[:width], extra))
    extra_name = EXTRA_COLUMN if EXTRA_COLUMN not in header.names else f"{EXTRA_COLUMN} ({width + 1})"
    columns = (*header.names, extra_name)
    data = builder.finish(columns)
    warnings = list(header.warnings)
    unnamed = [columns[index] for index in sorted(header.unnamed)]
    empty = [column for column in unnamed if not pc.any(pc.not_equal(data.column(column), "")).as_py()]
    if len(empty) < len(unnamed) and len(unnamed) < width:
        count = len(unnamed) - len(empty)
        warnings.append(
            TableWarning(
                "unnamed-columns",
                f"{count} {'column has' if count == 1 else 'columns have'} no name, only a number.",
                "Write a name above the column in the file if you need it.",
            )
        )
    if long:
        warnings.append(
            TableWarning(
                "extra-cells",
                f"{long:,} {'row has' if long == 1 else 'rows have'} more cells than there are columns, so a text "
                f"there may be cut; what is left over stands in the column “{extra_name}”.",
                "Put texts that contain the separator in quotation marks, or save the table as .xlsx.",
            )
        )
    else:
        empty.append(extra_name)
    if short and not rows_end_early:
        warnings.append(
            TableWarning(
                "short-rows",
                f"{short:,} {'row has' if short == 1 else 'rows have'} fewer cells than there are columns; the missing "
                "ones were taken as empty.",
                "Look at these rows in the preview if answers seem to be missing.",
            )
        )
    kept = tuple(column for column in columns if column not in empty)
    return NamedTable(kept, data.select(list(kept)), tuple(warnings))
