"""Findings as an Excel workbook: what is in it, the data, a summary, and a sheet per cross-tab."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO

from openpyxl import Workbook  # type: ignore[import-untyped, unused-ignore]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped, unused-ignore]
from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped, unused-ignore]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped, unused-ignore]

from services.surveys.cross_tabs import CrossTab, Difference
from services.surveys.exports.cells import CellValue, Share, workbook_cell
from services.surveys.exports.columns import CROSS_TAB_COLUMNS, IMPACT_COLUMNS, README_SHEET, SUMMARY_COLUMNS
from services.surveys.exports.models import ExportColumn, ExportTable, SurveyReport

ROWS_PER_SHEET = 1_000_000
_HEADING_FILL = "FFE8ECF1"
_PERCENT = "0.0%"


def write_workbook(
    report: SurveyReport,
    data: ExportTable,
    target: BinaryIO,
    rows_per_sheet: int = ROWS_PER_SHEET,
    *,
    tables: Sequence[ExportTable] = (),
) -> int:
    """Write an Excel workbook; no cell can be a formula. The rows are streamed, so that many fit into little memory.

    They lie in temporary files until the end; when it is broken off, these are deleted.

    Args:
        rows_per_sheet: More rows go on in a further sheet.
        tables: Further sheets, the last ones.

    Returns:
        How many rows of data were written.
    """
    workbook = Workbook(write_only=True)
    try:
        count = _fill_workbook(workbook, report, data, rows_per_sheet, tables)
        workbook.save(target)
    except BaseException:
        _discard(workbook)
        raise
    return count


def _fill_workbook(
    workbook: Any, report: SurveyReport, data: ExportTable, rows_per_sheet: int, tables: Sequence[ExportTable]
) -> int:
    titles: set[str] = set()
    readme = _sheet(workbook, README_SHEET, titles)
    sheets: list[tuple[str, str, Sequence[ExportColumn]]] = []
    summary_columns = (*SUMMARY_COLUMNS, *(IMPACT_COLUMNS if report.score_name else ()))
    # The README stands first and is filled first, so what it tells of the sheets is put together before they are.
    sheets.append((data.title, data.about or "One row per response.", data.columns))
    sheets.append(("Summary", "One row per topic, the commonest first.", summary_columns))
    sheets += [
        (f"By {tab.segment}", f"Topics by the values of “{tab.segment}”.", CROSS_TAB_COLUMNS)
        for tab in report.cross_tabs
    ]
    sheets += [(table.title, table.about, table.columns) for table in tables]
    _fill_readme(readme, report, sheets)
    count = _fill_data(workbook, data, titles, rows_per_sheet)
    _fill_table(_sheet(workbook, "Summary", titles, summary_columns), _summary_rows(report))
    for tab in report.cross_tabs:
        names = list(chain.from_iterable((value, f"{value} count", f"{value} differs") for value in tab.values))
        columns = [ExportColumn(name, "") for name in ("topic", *names)]
        _fill_table(_sheet(workbook, f"By {tab.segment}", titles, columns), _cross_tab_rows(tab))
    for table in tables:
        _fill_table(_sheet(workbook, table.title, titles, table.columns), table.rows)
    return count


def _discard(workbook: Any) -> None:
    for sheet in workbook.worksheets:
        with contextlib.suppress(Exception):  # half a sheet may not close well, and its file is only wanted gone
            if not sheet.closed:
                sheet.close()
        with contextlib.suppress(Exception):
            sheet._writer.cleanup()


def _fill_readme(sheet: Any, report: SurveyReport, sheets: Iterable[tuple[str, str, Sequence[ExportColumn]]]) -> None:
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = 100
    sheet.append([_styled(sheet, report.title, bold=True, size=14)])
    sheet.append([])
    for name, value in report.facts:
        sheet.append([workbook_cell(name), workbook_cell(value)])
    for note in report.notes:
        sheet.append(["Note", _styled(sheet, note, wrap=True)])
    for title, what, columns in sheets:
        sheet.append([])
        sheet.append([_styled(sheet, f"Sheet: {title}", bold=True), _styled(sheet, what, bold=True)])
        for column in columns:
            sheet.append([workbook_cell(column.name), _styled(sheet, column.meaning, wrap=True)])
    sheet.append([])
    apostrophe = "Text that starts with = + - or @ has an apostrophe in front, so that it cannot run as a formula."
    sheet.append(["Note", _styled(sheet, apostrophe, wrap=True)])


def _fill_data(workbook: Any, data: ExportTable, titles: set[str], rows_per_sheet: int) -> int:
    rows = iter(data.rows)
    count = 0
    while True:
        title = data.title if not count else f"{data.title} {count // rows_per_sheet + 1}"
        first = next(rows, None)
        if first is None and count:
            return count
        sheet = _sheet(workbook, title, titles, data.columns)
        if first is None:
            return 0
        count += _fill_table(sheet, chain([first], islice(rows, rows_per_sheet - 1)))


def _fill_table(sheet: Any, rows: Iterable[Sequence[CellValue]]) -> int:
    count = 0
    for row in rows:
        sheet.append([None if value is None else _percent_or_value(sheet, value) for value in row])
        count += 1
    return count


def _percent_or_value(sheet: Any, value: CellValue) -> Any:
    if isinstance(value, Share):
        cell = WriteOnlyCell(sheet, float(value))
        cell.number_format = _PERCENT
        return cell
    return workbook_cell(value)


def _summary_rows(report: SurveyReport) -> Iterator[list[CellValue]]:
    for one in report.summaries:
        row: list[CellValue] = [one.topic, one.count, *map(Share, (one.share.value, one.share.low, one.share.high))]
        row += [one.positive, one.neutral, one.negative, one.mixed]
        if report.score_name:
            impact = one.impact
            if impact is None:
                row += [None] * 4
            else:
                adjusted = impact.adjusted.value if impact.adjusted else None
                row += [impact.difference.value, impact.difference.low, impact.difference.high, adjusted]
        yield row


def _cross_tab_rows(tab: CrossTab) -> Iterator[list[CellValue]]:
    yield ["All responses of the segment", *chain.from_iterable((None, total, None) for total in tab.totals)]
    for topic, cells in zip(tab.topics, tab.cells, strict=True):
        row: list[CellValue] = [topic]
        for cell in cells:
            differs = cell.difference.value if cell.difference is not Difference.NONE else None
            row += [Share(cell.share.value), cell.count, differs]
        yield row


def _sheet(workbook: Any, title: str, titles: set[str], columns: Sequence[ExportColumn] = ()) -> Any:
    """A new sheet; Excel wants titles of at most 31 characters, each once, without a few marks."""
    name = base = re.sub(r"[\[\]:*?/\\]", " ", title).strip(" '")[:31] or "Sheet"
    number = 1
    while name.casefold() in titles:
        number += 1
        name = f"{base[: 31 - len(str(number)) - 1]} {number}"
    titles.add(name.casefold())
    sheet = workbook.create_sheet(name)
    if columns:
        sheet.freeze_panes = "A2"
        for place, column in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(place)].width = min(60, max(12, len(column.name) + 3))
        sheet.append([_styled(sheet, column.name, bold=True, filled=True) for column in columns])
    return sheet


def _styled(
    sheet: Any, text: str, *, bold: bool = False, wrap: bool = False, filled: bool = False, size: int = 11
) -> Any:
    cell = WriteOnlyCell(sheet, workbook_cell(text))
    cell.font = Font(bold=bold, size=size)
    if wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if filled:
        cell.fill = PatternFill("solid", start_color=_HEADING_FILL)
    return cell
