"""Survey files as Excel workbooks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from services.errors import InputError
from services.surveys.response_files import read_table
from tests.unit.surveys.intake.table_files import SHEET, codes, with_part, workbook_bytes, workbook_with_shared_strings


def test_cells_of_all_kinds_become_text() -> None:
    rows = [
        ("id", "comment", "date", "moment", "score", "share", "agreed"),
        (1, "Good & <fast>", date(2026, 3, 4), datetime.fromisoformat("2026-03-04 09:05"), 9.0, 0.25, True),
        (2, None, None, None, 4.5, None, False),
    ]
    table = read_table(workbook_bytes(rows), "survey.xlsx")
    assert list(table.rows()) == [
        ("1", "Good & <fast>", "2026-03-04", "2026-03-04 09:05:00", "9", "0.25", "Yes"),
        ("2", "", "", "", "4.5", "", "No"),
    ]


def test_merged_names_are_joined_with_the_names_below() -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_cells("A1:E1")
        sheet.merge_cells("B3:C3")
        sheet.merge_cells("D3:E3")

    rows = [
        ("Survey export",),
        (),
        ("ID", "Your opinion", None, "Ratings", None),
        (None, "App", "Store", "NPS", "CSAT"),
        (1, "good", "bad", 9, 4.5),
    ]
    table = read_table(workbook_bytes(rows, merge), "survey.xlsx")
    assert table.columns == ("ID", "Your opinion - App", "Your opinion - Store", "Ratings - NPS", "Ratings - CSAT")
    assert codes(table) == ["title-rows", "header-joined"]


def test_formulas_give_their_values_and_those_without_are_told() -> None:
    data = workbook_bytes([("id", "comment", "score"), (1, "good", "=4+5"), (2, "bad", "=1+1")])
    data = with_part(data, SHEET, lambda xml: xml.replace(b"<f>4+5</f><v></v>", b"<f>4+5</f><v>9</v>"))
    data = with_part(data, SHEET, lambda xml: xml.replace(b"<f>4+5</f><v />", b"<f>4+5</f><v>9</v>"))
    table = read_table(data, "survey.xlsx")
    assert table.column("score").to_pylist() == ["9", ""]
    assert codes(table) == ["formulas-without-values"]


def test_the_longest_sheet_is_read_and_another_can_be_picked() -> None:
    def add(book: Any, _sheet: Any) -> None:
        book.create_sheet("Notes").append(["note"])
        book["Notes"].append(["made in March"])

    data = workbook_bytes([("id", "comment"), *((number, "some words") for number in range(50))], add)
    table = read_table(data, "survey.xlsx")
    assert (table.sheet, table.sheets, codes(table)) == ("Sheet", ("Sheet", "Notes"), ["other-sheets"])
    assert read_table(data, "survey.xlsx", sheet="Notes").columns == ("note",)
    with pytest.raises(InputError) as error:
        read_table(data, "survey.xlsx", sheet="Data")
    assert error.value.code == "unknown-sheet"


def test_rows_and_cells_that_the_file_leaves_out_are_empty() -> None:
    def far(_book: Any, sheet: Any) -> None:
        sheet["A5"] = 3
        sheet["C5"] = "far"

    table = read_table(
        workbook_bytes([("id", "comment", "note"), (1, "good", "x"), (2, None, "y")], far), "survey.xlsx"
    )
    assert list(table.rows()) == [("1", "good", "x"), ("2", "", "y"), ("3", "", "far")]


def test_a_note_beside_the_table_is_kept_out_of_the_columns() -> None:
    rows = [("id", "comment"), *((number, "words") for number in range(40)), (41, "words", None, None, "look here")]
    table = read_table(workbook_bytes(rows), "survey.xlsx")
    assert table.columns == ("id", "comment", "Extra cells")
    assert list(table.rows(["Extra cells"]))[-1] == ("look here",)


def test_formatted_pieces_of_a_shared_string_are_joined() -> None:
    rich = b"<si><r><t>Very </t></r><r><rPr><b/></rPr><t>good</t></r><rPh sb='0' eb='1'><t>said</t></rPh></si>"
    data = workbook_with_shared_strings(b"<sst>" + rich + b"<si><t>plain</t></si><si/></sst>", 2)
    assert read_table(data, "survey.xlsx").column("comment").to_pylist() == ["Very good", "plain"]


def test_entities_of_an_attacker_are_not_expanded() -> None:
    attack = (
        b'<!DOCTYPE sst [<!ENTITY e SYSTEM "file:///etc/hostname">]><sst><si><t>&e;</t></si><si><t>plain</t></si></sst>'
    )
    data = workbook_with_shared_strings(attack, 2)
    assert read_table(data, "survey.xlsx").column("comment").to_pylist() == ["plain"]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"])
def test_a_damaged_part_is_an_error_and_no_crash(part: str) -> None:
    data = workbook_with_shared_strings(b"<sst><si><t>good</t></si></sst>", 1)
    with pytest.raises(InputError) as error:
        read_table(with_part(data, part, lambda xml: xml[: len(xml) // 2]), "survey.xlsx")
    assert error.value.code == "xlsx-damaged"


def test_a_cell_that_points_to_no_string_is_damage() -> None:
    with pytest.raises(InputError) as error:
        read_table(workbook_with_shared_strings(b"<sst><si><t>good</t></si></sst>", 2), "survey.xlsx")
    assert error.value.code == "xlsx-damaged"


def test_another_archive_is_no_workbook() -> None:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("survey.csv", "id,comment\n1,good\n")
    with pytest.raises(InputError) as error:
        read_table(target.getvalue(), "survey.zip")
    assert error.value.code == "not-a-workbook"


def test_a_sheet_without_rows_is_told() -> None:
    with pytest.raises(InputError) as error:
        read_table(workbook_bytes([]), "survey.xlsx")
    assert error.value.code == "no-rows"
