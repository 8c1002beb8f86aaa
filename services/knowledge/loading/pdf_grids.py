"""Tables that a PDF draws with lines: where the lines cross tells the cells better than the place of the words."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped, unused-ignore]

from services.knowledge.loading.pdf_lines import PageItem, TableRow, page_items
from services.knowledge.loading.pdf_runs import Run

_MOST_OBJECTS = 50_000
_MOST_PATHS = 8_000
_MOST_SEGMENTS = 400
_MOST_PIECES = 8_000
_MOST_LINES = 500
_MOST_COLUMNS = 60
_THIN_POINTS = 3.0
_TOUCH_POINTS = 3.0
_SHORTEST_POINTS = 6.0
_LONGEST_MEAN_CELL = 300
_UNALIGNED_LINES = 3
_UNRULED_ROWS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal or vertical line: its place on the other axis, and from where to where it goes, in points."""

    place: float
    start: float
    end: float


@dataclass(slots=True)
class Grid:
    """The lines of one table.

    Attributes:
        columns: Left and right edges of the columns, ascending.
        rows: Lower and upper edges of the rows, ascending.
    """

    columns: list[float]
    rows: list[float]
    _across: list[Line] = field(default_factory=list)
    _down: list[Line] = field(default_factory=list)

    def holds(self, run: Run) -> bool:
        """Whether a run stands inside the table."""
        middle = (run.bottom + run.top) / 2
        return self.rows[0] < middle < self.rows[-1] and self.columns[0] - 2 < run.left < self.columns[-1]

    def table_rows(self, runs: Sequence[Run]) -> list[TableRow]:
        """The rows from top to bottom; a merged cell stands in every place that it covers. Empty if it is no table."""
        height, width = len(self.rows) - 1, len(self.columns) - 1
        texts = [["" for _ in range(width)] for _ in range(height)]
        bold = [True] * height
        heights: list[list[set[int]]] = [[set() for _ in range(width)] for _ in range(height)]
        for run in sorted(runs, key=lambda run: (-round(run.bottom), run.left)):
            row = _index(self.rows, (run.bottom + run.top) / 2, height)
            bold[row] = bold[row] and run.bold
            for text, left in _words(run):
                column = _index(self.columns, left + 0.1 * run.size, width)
                texts[row][column] = f"{texts[row][column]} {text}".strip()
                heights[row][column].add(round(run.bottom))
        filled = sum(bool(text) for row in texts for text in row)
        letters = sum(len(text) for row in texts for text in row)
        wide_rows = sum(sum(bool(text) for text in row) > 1 for row in texts)
        is_sparse = wide_rows < 2 or filled < 0.3 * height * width
        if is_sparse or letters > _LONGEST_MEAN_CELL * filled or any(_holds_rows(row) for row in heights):
            return []
        self._fill_merged(texts)
        lefts, rights = tuple(self.columns[:-1]), tuple(self.columns[1:])
        downward = reversed(list(zip(texts, bold, strict=True)))
        return [TableRow(tuple(row), lefts, rights, is_bold) for row, is_bold in downward if any(row)]

    def _fill_merged(self, texts: list[list[str]]) -> None:
        """Cells without a line between them are one; its text stands in all of its places, wherever it was set."""
        seen: set[tuple[int, int]] = set()
        for row in reversed(range(len(texts))):
            for column in range(len(texts[row])):
                if (row, column) in seen:
                    continue
                merged = self._merged_with(row, column)
                seen |= merged
                in_order = sorted(merged, key=lambda place: (-place[0], place[1]))
                whole = " ".join(texts[at][to] for at, to in in_order if texts[at][to])
                for one_row, one_column in merged:
                    texts[one_row][one_column] = whole

    def _merged_with(self, row: int, column: int) -> set[tuple[int, int]]:
        merged = {(row, column)}
        waiting = [(row, column)]
        while waiting:
            at_row, at_column = waiting.pop()
            middle = (self.rows[at_row] + self.rows[at_row + 1]) / 2
            center = (self.columns[at_column] + self.columns[at_column + 1]) / 2
            neighbors = (
                (at_row, at_column - 1, self._down, self.columns[at_column], middle),
                (at_row, at_column + 1, self._down, self.columns[at_column + 1], middle),
                (at_row - 1, at_column, self._across, self.rows[at_row], center),
                (at_row + 1, at_column, self._across, self.rows[at_row + 1], center),
            )
            for next_row, next_column, lines, place, through in neighbors:
                is_inside = 0 <= next_row < len(self.rows) - 1 and 0 <= next_column < len(self.columns) - 1
                if is_inside and (next_row, next_column) not in merged and not _is_drawn(lines, place, through):
                    merged.add((next_row, next_column))
                    waiting.append((next_row, next_column))
        return merged


def page_grids(page: Any) -> list[Grid]:
    """The grids of lines on a page (a ``pypdfium2.PdfPage``) with at least two rows and two columns."""
    across: list[Line] = []
    down: list[Line] = []
    path_count = 0
    for index in range(min(_MOST_OBJECTS, pdfium_raw.FPDFPage_CountObjects(page.raw))):
        drawn = pdfium_raw.FPDFPage_GetObject(page.raw, index)
        if pdfium_raw.FPDFPageObj_GetType(drawn) != pdfium_raw.FPDF_PAGEOBJ_PATH:
            continue
        path_count += 1
        if path_count > _MOST_PATHS or len(across) + len(down) > _MOST_PIECES:
            # A drawing or a map, not a table.
            return []
        for start, end in _strokes(drawn):
            _add(start, end, across, down)
    across, down = _merged(across), _merged(down)
    if len(across) + len(down) > _MOST_LINES:
        return []
    return [grid for group in _connected(across, down) if (grid := _grid(*group)) is not None]


def _strokes(path: Any) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight pieces of a path, in points of the page."""
    matrix = pdfium_raw.FS_MATRIX()
    pdfium_raw.FPDFPageObj_GetMatrix(path, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    last: tuple[float, float] | None = None
    first: tuple[float, float] | None = None
    for index in range(min(_MOST_SEGMENTS, max(0, pdfium_raw.FPDFPath_CountSegments(path)))):
        segment = pdfium_raw.FPDFPath_GetPathSegment(path, index)
        if not segment or not pdfium_raw.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium_raw.FPDFPathSegment_GetType(segment)
        if kind == pdfium_raw.FPDF_SEGMENT_LINETO and last is not None:
            yield last, point
        elif kind == pdfium_raw.FPDF_SEGMENT_MOVETO:
            first = point
        last = point
        if pdfium_raw.FPDFPathSegment_GetClose(segment) and first is not None:
            yield last, first


def _add(start: tuple[float, float], end: tuple[float, float], across: list[Line], down: list[Line]) -> None:
    width, height = abs(start[0] - end[0]), abs(start[1] - end[1])
    if width >= _SHORTEST_POINTS and height < _THIN_POINTS:
        across.append(Line((start[1] + end[1]) / 2, min(start[0], end[0]), max(start[0], end[0])))
    elif height >= _SHORTEST_POINTS and width < _THIN_POINTS:
        down.append(Line((start[0] + end[0]) / 2, min(start[1], end[1]), max(start[1], end[1])))


def _merged(pieces: Sequence[Line]) -> list[Line]:
    """Pieces that continue each other as one line: many programs draw the edges of each cell on their own."""
    places = _places(pieces)
    by_place: dict[float, list[Line]] = {}
    for piece in sorted(pieces, key=lambda piece: piece.start):
        place = places[_index(places, piece.place + 0.01, len(places))]
        lines = by_place.setdefault(place, [])
        if lines and piece.start <= lines[-1].end + _TOUCH_POINTS:
            lines[-1] = Line(place, lines[-1].start, max(lines[-1].end, piece.end))
        else:
            lines.append(Line(place, piece.start, piece.end))
    return [line for lines in by_place.values() for line in lines]


def _connected(across: Sequence[Line], down: Sequence[Line]) -> list[tuple[list[Line], list[Line]]]:
    """Lines that cross or touch, directly or over others, as one group each."""
    groups: list[tuple[list[Line], list[Line]]] = []
    for line in down:
        touching = [other for other in across if _cross(other, line)]
        if not touching:
            continue
        joined: tuple[list[Line], list[Line]] = ([], [line])
        for group in [group for group in groups if any(other in group[0] for other in touching)]:
            joined[0].extend(group[0])
            joined[1].extend(group[1])
            groups.remove(group)
        joined[0].extend(other for other in touching if other not in joined[0])
        groups.append(joined)
    return groups


def _cross(across: Line, down: Line) -> bool:
    return (
        across.start - _TOUCH_POINTS <= down.place <= across.end + _TOUCH_POINTS
        and down.start - _TOUCH_POINTS <= across.place <= down.end + _TOUCH_POINTS
    )


def _grid(across: list[Line], down: list[Line]) -> Grid | None:
    rows, columns = _places(across), _places(down)
    if len(rows) < 3 or not 3 <= len(columns) <= _MOST_COLUMNS:
        return None
    return Grid(columns, rows, across, down)


def _places(lines: Sequence[Line]) -> list[float]:
    """Where lines stand, ascending; double lines and the two edges of a thick one count once."""
    places: list[float] = []
    for place in sorted(line.place for line in lines):
        if not places or place - places[-1] > _THIN_POINTS:
            places.append(place)
    return places


def _is_drawn(lines: Sequence[Line], place: float, through: float) -> bool:
    return any(abs(line.place - place) <= _THIN_POINTS and line.start <= through <= line.end for line in lines)


def _index(edges: Sequence[float], value: float, count: int) -> int:
    return min(max(bisect_right(edges, value) - 1, 0), count - 1)


def _holds_rows(cells: Sequence[set[int]]) -> bool:
    """Whether what the lines enclose as one row is several rows: each cell has as many lines, at the same heights."""
    filled = [heights for heights in cells if heights]
    return len(filled) > 1 and len(filled[0]) >= _UNRULED_ROWS and all(heights == filled[0] for heights in filled)


def _words(run: Run) -> Iterator[tuple[str, float]]:
    ends = [offset for offset, _ in run.words[1:]] + [len(run.text)]
    for (offset, left), end in zip(run.words, ends, strict=True):
        if text := run.text[offset:end].strip():
            yield text, left


def items_with_grids(runs: list[Run], grids: Sequence[Grid]) -> tuple[list[PageItem], bool]:
    """The lines and table rows of one page in reading order, and whether a table on it could not be kept.

    Tables drawn with lines are read cell by cell; others are told by the place of the words.
    """
    for grid in grids:
        inside = [run for run in runs if grid.holds(run)]
        rows = grid.table_rows(inside)
        if not rows:
            continue
        first = next(index for index, run in enumerate(runs) if grid.holds(run))
        before, lost_before = items_with_grids(runs[:first], grids)
        after, lost_after = items_with_grids([run for run in runs[first:] if not grid.holds(run)], grids)
        return [*before, *rows, *after], lost_before or lost_after
    items = page_items(runs)
    is_lost = False
    unaligned = 0
    for item in items:
        # Lines with wide gaps one below the other, which do not line up: columns were meant and cannot be told.
        unaligned = unaligned + 1 if isinstance(item, Run) and item.gaps else 0
        is_lost = is_lost or unaligned >= _UNALIGNED_LINES
    return items, is_lost
