"""The cells of Excel workbooks as text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice

import openpyxl  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.knowledge.loading.loaded_file import Source
from services.knowledge.loading.packages import DAMAGE_ERRORS, check_unpacked_size

_MOST_COLUMNS = 200
_MOST_ROWS = 200_000

NumberedRow = tuple[int, list[str]]


def workbook_tables(source: Source) -> list[tuple[str, list[NumberedRow]]]:
    """The sheets in their order: title, and the rows that hold anything, each with its number from 1.

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
                return [(sheet.title, list(_filled_rows(sheet, source.name))) for sheet in workbook.worksheets]
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


def _filled_rows(sheet: object, name: str) -> Iterator[NumberedRow]:
    rows = sheet.iter_rows(max_col=_MOST_COLUMNS)  # type: ignore[attr-defined, unused-ignore]
    filled_count = 0
    for number, row in enumerate(islice(rows, 1_048_576), start=1):
        cells = [_cell_text(cell.value, getattr(cell, "number_format", "")) for cell in row]
        if not any(cells):
            continue
        filled_count += 1
        if filled_count > _MOST_ROWS:
            raise InputError(
                f"{name} has more than {_MOST_ROWS:,} rows in one sheet.",
                code="too-large",
                remedy="Split the table into several workbooks, or load it as JSONL.",
            )
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
