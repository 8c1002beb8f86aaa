"""PDF: pages are read with PDFium, then put back together as headings, paragraphs, lists and table rows."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]
import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.knowledge.loading.blocks import has_words, one_line, same_words, title_from_name
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.pdf_address import pdf_address
from services.knowledge.loading.pdf_grids import Grid, items_with_grids, page_grids
from services.knowledge.loading.pdf_running_lines import without_running_lines
from services.knowledge.loading.pdf_runs import Run, page_runs
from services.knowledge.loading.pdf_structure import structure_blocks
from services.knowledge.models import LoadFailure

MOST_PAGES = 5_000
# PDFium keeps state outside its documents: two threads in it at once corrupt each other's memory.
PDFIUM_LOCK = threading.Lock()
_MACHINE_TITLE = re.compile(
    r"untitled|microsoft \w+ - |\(anonymous\)|document\d*$|.*\.(docx?|pdf|indd|tex|html?|txt)$", re.IGNORECASE
)
_UNREADABLE_SHARE = 0.3


@dataclass(slots=True)
class _Pages:
    """What was read from a PDF, page by page from 1.

    Attributes:
        grids: The tables that are drawn with lines.
        tables_lost: Pages with a table whose columns could not be told.
        image_only: Pages with a picture and no text, as scanners make them.
    """

    title: str
    url: str | None = None
    runs: dict[int, list[Run]] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    grids: dict[int, list[Grid]] = field(default_factory=dict)
    tables_lost: list[int] = field(default_factory=list)
    image_only: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


def load_pdf(source: Source) -> Content:
    """Read a PDF.

    Raises:
        InputError: ``pdf-password``, ``pdf-damaged``, ``pdf-no-text`` (scanned), ``pdf-unreadable-text`` (letters
            without meaning), or ``too-large`` (more than 5,000 pages).
    """
    with PDFIUM_LOCK:
        pages = _read_pages(source)
    _check_text(source.name, pages)
    kept = without_running_lines(pages.runs, pages.heights)
    items = {}
    for number, runs in kept.items():
        items[number], is_lost = items_with_grids(runs, pages.grids[number])
        pages.tables_lost += [number] if is_lost else []
    blocks = structure_blocks(items)
    properties = Properties(title=pages.title or None, url=pages.url)
    document = compose_document(source, blocks, Format.PDF, properties)
    return Content(documents=(document,), warnings=_warnings(source.name, pages))


def _read_pages(source: Source) -> _Pages:
    try:
        with pdfium.PdfDocument(source.data) as document:
            if len(document) > MOST_PAGES:
                raise InputError(
                    f"{source.name} has {len(document):,} pages; the limit is {MOST_PAGES:,}.",
                    code="too-large",
                    remedy="Split the PDF into parts and load these.",
                )
            pages = _Pages(_stated_title(document, source.name), pdf_address(document, source.data))
            for index in range(len(document)):
                _read_page(document, index, pages)
            return pages
    except pdfium.PdfiumError as exc:
        if exc.err_code in {pdfium_raw.FPDF_ERR_PASSWORD, pdfium_raw.FPDF_ERR_SECURITY}:
            raise InputError(
                f"{source.name} is protected by a password.",
                code="pdf-password",
                remedy="Save a copy without the password and load that.",
            ) from exc
        raise _damaged(source.name) from exc


def _read_page(document: pdfium.PdfDocument, index: int, pages: _Pages) -> None:
    number = index + 1
    try:
        page = document[index]
    except pdfium.PdfiumError:
        pages.unreadable.append(number)
        return
    try:
        text_page = page.get_textpage()
        try:
            runs = page_runs(text_page)
        finally:
            text_page.close()
        pages.heights[number] = page.get_height()
        pages.runs[number] = runs
        pages.grids[number] = page_grids(page)
        if not any(has_words(run.text) for run in runs) and _has_image(page):
            pages.image_only.append(number)
    except pdfium.PdfiumError:
        pages.unreadable.append(number)
    finally:
        page.close()


def _has_image(page: pdfium.PdfPage) -> bool:
    return next(page.get_objects(filter=[pdfium_raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


def _stated_title(document: pdfium.PdfDocument, name: str) -> str:
    title = one_line(document.get_metadata_value("Title"))
    if not has_words(title) or _MACHINE_TITLE.match(title) or same_words(title, title_from_name(name)):
        return ""
    return title


def _check_text(name: str, pages: _Pages) -> None:
    if not pages.runs:
        raise _damaged(name)
    text = "".join(run.text for runs in pages.runs.values() for run in runs)
    meaningless = sum("\ue000" <= char <= "\uf8ff" or char == "\ufffd" for char in text)
    if has_words(text) and meaningless <= _UNREADABLE_SHARE * len(text):
        return
    if meaningless:
        raise InputError(
            f"The text in {name} cannot be read: its fonts do not say which letters they draw.",
            code="pdf-unreadable-text",
            remedy="Load the document that the PDF was made from, or make the PDF searchable (OCR) first.",
        )
    raise InputError(
        f"{name} holds pictures of pages, no text." if pages.image_only else f"{name} holds no text.",
        code="pdf-no-text",
        remedy="Make the PDF searchable (text recognition, OCR) in your scanning program, and load the result.",
    )


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged: it cannot be opened as a PDF.",
        code="pdf-damaged",
        remedy="Fetch the file again from where it came from, or print it to a new PDF.",
    )


def _warnings(name: str, pages: _Pages) -> tuple[LoadFailure, ...]:
    warnings = []
    if pages.image_only:
        warnings.append(
            LoadFailure(
                name,
                "pages-without-text",
                f"No text on {_page_words(pages.image_only)}: only pictures, which are not read.",
                "If they hold text, make the PDF searchable (OCR) and load it again.",
            )
        )
    if pages.tables_lost:
        warnings.append(
            LoadFailure(
                name,
                "table-lost",
                f"The columns of a table on {_page_words(pages.tables_lost)} could not be told; it was read as lines.",
                "Check what is quoted from it, or load the document that the PDF was made from.",
            )
        )
    if pages.unreadable:
        warnings.append(
            LoadFailure(
                name,
                "pages-damaged",
                f"Could not read {_page_words(pages.unreadable)}; the other pages were loaded.",
                "Fetch the file again from where it came from, or print it to a new PDF.",
            )
        )
    return tuple(warnings)


def _page_words(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:10])
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}{more}"
