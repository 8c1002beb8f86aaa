"""The cells of Excel workbooks as text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice

import openpyxl  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.knowledge.loading.loaded_file import Source
from services.knowledge.loading.packages import DAMAGE_ERRORS, check_unpacked_size, part_names
from services.knowledge.loading.pictures import pictures_warning
from services.knowledge.models import LoadFailure

MOST_COLUMNS = 200
MOST_ROWS = 200_000

NumberedRow = tuple[int, list[str]]


def workbook_tables(source: Source) -> tuple[list[tuple[str, list[NumberedRow]]], tuple[LoadFailure, ...]]:
    """The sheets in their order: title, and the rows that hold anything, each with its number from 1; and warnings.

    Raises:
        InputError: ``xlsx-damaged`` or ``too-large``.
    """
    check_unpacked_size(source.data, source.name)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and rules that it does not know; they have no bearing on the text.
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
            try:
                sheets = [(sheet.title, list(_filled_rows(sheet, source.name))) for sheet in workbook.worksheets]
            finally:
                workbook.close()
    except InputError:
        raise
    except DAMAGE_ERRORS as exc:
        raise InputError(
            f"{source.name} is damaged: it cannot be opened as an Excel workbook.",
            code="xlsx-damaged",
            remedy="Open the file in Excel, save it again as .xlsx, and load the new file.",
        ) from exc
    cut = [title for title, rows in sheets if any(len(cells) > MOST_COLUMNS for _, cells in rows)]
    return [(title, [(number, cells[:MOST_COLUMNS]) for number, cells in rows]) for title, rows in sheets], (
        *([columns_left_out(source.name, cut)] if cut else []),
        *pictures_warning(source.name, _picture_count(source.data)),
    )


def too_many_rows(name: str) -> InputError:
    """The error for a table that is longer than what one document may hold."""
    return InputError(
        f"{name} has more than {MOST_ROWS:,} rows in one table.",
        code="too-large",
        remedy="Split the table into several files, or load it as JSONL.",
    )


def columns_left_out(name: str, sheets: Sequence[str]) -> LoadFailure:
    """The warning for tables that are wider than what is read; text has one sheet without a title."""
    where = ", ".join(f"“{sheet}”" for sheet in sheets[:3] if sheet)
    cause = f"Only the first {MOST_COLUMNS} columns of {f'the sheet {where}' if where else 'the table'} were read."
    return LoadFailure(name, "truncated", cause, "Move what is needed into the first columns, or split the table.")


def _picture_count(data: bytes) -> int:
    """How many pictures and charts the workbook holds."""
    return sum(part.startswith(("xl/media/", "xl/charts/chart")) for part in part_names(data))


def _filled_rows(sheet: object, name: str) -> Iterator[NumberedRow]:
    # One column more than is read tells whether there are more.
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)  # type: ignore[attr-defined, unused-ignore]
    filled_count = 0
    for number, row in enumerate(islice(rows, 1_048_576), start=1):
        cells = [_cell_text(cell.value, getattr(cell, "number_format", "")) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        filled_count += 1
        if filled_count > MOST_ROWS:
            raise too_many_rows(name)
        yield number, cells


def _cell_text(value: object, number_format: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date() | time():
            return value.isoformat()
        case float() if "%" in number_format:
            return f"{value * 100:g}%"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
