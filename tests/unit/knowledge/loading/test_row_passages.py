"""Tables without questions and answers: each row is a passage that stands alone."""

from __future__ import annotations

import io

import openpyxl  # type: ignore[import-untyped, unused-ignore]
import pytest

from services.knowledge.loading import LoadedFile
from tests.unit.knowledge.loading.samples import bodies, load, make_xlsx, only_document, saved


def warning_codes(loaded: LoadedFile) -> list[str]:
    return [warning.code for warning in loaded.warnings]


def test_each_row_is_a_section_that_names_its_columns() -> None:
    loaded = load("forms.csv", 'Form,Purpose,Kept for\nCG-3,Complaints,5 years\nAE-5,"Adverse events, all",10 years\n')

    assert bodies(loaded.documents[0]) == [
        (("CG-3",), "Form: CG-3; Purpose: Complaints; Kept for: 5 years."),
        (("AE-5",), "Form: AE-5; Purpose: Adverse events, all; Kept for: 10 years."),
    ]


def test_warning_says_how_the_table_was_read_and_how_to_get_answers() -> None:
    loaded = load("forms.csv", "Form,Purpose\nCG-3,Complaints\nAE-5,Events\n")

    (warning,) = loaded.warnings
    assert warning.code == "read-as-rows"
    assert "each of its 2 rows is a passage, headed by its column “Form”" in warning.cause
    assert "question" in warning.remedy


@pytest.mark.parametrize(
    ("header", "heading"),
    [
        ("Id,Title,Text", "Returns"),
        ("Id,Product name,Text", "Returns"),
        ("Id,Thing,Text", "Returns"),
    ],
)
def test_row_is_headed_by_a_title_like_column_else_by_the_first_with_words(header: str, heading: str) -> None:
    document = load("a.csv", f"{header}\n1,Returns,Within 30 days\n2,Fees,None\n").documents[0]

    assert document.sections[0].path == (heading,)


def test_empty_cells_are_left_out_and_long_ones_head_nothing() -> None:
    long = "Words " * 40
    document = load("a.csv", f"Name,Note\n{long},\nShort,\nOther,\nMore,x\nLast,\n").documents[0]

    assert bodies(document)[0] == ((), f"Name: {long.strip()}.")
    assert bodies(document)[1] == (("Short",), "Name: Short.")


def test_table_without_names_of_columns_is_read_and_said_so() -> None:
    loaded = load("a.csv", "Basic,5,30\nPro,9,60\n")

    assert [body for _, body in bodies(loaded.documents[0])] == ["Basic; 5; 30.", "Pro; 9; 60."]
    assert "No names of columns" in loaded.warnings[0].cause


def test_lines_above_the_table_are_kept() -> None:
    data = make_xlsx(("Fees of 2026",), (None,), ("Plan", "Fee"), ("Basic", 5), ("Pro", 9))

    assert bodies(load("a.xlsx", data).documents[0]) == [
        ((), "Fees of 2026"),
        (("Basic",), "Plan: Basic; Fee: 5."),
        (("Pro",), "Plan: Pro; Fee: 9."),
    ]


def test_single_column_is_one_passage_per_line() -> None:
    document = load("a.csv", "Rule\nNever share a password.\nLock the screen when you leave.\n").documents[0]

    assert bodies(document) == [((), "Rule: Never share a password."), ((), "Rule: Lock the screen when you leave.")]


def test_sheets_beside_answers_are_read_too() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "FAQ"
    for row in (("Question", "Answer"), ("How?", "So.")):
        workbook.active.append(row)
    notes = workbook.create_sheet("Contacts")
    for row in (("Team", "Phone"), ("Billing", "1-800-555-0150")):
        notes.append(row)
    workbook.create_sheet("Empty")

    loaded = load("a.xlsx", saved(workbook))

    assert bodies(loaded.documents[0]) == [
        (("How?",), "So."),
        (("Contacts", "Billing"), "Team: Billing; Phone: 1-800-555-0150."),
    ]
    assert [warning.cause.split(" has")[0] for warning in loaded.warnings] == ["Sheet “Contacts”"]


def test_title_and_address_come_from_the_properties_of_the_workbook() -> None:
    workbook = openpyxl.Workbook()
    workbook.properties.title = "Fees of all plans"
    workbook.properties.subject = "https://kb.example/fees"
    for row in (("Plan", "Fee"), ("Basic", 5)):
        workbook.active.append(row)

    document = only_document("a.xlsx", saved(workbook))

    assert (document.title, document.url) == ("Fees of all plans", "https://kb.example/fees")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_columns_beyond_the_limit_are_a_warning(suffix: str) -> None:
    rows = [[f"Column {index} x" for index in range(205)], [f"v{index}" for index in range(205)]]
    data = make_xlsx(*map(tuple, rows)) if suffix == "xlsx" else "\n".join(map(",".join, rows)).encode()

    loaded = load(f"a.{suffix}", data)

    assert "truncated" in warning_codes(loaded)
    assert "v199" in loaded.documents[0].text
    assert "v200" not in loaded.documents[0].text


def test_pictures_in_a_workbook_are_counted() -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    workbook = openpyxl.Workbook()
    workbook.active.append(("Question", "Answer"))
    workbook.active.append(("How?", "So."))
    workbook.active.add_image(openpyxl.drawing.image.Image(picture))

    assert warning_codes(load("a.xlsx", saved(workbook))) == ["pictures-not-read"]
