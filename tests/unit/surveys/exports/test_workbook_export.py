"""The Excel workbook."""

from __future__ import annotations

import io
from typing import Any

import openpyxl  # type: ignore[import-untyped, unused-ignore]

from services.surveys.exports.models import ExportTable, SurveyReport
from services.surveys.exports.workbook_export import write_workbook
from services.surveys.response_files import read_table
from tests.unit.surveys.exports.reports import COLUMNS, FORMULAS, data_table, report


def workbook(data: ExportTable | None = None, rows_per_sheet: int = 1_000) -> Any:
    """The workbook of the report, opened again."""
    target = io.BytesIO()
    write_workbook(report(), data or data_table(), target, rows_per_sheet)
    return openpyxl.load_workbook(target)


def test_no_cell_of_any_sheet_can_be_a_formula() -> None:
    for sheet in workbook():
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value).startswith(("=", "+", "@", "\t", "\r")), (sheet.title, cell.coordinate)
                assert not isinstance(cell.value, str) or not cell.value.startswith("-")


def test_sheets_are_there_in_order_with_titles_that_excel_takes() -> None:
    assert workbook().sheetnames == ["README", "Data", "Summary", "By Region Store  all"]


def test_data_keep_their_kinds() -> None:
    rows = list(workbook()["Data"].iter_rows(values_only=True))
    assert rows[0] == tuple(column.name for column in COLUMNS)
    assert rows[2][:3] == ("'=id1", "'+49 30 1234", -1)
    assert rows[2][3].date().isoformat() == "2026-03-02"
    assert len(rows) == 1 + len(FORMULAS) + 3


def test_every_column_of_data_and_summary_is_explained() -> None:
    opened = workbook()
    explained = {str(row[0].value): str(row[1].value) for row in opened["README"].iter_rows(max_col=2) if row[0].value}
    for sheet in ("Data", "Summary"):
        for cell in opened[sheet][1]:
            assert len(explained[str(cell.value)]) > 10
    assert explained["Responses"] == "120"


def test_summary_and_cross_tab_hold_the_figures() -> None:
    opened = workbook()
    summary = list(opened["Summary"].iter_rows(values_only=True))
    assert summary[1][:3] == ("Prices", 60, 0.5)
    assert summary[1][5:13] == (10, 5, 40, 5, -1.5, -2.0, -1.0, -1.2)
    assert summary[2][9:13] == (None, None, None, None)
    tab = list(opened["By Region Store  all"].iter_rows(values_only=True))
    assert tab[0] == (
        "topic",
        "'=Campus",
        "'=Campus count",
        "'=Campus differs",
        "Downtown/North",
        "Downtown/North count",
        "Downtown/North differs",
    )
    assert tab[1][2] == 60
    assert tab[2] == ("Prices", 1.0, 60, "higher", 0.0, 0, "lower")


def test_more_rows_than_a_sheet_holds_go_on_in_the_next() -> None:
    opened = workbook(data_table(7), rows_per_sheet=5)
    assert opened.sheetnames[1:4] == ["Data", "Data 2", "Data 3"]
    assert [opened[title].max_row - 1 for title in opened.sheetnames[1:4]] == [5, 5, 4]


def test_an_analysis_without_any_response_still_makes_a_workbook() -> None:
    target = io.BytesIO()
    empty = SurveyReport("Empty", (), ())
    assert write_workbook(empty, ExportTable("Data", COLUMNS, ()), target) == 0
    assert openpyxl.load_workbook(target).sheetnames == ["README", "Data", "Summary"]


def test_our_own_reader_reads_it() -> None:
    target = io.BytesIO()
    write_workbook(report(), data_table(), target)
    table = read_table(target.getvalue(), "export.xlsx", sheet="Data")
    assert table.columns == ("id", "text", "score", "day")
    assert table.row_count == len(FORMULAS) + 3
