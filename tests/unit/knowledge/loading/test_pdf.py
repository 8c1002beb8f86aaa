"""PDF: pages, headings, paragraphs, tables, and each way of being unreadable."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped, unused-ignore]

from tests.unit.knowledge.loading.samples import load, make_pdf, make_scan, only_code, only_document

LONG = "The pharmacy refunds the price of an unopened item within thirty days after the purchase. " * 3


def test_password_protected_pdf_is_reported_with_its_own_code() -> None:
    assert only_code("a.pdf", make_pdf(["Text."], password="secret")) == "pdf-password"


def test_damaged_pdf_is_reported_with_its_own_code() -> None:
    assert only_code("a.pdf", b"%PDF-1.7\n" + b"\x9f\x8e" * 300) == "pdf-damaged"


def test_scanned_pdf_is_reported_with_its_own_code() -> None:
    assert only_code("a.pdf", make_scan()) == "pdf-no-text"


def test_page_with_only_a_picture_is_a_warning() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped, unused-ignore]

    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(100, 500, "Some text on this page.")
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("RGB", (50, 50), "gray")), 0, 0, 500, 700)
    canvas.save()

    loaded = load("a.pdf", stream.getvalue())

    assert [warning.code for warning in loaded.warnings] == ["pages-without-text"]
    assert "page 2" in loaded.warnings[0].cause


def test_headings_are_told_by_size_and_sections_know_their_pages() -> None:
    data = make_pdf(["# Returns", "Intro.", "## Fees", LONG], ["## Labels", "Print them.", LONG], title="Returns")
    document = only_document("a.pdf", data)

    assert document.title == "Returns"
    assert [(section.path, section.page) for section in document.sections] == [
        ((), 1),
        (("Fees",), 1),
        (("Labels",), 2),
    ]


def test_section_that_goes_on_over_a_page_is_split_by_page() -> None:
    document = only_document("a.pdf", make_pdf(["Intro.", "## Fees", LONG], [LONG]))

    assert [(section.path, section.page) for section in document.sections] == [
        ((), 1),
        (("Fees",), 1),
        (("Fees",), 2),
    ]


def test_lines_of_a_paragraph_are_joined() -> None:
    assert only_document("a.pdf", make_pdf([LONG])).text == LONG.strip()


def test_running_lines_and_page_numbers_are_dropped() -> None:
    document = only_document("a.pdf", make_pdf(*[[f"Text of page {number}."] for number in range(3)], running=True))

    assert "confidential" not in document.text
    assert "of 9" not in document.text
    assert "Text of page 2." in document.text


def test_hyphens_at_line_ends_are_undone_but_not_those_of_the_word() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    text = canvas.beginText(72, 700)
    for line in (
        "Each follow-up visit is free of charge for the medi-",
        "cation review, and so is the second follow-",
        "up call.",
    ):
        text.textLine(line)
    canvas.drawText(text)
    canvas.save()

    text_read = only_document("a.pdf", stream.getvalue()).text

    assert "medication review" in text_read
    assert "second follow-up call." in text_read


def test_table_rows_are_statements() -> None:
    document = only_document(
        "a.pdf", make_pdf(["Before.", [["Plan", "Fee"], ["Basic", "$5"], ["Pro", "$9."]], "After."])
    )

    assert document.text == "Before.\n\nPlan: Basic; Fee: $5.\nPlan: Pro; Fee: $9.\n\nAfter."


def test_row_whose_cells_nearly_touch_is_still_split_at_the_columns() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for height, cells in (
        (700, ("Plan", "Fee", "Note")),
        (682, ("Pro", "$9", "None")),
        (664, ("Profession", "$5", "Free")),
    ):
        for left, cell in zip((72, 125, 160), cells, strict=True):
            canvas.setFont("Helvetica-Bold" if height == 700 else "Helvetica", 10)
            canvas.drawString(left, height, cell)
    canvas.save()

    assert only_document("a.pdf", stream.getvalue()).text.splitlines()[1] == "Plan: Profession; Fee: $5; Note: Free."


def test_lines_that_the_writer_ended_early_stay_lines() -> None:
    document = only_document("a.pdf", make_pdf([LONG, "Acme Ltd<br/>12 Quay Street"]))

    assert document.text.endswith("\n\nAcme Ltd\n12 Quay Street")


def test_bullets_and_numbers_are_list_items() -> None:
    document = only_document("a.pdf", make_pdf(["• One thing.", "• Another.", "1) First.", "2) Second."]))

    assert document.text == "- One thing.\n- Another.\n1. First.\n2. Second."


def test_first_heading_with_a_size_of_its_own_is_the_title() -> None:
    document = only_document("a.pdf", make_pdf(["# Returns", "Intro.", "## Fees", LONG]))

    assert document.title == "Returns"
    assert [section.path for section in document.sections] == [(), ("Fees",)]


def test_table_that_goes_on_over_a_page_keeps_its_header() -> None:
    rows = [["Plan", "Fee", "Note"], *([f"Plan {number}", f"${number}", "none"] for number in range(60))]

    assert "Plan: Plan 59; Fee: $59; Note: none." in only_document("a.pdf", make_pdf(["Before.", rows])).text


def test_wrapped_cells_stay_in_their_row() -> None:
    long = "Words that need more than one line in the cell"
    document = only_document(
        "a.pdf", make_pdf([[["Plan", "Note"], ["Basic", long], [long, "Second"]]], wrapped_cells=True)
    )

    assert document.text == f"Plan: Basic; Note: {long}.\nPlan: {long}; Note: Second."


def test_title_that_a_program_wrote_is_not_the_title() -> None:
    assert (
        only_document("lost-parcels.pdf", make_pdf(["Text."], title="Microsoft Word - x.doc")).title == "Lost parcels"
    )
