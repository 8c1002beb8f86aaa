"""Makes survey files for the tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl  # type: ignore[import-untyped, unused-ignore]

from services.surveys.response_files import read_table
from services.surveys.response_tables import ResponseTable

SHEET = "xl/worksheets/sheet1.xml"


def csv_table(text: str, name: str = "survey.csv", encoding: str = "utf-8") -> ResponseTable:
    """A table read from the text of a CSV file."""
    return read_table(text.encode(encoding), name)


def workbook_bytes(
    rows: Sequence[Sequence[Any]], change: Callable[[Any, Any], None] = lambda _book, _sheet: None
) -> bytes:
    """A workbook with one sheet; ``change`` may do more to the workbook and the sheet."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in rows:
        sheet.append(list(row))
    change(workbook, sheet)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one part of its archive changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as changed:
        for part in source.infolist():
            content = source.read(part.filename)
            changed.writestr(part.filename, change(content) if part.filename == name else content)
    return target.getvalue()


def codes(table: ResponseTable) -> list[str]:
    """The codes of a table's warnings."""
    return [warning.code for warning in table.warnings]


def workbook_with_shared_strings(strings: bytes, count: int) -> bytes:
    """A workbook as Excel writes it: a column "comment" whose cells point to the first ``count`` shared strings."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{row - 2}</v></c></row>' for row in range(2, count + 2))
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Data" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
        f'Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        SHEET: f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>comment</t></is></c>'
        f"</row>{cells}</sheetData></worksheet>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.writestr("xl/sharedStrings.xml", strings.replace(b"<sst>", f'<sst xmlns="{main}">'.encode()))
    return target.getvalue()
