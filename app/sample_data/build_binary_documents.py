"""Build the PDF, DOCX, PPTX and XLSX sample documents from their Markdown sources.

The sources live in ``app/sample_data/binary_sources/*.md``.  The front matter of
each source names the ``target`` (relative to ``app/sample_data``), whose suffix
decides the format, and the ``title`` and ``url`` stored in the file's metadata.

    python -m app.sample_data.build_binary_documents

The output is deterministic: the same sources give the same bytes.  Only a small
part of Markdown is understood: headings, paragraphs, bullet and numbered lists,
and pipe tables.  In a source for an XLSX file every second-level heading is a
question and the paragraphs below the heading are the answer.  In a source for a
PPTX file every heading starts a slide and a line with ``>`` is a speaker's note.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

SAMPLE_DATA = Path(__file__).resolve().parent
SOURCES = SAMPLE_DATA / "binary_sources"
FIXED_TIME = datetime(2026, 1, 1, 12, 0, 0)


@dataclass
class Block:
    """One piece of a document: a heading, a paragraph, a list, or a table."""

    kind: str  # "heading", "paragraph", "bullets", "numbers", "note", or "table"
    text: str = ""
    level: int = 0
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Source:
    """A parsed Markdown source."""

    target: Path
    title: str
    url: str
    blocks: list[Block]


def read_source(path: Path) -> Source:
    """Read one Markdown source with its front matter."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = {}
    for line in front.strip().splitlines():
        key, _, value = line.partition(":")
        meta[key.strip()] = value.strip()
    return Source(
        target=SAMPLE_DATA / meta["target"],
        title=meta["title"],
        url=meta["url"],
        blocks=parse_blocks(body),
    )


def parse_blocks(body: str) -> list[Block]:
    """Split the body of a source into blocks."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in chunk.splitlines()]
        heading = re.match(r"(#+)\s+(.*)", lines[0])
        if heading:
            blocks.append(Block("heading", text=heading[2], level=len(heading[1])))
        elif lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            blocks.append(Block("table", rows=[rows[0], *rows[2:]]))
        elif lines[0].startswith("- "):
            blocks.append(Block("bullets", items=[line[2:] for line in lines]))
        elif re.match(r"\d+\.\s", lines[0]):
            items = [re.sub(r"^\d+\.\s+", "", line) for line in lines]
            blocks.append(Block("numbers", items=items))
        elif lines[0].startswith("> "):
            blocks.append(Block("note", text=" ".join(line.removeprefix("> ") for line in lines)))
        else:
            blocks.append(Block("paragraph", text=" ".join(lines)))
    return blocks


def build_pdf(source: Source) -> None:
    """Write a PDF with reportlab in invariant mode."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import letter
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import inch
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    body = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=15, spaceAfter=7)
    item = ParagraphStyle("item", parent=body, leftIndent=18, bulletIndent=4, spaceAfter=3)
    cell = ParagraphStyle("cell", parent=body, fontSize=10, leading=13, spaceAfter=0)
    head = ParagraphStyle("head", parent=cell, fontName="Helvetica-Bold")
    headings = {
        1: ParagraphStyle("h1", fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=10),
        2: ParagraphStyle(
            "h2",
            fontName="Helvetica-Bold",
            fontSize=13,
            leading=17,
            spaceBefore=12,
            spaceAfter=5,
            keepWithNext=True,
        ),
    }

    def draw_footer(canvas, document) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(inch, 0.6 * inch, source.url)
        canvas.drawRightString(letter[0] - inch, 0.6 * inch, f"Page {document.page}")

    story: list = []
    for block in source.blocks:
        if block.kind == "heading":
            story.append(Paragraph(escape(block.text), headings[block.level]))
        elif block.kind == "paragraph":
            story.append(Paragraph(escape(block.text), body))
        elif block.kind in ("bullets", "numbers"):
            for number, text in enumerate(block.items, start=1):
                mark = "\u2022" if block.kind == "bullets" else f"{number}."
                story.append(Paragraph(escape(text), item, bulletText=mark))
            story.append(Spacer(1, 5))
        else:
            rows = [
                [Paragraph(escape(text), head if index == 0 else cell) for text in row]
                for index, row in enumerate(block.rows)
            ]
            table = Table(rows, colWidths=[6.5 * inch / len(rows[0])] * len(rows[0]), repeatRows=1)
            table.setStyle(
                TableStyle(
                    [
                        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
                        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                        ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ]
                )
            )
            story.extend([table, Spacer(1, 9)])

    document = SimpleDocTemplate(
        str(source.target),
        pagesize=letter,
        leftMargin=inch,
        rightMargin=inch,
        topMargin=inch,
        bottomMargin=inch,
        title=source.title,
        subject=source.url,
        author="Harborview",
        invariant=1,
    )
    document.build(story, onFirstPage=draw_footer, onLaterPages=draw_footer)


def build_docx(source: Source) -> None:
    """Write a DOCX with real heading, list, and table styles."""
    from docx import Document

    document = Document()
    properties = document.core_properties
    properties.title = source.title
    properties.subject = source.url
    properties.author = "Harborview"
    properties.created = properties.modified = FIXED_TIME
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level)
        elif block.kind == "paragraph":
            document.add_paragraph(block.text)
        elif block.kind in ("bullets", "numbers"):
            style = "List Bullet" if block.kind == "bullets" else "List Number"
            for text in block.items:
                document.add_paragraph(text, style=style)
        else:
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for target_cell, text in zip(table.add_row().cells, row, strict=True):
                    target_cell.text = text
    buffer = io.BytesIO()
    document.save(buffer)
    write_stable_zip(buffer.getvalue(), source.target)


def build_pptx(source: Source) -> None:
    """Write a PPTX with a title slide, then a slide with its notes for each second-level heading."""
    from pptx import Presentation
    from pptx.util import Inches, Pt

    presentation = Presentation()
    properties = presentation.core_properties
    properties.title = source.title
    properties.subject = source.url
    properties.author = properties.last_modified_by = "Harborview"
    properties.created = properties.modified = FIXED_TIME
    title_slide, points_slide, table_slide = (presentation.slide_layouts[index] for index in (0, 1, 5))
    for index, block in enumerate(source.blocks):
        following = source.blocks[index + 1].kind if index + 1 < len(source.blocks) else ""
        if block.kind == "heading":
            layout = title_slide if block.level == 1 else table_slide if following == "table" else points_slide
            slide = presentation.slides.add_slide(layout)
            slide.shapes.title.text = block.text
        elif block.kind == "note":
            slide.notes_slide.notes_text_frame.text = block.text
        elif block.kind == "table":
            rows, columns = len(block.rows), len(block.rows[0])
            frame = slide.shapes.add_table(rows, columns, Inches(0.5), Inches(1.8), Inches(9), Inches(0.5 * rows))
            for row, cells in enumerate(block.rows):
                for column, text in enumerate(cells):
                    frame.table.cell(row, column).text = text
                    frame.table.cell(row, column).text_frame.paragraphs[0].font.size = Pt(16)
        else:
            slide.placeholders[1].text = block.text or "\n".join(block.items)
    buffer = io.BytesIO()
    presentation.save(buffer)
    write_stable_zip(buffer.getvalue(), source.target)


def build_xlsx(source: Source) -> None:
    """Write an XLSX with the columns ``question`` and ``answer``."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    pairs: list[tuple[str, list[str]]] = []
    for block in source.blocks:
        if block.kind == "heading" and block.level == 2:
            pairs.append((block.text, []))
        elif block.kind == "paragraph" and pairs:
            pairs[-1][1].append(block.text)
    workbook = Workbook()
    workbook.properties.title = source.title
    workbook.properties.subject = source.url
    workbook.properties.creator = "Harborview"
    sheet = workbook.active
    sheet.title = "FAQ"
    sheet.append(["question", "answer"])
    for question, answers in pairs:
        sheet.append([question, " ".join(answers)])
    sheet.column_dimensions["A"].width = 50
    sheet.column_dimensions["B"].width = 100
    for header in sheet[1]:
        header.font = Font(bold=True)
    for row in sheet.iter_rows(min_row=2):
        for target_cell in row:
            target_cell.alignment = Alignment(wrap_text=True, vertical="top")
    buffer = io.BytesIO()
    workbook.save(buffer)
    write_stable_zip(buffer.getvalue(), source.target)


def write_stable_zip(data: bytes, target: Path) -> None:
    """Write an Office file again with fixed time stamps, so its bytes do not change."""
    stamp = FIXED_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            info = zipfile.ZipInfo(name, date_time=FIXED_TIME.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)


BUILDERS = {".pdf": build_pdf, ".docx": build_docx, ".pptx": build_pptx, ".xlsx": build_xlsx}


def main() -> None:
    """Build every binary document."""
    for path in sorted(SOURCES.glob("*.md")):
        source = read_source(path)
        source.target.parent.mkdir(parents=True, exist_ok=True)
        BUILDERS[source.target.suffix](source)
        print(f"wrote {source.target.relative_to(SAMPLE_DATA)}")


if __name__ == "__main__":
    main()
