"""Presentations: a slide is a section, its number the page."""

from __future__ import annotations

import io
from typing import Any

import pptx
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.unit.knowledge.loading.samples import (
    OLE_MARK,
    bodies,
    load,
    make_docx,
    make_zip,
    only_code,
    only_document,
    saved,
)

TITLE_ONLY, TITLE_AND_BODY, BLANK = 5, 1, 6


def deck() -> Any:
    return pptx.Presentation()


def add_slide(presentation: Any, title: str, *points: str, notes: str = "") -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE_AND_BODY])
    slide.shapes.title.text = title
    slide.placeholders[1].text = "\n".join(points)
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    return slide


def test_each_slide_is_a_section_with_its_number_as_the_page() -> None:
    presentation = deck()
    presentation.core_properties.title = "Returns training"
    add_slide(presentation, "What comes back", "Unopened items.", "Within 30 days.")
    add_slide(presentation, "What does not", "Opened packages stay with the patient.", notes="Stay calm.\nSay why.")

    document = only_document("a.pptx", saved(presentation))

    assert document.title == "Returns training"
    assert bodies(document) == [
        (("Slide 1: What comes back",), "- Unopened items.\n- Within 30 days."),
        (("Slide 2: What does not",), "Opened packages stay with the patient."),
        (("Slide 2: What does not", "Speaker notes"), "- Stay calm.\n- Say why."),
    ]
    assert [section.page for section in document.sections] == [1, 2, 2]


def test_title_of_the_first_slide_is_the_title_where_the_program_wrote_its_own() -> None:
    presentation = deck()
    add_slide(presentation, "Returns", "Unopened items.")

    assert only_document("a.pptx", saved(presentation)).title == "Returns"


def test_one_slide_keeps_its_number() -> None:
    presentation = deck()
    add_slide(presentation, "Returns", "Unopened items.")

    assert only_document("a.pptx", saved(presentation)).sections[0].path == ("Slide 1: Returns",)


def test_table_rows_are_statements_and_merged_cells_are_repeated() -> None:
    presentation = deck()
    slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
    slide.shapes.title.text = "Fees"
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, cells in enumerate((("Region", "Plan", "Fee"), ("North", "Basic", "$5"), ("", "Pro", "$9"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))

    assert bodies(only_document("a.pptx", saved(presentation))) == [
        (("Slide 1: Fees",), "Region: North; Plan: Basic; Fee: $5.\nRegion: North; Plan: Pro; Fee: $9.")
    ]


def test_boxes_are_read_from_top_to_bottom_and_groups_as_one() -> None:
    presentation = deck()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])

    def box(shapes: Any, text: str, left: float, top: float) -> None:
        shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1)).text_frame.text = text

    box(slide.shapes, "Fourth.", 1, 5)
    box(slide.shapes, "Second.", 5, 1.05)
    box(slide.shapes, "First.", 1, 1.1)
    group = slide.shapes.add_group_shape()
    box(group.shapes, "Third.", 1, 3)
    inner = group.shapes.add_group_shape()
    box(inner.shapes, "Third and a half.", 1, 3.5)

    assert bodies(only_document("a.pptx", saved(presentation)))[0][1].split("\n\n") == [
        "First.",
        "Second.",
        "Third.",
        "Third and a half.",
        "Fourth.",
    ]


def test_hidden_slides_are_left_out_with_a_warning() -> None:
    presentation = deck()
    add_slide(presentation, "Old rule", "Ten days.").element.set("show", "0")
    add_slide(presentation, "New rule", "Thirty days.")

    loaded = load("a.pptx", saved(presentation))

    assert "Ten days" not in loaded.documents[0].text
    assert loaded.documents[0].sections[0].page == 2
    assert [warning.code for warning in loaded.warnings] == ["hidden-slides"]


def test_pictures_charts_and_slides_without_text_are_counted_in_warnings() -> None:
    presentation = deck()
    slide = add_slide(presentation, "Returns", "Unopened items.")
    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    slide.shapes.add_picture(picture, 0, 0)
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["Yes"]
    data.add_series("Share", (1.0,))
    slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(2), Inches(2), data)
    presentation.slides.add_slide(presentation.slide_layouts[BLANK]).shapes.add_picture(picture, 0, 0)

    loaded = load("a.pptx", saved(presentation))

    assert [warning.code for warning in loaded.warnings] == ["pages-without-text", "pictures-not-read"]
    assert "slide 2" in loaded.warnings[0].cause
    assert loaded.warnings[1].cause.startswith("3 pictures")


def test_slide_with_only_a_title_can_be_found() -> None:
    presentation = deck()
    presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY]).shapes.title.text = "Never share a password"
    add_slide(presentation, "Rules", "Lock the screen.")

    assert bodies(only_document("a.pptx", saved(presentation)))[0] == (
        ("Slide 1: Never share a password",),
        "Never share a password",
    )


def test_address_is_read_from_the_properties() -> None:
    presentation = deck()
    add_slide(presentation, "Returns", "Unopened items.")
    presentation.core_properties.subject = "Training"
    presentation.core_properties.identifier = "https://kb.example/returns"

    assert only_document("a.pptx", saved(presentation)).url == "https://kb.example/returns"


def test_presentation_without_text_is_a_failure() -> None:
    presentation = deck()
    presentation.slides.add_slide(presentation.slide_layouts[BLANK])

    assert only_code("a.pptx", saved(presentation)) == "no-text"


def test_ways_of_being_unreadable_have_codes_of_their_own() -> None:
    presentation = deck()
    add_slide(presentation, "Returns", "Unopened items.")
    data = saved(presentation)
    encrypted = OLE_MARK + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)

    assert only_code("a.pptx", data[: len(data) // 2]) == "pptx-damaged"
    assert only_code("a.pptx", make_zip({"ppt/presentation.xml": b"<a"})) == "pptx-damaged"
    assert only_code("a.pptx", encrypted) == "pptx-password"
    assert only_code("a.pptx", b"just some text") == "content-mismatch"
    assert only_code("a.pptx", make_zip({"a.txt": b"x"})) == "content-mismatch"
    assert only_code("a.ppt", OLE_MARK + bytes(512)) == "unsupported-type"
    assert [warning.code for warning in load("a.pptx", make_docx()).warnings] == ["content-mismatch"]
    assert load("a.docx", data).media_type.endswith("presentation")
