"""Rows of any table as passages: each row is a section that names its columns and stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.knowledge.loading.blocks import has_words, one_line
from services.knowledge.loading.rows import reads_as_header, row_statement
from services.knowledge.loading.workbooks import MOST_COLUMNS, NumberedRow, columns_left_out
from services.knowledge.models import LoadFailure, Section

# Columns that name what the row is about, the most telling first.
_NAMING = (
    "title", "name", "topic", "subject", "heading", "term", "question", "product", "item", "drug", "medication",
    "service", "plan", "form", "code", "key", "category",
)  # fmt: skip
_NUMBER_LIKE = re.compile(r"[\d\s.,:%$€£/+()#-]*")
_LONGEST_HEADING = 120
_SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, or of a whole text file, that hold anything.

    Attributes:
        sheet: Title of the sheet; empty for text.
        rows: Each with its number: the line of the text or the row of the sheet, from 1.
    """

    sheet: str
    rows: list[NumberedRow]

    def place(self, number: int) -> str:
        """Words for where a row stands."""
        return f"Sheet “{self.sheet}”, row {number}" if self.sheet else f"Line {number}"


@dataclass(slots=True)
class DocumentBuilder:
    """Puts headings and bodies together as the text of a document with its sections."""

    sections: list[Section] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.sections

    @property
    def text(self) -> str:
        return "\n\n".join(self._parts)

    def add(self, path: tuple[str, ...], body: str, *, questions: tuple[str, ...] = (), url: str | None = None) -> None:
        """Append a section: the innermost heading of its path on a line of its own, then the body."""
        heading = f"{path[-1]}\n" if path else ""
        start = self._length + len(heading)
        self._parts.append(f"{heading}{body}")
        self.sections.append(Section(path, start, start + len(body), questions=questions, url=url))
        self._length = start + len(body) + 2


def add_passages(
    builder: DocumentBuilder, name: str, tables: Sequence[Table], *, has_answers: bool
) -> list[LoadFailure]:
    """Append every row of the tables as a section, headed by its title-like column; returns how they were read."""
    warnings = []
    has_several = len(tables) > 1 or has_answers
    for table in tables:
        outer = (table.sheet,) if table.sheet and has_several else ()
        if any(len(cells) > MOST_COLUMNS for _, cells in table.rows):
            warnings.append(columns_left_out(name, [table.sheet]))
        captions, header, rows = _parts([(number, cells[:MOST_COLUMNS]) for number, cells in table.rows])
        for caption in captions:
            builder.add(outer, caption)
        naming = _naming_column(header, rows)
        for _, cells in rows:
            body = row_statement(header, cells)
            if not has_words(body):
                continue
            heading = one_line(cells[naming]) if naming is not None and naming < len(cells) else ""
            is_heading = has_words(heading) and len(heading) <= _LONGEST_HEADING
            builder.add((*outer, heading) if is_heading else outer, body)
        if rows:
            warnings.append(_read_as_rows(name, table, header, naming, len(rows)))
    return warnings


def _parts(rows: Sequence[NumberedRow]) -> tuple[list[str], list[str], list[NumberedRow]]:
    """Lines above the table, the names of the columns (empty where there are none), and the rows."""
    rows = list(rows)
    width = max(len(_trimmed(cells)) for _, cells in rows)
    captions = []
    # Sheets often start with a line or two about the table, in one cell each.
    while len(rows) > 2 and width > 1 and len([cell for cell in rows[0][1] if one_line(cell)]) == 1:
        captions.append(one_line(" ".join(rows.pop(0)[1])))
    captions = [caption for caption in captions if has_words(caption)]
    first = [one_line(cell) for cell in _trimmed(rows[0][1])]
    if len(rows) > 1 and (reads_as_header(first) if width > 1 else _names_one_column(first, rows)):
        return captions, first, rows[1:]
    return captions, [], rows


def _names_one_column(first: Sequence[str], rows: Sequence[NumberedRow]) -> bool:
    """Whether the first line of a single column is its name: short, while the others are sentences."""
    lengths = [len(one_line(cells[0])) for _, cells in rows[1 : _SAMPLE_ROWS + 1] if cells]
    return len(first[0]) <= 30 and first[0][-1:].isalnum() and bool(lengths) and min(lengths) > len(first[0])


def _trimmed(cells: Sequence[str]) -> list[str]:
    filled = [index for index, cell in enumerate(cells) if one_line(cell)]
    return list(cells[: filled[-1] + 1]) if filled else []


def _naming_column(header: Sequence[str], rows: Sequence[NumberedRow]) -> int | None:
    """The column whose cells head the rows; None for a table of one column, where the row is its only text."""
    sample = [cells for _, cells in rows[:_SAMPLE_ROWS]]
    width = max((len(cells) for cells in sample), default=0)
    if width < 2:
        return None
    words = [name.casefold() for name in header]
    named = [words.index(naming) for naming in _NAMING[:6] if naming in words]
    named += [index for naming in _NAMING for index, name in enumerate(words) if naming in re.findall(r"[a-z]+", name)]
    candidates = [*named, *range(width)]
    return next((column for column in candidates if _holds_names(column, sample)), 0)


def _holds_names(column: int, sample: Sequence[Sequence[str]]) -> bool:
    """Whether most cells of a column are filled with words short enough for a heading."""
    cells = [one_line(row[column]) if column < len(row) else "" for row in sample]
    good = [cell for cell in cells if cell and len(cell) <= _LONGEST_HEADING and not _NUMBER_LIKE.fullmatch(cell)]
    return len(good) > 0.6 * len(cells)


def _read_as_rows(name: str, table: Table, header: Sequence[str], naming: int | None, row_count: int) -> LoadFailure:
    where = f"Sheet “{table.sheet}”" if table.sheet else "The table"
    rows = f"{row_count:,} rows" if row_count > 1 else "one row"
    if naming is None:
        headed = ""
    elif naming < len(header) and header[naming]:
        headed = f", headed by its column “{header[naming]}”"
    else:
        headed = f", headed by column {naming + 1}"
    unnamed = "" if header else " No names of columns were found in the first row."
    return LoadFailure(
        name,
        "read-as-rows",
        f"{where} has no columns “question” and “answer”: each of its {rows} is a passage{headed}.{unnamed}",
        "Nothing is lost. For curated answers name two columns “question” and “answer”.",
    )
