"""Tables in PDFs: rows keep the words of their header, cells stay whole, and what cannot be kept is said."""

from __future__ import annotations

import io

import pytest
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped, unused-ignore]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped, unused-ignore]
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table  # type: ignore[import-untyped, unused-ignore]

from tests.unit.knowledge.loading.samples import load, make_pdf, only_document

GRID = ("GRID", (0, 0), (-1, -1), 0.5, "#000000")
BOLD = ("FONT", (0, 0), (-1, 0), "Helvetica-Bold")


def table_pdf(*parts: object) -> bytes:
    stream = io.BytesIO()
    SimpleDocTemplate(stream).build(list(parts))
    return stream.getvalue()


def wrapped(rows: list[list[str]], width: int = 90) -> Table:
    style = getSampleStyleSheet()["BodyText"]
    return Table([[Paragraph(cell, style) for cell in row] for row in rows], colWidths=[width] * 3, style=[GRID])


@pytest.mark.parametrize("style", [[BOLD], [GRID]])
def test_every_row_of_a_table_over_several_pages_keeps_the_words_of_its_header(style: list[object]) -> None:
    rows = [["Plan", "Fee", "Days"], *([f"Plan {number}", f"{number}", f"{2 * number}"] for number in range(150))]

    document = only_document("a.pdf", table_pdf(Table(rows, repeatRows=1, style=style)))

    assert [line for line in document.text.splitlines() if line] == [
        f"Plan: Plan {number}; Fee: {number}; Days: {2 * number}." for number in range(150)
    ]
    assert [section.page for section in document.sections] == [1, 2, 3, 4, 5]


def test_ruled_table_is_read_by_its_cells_however_their_lines_are_broken() -> None:
    long = "Words that need three or more lines in the narrow cell of this table"
    document = only_document(
        "a.pdf", table_pdf(wrapped([["Plan", "Who", "Note"], ["Basic", "", long], [long, "All of the members", "No"]]))
    )

    assert document.text == f"Plan: Basic; Note: {long}.\nPlan: {long}; Who: All of the members; Note: No."


def test_merged_cell_stands_in_every_row_that_it_covers() -> None:
    rows = [["Region", "Plan", "Fee"], ["North", "Basic", "$5"], ["", "Pro", "$9"], ["South", "Basic", "$4"]]
    style = [BOLD, GRID, ("SPAN", (0, 1), (0, 2))]

    text = only_document("a.pdf", table_pdf(Table(rows, style=style))).text

    assert text.splitlines() == [
        "Region: North; Plan: Basic; Fee: $5.",
        "Region: North; Plan: Pro; Fee: $9.",
        "Region: South; Plan: Basic; Fee: $4.",
    ]


def test_text_around_a_ruled_table_stays_in_order() -> None:
    style = getSampleStyleSheet()["BodyText"]
    table = Table([["Plan", "Fee", "Days"], ["Basic", "$5", "3"], ["Pro", "$9", "4"]], style=[BOLD, GRID])

    text = only_document("a.pdf", table_pdf(Paragraph("Before it.", style), table, Paragraph("After it.", style))).text

    assert text == "Before it.\n\nPlan: Basic; Fee: $5; Days: 3.\nPlan: Pro; Fee: $9; Days: 4.\n\nAfter it."


def test_frame_around_paragraphs_is_no_table() -> None:
    style = getSampleStyleSheet()["BodyText"]
    sentence = "The pharmacy refunds the price of an unopened item within thirty days. " * 8

    text = only_document("a.pdf", table_pdf(Table([[Paragraph(sentence, style)]] * 2, style=[GRID]))).text

    assert text == f"{sentence.strip()}\n\n{sentence.strip()}"


def test_columns_that_do_not_line_up_are_a_warning_with_the_page() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(72, 800, "Fees of the plans")
    for index in range(8):
        canvas.drawString(72, 700 - 14 * index, f"Plan {index}")
        canvas.drawString(180 + 45 * index, 700 - 14 * index, f"${index}")
    canvas.save()

    loaded = load("a.pdf", stream.getvalue())

    assert [warning.code for warning in loaded.warnings] == ["table-lost"]
    assert "page 1" in loaded.warnings[0].cause
    assert "Plan 3 $3" in loaded.documents[0].text


def test_sentence_over_a_page_break_is_whole_and_the_next_one_stands_on_the_next_page() -> None:
    filler = [f"Rule {number} of the pharmacy applies to every order that leaves the building." for number in range(90)]
    document = only_document("a.pdf", make_pdf([" ".join(filler)]))

    first, *_, last = document.sections
    text = document.text[first.start : first.end]

    assert (first.page, last.page) == (1, 2)
    assert text.endswith("building.")
    assert document.text[last.start :].startswith("Rule ")
    assert " ".join(document.text.split()) == " ".join(filler)
