"""Survey files as Excel workbooks, read sheet by sheet as a stream."""

from __future__ import annotations

import io
import zipfile

from services.errors import InputError
from services.knowledge.loading.archive_directory import check_entry_count
from services.knowledge.loading.packages import DAMAGE_ERRORS
from services.surveys.response_rows import named_table
from services.surveys.response_tables import MOST_COLUMNS, ResponseTable, TableFormat, TableWarning
from services.surveys.workbook_cells import WorkbookCells

# The sheets are read as a stream; only the shared strings are held.
_MOST_UNPACKED_BYTES = 4_000_000_000
_MOST_SHARED_BYTES = 500_000_000
_MOST_PARTS = 10_000


def read_workbook_table(data: bytes, name: str, sheet: str | None = None) -> ResponseTable:
    """Read one sheet of an Excel workbook: the one that is named, else the longest.

    Formulas give the values that were calculated last.

    Raises:
        InputError: ``xlsx-damaged``, ``xlsx-too-large``, ``unknown-sheet``, ``no-rows``, ``too-many-rows`` or
            ``too-many-columns``.
    """
    _check_size(data, name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _table(WorkbookCells(archive), name, sheet)
    except InputError:
        raise
    except DAMAGE_ERRORS as exc:
        raise _damaged(name) from exc


def _table(workbook: WorkbookCells, name: str, wanted: str | None) -> ResponseTable:
    visible = [one for one in workbook.sheets if one.is_visible] or list(workbook.sheets)
    if not visible:
        raise _damaged(name)
    titles = tuple(one.title for one in visible)
    if wanted is not None and wanted not in titles:
        raise InputError(
            f"{name} has no sheet “{wanted}”.",
            code="unknown-sheet",
            remedy=f"Pick one of its sheets: {', '.join(titles[:8])}.",
        )
    chosen = visible[titles.index(wanted)] if wanted is not None else max(visible, key=lambda one: one.size_bytes)
    # One column more than is read tells whether there are more.
    rows = workbook.rows(chosen, MOST_COLUMNS + 1)
    table = named_table(name, rows, workbook.merged(chosen), rows_end_early=True)
    found = list(table.warnings)
    if wanted is None and len(titles) > 1:
        others = ", ".join(f"“{title}”" for title in titles if title != chosen.title)
        found.append(
            TableWarning(
                "other-sheets",
                f"Only the sheet “{chosen.title}” was read, the longest one; there are also {others}.",
                "Pick another sheet if the responses are there.",
            )
        )
    if count := workbook.uncalculated_formulas:
        found.append(
            TableWarning(
                "formulas-without-values",
                f"{count:,} {'formula has' if count == 1 else 'formulas have'} no value in the file, so "
                f"{'its cell is' if count == 1 else 'their cells are'} empty.",
                "Open the file in Excel, save it, and load it again.",
            )
        )
    return ResponseTable(
        name=name,
        format=TableFormat.XLSX,
        columns=table.columns,
        data=table.data,
        warnings=tuple(found),
        sheet=chosen.title,
        sheets=titles,
    )


def _check_size(data: bytes, name: str) -> None:
    try:
        check_entry_count(io.BytesIO(data), name, _MOST_PARTS)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except InputError as exc:
        raise (_damaged(name) if exc.code == "archive-damaged" else _too_large(name)) from exc
    except DAMAGE_ERRORS as exc:
        raise _damaged(name) from exc
    if not any(part.filename.startswith("xl/") for part in parts):
        raise InputError(
            f"{name} is an archive, but not an Excel workbook.",
            code="not-a-workbook",
            remedy="Unpack it, and load the CSV, TSV, XLSX or JSONL file that it holds.",
        )
    shared_bytes = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    if sum(part.file_size for part in parts) > _MOST_UNPACKED_BYTES or shared_bytes > _MOST_SHARED_BYTES:
        raise _too_large(name)


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} unpacks to more than a survey may hold.",
        code="xlsx-too-large",
        remedy="Save the sheet as CSV UTF-8 and load that, or split the workbook.",
    )


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged: it cannot be opened as an Excel workbook.",
        code="xlsx-damaged",
        remedy="Open the file in Excel, save it again as .xlsx, and load the new file.",
    )
