"""Files for the loader tests, made on the fly, and what every result must hold."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import docx
import openpyxl  # type: ignore[import-untyped, unused-ignore]
import pptx
from reportlab.lib import pdfencrypt  # type: ignore[import-untyped, unused-ignore]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped, unused-ignore]
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped, unused-ignore]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped, unused-ignore]
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table  # type: ignore[import-untyped, unused-ignore]

from services.knowledge.loading import LoadedFile, load_bytes
from services.knowledge.models import Document, Section

LIMIT_BYTES = 5_000_000
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
    "18dd8db00000000049454e44ae426082"
)
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def load(name: str, data: bytes | str, **options: str) -> LoadedFile:
    content = data.encode() if isinstance(data, str) else data
    return load_bytes(name, content, max_file_bytes=LIMIT_BYTES, **options)


def only_document(name: str, data: bytes | str) -> Document:
    loaded = load(name, data)
    assert loaded.failures == ()
    (document,) = loaded.documents
    assert_sections_hold(document)
    return document


def only_code(name: str, data: bytes | str) -> str:
    loaded = load(name, data)
    assert loaded.documents == ()
    (failure,) = loaded.failures
    assert failure.cause.endswith(".")
    assert failure.remedy
    return failure.code


def bodies(document: Document) -> list[tuple[tuple[str, ...], str]]:
    return [(section.path, body(document, section)) for section in document.sections]


def body(document: Document, section: Section) -> str:
    return document.text[section.start : section.end]


def assert_sections_hold(document: Document) -> None:
    """In order, within the text, without overlap, never empty."""
    end = 0
    assert document.sections
    for section in document.sections:
        assert end <= section.start < section.end <= len(document.text)
        assert body(document, section).strip()
        end = section.end


def make_pdf(
    *pages: Sequence[str | list[list[str]]],
    title: str = "",
    running: bool = False,
    password: str = "",
    wrapped_cells: bool = False,
) -> bytes:
    """A PDF of pages; "# " and "## " start headings, a list of rows is a table with a bold first row."""
    styles = getSampleStyleSheet()
    story: list[object] = []
    for page in pages:
        for part in page:
            if isinstance(part, list) and wrapped_cells:
                bold, plain = styles["Heading6"].clone("bold", fontName="Helvetica-Bold"), styles["BodyText"]
                cells = [[Paragraph(cell, plain if index else bold) for cell in row] for index, row in enumerate(part)]
                story.append(Table(cells, colWidths=[110] * len(part[0])))
            elif isinstance(part, list):
                story.append(Table(part, style=[("FONT", (0, 0), (-1, 0), "Helvetica-Bold")]))
            elif part.startswith("## "):
                story.append(Paragraph(part[3:], styles["Heading2"]))
            elif part.startswith("# "):
                story.append(Paragraph(part[2:], styles["Heading1"]))
            else:
                story.append(Paragraph(part, styles["BodyText"]))
        story.append(PageBreak())

    def draw_running_lines(canvas: Canvas, frame: object) -> None:
        if running:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(60, 815, "Harborview policies, confidential")
            canvas.drawString(280, 20, f"Page {canvas.getPageNumber()} of 9")

    stream = io.BytesIO()
    encrypt = pdfencrypt.StandardEncryption(password) if password else None
    template = SimpleDocTemplate(stream, pagesize=A4, title=title, encrypt=encrypt)
    template.build(story, onFirstPage=draw_running_lines, onLaterPages=draw_running_lines)
    return stream.getvalue()


def make_scan() -> bytes:
    """A PDF with a picture on its page and no text, as scanners make them."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped, unused-ignore]

    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawImage(ImageReader(Image.new("RGB", (50, 50), "gray")), 0, 0, 500, 700)
    canvas.save()
    return stream.getvalue()


def make_docx(title: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.add_heading("Returns", level=1)
    document.add_paragraph("Unopened items come back within 30 days.")
    document.add_heading("Steps", level=2)
    for step in ("Find the receipt.", "Pack the item."):
        document.add_paragraph(step, style="List Number")
    document.add_paragraph("Keep the label.", style="List Bullet")
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(
        table.rows, (("Plan", "Fee", "Days"), ("Basic", "$5.", "30"), ("Pro", "", "60")), strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("After the table.")
    return saved(document)


def make_pptx() -> bytes:
    """Two slides: points with notes, and a table with a merged cell."""
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Returns"
    slide.placeholders[1].text = "Unopened items.\nWithin 30 days."
    slide.notes_slide.notes_text_frame.text = "Stay calm."
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    table = slide.shapes.add_table(3, 2, 0, 0, 3_000_000, 1_000_000).table
    for row, cells in enumerate((("Plan", "Fee"), ("Basic", "$5"), ("", "$9"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    return saved(presentation)


def saved(document: object) -> bytes:
    stream = io.BytesIO()
    document.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


def make_xlsx(*rows: tuple[object, ...], sheet: str = "FAQ") -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    for row in rows:
        workbook.active.append(row)
    return saved(workbook)


def make_zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()
