"""Survey files as text: encodings, delimiters, quotation marks, ragged rows, and what is no table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.errors import InputError, NotFoundError
from services.surveys.response_files import read_table
from services.surveys.response_tables import BATCH_ROWS, TableFormat
from tests.unit.surveys.intake.table_files import codes, csv_table


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(delimiter: str) -> None:
    table = csv_table(f"id{delimiter}comment\n1{delimiter}Fast\n2{delimiter}Slow\n")
    assert (table.columns, table.delimiter) == (("id", "comment"), delimiter)
    assert list(table.rows()) == [("1", "Fast"), ("2", "Slow")]


def test_semicolons_win_where_the_texts_are_full_of_commas() -> None:
    table = csv_table("id;comment;score\n1;Good, fast, cheap;9\n2;Slow, bad, expensive;2\n3;Well, yes, but;5\n")
    assert next(table.rows(["comment"])) == ("Good, fast, cheap",)


def test_commas_in_the_sentences_of_a_lone_column_do_not_cut_them() -> None:
    table = csv_table("comment\nI like it, but it is slow\nBad\nWell, yes, no, maybe\nFine\nGood, really\n")
    assert table.columns == ("comment",)
    assert table.head(1) == [("I like it, but it is slow",)]


def test_the_delimiter_that_excel_names_is_kept() -> None:
    assert csv_table("sep=;\nid;comment\n1;Good, fast\n").columns == ("id", "comment")


@pytest.mark.parametrize(
    ("encoding", "label"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("cp1252", "Windows")],
)
def test_letters_are_right_in_any_encoding(encoding: str, label: str) -> None:
    table = csv_table("id,comment\n1,Schöner Kaffee für mich\n2,Très bon café\n", encoding=encoding)
    assert table.column("comment").to_pylist() == ["Schöner Kaffee für mich", "Très bon café"]
    assert table.columns[0] == "id"
    assert table.encoding.startswith(label)
    assert ("encoding-guessed" in codes(table)) == (encoding == "cp1252")


def test_a_letter_in_another_encoding_far_down_does_not_stop_the_file() -> None:
    data = b"id,comment\n" + b"".join(b"%d,plain words\n" % number for number in range(100_000)) + b"x,caf\xe9\n"
    table = read_table(data, "survey.csv")
    assert list(table.rows(["comment"]))[-1] == ("café",)


def test_quoted_line_breaks_and_quotation_marks_stay_in_the_text() -> None:
    table = csv_table('id,comment\n1,"Good,\nreally ""good"""\n2,Bad\n')
    assert table.column("comment").to_pylist() == ['Good,\nreally "good"', "Bad"]


def test_a_forgotten_quotation_mark_is_named_with_its_line() -> None:
    with pytest.raises(InputError, match="line 3") as error:
        csv_table('id,comment\n1,Fine\n2,"Never closed\n3,Swallowed\n')
    assert error.value.code == "quotation-marks"
    assert error.value.remedy


def test_quotation_marks_mean_nothing_where_tabs_stand_and_every_line_is_a_row() -> None:
    table = csv_table('id\tcomment\n1\t"Great" app\n2\t"quoted at the start only\n', "survey.tsv")
    assert table.column("comment").to_pylist() == ['"Great" app', '"quoted at the start only']
    with pytest.raises(InputError) as error:
        csv_table('id\tcomment\n1\t"two\nlines" and\n2\tmore\n', "survey.tsv")
    assert error.value.code == "quotation-marks"


def test_short_rows_get_empty_cells_and_surplus_cells_are_kept() -> None:
    table = csv_table("id,comment,score\n1,Good,9\n2,Bad\n3,Well, then, 5,x\n4,Fine,7\n")
    assert list(table.rows()) == [
        ("1", "Good", "9", ""),
        ("2", "Bad", "", ""),
        ("3", "Well", "then", "5 | x"),
        ("4", "Fine", "7", ""),
    ]
    assert table.columns[-1] == "Extra cells"
    assert codes(table) == ["extra-cells", "short-rows"]


def test_null_bytes_are_left_out_and_told() -> None:
    table = csv_table("id,com\0ment\n1,Go\0od" + " and more words" * 30 + "\n2,Bad\n")
    assert table.columns == ("id", "comment")
    assert table.column("comment").to_pylist()[0].startswith("Good and")
    assert codes(table) == ["null-bytes"]


def test_columns_of_one_name_are_told_apart() -> None:
    table = csv_table("comment,comment,score\nGood,Bad,1\n")
    assert table.columns == ("comment", "comment (2)", "score")
    assert codes(table) == ["duplicate-columns"]


def test_unnamed_columns_are_numbered_if_they_hold_anything() -> None:
    table = csv_table("id,comment,,\n1,Good,x,\n2,Bad,,\n")
    assert table.columns == ("id", "comment", "Column 3")
    assert codes(table) == ["unnamed-columns"]


def test_title_rows_above_the_names_are_left_out() -> None:
    table = csv_table("Survey export,,\n,,\nid,comment,score\n1,Good,9\n2,Bad,3\n")
    assert (table.columns, table.row_count) == (("id", "comment", "score"), 2)
    assert codes(table) == ["title-rows"]


def test_rows_without_names_above_them_are_all_kept() -> None:
    table = csv_table("1,Good,9\n2,Bad,3\n3,Fine,5\n")
    assert table.columns == ("Column 1", "Column 2", "Column 3")
    assert table.row_count == 3
    assert codes(table) == ["no-header"]


def test_a_lone_column_that_begins_with_a_response_loses_none() -> None:
    table = csv_table("The app is slow today.\nI like the coffee.\nStaff is nice.\n")
    assert table.row_count == 3


def test_names_in_two_rows_are_joined() -> None:
    table = csv_table("Respondent,What do you like?,,\n,Open-Ended Response,E-mail,Phone\n1,Good,x,y\n2,Bad,,\n")
    assert table.columns[1:] == (
        "What do you like? - Open-Ended Response",
        "What do you like? - E-mail",
        "What do you like? - Phone",
    )
    assert list(table.rows(["Respondent"])) == [("1",), ("2",)]


def test_the_extra_rows_of_qualtrics_are_no_responses() -> None:
    table = csv_table(
        'Q1,NPS\nWhy?,How likely?\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\nGood coffee,9\nSlow app,2\n'
    )
    assert list(table.rows()) == [("Good coffee", "9"), ("Slow app", "2")]
    assert codes(table) == ["export-rows"]


def test_json_lines_may_have_different_keys_and_lists() -> None:
    lines = [
        {"id": 1, "comment": "Good"},
        {"id": 2, "comment": None, "tags": ["a", "b"], "score": 4.0},
        {"half": "\ud800"},
    ]
    table = read_table("\n".join(map(json.dumps, lines)).encode(), "survey.jsonl")
    assert table.format is TableFormat.JSONL
    assert table.columns == ("id", "comment", "tags", "score", "half")
    assert list(table.rows(["id", "comment", "tags", "score"])) == [
        ("1", "Good", "", ""),
        ("2", "", "a; b", "4"),
        ("", "", "", ""),
    ]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "survey.csv", "empty-file"),
        (b" \n\r\n", "survey.csv", "empty-file"),
        (b"id,comment\n", "survey.csv", "no-rows"),
        (b"id,comment\n,\n , \n", "survey.csv", "no-rows"),
        (b"%PDF-1.7 ...", "survey.csv", "not-text"),
        (bytes(range(256)) * 40, "survey.csv", "not-text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "survey.xls", "xls-old"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "survey.xlsx",
            "xlsx-protected",
        ),
        (b"PK\x03\x04 half a file", "survey.xlsx", "xlsx-damaged"),
        (b'{"id": 1}\n{"id": ', "survey.jsonl", "jsonl-damaged"),
        (b"id,comment\n", "survey.jsonl", "jsonl-damaged"),
        (b'[{"id": 1}]', "survey.json", "json-array"),
    ],
)
def test_each_bad_file_has_its_code_and_remedy(data: bytes, name: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        read_table(data, name)
    assert error.value.code == code
    assert error.value.remedy != InputError.default_remedy


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as error:
        read_table(tmp_path / "nowhere.csv", "nowhere.csv")
    assert error.value.code == "file-missing"


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    table = csv_table("id,comment\n1,Good\n")
    with pytest.raises(InputError) as error:
        list(table.rows(["text"]))
    assert error.value.code == "unknown-column"
    assert "“comment”" in error.value.remedy


def test_rows_keep_their_order_over_many_batches(tmp_path: Path) -> None:
    count = 2 * BATCH_ROWS + 17
    path = tmp_path / "large.csv"
    path.write_text("id,comment\n" + "".join(f"{number},word {number}\n" for number in range(count)), encoding="utf-8")
    table = read_table(path, "large.csv")
    assert table.row_count == count
    assert [row[0] for row in table.rows(["id"])] == [str(number) for number in range(count)]


def test_a_response_of_fifty_thousand_characters_is_whole() -> None:
    text = "very long " * 5_000
    assert csv_table(f"id,comment\n1,{text}\n2,Short\n").column("comment").to_pylist()[0] == text.strip()
