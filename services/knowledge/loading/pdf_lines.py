"""The runs of a PDF page as lines and table rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.knowledge.loading.pdf_runs import CELL_GAP, Run

_COLUMN_POINTS = 2.0
_BULLET = re.compile(r"[•●○◦▪■□‣⁃·–*\-\uf0b7\uf0a7o]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]")
_BARE_NUMBER = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table: the text of its cells and where they stand, in points."""

    cells: tuple[str, ...]
    lefts: tuple[float, ...]
    rights: tuple[float, ...]
    bold: bool


PageItem = Run | TableRow


def body_size(runs: Iterable[Run]) -> float:
    """The size that most characters have, in points, to the half point."""
    weights: Counter[float] = Counter()
    for run in runs:
        weights[round(run.size * 2) / 2] += len(run.text)
    return weights.most_common(1)[0][0] if weights else 0.0


def page_items(runs: list[Run]) -> list[PageItem]:
    """The lines and table rows of one page in reading order."""
    cells = _cells(_with_markers_joined(runs))
    items: list[PageItem] = []
    index = 0
    while index < len(cells):
        rows = _rows_from(cells, index)
        if len(rows) >= 2:
            index += sum(len(row) for row in rows)
            table = [_table_row(row) for row in rows]
            items += [_whole_row(row, table) for row in rows]
            lowest = min(run.bottom for cell in rows[-1] for run in cell)
            while index < len(cells) and (taken := _tight_row(cells, index, table, lowest)) is not None:
                row, count = taken
                items.append(row)
                lowest = cells[index][0].bottom
                index += count
            continue
        if rows and all(len(cell) == 1 for cell in rows[0]):
            # One line with wide gaps in it, such as a name and a date.
            items.append(_joined([cell[0] for cell in rows[0]]))
            index += len(rows[0])
            continue
        items += cells[index]
        index += 1
    return items


def _with_markers_joined(runs: list[Run]) -> list[Run]:
    """Runs that belong together on a line: a marker and the text behind it, and words set in different sizes."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        gap = run.left - last.right if last is not None else 0.0
        if last is None or not _same_line(last, run) or gap < -0.5 * run.size:
            joined.append(run)
        elif _is_marker(last.text.strip(), gap, run):
            mark = last.text.strip()
            last.text = f"{mark}." if _BARE_NUMBER.fullmatch(mark) else mark
            joined[-1] = _side_by_side(last, run, run, run.bold)
        elif gap <= CELL_GAP * min(last.size, run.size):
            main = max(last, run, key=lambda one: len(one.text))
            joined[-1] = _side_by_side(last, run, main, last.bold and run.bold)
        else:
            joined.append(run)
    return joined


def _side_by_side(left: Run, right: Run, main: Run, bold: bool) -> Run:
    """Two runs on one line as one, with the height of the main one."""
    text = f"{left.text} {right.text}"
    words = left.words + [(offset + len(left.text) + 1, edge) for offset, edge in right.words]
    return Run(text, left.left, right.right, main.bottom, main.top, main.size, bold, words)


def _is_marker(text: str, gap: float, run: Run) -> bool:
    if _BULLET.fullmatch(text) is not None:
        return gap < 6 * run.size
    return _BARE_NUMBER.fullmatch(text) is not None and CELL_GAP * run.size < gap < 1.6 * run.size


def _same_line(left: Run, right: Run) -> bool:
    return abs(left.bottom - right.bottom) < 0.5 * max(left.size, right.size)


def _cells(runs: list[Run]) -> list[list[Run]]:
    """Runs that stand right below each other in the order of drawing: a paragraph, or a cell of a table."""
    cells: list[list[Run]] = []
    for run in runs:
        last = cells[-1][-1] if cells else None
        if last is not None and _is_right_below(last, run, cells[-1]):
            cells[-1].append(run)
        else:
            cells.append([run])
    return cells


def _is_right_below(upper: Run, lower: Run, cell: list[Run]) -> bool:
    gap = upper.bottom - lower.top
    left, right = min(run.left for run in cell), max(run.right for run in cell)
    overlap = min(right, lower.right) - max(left, lower.left)
    return (
        -0.5 * upper.size < gap < 0.6 * upper.size
        and abs(upper.size - lower.size) < 0.1 * upper.size
        and upper.bold == lower.bold
        and overlap > 0.5 * min(right - left, lower.right - lower.left)
    )


def _rows_from(cells: list[list[Run]], start: int) -> list[list[list[Run]]]:
    """The rows of the table that starts at a cell; fewer than two when there is none."""
    rows: list[list[list[Run]]] = []
    index = start
    while index < len(cells):
        row = [cells[index]]
        while index + len(row) < len(cells) and _is_beside(row[-1], cells[index + len(row)], row):
            row.append(cells[index + len(row)])
        if len(row) < 2 or (rows and not _is_aligned(rows, row)):
            break
        rows.append(row)
        index += len(row)
    return rows


def _is_beside(last: list[Run], cell: list[Run], row: list[list[Run]]) -> bool:
    if min(run.left for run in cell) < max(run.right for run in last) - 1:
        return False
    top, bottom = max(run.top for one in row for run in one), min(run.bottom for one in row for run in one)
    overlap = min(top, cell[0].top) - max(bottom, cell[-1].bottom)
    return overlap > 0.5 * min(cell[0].size, last[0].size)


def _is_aligned(rows: list[list[list[Run]]], row: list[list[Run]]) -> bool:
    """Whether a row stands below the rows above it, its cells within their columns."""
    lowest = min(run.bottom for cell in rows[-1] for run in cell)
    gap = lowest - max(run.top for cell in row for run in cell)
    if not -1.0 * row[0][0].size < gap < 2.5 * row[0][0].size:
        return False
    columns = max(rows, key=len)
    if len(row) > len(columns):
        return len(columns) == len(rows[0]) and sum(_fits_one(columns, cell) for cell in row) >= len(columns) >= 2
    return all(_fits_one(columns, cell) for cell in row)


def _fits_one(columns: list[list[Run]], cell: list[Run]) -> bool:
    left, right = min(run.left for run in cell), max(run.right for run in cell)
    for column in columns:
        column_left, column_right = min(run.left for run in column), max(run.right for run in column)
        if min(right, column_right) - max(left, column_left) > 0 or abs(left - column_left) < 3:
            return True
    return False


def _tight_row(cells: list[list[Run]], start: int, table: list[TableRow], lowest: float) -> tuple[TableRow, int] | None:
    """A row in which cells nearly touch: each column has a word that starts exactly where a cell above it does.

    Returns the row and the number of cells that it took, or None.
    """
    line = [cells[start][0]] if len(cells[start]) == 1 else []
    while line and start + len(line) < len(cells):
        following = cells[start + len(line)]
        if len(following) > 1 or not _same_line(line[-1], following[0]) or following[0].left < line[-1].right:
            break
        line.append(following[0])
    if not line or not -0.5 * line[0].size < lowest - line[0].top < 2.5 * line[0].size:
        return None
    row = _split_at_columns(line, table)
    return (row, len(line)) if row is not None else None


def _whole_row(row: list[list[Run]], table: list[TableRow]) -> TableRow:
    """A row of a table; one with too few cells is split where cells were too close to be told apart."""
    is_short = len(row) < max(len(other.cells) for other in table) and all(len(cell) == 1 for cell in row)
    split = _split_at_columns([cell[0] for cell in row], table) if is_short else None
    return split or _table_row(row)


def _split_at_columns(line: list[Run], table: list[TableRow]) -> TableRow | None:
    """The words of a line in the columns in which they start; None when a column stays empty."""
    columns = max(table, key=lambda row: len(row.cells))
    full_rows = [row for row in table if len(row.cells) == len(columns.cells)]
    parts: list[list[str]] = [[] for _ in columns.cells]
    column = 0
    for run in line:
        ends = [offset for offset, _ in run.words[1:]] + [len(run.text)]
        for (offset, left), end in zip(run.words, ends, strict=True):
            starts = [
                index
                for index in range(len(columns.cells))
                if any(abs(left - row.lefts[index]) < _COLUMN_POINTS for row in full_rows)
            ]
            column = next((index for index in starts if index >= column), column)
            parts[column].append(run.text[offset:end].strip())
    if not all(parts):
        return None
    texts = tuple(" ".join(words) for words in parts)
    return TableRow(texts, columns.lefts, columns.rights, all(run.bold for run in line))


def _table_row(row: list[list[Run]]) -> TableRow:
    return TableRow(
        cells=tuple(" ".join(run.text.strip() for run in cell) for cell in row),
        lefts=tuple(min(run.left for run in cell) for cell in row),
        rights=tuple(max(run.right for run in cell) for cell in row),
        bold=all(run.bold for cell in row for run in cell),
    )


def runs_in_tables(runs: list[Run], fewest_rows: int) -> set[int]:
    """The indexes of the runs that stand in the rows of tables with so many rows."""
    cells = _cells(_with_markers_joined([replace(run) for run in runs]))
    boxes: list[tuple[float, float, float, float]] = []
    index = 0
    while index < len(cells):
        rows = _rows_from(cells, index)
        if len(rows) >= fewest_rows:
            boxes += [_box([run for cell in row for run in cell]) for row in rows]
        index += max(1, sum(len(row) for row in rows))
    return {
        index
        for index, run in enumerate(runs)
        if any(
            left - 1 <= run.left <= right and bottom - 1 <= run.bottom and run.top <= top + 1
            for left, bottom, right, top in boxes
        )
    }


def _box(runs: list[Run]) -> tuple[float, float, float, float]:
    return (
        min(run.left for run in runs),
        min(run.bottom for run in runs),
        max(run.right for run in runs),
        max(run.top for run in runs),
    )


def _joined(runs: list[Run]) -> Run:
    first = runs[0]
    return Run(
        " ".join(run.text.strip() for run in runs),
        first.left,
        runs[-1].right,
        min(run.bottom for run in runs),
        max(run.top for run in runs),
        max(run.size for run in runs),
        all(run.bold for run in runs),
        gaps=len(runs) - 1,
    )
