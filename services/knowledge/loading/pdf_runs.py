"""The characters of a PDF page as runs: pieces of text on one line with no wide gap in them."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped, unused-ignore]

_LINE_END_HYPHENS = frozenset({0x02, 0xFFFE})
_BOLD_FLAG = 1 << 18
_BOLD_WEIGHT = 600
# A gap wider than this share of the font size separates the cells of a table, not words.
CELL_GAP = 0.95
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})


@dataclass(slots=True)
class Run:
    """Text on one line, with its box in points from the page's lower left corner.

    Attributes:
        size: Font size as drawn, in points.
        words: Where each word starts: the index in ``text``, and the left edge in points.
        gaps: How many gaps as wide as between the cells of a table were closed to make it one line.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool = False
    words: list[tuple[int, float]] = field(default_factory=list)
    gaps: int = 0


def page_runs(text_page: Any) -> list[Run]:
    """The runs of a page (a ``pypdfium2.PdfTextPage``) in the order in which the file draws them."""
    raw = text_page.raw
    box = pdfium_raw.FS_RECTF()
    runs: list[Run] = []
    current: Run | None = None
    letters: list[str] = []
    has_space = must_break = False
    high_surrogate = 0
    line_height = 0.0

    def close() -> None:
        nonlocal current
        if current is not None:
            current.text = "".join(letters)
            if current.text.strip():
                runs.append(current)
        letters.clear()
        current = None

    for index in range(text_page.count_chars()):
        code = pdfium_raw.FPDFText_GetUnicode(raw, index)
        if code in (10, 13):
            must_break = True
            continue
        if code in (9, 32, 160):
            has_space = True
            continue
        # Characters outside the basic plane come as two halves.
        if 0xD800 <= code < 0xDC00:
            high_surrogate = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00) if high_surrogate else 0xFFFD
            high_surrogate = 0
        if code in _LINE_END_HYPHENS:
            char = "-"
        elif code < 32 or 0x7F <= code < 0xA0:
            char = "\ufffd"
        else:
            char = _LIGATURES.get(code) or (chr(code) if code <= 0x10FFFF else "\ufffd")
        if not pdfium_raw.FPDFText_GetLooseCharBox(raw, index, box):
            continue
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        height = top - bottom
        if height <= 0:
            continue
        if current is not None:
            gap = left - current.right
            is_same_line = abs(bottom - current.bottom) < 0.5 * max(line_height, height)
            is_other_size = has_space and abs(height - line_height) > 0.1 * line_height
            if not is_same_line or is_other_size or gap > CELL_GAP * current.size or gap < -1.5 * current.size:
                close()
        if current is None:
            line_height = height
            size = _drawn_size(raw, index) or height / 1.2
            current = Run("", left, right, bottom, top, size, _is_bold(raw, index), [(0, left)])
        else:
            current.right = max(current.right, right)
            if height > 1.05 * line_height:
                # A run that starts with a small mark has the size of the text that follows.
                line_height, current.bottom, current.top = height, bottom, top
                current.size = _drawn_size(raw, index) or height / 1.2
            if has_space or must_break:
                letters.append(" ")
                current.words.append((sum(map(len, letters)), left))
                # Looked up once per word: a run is bold when all its words are.
                current.bold = current.bold and _is_bold(raw, index)
        letters.append(char)
        has_space = must_break = False
    close()
    return runs


def _drawn_size(raw: Any, index: int) -> float:
    """The font size times the scale of the text's matrix: some programs set size 1 and scale it up."""
    matrix = pdfium_raw.FS_MATRIX()
    if not pdfium_raw.FPDFText_GetMatrix(raw, index, matrix):
        return 0.0
    return float(pdfium_raw.FPDFText_GetFontSize(raw, index) * math.hypot(matrix.c, matrix.d))


def _is_bold(raw: Any, index: int) -> bool:
    if pdfium_raw.FPDFText_GetFontWeight(raw, index) >= _BOLD_WEIGHT:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium_raw.FPDFText_GetFontInfo(raw, index, name, len(name), flags)
    font = name.value.lower()
    return bool(flags.value & _BOLD_FLAG) or any(mark in font for mark in (b"bold", b"black", b"heavy"))
