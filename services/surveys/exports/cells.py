"""Cells that a spreadsheet cannot take for a formula."""

from __future__ import annotations

import re
from datetime import date

from services.spreadsheets import safe_text

CellValue = str | int | float | date | None

_FORBIDDEN_IN_WORKBOOKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LONGEST_WORKBOOK_CELL = 32_767
_CUT_MARK = " … (cut: a cell holds no more)"


class Share(float):
    """A number from 0 to 1 that a workbook shows as a percentage."""


def safe_cell(value: CellValue) -> CellValue:
    """Text as :func:`services.spreadsheets.safe_text` has it; numbers and dates stay what they are."""
    return safe_text(value) if isinstance(value, str) else value


def workbook_cell(value: CellValue) -> CellValue:
    """Like :func:`safe_cell`, and what Excel can hold: no control characters, at most 32,767 characters."""
    if isinstance(value, str):
        value = _FORBIDDEN_IN_WORKBOOKS.sub("", value)
        # Excel counts a character outside the basic plane twice.
        if len(value) > LONGEST_WORKBOOK_CELL // 2 and len(value.encode("utf-16-le")) // 2 > LONGEST_WORKBOOK_CELL - 1:
            room = (LONGEST_WORKBOOK_CELL - 1 - len(_CUT_MARK)) * 2
            value = value.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + _CUT_MARK
    return safe_cell(value)
