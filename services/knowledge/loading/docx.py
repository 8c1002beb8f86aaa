"""Word documents (.docx): paragraphs, lists and tables in the order in which they are read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import docx
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError

from services.errors import InputError
from services.knowledge.loading.blocks import Block, Body, Heading, one_line, several_lines
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.docx_styles import DocxStyles, ListMarkers, qualified
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.markdown import bare_heading_warning
from services.knowledge.loading.office_properties import office_properties
from services.knowledge.loading.packages import DAMAGE_ERRORS, check_unpacked_size
from services.knowledge.loading.pictures import pictures_warning
from services.knowledge.loading.rows import join_cell_lines, table_statements

_DOCX_ERRORS: tuple[type[Exception], ...] = (OpcError, PythonDocxError, *DAMAGE_ERRORS)
_LONGEST_BOLD_HEADING = 80
_P, _TBL, _TR, _TC = qualified("p"), qualified("tbl"), qualified("tr"), qualified("tc")
_T, _TAB, _BR, _CR = qualified("t"), qualified("tab"), qualified("br"), qualified("cr")
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"
_OLD_PICTURE = "{urn:schemas-microsoft-com:vml}imagedata"
_HYPHEN, _TEXT_BOX = qualified("noBreakHyphen"), qualified("txbxContent")
# Text that was deleted, moved away, or stands a second time for programs that cannot draw the first.
_NOT_READ = frozenset(
    {qualified("del"), qualified("moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)


def load_docx(source: Source) -> Content:
    """Read a Word document.

    Raises:
        InputError: ``docx-damaged``, ``too-large`` or ``no-text``.
    """
    check_unpacked_size(source.data, source.name)
    try:
        document = docx.Document(io.BytesIO(source.data))
        blocks = _Blocks(document).read()
        picture_count = sum(1 for _ in document.element.body.iter(_PICTURE, _OLD_PICTURE))
    except _DOCX_ERRORS as exc:
        raise InputError(
            f"{source.name} is damaged: it cannot be opened as a Word document.",
            code="docx-damaged",
            remedy="Open the file in Word, save it again as .docx, and load the new file.",
        ) from exc
    stated = office_properties(source.data)
    composed = compose_document(source, blocks, Format.DOCX, Properties(title=stated.title, url=stated.url))
    warnings = (*bare_heading_warning(source.name, blocks), *pictures_warning(source.name, picture_count))
    return Content(documents=(composed,), warnings=warnings)


class _Blocks:
    """Walks the body of a document and gathers blocks."""

    def __init__(self, document: Any) -> None:
        self._body = document.element.body
        self._styles = DocxStyles(document)
        self._markers = ListMarkers(document)
        self._blocks: list[Block] = []
        self._last_item: Block | None = None
        self._bold_lines: list[Body] = []

    def read(self) -> list[Block]:
        for element in _body_elements(self._body):
            if element.tag == _TBL:
                self._blocks += self._table_blocks(element)
            else:
                self._add_paragraph(element)
        if not any(isinstance(block, Heading) for block in self._blocks):
            self._promote_bold_lines()
        return self._blocks

    def _add_paragraph(self, paragraph: Any) -> None:
        text = several_lines(paragraph_text(paragraph))
        if text and not self._styles.is_table_of_contents(paragraph):
            level = self._styles.heading_level(paragraph)
            if level is not None:
                self._blocks.append(Heading(level, one_line(text)))
            else:
                self._add_body(paragraph, text)
        for box in paragraph.iter(_TEXT_BOX):
            if not _has_ancestor(box, _NOT_READ, paragraph):
                for inner in _body_elements(box):
                    if inner.tag == _P:
                        self._add_paragraph(inner)
                    else:
                        self._blocks += self._table_blocks(inner)

    def _add_body(self, paragraph: Any, text: str) -> None:
        marker = self._markers.marker(*self._styles.list_place(paragraph))
        if marker is None:
            body = Body(text)
            if len(text) <= _LONGEST_BOLD_HEADING and not text.endswith((".", ",", ";", ":")) and _is_bold(paragraph):
                self._bold_lines.append(body)
            self._blocks.append(body)
            return
        indent, sign = marker
        lines = text.replace("\n", f"\n{indent}  ")
        follows_item = bool(self._blocks) and self._blocks[-1] is self._last_item
        self._blocks.append(Body(f"{indent}{sign} {lines}", tight=follows_item))
        self._last_item = self._blocks[-1]

    def _table_blocks(self, table: Any) -> list[Block]:
        rows = [_row_cells(row) for row in _children(table, _TR)]
        lines = table_statements(rows, has_header=_has_header(table))
        return [Body(line, tight=index > 0) for index, line in enumerate(lines)]

    def _promote_bold_lines(self) -> None:
        """Many people write headings as bold lines; that is believed only where no heading style is used at all."""
        bold = {id(body) for body in self._bold_lines}
        if len(bold) < len(self._blocks):
            self._blocks = [
                Heading(2, block.text) if id(block) in bold and isinstance(block, Body) else block
                for block in self._blocks
            ]


def paragraph_text(paragraph: Any) -> str:
    """The text of a ``w:p`` with links, insertions and content controls, without deletions and field codes."""
    parts: list[str] = []
    stack = list(reversed(list(paragraph)))
    while stack:
        element = stack.pop()
        tag = element.tag
        if tag == _T:
            parts.append(element.text or "")
        elif tag == _TAB:
            parts.append(" ")
        elif tag in {_BR, _CR}:
            parts.append("\n")
        elif tag == _HYPHEN:
            parts.append("-")
        elif isinstance(tag, str) and tag not in _NOT_READ and tag != _TEXT_BOX and not tag.endswith("}pPr"):
            stack.extend(reversed(list(element)))
    return "".join(parts)


def _body_elements(container: Any) -> Iterator[Any]:
    """The paragraphs and tables of a container, those inside content controls and insertions included."""
    stack = list(reversed(list(container)))
    while stack:
        element = stack.pop()
        if element.tag in {_P, _TBL}:
            yield element
        elif isinstance(element.tag, str) and element.tag not in _NOT_READ:
            gallery = element.find(f"{qualified('sdtPr')}/{qualified('docPartObj')}/{qualified('docPartGallery')}")
            if gallery is None or gallery.get(qualified("val")) != "Table of Contents":
                stack.extend(reversed(list(element)))


def _children(element: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, without those of a table inside."""
    stack = list(reversed(list(element)))
    while stack:
        child = stack.pop()
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _NOT_READ and child.tag not in {_P, _TBL, _TC}:
            stack.extend(reversed(list(child)))


def _row_cells(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in _children(row, _TC):
        span = cell.find(f"{qualified('tcPr')}/{qualified('gridSpan')}")
        width = span.get(qualified("val")) if span is not None else "1"
        paragraphs = [
            paragraph_text(paragraph) for paragraph in cell.iter(_P) if not _has_ancestor(paragraph, _NOT_READ, cell)
        ]
        lines = [line for text in paragraphs for line in text.split("\n")]
        cells += [join_cell_lines(lines)] * (min(int(width), 50) if re.fullmatch(r"\d{1,4}", width or "") else 1)
    return cells


def _has_header(table: Any) -> bool | None:
    rows = list(_children(table, _TR))
    if len(rows) < 2:
        return None
    if rows[0].find(f"{qualified('trPr')}/{qualified('tblHeader')}") is not None:
        return True
    is_bold = [all(_is_bold(paragraph) for paragraph in row.iter(_P) if paragraph_text(paragraph)) for row in rows[:2]]
    return True if is_bold[0] and not is_bold[1] else None


def _is_bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.iter(qualified("r")) if any((text.text or "").strip() for text in run.iter(_T))]
    return bool(runs) and all(_is_bold_run(run) for run in runs)


def _is_bold_run(run: Any) -> bool:
    bold = run.find(f"{qualified('rPr')}/{qualified('b')}")
    return bold is not None and bold.get(qualified("val")) not in {"0", "false", "off"}


def _has_ancestor(element: Any, tags: Sequence[str] | frozenset[str], root: Any) -> bool:
    outer = element.getparent()
    while outer is not None and outer is not root:
        if outer.tag in tags:
            return True
        outer = outer.getparent()
    return False
