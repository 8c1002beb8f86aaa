"""Word documents: headings, lists and tables in reading order."""

from __future__ import annotations

import io
import zipfile

import docx
from PIL import Image

from tests.unit.knowledge.loading.samples import bodies, load, make_docx, make_zip, only_code, only_document, saved


def _with_part(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new)
    return make_zip(parts)


def test_headings_lists_and_tables_come_in_document_order() -> None:
    document = only_document("a.docx", make_docx())

    assert document.title == "Returns"
    assert bodies(document) == [
        ((), "Unopened items come back within 30 days."),
        (
            ("Steps",),
            (
                "1. Find the receipt.\n2. Pack the item.\n- Keep the label.\n\n"
                "Plan: Basic; Fee: $5; Days: 30.\nPlan: Pro; Days: 60.\n\nAfter the table."
            ),
        ),
    ]


def test_title_property_is_the_title() -> None:
    assert only_document("a.docx", make_docx("Return policy")).title == "Return policy"


def test_bold_lines_are_headings_where_no_heading_style_is_used() -> None:
    source = docx.Document()
    source.add_paragraph().add_run("Opening hours").bold = True
    source.add_paragraph("Nine to five.")

    assert bodies(only_document("a.docx", saved(source))) == [(("Opening hours",), "Nine to five.")]


def test_inserted_text_is_read_and_deleted_text_is_not() -> None:
    data = _with_part(
        make_docx(),
        "word/document.xml",
        b"<w:r><w:t>After the table.</w:t></w:r>",
        b"<w:ins><w:r><w:t>Inserted.</w:t></w:r></w:ins><w:del><w:r><w:delText>Gone.</w:delText></w:r></w:del>"
        b"<w:sdt><w:sdtContent><w:r><w:t xml:space='preserve'> Controlled.</w:t></w:r></w:sdtContent></w:sdt>",
    )

    assert only_document("a.docx", data).text.endswith("Inserted. Controlled.")


def test_docx_with_broken_xml_is_damaged() -> None:
    assert only_code("a.docx", _with_part(make_docx(), "word/document.xml", b"</w:body>", b"")) == "docx-damaged"


def test_docx_without_its_types_is_damaged() -> None:
    assert only_code("a.docx", make_zip({"word/document.xml": b"<a/>"})) == "docx-damaged"


def test_docx_that_unpacks_to_far_too_much_is_refused() -> None:
    bomb = make_zip({"word/document.xml": bytes(101_000_000)})

    assert len(bomb) < 200_000
    assert only_code("a.docx", bomb) == "too-large"


def test_empty_docx_has_no_text() -> None:
    assert only_code("a.docx", saved(docx.Document())) == "no-text"


def test_heading_without_text_is_a_warning() -> None:
    source = docx.Document()
    source.add_heading("Fees", level=2)
    source.add_heading("Hours", level=2)
    source.add_paragraph("Nine to five.")

    assert [warning.code for warning in load("a.docx", saved(source)).warnings] == ["empty-section"]


def test_address_is_read_from_the_properties() -> None:
    document = docx.Document()
    document.add_paragraph("Some text.")
    document.core_properties.subject = "https://kb.example/returns"

    assert only_document("a.docx", saved(document)).url == "https://kb.example/returns"


def test_hyperlink_base_is_the_address_where_no_other_property_is_one() -> None:
    document = docx.Document()
    document.add_paragraph("Some text.")
    document.core_properties.subject = "Returns"
    data = saved(document)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    base = b"<HyperlinkBase>https://kb.example/base</HyperlinkBase></Properties>"
    parts["docProps/app.xml"] = parts["docProps/app.xml"].replace(b"</Properties>", base)

    assert only_document("a.docx", make_zip(parts)).url == "https://kb.example/base"


def test_pictures_are_counted() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    document = docx.Document()
    document.add_paragraph("Some text.")
    document.add_picture(picture)

    assert [warning.code for warning in load("a.docx", saved(document)).warnings] == ["pictures-not-read"]
