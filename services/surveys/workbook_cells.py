"""The cells of an Excel workbook as a stream of text rows, several times faster than a library that makes objects."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from lxml import etree  # type: ignore[import-untyped, unused-ignore]
from openpyxl.styles.numbers import (  # type: ignore[import-untyped, unused-ignore]
    BUILTIN_FORMATS,
    is_date_format,
    is_timedelta_format,
)
from openpyxl.utils.cell import (  # type: ignore[import-untyped, unused-ignore]
    column_index_from_string,
    range_boundaries,
)
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel  # type: ignore[import-untyped, unused-ignore]

_RELATION_ID = re.compile(r"\{[^}]*relationships\}id$")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell ref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")
_CHUNK_BYTES = 1_000_000
_TAIL_BYTES = 200_000
# Rows that are missing in the file are empty; near the top they count, because merged cells name rows by number.
_GAPS_KEPT_UNTIL = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook.

    Attributes:
        part: Its file in the archive.
        size_bytes: Of the unpacked part; the longest sheet is the largest.
    """

    title: str
    part: str
    is_visible: bool
    size_bytes: int


class WorkbookCells:
    """Reads the sheets of a workbook. Raises whatever zipfile and lxml raise on damaged files.

    Args:
        archive: The opened file.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._folder = ""
        self.sheets: tuple[Sheet, ...] = ()
        self.uncalculated_formulas = 0
        self._epoch = WINDOWS_EPOCH
        self._shared_part = self._styles_part = ""
        self._read_parts()

    def merged(self, sheet: Sheet) -> tuple[tuple[int, int, int], ...]:
        """Row, first and last column (from 0) of the cells that are merged across columns."""
        tail = b""
        with self._archive.open(sheet.part) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                tail = (tail + chunk)[-_TAIL_BYTES:]
        found = []
        for reference in _MERGED.findall(tail):
            first, top, last, _ = range_boundaries(reference.decode("ascii"))
            if last > first:
                found.append((top - 1, first - 1, last - 1))
        return tuple(found)

    def rows(self, sheet: Sheet, most_columns: int) -> Iterator[list[str]]:
        """Each row up to its last filled cell; ``uncalculated_formulas`` is counted meanwhile."""
        shared = self._shared_strings()
        moments = self._moment_styles()
        places: dict[str, int] = {}
        expected = 1
        self.uncalculated_formulas = 0
        for row in self._elements(sheet.part, "row"):
            number = int(row.get("r") or expected)
            while expected < min(number, _GAPS_KEPT_UNTIL):
                yield []
                expected += 1
            expected = number + 1
            cells: list[str] = []
            for cell in row:
                index = _column_index(cell.get("r"), len(cells), places)
                if index >= most_columns:
                    break
                text = self._text(cell, shared, moments)
                if text:
                    cells.extend([""] * (index - len(cells)))
                    cells[index:] = [text]
                elif cell.get("r") is None:
                    cells.append("")
            yield cells

    def _text(self, cell: Any, shared: list[str], moments: dict[int, bool]) -> str:
        kind = cell.get("t")
        value: str | None = None
        has_formula = False
        for child in cell:
            tag = child.tag.rpartition("}")[2]
            if tag == "v":
                value = child.text
            elif tag == "is":
                value = _joined_text(child)
            elif tag == "f":
                has_formula = True
        if value is None:
            self.uncalculated_formulas += has_formula
            return ""
        if kind == "s":
            return shared[int(value)]
        if kind in {"inlineStr", "str", "d", "e"}:
            return value
        if kind == "b":
            return "Yes" if value == "1" else "No"
        style = cell.get("s")
        if style is not None and int(style) in moments:
            return self._moment(value, is_duration=moments[int(style)])
        return value if value.isdigit() else _number(value)

    def _moment(self, value: str, *, is_duration: bool) -> str:
        try:
            moment = from_excel(float(value), self._epoch, timedelta=is_duration)
        except (ValueError, OverflowError):
            return value
        if isinstance(moment, datetime):
            if moment.time() == time():
                return moment.date().isoformat()
            return moment.isoformat(sep=" ", timespec="seconds")
        if isinstance(moment, timedelta):
            return str(moment)
        return str(moment.isoformat()) if moment is not None else value

    def _read_parts(self) -> None:
        relations = etree.fromstring(self._archive.read("_rels/.rels"), _parser())
        targets_of_kind = {str(one.get("Type")).rpartition("/")[2]: str(one.get("Target")) for one in relations}
        workbook_part = targets_of_kind["officeDocument"].lstrip("/")
        self._folder = posixpath.dirname(workbook_part)
        name = posixpath.basename(workbook_part)
        targets: dict[str, str] = {}
        for one in etree.fromstring(self._archive.read(f"{self._folder}/_rels/{name}.rels".lstrip("/")), _parser()):
            target = self._part(str(one.get("Target")))
            kind = str(one.get("Type"))
            targets[str(one.get("Id"))] = target if kind.endswith("/worksheet") else ""
            if kind.endswith("/sharedStrings"):
                self._shared_part = target
            elif kind.endswith("/styles"):
                self._styles_part = target
        workbook = etree.fromstring(self._archive.read(workbook_part), _parser())
        sheets = []
        for element in workbook.iter("{*}sheet", "{*}workbookPr"):
            if element.tag.endswith("workbookPr"):
                self._epoch = MAC_EPOCH if element.get("date1904") in {"1", "true"} else WINDOWS_EPOCH
                continue
            relation = next((value for key, value in element.items() if _RELATION_ID.search(key)), "")
            if part := targets.get(relation):
                size_bytes = self._archive.getinfo(part).file_size
                is_visible = element.get("state", "visible") == "visible"
                sheets.append(Sheet(str(element.get("name")), part, is_visible, size_bytes))
        self.sheets = tuple(sheets)

    def _part(self, target: str) -> str:
        if target.startswith("/"):
            return target.lstrip("/")
        return posixpath.normpath(posixpath.join(self._folder, target))

    def _shared_strings(self) -> list[str]:
        if not self._shared_part or self._shared_part not in self._archive.namelist():
            return []
        return [_joined_text(item) for item in self._elements(self._shared_part, "si")]

    def _moment_styles(self) -> dict[int, bool]:
        """Numbers of the styles that show a date or a time; True where it is a duration."""
        if not self._styles_part or self._styles_part not in self._archive.namelist():
            return {}
        styles = etree.fromstring(self._archive.read(self._styles_part), _parser())
        formats = dict(BUILTIN_FORMATS)
        for one in styles.iter("{*}numFmt"):
            formats[int(one.get("numFmtId"))] = str(one.get("formatCode"))
        found = {}
        for cell_formats in styles.iter("{*}cellXfs"):
            for number, one in enumerate(cell_formats):
                code = formats.get(int(one.get("numFmtId") or 0), "General")
                if is_date_format(code):
                    found[number] = bool(is_timedelta_format(code))
        return found

    def _elements(self, part: str, tag: str) -> Iterator[Any]:
        with self._archive.open(part) as stream:
            # Entities stay as they are: a workbook needs none, and an attack would.
            for _, element in etree.iterparse(stream, tag=f"{{*}}{tag}", resolve_entities=False, no_network=True):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _joined_text(element: Any) -> str:
    """The text of a string, its formatted parts joined; how it is pronounced (``rPh``) is left out."""
    if len(element) == 1 and element[0].tag.endswith("}t"):
        return element[0].text or ""
    pieces = []
    for child in element:
        if child.tag.endswith("}t"):
            pieces.append(child.text or "")
        elif child.tag.endswith("}r"):
            pieces += [part.text or "" for part in child if part.tag.endswith("}t")]
    return "".join(pieces)


def _column_index(place: str | None, following: int, known: dict[str, int]) -> int:
    if place is None:
        return following
    letters = place.rstrip("0123456789")
    if letters not in known:
        known[letters] = int(column_index_from_string(letters)) - 1
    return known[letters]


def _number(value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() else f"{number:.15g}"
