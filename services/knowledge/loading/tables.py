"""Tables as CSV, TSV and Excel: questions with answers, or else rows that are passages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.errors import InputError
from services.knowledge.loading.blocks import has_words, one_line, several_lines, title_from_name
from services.knowledge.loading.decoding import decode_text
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.office_properties import office_properties
from services.knowledge.loading.properties import checked_url, url_warning
from services.knowledge.loading.row_passages import DocumentBuilder, Table, add_passages
from services.knowledge.loading.workbooks import MOST_ROWS, NumberedRow, too_many_rows, workbook_tables
from services.knowledge.models import Document, LoadFailure

_DELIMITERS = ",;\t|"
_PHRASING = re.compile(r"question[ _]?\d{1,2}")
_LONGEST_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class _Columns:
    question: int
    answer: int
    phrasings: tuple[int, ...]
    joined_phrasings: int | None
    url: int | None
    title: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    place: str
    phrasings: tuple[str, ...]
    answer: str
    url: str
    title: str


def load_csv(source: Source) -> Content:
    """Read a table as text with a delimiter, which is found out.

    Raises:
        InputError: ``no-rows``, ``table-damaged``, ``too-large``, or the codes of an unreadable text.
    """
    text, warnings = decode_text(source.data, source.name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    # Excel writes its delimiter into a first line of its own where the country's habit differs.
    hint = re.match(r"\"?sep=([;,\t|])\"?\n", lines)
    body = lines[hint.end() :] if hint else lines
    delimiter = hint.group(1) if hint else _delimiter(body)
    rows = _filled(_csv_rows(body, delimiter, source.name, 2 if hint else 1), source.name)
    media_type = Format.TSV if delimiter == "\t" else Format.CSV
    return _content(source, [Table("", rows)], media_type, Properties(), warnings)


def load_workbook(source: Source) -> Content:
    """Read every sheet of an Excel workbook that holds anything.

    Raises:
        InputError: ``no-rows``, ``xlsx-damaged`` or ``too-large``.
    """
    sheets, warnings = workbook_tables(source)
    stated = office_properties(source.data)
    properties = Properties(title=stated.title, url=stated.url)
    return _content(source, [Table(title, rows) for title, rows in sheets], Format.XLSX, properties, warnings)


def _content(
    source: Source,
    tables: Sequence[Table],
    media_type: Format,
    properties: Properties,
    earlier: tuple[LoadFailure, ...],
) -> Content:
    filled = [table for table in tables if table.rows]
    if not filled:
        raise InputError(
            f"{source.name} holds no rows.",
            code="no-rows",
            remedy="The first row names the columns, each further row holds what belongs together.",
        )
    warnings = list(earlier)
    rows: list[_Row] = []
    other_tables: list[Table] = []
    for table in filled:
        columns = _columns(table.rows[0][1])
        if columns is None:
            other_tables.append(table)
            continue
        found, found_warnings = _answer_rows(source.name, table, columns, is_text=media_type is not Format.XLSX)
        rows += found
        warnings += found_warnings
    builder = DocumentBuilder()
    if rows:
        warnings += _add_answers(builder, source.name, rows)
    if other_tables:
        warnings += add_passages(builder, source.name, other_tables, has_answers=bool(rows))
    if builder.is_empty:
        raise InputError(
            f"{source.name} holds no row with both a question and an answer."
            if not other_tables
            else f"{source.name} holds no rows below the names of its columns.",
            code="no-rows",
            remedy="Fill in at least one row below the names of the columns.",
        )
    titles = {row.title for row in rows if row.title}
    urls = {section.url for section in builder.sections}
    # One address for all rows is the document's; otherwise each section keeps its own.
    row_url = urls.pop() if len(urls) == 1 else None
    stated_title = properties.title if other_tables else None
    document = Document(
        id=source.document_id,
        title=titles.pop() if len(titles) == 1 else stated_title or title_from_name(source.name),
        text=builder.text,
        sections=tuple(builder.sections),
        media_type=media_type,
        url=row_url or properties.url,
        source_name=source.name,
        source_sha256=source.sha256,
    )
    return Content(documents=(document,), warnings=tuple(warnings))


def _answer_rows(name: str, table: Table, columns: _Columns, *, is_text: bool) -> tuple[list[_Row], list[LoadFailure]]:
    """The rows of a table of answers that hold both a question and an answer, and a warning for each other one."""
    rows = []
    warnings = []
    width = len(table.rows[0][1])
    for number, cells in table.rows[1:]:
        row = _row(table.place(number), cells[:width], columns)
        # In a workbook, cells to the right of the named columns are notes; in text they may be the rest of an answer.
        has_extra_cells = is_text and any(one_line(cell) for cell in cells[width:])
        warning = _row_warning(name, row, has_extra_cells)
        if warning is not None:
            warnings.append(warning)
        elif row.answer:
            rows.append(row)
    return rows, warnings


def _delimiter(text: str) -> str:
    """The delimiter under which the first line has the right columns, else the most columns."""
    first = text.split("\n", 1)[0][:10_000]

    def fitness(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return _columns(cells) is not None, len(cells)

    return max(_DELIMITERS, key=fitness)


def _csv_rows(text: str, delimiter: str, name: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    # Strict: a forgotten quotation mark would otherwise swallow all rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = first_line
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise InputError(
                f"{name} cannot be read from line {start} on: a quotation mark is missing or one too many.",
                code="table-damaged",
                remedy="Correct that line (a quotation mark inside a quoted cell is written twice), or save the table "
                "as an Excel workbook (.xlsx) and load that.",
            ) from exc
        yield start, cells
        start = first_line + reader.line_num


def _filled(rows: Iterable[NumberedRow], name: str) -> list[NumberedRow]:
    """The rows that are not empty, with the numbers of their lines."""
    filled = []
    for number, cells in rows:
        if any(one_line(cell) for cell in cells):
            filled.append((number, cells))
            if len(filled) > MOST_ROWS:
                raise too_many_rows(name)
    return filled


def _columns(header: Sequence[str]) -> _Columns | None:
    names = [one_line(cell).casefold() for cell in header]
    if "question" not in names or "answer" not in names:
        return None

    def find(name: str) -> int | None:
        return names.index(name) if name in names else None

    return _Columns(
        question=names.index("question"),
        answer=names.index("answer"),
        phrasings=tuple(index for index, name in enumerate(names) if _PHRASING.fullmatch(name)),
        joined_phrasings=find("questions"),
        url=find("url"),
        title=find("title"),
    )


def _row(place: str, cells: Sequence[str], columns: _Columns) -> _Row:
    def cell(index: int | None) -> str:
        return cells[index] if index is not None and index < len(cells) else ""

    questions = [cell(columns.question), *(cell(index) for index in columns.phrasings)]
    questions += cell(columns.joined_phrasings).split("|")
    phrasings = dict.fromkeys(one_line(question) for question in questions if has_words(question))
    answer = several_lines(cell(columns.answer))
    return _Row(
        place=place,
        phrasings=tuple(phrasings),
        answer=answer if has_words(answer) else "",
        url=one_line(cell(columns.url)),
        title=one_line(cell(columns.title)),
    )


def _row_warning(name: str, row: _Row, has_extra_cells: bool) -> LoadFailure | None:
    if has_extra_cells:
        # Half an answer is worse than none: the rest of it may say "only if".
        return LoadFailure(
            name,
            "extra-cells",
            f"{row.place} was left out: it has more cells than there are columns, so its answer may be cut off.",
            "Put cells that contain the separator (such as a comma) in quotation marks, or save the table as .xlsx.",
        )
    if row.answer and row.phrasings:
        return None
    if not row.answer and not row.phrasings:
        return None if not (row.url or row.title) else _left_out(name, row, "a question and an answer", "empty-answer")
    return _left_out(name, row, *(("a question", "empty-question") if row.answer else ("an answer", "empty-answer")))


def _left_out(name: str, row: _Row, missing: str, code: str) -> LoadFailure:
    return LoadFailure(
        name,
        code,
        f"{row.place} was left out: it has no {missing.removeprefix('a ').removeprefix('an ')}.",
        f"Write {missing} into the row, or delete it.",
    )


def _add_answers(builder: DocumentBuilder, name: str, rows: Sequence[_Row]) -> list[LoadFailure]:
    warnings = []
    places: dict[str, str] = {}
    for row in rows:
        question = row.phrasings[0]
        if (earlier := places.setdefault(question.casefold(), row.place)) != row.place:
            warnings.append(
                LoadFailure(
                    name,
                    "duplicate-question",
                    f"{row.place} asks the same question as {earlier[0].lower()}{earlier[1:]}; both were loaded.",
                    "Keep the right answer and delete the other row.",
                )
            )
        row_url = checked_url(row.url)
        if row.url and row_url is None:
            warnings.append(url_warning(name, f"{row.place}: "))
        builder.add((question,), row.answer, questions=row.phrasings, url=row_url)
    return warnings
