"""Small CSV files that people wrote: rows by the names of their columns, and cells that are no formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.errors import InputError
from services.spreadsheets import FORMULA_STARTS, safe_text

_DELIMITERS = (",", ";", "\t")
_LONGEST_CELL = 10_000_000
_STARTS = re.escape("".join(FORMULA_STARTS))
_FORMULA = re.compile(f"'* *[{_STARTS}]")
_GUARDED = re.compile(f"'+ *[{_STARTS}]")


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """What the first row of a kind of file must say.

    Attributes:
        required: Columns that must be there once.
        known: Columns that may be there at most once; others are left alone.
        remedy: How the first row should look.
    """

    required: Collection[str]
    known: Collection[str]
    remedy: str


def csv_rows(name: str, text: str, columns: CsvColumns) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows that are not blank, by the names of their columns in small letters, each with the line it starts at.

    Raises:
        InputError: ``missing-column`` or ``bad-line``, with the line.
    """
    text = text.replace("\0", "")
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as exc:
            raise InputError(
                f"Line {start} of {name} is no row of a CSV file.", code="bad-line", remedy=columns.remedy
            ) from exc
        if names is None:
            names = [cell.strip().casefold() for cell in cells]
            _check_names(name, names, columns)
        elif any(cell.strip() for cell in cells):
            if len(cells) > len(names):
                raise InputError(
                    f"Line {start} of {name} has {len(cells)} cells, the first row {len(names)}.",
                    code="bad-line",
                    remedy="Put a text that holds the delimiter between quotation marks.",
                )
            yield start, dict(zip(names, (cell.strip() for cell in cells), strict=False))
        start = reader.line_num + 1
    if names is None:
        _check_names(name, [], columns)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A CSV file; no cell can be a formula, and :func:`unguarded` gives back what stood in it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[guarded(cell) for cell in row] for row in rows])
    return target.getvalue()


def guarded(text: str) -> str:
    """The text as a cell that is no formula; one that looks as if it had been guarded gets another apostrophe."""
    return f"'{text}" if text.startswith("'") and _FORMULA.match(text) else safe_text(text)


def unguarded(cell: str) -> str:
    """The text that :func:`guarded` made a cell of; any other cell stays as it is."""
    return cell[1:] if _GUARDED.match(cell) else cell


def joined(texts: Sequence[str], separator: str) -> str:
    """Texts in one cell; a separator inside a text gets a backslash in front."""
    glue = f"{separator} " if separator == "," else f" {separator} "
    return glue.join(text.replace("\\", "\\\\").replace(separator, f"\\{separator}") for text in texts)


def parted(cell: str, separator: str, clean: Callable[[str], str] = str.strip) -> tuple[str, ...]:
    """The texts that :func:`joined` put in a cell; blank ones are left out."""
    parts, part, escaped = [], "", False
    for character in cell:
        if escaped:
            part += character if character in {separator, "\\"} else f"\\{character}"
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == separator:
            parts.append(part)
            part = ""
        else:
            part += character
    parts.append(f"{part}\\" if escaped else part)
    return tuple(filter(None, map(clean, parts)))


def _check_names(name: str, names: list[str], columns: CsvColumns) -> None:
    for column in columns.known:
        if names.count(column) > 1 or (column in columns.required and column not in names):
            how_many = "no" if column not in names else "more than one"
            raise InputError(f"{name} has {how_many} column “{column}”.", code="missing-column", remedy=columns.remedy)
