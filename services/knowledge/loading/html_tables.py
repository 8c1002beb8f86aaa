"""Tables of web pages: which hold data, and their rows with merged cells spread out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from services.knowledge.loading.blocks import one_line
from services.knowledge.loading.rows import join_cell_lines

# Pages may claim any number of merged rows and columns; no honest table needs more than these.
_WIDEST_SPAN = 50
_TALLEST_SPAN = 1_000
_MOST_COLUMNS = 200


def is_data_table(table: LexborNode) -> bool:
    """Whether a table holds data; one that only arranges the page is read through, cell by cell."""
    if (table.attributes.get("role") or "").lower() in {"presentation", "none"}:
        return False
    if table.css_first("table table") is not None or table.css_first("h1, h2, h3") is not None:
        return False
    return any(len(list(_cells(row))) > 1 for row in table.css("tr"))


def table_rows(table: LexborNode) -> tuple[list[list[str]], bool | None]:
    """The rows of a data table, and whether the first of them names the columns (None when it does not say)."""
    if not is_data_table(table):
        return [], None
    caption = table.css_first("caption")
    rows: list[list[str]] = []
    is_header_row: list[bool] = []
    spanning: dict[int, tuple[int, str]] = {}  # column -> rows still covered from above, and the text of the cell
    for row in table.css("tr"):
        cells: list[str] = []
        kinds = []
        for cell in _cells(row):
            _fill_from_above(cells, spanning)
            text = _cell_text(cell)
            kinds.append(cell.tag == "th" or _is_bold(cell))
            below = _span(cell, "rowspan", _TALLEST_SPAN) - 1
            for _ in range(_span(cell, "colspan", _WIDEST_SPAN)):
                if len(cells) >= _MOST_COLUMNS:
                    break
                if below > 0:
                    spanning[len(cells)] = (below, text)
                cells.append(text)
        _fill_from_above(cells, spanning)
        if cells:
            rows.append(cells)
            is_header_row.append(all(kinds) and bool(kinds))
    has_header: bool | None = None
    if is_header_row:
        has_header = True if is_header_row[0] and not all(is_header_row) else None
    if caption is not None and one_line(caption.text()) and rows:
        rows.insert(0, [one_line(caption.text())] * max(2, len(rows[0])))
    return rows, has_header


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    node = row.first_child
    while node is not None:
        if node.tag in {"td", "th"}:
            yield node
        node = node.next


def _fill_from_above(cells: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    while len(cells) in spanning:
        column = len(cells)
        left, text = spanning.pop(column)
        if left > 1:
            spanning[column] = (left - 1, text)
        cells.append(text)


def _cell_text(cell: LexborNode) -> str:
    lines: list[str] = [""]
    for node in cell.traverse(include_text=True):
        if node.tag == "-text":
            if node.parent is None or node.parent.tag not in {"script", "style"}:
                lines[-1] += re.sub(r"\s+", " ", node.text(deep=False))
        elif node.tag in {"br", "p", "div", "li", "ul", "ol"}:
            lines.append("")
    return join_cell_lines(lines)


def _is_bold(cell: LexborNode) -> bool:
    bold = cell.css_first("b, strong")
    return bold is not None and one_line(bold.text()) == one_line(cell.text()) != ""


def _span(cell: LexborNode, name: str, limit: int) -> int:
    value = cell.attributes.get(name) or "1"
    return max(1, min(int(value), limit)) if re.fullmatch(r"\d{1,6}", value) else 1
