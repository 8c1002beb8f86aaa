"""Pictures of the pages of a PDF, with quoted words marked where they stand."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]
from PIL import Image, ImageChops, ImageDraw

from services.errors import InputError
from services.knowledge.loading.pdf import PDFIUM_LOCK

WIDTH_PIXELS = 1200
_MARK = (255, 213, 79)
_MARK_EDGE = (178, 120, 0)
_POINTS_PER_LINE_MARGIN = 1.0


def draw_page(pdf: bytes, page: int, *, marked: Sequence[str] = (), width_pixels: int = WIDTH_PIXELS) -> bytes:
    """A PNG of one page, counted from 1; words that are not found on it are left unmarked.

    Raises:
        InputError: there is no such page, or the file is not a readable PDF.
    """
    try:
        with PDFIUM_LOCK, pdfium.PdfDocument(pdf) as document:
            if not 1 <= page <= len(document):
                raise InputError(f"The document has no page {page}.", code="no-such-page")
            return _draw(document[page - 1], marked, width_pixels)
    except pdfium.PdfiumError as exc:
        raise InputError("The page cannot be drawn.", code="pdf-damaged", remedy="Open the original file.") from exc


def _draw(page: pdfium.PdfPage, marked: Sequence[str], width_pixels: int) -> bytes:
    scale = width_pixels / page.get_width()
    picture = page.render(scale=scale).to_pil().convert("RGB")
    boxes = [box for words in marked for box in _boxes(page, words)]
    if boxes:
        marks = Image.new("RGB", picture.size, "white")
        brush = ImageDraw.Draw(marks)
        for left, bottom, right, top in boxes:
            margin = _POINTS_PER_LINE_MARGIN
            corners = [
                ((left - margin) * scale, (page.get_height() - top - margin) * scale),
                ((right + margin) * scale, (page.get_height() - bottom + margin) * scale),
            ]
            brush.rectangle([corners[0], corners[1]], fill=_MARK, outline=_MARK_EDGE)
        picture = ImageChops.multiply(picture, marks)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


def _boxes(page: pdfium.PdfPage, words: str) -> Iterator[tuple[float, float, float, float]]:
    text_page = page.get_textpage()
    for line in words.splitlines():
        if not line.strip():
            continue
        found = text_page.search(" ".join(line.split())).get_next()
        if found is not None:
            index, count = found
            for rectangle in range(text_page.count_rects(index, count)):
                yield text_page.get_rect(rectangle)
