"""PowerPoint presentations (.pptx): each slide is a section with its tables and the speaker's notes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pptx
from pptx.exc import PythonPptxError

from services.errors import InputError
from services.knowledge.loading.blocks import Block, Body, Heading, has_words, one_line, several_lines
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.office_properties import office_properties
from services.knowledge.loading.packages import DAMAGE_ERRORS, check_unpacked_size
from services.knowledge.loading.pictures import pictures_warning
from services.knowledge.loading.rows import join_cell_lines, table_statements
from services.knowledge.models import LoadFailure

_PPTX_ERRORS: tuple[type[Exception], ...] = (PythonPptxError, *DAMAGE_ERRORS)
_SLIDE_LEVEL, _NOTES_LEVEL = 2, 3
_DEEPEST_GROUP = 50
_ROW_EMU = 228_600  # a quarter inch: boxes whose upper edges differ by less stand side by side
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM_IDS = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# What stands in these is the number, the date or the running line of every slide.
_RUNNING_KINDS = frozenset({"sldNum", "dt", "ftr", "hdr"})


def load_pptx(source: Source) -> Content:
    """Read a presentation. The number of the slide is the page; hidden slides are left out with a warning.

    Raises:
        InputError: ``pptx-damaged``, ``too-large`` or ``no-text``.
    """
    check_unpacked_size(source.data, source.name)
    try:
        slides = list(pptx.Presentation(io.BytesIO(source.data)).slides)
        deck = _Deck(source.name)
        for number, slide in enumerate(slides, start=1):
            deck.add(number, slide)
    except _PPTX_ERRORS as exc:
        raise InputError(
            f"{source.name} is damaged: it cannot be opened as a PowerPoint presentation.",
            code="pptx-damaged",
            remedy="Open the file in PowerPoint, save it again as .pptx, and load the new file.",
        ) from exc
    stated = office_properties(source.data)
    properties = Properties(title=stated.title or deck.first_title or None, url=stated.url)
    document = compose_document(source, deck.blocks, Format.PPTX, properties)
    return Content(documents=(document,), warnings=deck.warnings())


class _Deck:
    """Gathers the blocks of the slides and what was not read."""

    def __init__(self, name: str) -> None:
        self.blocks: list[Block] = []
        self.first_title = ""
        self._name = name
        self._hidden: list[int] = []
        self._empty: list[int] = []
        self._picture_count = 0

    def add(self, number: int, slide: Any) -> None:
        if slide.element.get("show") in {"0", "false"}:
            self._hidden.append(number)
            return
        title_shape = slide.shapes.title
        title = one_line(_shape_text(title_shape)) if title_shape is not None else ""
        self.first_title = self.first_title or title
        body = [
            block
            for shape in _shapes(slide.shapes)
            if title_shape is None or shape.shape_id != title_shape.shape_id
            for block in self._shape_blocks(shape, number)
        ]
        notes = self._notes(slide, number)
        if not any(has_words(block.text) for block in [*body, *notes]) and not has_words(title):
            self._empty.append(number)
            return
        self.blocks.append(Heading(_SLIDE_LEVEL, f"Slide {number}: {title}" if title else f"Slide {number}", number))
        # A slide with nothing but its title is still to be found by it.
        self.blocks += body or ([] if notes else [Body(title, number)])
        self.blocks += notes

    def warnings(self) -> tuple[LoadFailure, ...]:
        found = []
        if self._hidden:
            found.append(
                LoadFailure(
                    self._name,
                    "hidden-slides",
                    f"Hidden and therefore not read: {_slide_words(self._hidden)}.",
                    "Show the slides in PowerPoint if they still hold, and load the file again.",
                )
            )
        if self._empty:
            found.append(
                LoadFailure(
                    self._name,
                    "pages-without-text",
                    f"No text on {_slide_words(self._empty)}: pictures are not read.",
                    "Write what they show into the slide's notes, and load the file again.",
                )
            )
        return (*found, *pictures_warning(self._name, self._picture_count))

    def _notes(self, slide: Any, number: int) -> list[Block]:
        frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        lines = _frame_blocks(frame, number) if frame is not None else []
        return [Heading(_NOTES_LEVEL, "Speaker notes", number), *lines] if lines else []

    def _shape_blocks(self, shape: Any, number: int) -> list[Block]:
        if getattr(shape, "has_table", False):
            return _table_blocks(shape.table, number)
        if getattr(shape, "has_text_frame", False):
            return _frame_blocks(shape.text_frame, number)
        diagram = _diagram_lines(shape)
        if diagram:
            return [Body(f"- {line}", number, tight=index > 0) for index, line in enumerate(diagram)]
        is_picture = getattr(shape, "has_chart", False) or shape.element.tag.endswith("}pic")
        self._picture_count += is_picture
        return []


def _shapes(shapes: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    """From top to bottom and left to right, without running lines; a group is read as one, at its place."""
    for shape in sorted(shapes, key=_place):
        if shape.element.tag.endswith("}grpSp"):
            if depth < _DEEPEST_GROUP:
                yield from _shapes(shape.shapes, depth + 1)
        elif not (shape.is_placeholder and _placeholder_kind(shape) in _RUNNING_KINDS):
            yield shape


def _place(shape: Any) -> tuple[int, int]:
    return (shape.top or 0) // _ROW_EMU, shape.left or 0


def _placeholder_kind(shape: Any) -> str:
    mark = next((element for element in shape.element.iter() if str(element.tag).endswith("}ph")), None)
    return (mark.get("type") or "") if mark is not None else ""


def _frame_blocks(frame: Any, number: int) -> list[Block]:
    blocks: list[Block] = []
    paragraphs = [(several_lines(paragraph.text), paragraph.level) for paragraph in frame.paragraphs]
    filled = [(text, level) for text, level in paragraphs if text]
    # Several paragraphs in one box are the points of a slide; one alone is a sentence.
    is_list = len(filled) > 1
    for index, (text, level) in enumerate(filled):
        indent = "  " * min(level, 8)
        line = text.replace("\n", f"\n{indent}  ")
        blocks.append(Body(f"{indent}- {line}" if is_list else text, number, tight=is_list and index > 0))
    return blocks


def _table_blocks(table: Any, number: int) -> list[Block]:
    rows: list[list[str]] = []
    for row in table.rows:
        cells: list[str] = []
        for column, cell in enumerate(row.cells):
            # A merged cell stands in every place that it covers, so that no row loses its name.
            if cell.is_spanned and cell._tc.hMerge and cells:
                cells.append(cells[-1])
            elif cell.is_spanned and cell._tc.vMerge and rows and column < len(rows[-1]):
                cells.append(rows[-1][column])
            else:
                cells.append(_cell_text(cell))
        rows.append(cells)
    lines = table_statements(rows, has_header=True if table.first_row and len(rows) > 1 else None)
    return [Body(line, number, tight=index > 0) for index, line in enumerate(lines)]


def _cell_text(cell: Any) -> str:
    return join_cell_lines([line for paragraph in cell.text_frame.paragraphs for line in paragraph.text.split("\v")])


def _diagram_lines(shape: Any) -> list[str]:
    """The text of a SmartArt drawing, which stands in a part of its own."""
    ids = next(shape.element.iter(_DIAGRAM_IDS), None)
    if ids is None:
        return []
    from lxml import etree  # type: ignore[import-untyped, unused-ignore]

    part = shape.part.related_part(ids.get(f"{_RELATIONS}dm"))
    root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    lines = ("".join(text.text or "" for text in line.iter(f"{_DRAWING}t")) for line in root.iter(f"{_DRAWING}p"))
    return [one_line(line) for line in lines if has_words(line)]


def _shape_text(shape: Any) -> str:
    return str(shape.text_frame.text) if shape.has_text_frame else ""


def _slide_words(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:10])
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return f"slide {shown}" if len(numbers) == 1 else f"slides {shown}{more}"
