"""A survey file as a table of text, kept by columns so that half a million rows stay small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError

MOST_ROWS = 2_000_000
MOST_COLUMNS = 1_000
# So many rows are Python objects at a time; everything else lies in Arrow's columns.
BATCH_ROWS = 10_000


class TableFormat(StrEnum):
    """What kind of file a table came from."""

    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class TableWarning:
    """Something that a person should know about how a file was read; nothing was lost by it.

    Attributes:
        code: In kebab-case, for logs and tests.
        message: What was found, one sentence.
        remedy: What to do if it is wrong.
    """

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ResponseTable:
    """The rows of a survey file. Every cell is text without white space around it; a missing one is ``""``.

    Attributes:
        name: Of the file.
        columns: Unique and not empty, in the file's order.
        data: The cells, as an Arrow table of strings without nulls, one column per name.
        encoding: As a person says it; empty where the format has its own.
        delimiter: Empty where there is none.
        sheet: Title of the sheet that was read; empty where there are no sheets.
        sheets: Titles of all visible sheets.
    """

    name: str
    format: TableFormat
    columns: tuple[str, ...]
    data: Any
    warnings: tuple[TableWarning, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = field(default=())

    @property
    def row_count(self) -> int:
        """Rows below the names of the columns."""
        return int(self.data.num_rows)

    def column(self, name: str) -> Any:
        """One column as Arrow's chunked array of strings.

        Raises:
            InputError: ``unknown-column``.
        """
        if name not in self.columns:
            known = ", ".join(f"“{column}”" for column in self.columns[:8])
            raise InputError(
                f"{self.name} has no column “{name}”.",
                code="unknown-column",
                remedy=f"Pick one of its columns: {known}{' …' if len(self.columns) > 8 else ''}.",
            )
        return self.data.column(name)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[tuple[str, ...]]:
        """The rows in the file's order, with the cells of some columns; all of them when None.

        Raises:
            InputError: ``unknown-column``.
        """
        wanted = self.columns if columns is None else tuple(columns)
        for name in wanted:
            self.column(name)
        for batch in self.data.select(list(wanted)).to_batches(max_chunksize=BATCH_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def head(self, count: int) -> list[tuple[str, ...]]:
        """The first rows, for a preview."""
        part = self.data.slice(0, count)
        return list(zip(*(column.to_pylist() for column in part.columns), strict=True))


class TableBuilder:
    """Takes rows one by one and keeps them as Arrow columns.

    Args:
        name: Of the file, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: list[Sequence[str]] = []
        self._batches: list[Any] = []
        self._row_count = 0

    def add(self, cells: Sequence[str]) -> None:
        """One row; all rows have the same number of cells.

        Raises:
            InputError: ``too-many-rows``.
        """
        self._waiting.append(cells)
        if len(self._waiting) == BATCH_ROWS:
            self._store_waiting()

    def finish(self, columns: Sequence[str]) -> Any:
        """The Arrow table; rows without a single filled cell are left out.

        Raises:
            InputError: ``no-rows``.
        """
        self._store_waiting()
        if not self._row_count:
            raise no_rows(self._name)
        schema = pa.schema([(column, pa.string()) for column in columns])
        return pa.Table.from_batches([pa.RecordBatch.from_arrays(arrays, schema=schema) for arrays in self._batches])

    def _store_waiting(self) -> None:
        if not self._waiting:
            return
        arrays = [cleaned(pa.array(cells, pa.string())) for cells in zip(*self._waiting, strict=True)]
        self._waiting = []
        arrays = _filled_rows(arrays)
        if len(arrays[0]):
            self._batches.append(arrays)
        self._row_count += len(arrays[0])
        if self._row_count > MOST_ROWS:
            raise too_many_rows(self._name)


def table_of_records(name: str, records: Iterable[Mapping[str, str]], columns: Sequence[str]) -> Any:
    """An Arrow table of rows that name their cells; a name that a row lacks is an empty cell.

    Args:
        columns: All names that occur, in order; read after the records were.

    Raises:
        InputError: ``no-rows`` or ``too-many-rows``.
    """
    builders: list[tuple[tuple[str, ...], TableBuilder]] = []
    for record in records:
        # A new name opens a new builder; those before are filled up with empty cells at the end.
        if not builders or len(builders[-1][0]) != len(columns):
            builders.append((tuple(columns), TableBuilder(name)))
        known, builder = builders[-1]
        builder.add([record.get(column, "") for column in known])
    parts = []
    for known, builder in builders:
        try:
            parts.append(builder.finish(known))
        except InputError as exc:
            if exc.code != "no-rows":
                raise
    if not parts:
        raise no_rows(name)
    if sum(part.num_rows for part in parts) > MOST_ROWS:
        raise too_many_rows(name)
    filled = []
    for part in parts:
        arrays = [
            part.column(column) if column in part.column_names else pa.array([""] * part.num_rows, pa.string())
            for column in columns
        ]
        filled.append(pa.table(arrays, names=list(columns)))
    return pa.concat_tables(filled)


def cleaned(cells: Any) -> Any:
    """An Arrow array of strings without NUL characters and without white space around the cells."""
    return pc.utf8_trim_whitespace(pc.replace_substring(cells, pattern="\0", replacement=""))


def no_rows(name: str) -> InputError:
    """The error for a file without a row of data."""
    return InputError(
        f"{name} holds no responses: there is no row below the names of the columns.",
        code="no-rows",
        remedy="Check that the export was finished: the first row names the columns, each further row is one person's "
        "answers.",
    )


def too_many_rows(name: str) -> InputError:
    """The error for a table that is longer than what is read."""
    return InputError(
        f"{name} has more than {MOST_ROWS:,} rows.",
        code="too-many-rows",
        remedy="Split the file, for example by month, and load the parts.",
    )


def too_many_columns(name: str) -> InputError:
    """The error for a table that is wider than what is read."""
    return InputError(
        f"{name} has more than {MOST_COLUMNS:,} columns.",
        code="too-many-columns",
        remedy="Keep the columns that you need, and save the rest in another file.",
    )


def _filled_rows(arrays: list[Any]) -> list[Any]:
    filled = pc.not_equal(arrays[0], "")
    for array in arrays[1:]:
        filled = pc.or_(filled, pc.not_equal(array, ""))
    if pc.all(filled).as_py():
        return arrays
    return [array.filter(filled) for array in arrays]
