"""Table rows as statements that stand alone: ``Plan: Basic; Price: $5.``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.knowledge.loading.blocks import one_line

Row = Sequence[str]
_CLOSED = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_LONGEST_HEADER = 60


def row_statement(headers: Row, cells: Row) -> str:
    """One row as one line; empty cells are skipped, punctuation is never doubled.

    Args:
        headers: The column headings; shorter than ``cells`` or empty where there are none.
        cells: The row's cells in column order.
    """
    parts = []
    for column, cell in enumerate(cells):
        value = one_line(cell)
        if not value:
            continue
        header = one_line(headers[column]) if column < len(headers) else ""
        parts.append(f"{_header_prefix(header)}{value}")
    if not parts:
        return ""
    line = parts[0]
    for part in parts[1:]:
        # One closing mark gives way to the separator, so that the row stays one statement; "?" and "!" stay.
        if line.endswith((".", ";", ",", ":")) and not line.endswith("..."):
            line = line[:-1]
        line += (" " if line.endswith(("?", "!", "…", "...")) else "; ") + part
    return line if _CLOSED.search(line) else f"{line.rstrip(',')}."


def table_statements(rows: Sequence[Row], *, has_header: bool | None = None) -> list[str]:
    """Every row of a table as a statement.

    Args:
        rows: All rows, the heading row included; a merged cell is repeated in every column that it covers.
        has_header: Whether the first row names the columns; None where the format does not say: then it is guessed
            from three columns on, and a table of two columns is read as name and value.
    """
    filled = [[one_line(cell) for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    lines = []
    # A first row merged over the whole width is a caption, not a row.
    while filled and len(filled) > 1 and len(filled[0]) > 1 and len(set(filled[0])) == 1:
        lines.append(row_statement((), filled.pop(0)[:1]))
    if not filled:
        return lines
    width = max(len(row) for row in filled)
    if has_header is None:
        has_header = width > 2 and len(filled) > 1 and reads_as_header(filled[0])
        if not has_header and width == 2:
            return lines + [_name_and_value(row) for row in filled]
    if not has_header or len(filled) == 1:
        return lines + [row_statement((), row) for row in filled]
    header = filled[0]
    return lines + [row_statement(header, row) for row in filled[1:] if row != header]


def join_cell_lines(lines: Sequence[str]) -> str:
    """The lines of one cell as one phrase: a comma where the line has no mark of its own."""
    phrase = ""
    for line in (one_line(line) for line in lines):
        if not line:
            continue
        phrase += ("" if not phrase else " " if phrase[-1] in ".,;:!?…" else ", ") + line
    return phrase


def _header_prefix(header: str) -> str:
    if not header:
        return ""
    return f"{header} " if header[-1] in ":?!" else f"{header}: "


def _name_and_value(row: Row) -> str:
    name, value = row[0], row[1] if len(row) > 1 else ""
    return row_statement((name,), (value,)) if name and value else row_statement((), row)


def reads_as_header(row: Row) -> bool:
    """Whether a first row names its columns: short words, none twice, none of them a number or a sentence."""
    # The first cell is often left empty above the names of the rows.
    named = [cell for cell in row[1:] if cell]
    return (
        len(named) == len(row) - 1
        and len(set(named)) == len(named)
        and all(len(cell) <= _LONGEST_HEADER and not cell.endswith((".", "!")) for cell in row)
        and not any(re.fullmatch(r"[\d\s.,%$€£+-]+", cell) for cell in row if cell)
    )
