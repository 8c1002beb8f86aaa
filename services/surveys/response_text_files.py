"""Survey files as text with a delimiter: CSV, TSV and their kin."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO, Literal

from services.errors import InputError
from services.surveys.response_encoding import FoundEncoding, find_encoding
from services.surveys.response_headers import SAMPLE_ROWS
from services.surveys.response_rows import NamedTable, named_table
from services.surveys.response_tables import ResponseTable, TableFormat

_DELIMITERS = ",;\t|"
# Stands for "none": this character separates units inside records and occurs in no text.
_NO_DELIMITER = "\x1f"
_LONGEST_CELL = 1_000_000
_SAMPLE_CHARACTERS = 400_000
_SEPARATOR_HINT = re.compile(r"\"?sep=([;,\t|])\"?\s*$")


@dataclass(frozen=True, slots=True)
class _Dialect:
    delimiter: str
    lines_before: int
    has_quotes: bool = True


def read_text_table(stream: BinaryIO, name: str) -> ResponseTable:
    """Read a table as text; its encoding and delimiter are found out.

    Raises:
        InputError: ``empty-file``, ``not-text``, ``unknown-encoding``, ``quotation-marks``, ``no-rows``,
            ``too-many-rows`` or ``too-many-columns``.
    """
    encoding = find_encoding(stream, name)
    with _BorrowedText(stream, encoding) as text:
        dialect = _dialect(text.read(_SAMPLE_CHARACTERS), name)
    try:
        table = _table(stream, encoding, dialect, name)
    except InputError as exc:
        if exc.code != "quotation-marks" or dialect.delimiter != "\t":
            raise
        # Many programs write tabs between cells and leave quotation marks alone; then every line is a row.
        table = _table(stream, encoding, replace(dialect, has_quotes=False), name)
        if {"short-rows", "extra-cells"} & {warning.code for warning in table.warnings}:
            raise
    return ResponseTable(
        name=name,
        format=TableFormat.TSV if dialect.delimiter == "\t" else TableFormat.CSV,
        columns=table.columns,
        data=table.data,
        warnings=(*encoding.warnings, *table.warnings),
        encoding=encoding.label,
        delimiter="" if dialect.delimiter == _NO_DELIMITER else dialect.delimiter,
    )


def _table(stream: BinaryIO, encoding: FoundEncoding, dialect: _Dialect, name: str) -> NamedTable:
    stream.seek(0)
    with _BorrowedText(stream, encoding) as text:
        rows = _rows(islice(text, dialect.lines_before, None), dialect, name)
        return named_table(name, rows, rows_end_early=False)


class _BorrowedText(io.TextIOWrapper):
    """The stream as text; it stays open when the text is closed."""

    def __init__(self, stream: BinaryIO, encoding: FoundEncoding) -> None:
        super().__init__(stream, encoding=encoding.codec, errors="replace", newline="")

    def __exit__(self, *_: object) -> None:
        self.detach()


def _dialect(sample: str, name: str) -> _Dialect:
    first_line = sample.split("\n", 1)[0]
    # Excel writes its delimiter into a first line of its own where the country's habit differs.
    hint = _SEPARATOR_HINT.match(first_line)
    if hint:
        return _Dialect(hint.group(1), 1)
    fitness = {delimiter: _fitness(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(fitness, key=lambda delimiter: fitness[delimiter])
    if fitness[best] > (0.0, 0):
        return _Dialect(best, 0)
    named = "\t" if name.lower().endswith((".tsv", ".tab")) else _NO_DELIMITER
    return _Dialect(named, 0)


def _fitness(sample: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter cuts the rows into equally many cells: the share of such rows, and how many cells."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        rows = [row for row in islice(reader, SAMPLE_ROWS) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0.0, 0
    if len(sample) == _SAMPLE_CHARACTERS and len(rows) > 1:
        rows.pop()  # it may be cut
    if not rows:
        return 0.0, 0
    widths = Counter(map(len, rows))
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0.0, 0
    width = max(several, key=lambda width: (several[width], width))
    share = several[width] / len(rows)
    # Commas in the sentences of a lone column cut it now and then; a delimiter cuts nearly every row alike.
    if share < 0.5:
        return 0.0, 0
    # In two neighboring shares the delimiter that makes more cells is the one.
    return round(share, 1), width


def _rows(lines: Iterable[str], dialect: _Dialect, name: str) -> Iterator[list[str]]:
    # Strict: a forgotten quotation mark would otherwise swallow all rows after it without a word.
    csv.field_size_limit(_LONGEST_CELL)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.has_quotes else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting, strict=True)
    start = dialect.lines_before + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise InputError(
                f"{name} cannot be read from line {start:,} on: a quotation mark is missing or one too many.",
                code="quotation-marks",
                remedy="Correct that line (a quotation mark inside a quoted cell is written twice), or save the table "
                "as an Excel workbook (.xlsx) and load that.",
            ) from exc
        yield cells
        start = dialect.lines_before + reader.line_num + 1
