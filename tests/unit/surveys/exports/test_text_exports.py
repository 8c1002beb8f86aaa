"""CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json

from services.surveys.exports.cells import LONGEST_WORKBOOK_CELL, safe_cell, workbook_cell
from services.surveys.exports.models import ExportTable
from services.surveys.exports.text_exports import write_csv, write_json_lines
from tests.unit.surveys.exports.reports import COLUMNS, FORMULAS, data_table


def test_no_cell_of_a_csv_file_can_be_a_formula() -> None:
    target = io.BytesIO()
    assert write_csv(data_table(), target) == len(FORMULAS) + 3
    assert target.getvalue().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"), newline="")))
    assert rows[0] == ["id", "text", "score", "day"]
    for row, formula in zip(rows[1:], FORMULAS, strict=False):
        assert row[0].startswith("'=id")
        assert row[1] == f"'{formula}".replace("\r", "\n")
    assert rows[3][2:] == ["-2", "2026-03-03"]  # a number is no formula
    assert rows[-1] == ["r2", "Plain “text” 2", "", ""]


def test_json_lines_hold_what_was_written() -> None:
    target = io.BytesIO()
    assert write_json_lines(data_table(), target) == len(FORMULAS) + 3
    lines = [json.loads(line) for line in target.getvalue().decode("utf-8").splitlines()]
    assert lines[0] == {"id": "=id0", "text": "=1+1", "score": 0, "day": "2026-03-01"}
    assert lines[-1] == {"id": "r2", "text": "Plain “text” 2", "score": None, "day": None}


def test_a_lone_carriage_return_cannot_begin_a_row_of_its_own() -> None:
    target = io.BytesIO()
    write_csv(ExportTable("Data", COLUMNS[:2], [("r1", "Nice\r=1+1,x\r\n=2+2")]), target)
    rows = list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"), newline="")))
    assert rows == [["id", "text"], ["r1", "Nice\n=1+1,x\n=2+2"]]


def test_the_streams_stay_open_for_whoever_gave_them() -> None:
    target = io.BytesIO()
    write_csv(data_table(), target)
    target.write(b"more")
    assert target.getvalue().endswith(b"more")


def test_plain_cells_stay_what_they_are() -> None:
    for value in ("Good", "a=b", "5 - 2", "", -3, 4.5, None):
        assert safe_cell(value) == value


def test_cells_fit_into_a_workbook() -> None:
    assert workbook_cell("a\x00b\x0bc\n") == "abc\n"
    for text in ("x" * 50_000, "😀" * 30_000):
        cell = workbook_cell(text)
        assert isinstance(cell, str)
        assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_WORKBOOK_CELL
        assert cell.endswith("(cut: a cell holds no more)")
    assert workbook_cell("y" * 20_000) == "y" * 20_000
