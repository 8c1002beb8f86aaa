"""Tables of questions and answers: CSV, TSV and Excel."""

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
from services.knowledge.loading.loaded_file import Content, Source
from services.knowledge.loading.properties import checked_url, url_warning
from services.knowledge.loading.workbooks import workbook_tables
from services.knowledge.models import Document, LoadFailure, Section

_DELIMITERS = ",;\t|"
_PHRASING = re.compile(r"question[ _]?\d{1,2}")
_EXPECTED = "question, answer; optional: question_2, question_3 … or questions (separated by |), title, url"
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
    """Read a table of questions and answers as text with a delimiter, which is found out.

    Raises:
        InputError: ``wrong-columns``, ``no-rows``, ``table-damaged``, or the codes of an unreadable text.
    """
    text, warnings = decode_text(source.data, source.name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    # Excel writes its delimiter into a first line of its own where the country's habit differs.
    hint = re.match(r"\"?sep=([;,\t|])\"?\n", lines)
    body = lines[hint.end() :] if hint else lines
    delimiter = hint.group(1) if hint else _delimiter(body)
    rows = _numbered(_csv_rows(body, delimiter, source.name, 2 if hint else 1))
    media_type = Format.TSV if delimiter == "\t" else Format.CSV
    return _content(source, [rows], media_type, warnings)


def load_workbook(source: Source) -> Content:
    """Read every sheet of an Excel workbook that has the columns of questions and answers.

    Raises:
        InputError: ``wrong-columns``, ``no-rows``, ``xlsx-damaged`` or ``too-large``.
    """
    sheets = []
    for title, rows in workbook_tables(source):
        # Cells to the right of the named columns are notes; unlike in CSV they are never the rest of an answer.
        width = len(rows[0][1]) if rows else 0
        sheets.append(_numbered(((number, cells[:width]) for number, cells in rows), sheet=title))
    return _content(source, sheets, Format.XLSX, ())


def _content(
    source: Source, tables: Sequence[list[tuple[str, list[str]]]], media_type: Format, earlier: tuple[LoadFailure, ...]
) -> Content:
    filled = [table for table in tables if table]
    if not filled:
        raise InputError(
            f"{source.name} holds no rows.",
            code="no-rows",
            remedy=f"The first row names the columns ({_EXPECTED}), each further row is one question with its answer.",
        )
    readable = [(table, columns) for table in filled if (columns := _columns(table[0][1])) is not None]
    if not readable:
        found = ", ".join(f"“{cell}”" for cell in filled[0][0][1][:12] if cell) or "none"
        raise InputError(
            f"{source.name} does not have the columns of questions and answers. Columns found: {found}.",
            code="wrong-columns",
            remedy=f"Name the columns in the first row. Expected: {_EXPECTED}.",
        )
    warnings = list(earlier)
    rows: list[_Row] = []
    for table, columns in readable:
        for place, cells in table[1:]:
            row = _row(place, cells, columns)
            warning = _row_warning(source.name, row, any(one_line(cell) for cell in cells[len(table[0][1]) :]))
            if warning is not None:
                warnings.append(warning)
            elif row.answer:
                rows.append(row)
    if not rows:
        raise InputError(
            f"{source.name} holds no row with both a question and an answer.",
            code="no-rows",
            remedy="Fill in at least one row below the names of the columns.",
        )
    document, document_warnings = _document(source, rows, media_type)
    return Content(documents=(document,), warnings=(*warnings, *document_warnings))


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


def _numbered(rows: Iterable[tuple[int, list[str]]], sheet: str = "") -> list[tuple[str, list[str]]]:
    """The rows that are not empty, each with the words for its place."""
    place = f"Sheet “{sheet}”, row" if sheet else "Line"
    return [(f"{place} {number}", cells) for number, cells in rows if any(one_line(cell) for cell in cells)]


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


def _document(source: Source, rows: Sequence[_Row], media_type: Format) -> tuple[Document, list[LoadFailure]]:
    warnings = []
    parts: list[str] = []
    sections: list[Section] = []
    length = 0
    places: dict[str, str] = {}
    for row in rows:
        question = row.phrasings[0]
        if (earlier := places.setdefault(question.casefold(), row.place)) != row.place:
            warnings.append(
                LoadFailure(
                    source.name,
                    "duplicate-question",
                    f"{row.place} asks the same question as {earlier[0].lower()}{earlier[1:]}; both were loaded.",
                    "Keep the right answer and delete the other row.",
                )
            )
        start = length + len(question) + 1
        parts.append(f"{question}\n{row.answer}")
        row_url = checked_url(row.url)
        if row.url and row_url is None:
            warnings.append(url_warning(source.name, f"{row.place}: "))
        end = start + len(row.answer)
        sections.append(Section((question,), start, end, questions=row.phrasings, url=row_url))
        length = start + len(row.answer) + 2
    titles = {row.title for row in rows if row.title}
    urls = {section.url for section in sections}
    # One address for all rows is the document's; otherwise each section keeps its own.
    document = Document(
        id=source.document_id,
        title=titles.pop() if len(titles) == 1 else title_from_name(source.name),
        text="\n\n".join(parts),
        sections=tuple(sections),
        media_type=media_type,
        url=urls.pop() if len(urls) == 1 else None,
        source_name=source.name,
        source_sha256=source.sha256,
    )
    return document, warnings
