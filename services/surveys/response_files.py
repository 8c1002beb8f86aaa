"""Reads a survey file, whatever its format."""

from __future__ import annotations

import io
from pathlib import Path

from services.errors import InputError, NotFoundError
from services.surveys.response_encoding import not_text
from services.surveys.response_json_lines import read_json_lines_table
from services.surveys.response_tables import ResponseTable
from services.surveys.response_text_files import read_text_table
from services.surveys.response_workbooks import read_workbook_table

FILE_ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".jsonl", ".ndjson")
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = (
    b"%PDF",
    b"\x1f\x8b",
    b"PK\x05\x06",
    b"SQLite format",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PAR1",
    b"7z\xbc",
)


def read_table(source: Path | bytes, name: str, *, sheet: str | None = None) -> ResponseTable:
    """Read a survey file as CSV, TSV, XLSX or JSONL. What it holds decides about the format, its name only in doubt.

    Args:
        source: The file, or what is in it.
        name: What the file is called in messages.
        sheet: Title of the sheet of a workbook; the longest one when None.

    Raises:
        NotFoundError: ``file-missing``.
        InputError: ``empty-file``, ``not-text``, ``xls-old``, ``xlsx-protected``, ``json-array``, and the codes of
            :func:`read_text_table`, :func:`read_workbook_table` and :func:`read_json_lines_table`.
    """
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), name, sheet)
    try:
        with source.open("rb") as stream:
            return _read(stream, name, sheet)
    except OSError as exc:
        raise NotFoundError(
            f"{name} cannot be opened.", code="file-missing", remedy="Check the path and the permissions."
        ) from exc


def _read(stream: io.BufferedReader | io.BytesIO, name: str, sheet: str | None) -> ResponseTable:
    start = stream.read(4_096)
    stream.seek(0)
    if start.startswith(_ZIP):
        return read_workbook_table(stream.read(), name, sheet)
    if start.startswith(_OLD_OFFICE):
        raise _old_office(stream.read(), name)
    if start.startswith(_BINARY):
        raise not_text(name)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{") or (name.lower().endswith((".jsonl", ".ndjson")) and not text.startswith(b"[")):
        return read_json_lines_table(stream, name)
    if text.startswith(b"[") and name.lower().endswith((".json", ".jsonl", ".ndjson")):
        raise InputError(
            f"{name} is one JSON list, not JSON lines.",
            code="json-array",
            remedy="Write one object per line, without brackets around them and commas between them, or load a CSV.",
        )
    return read_text_table(stream, name)


def _old_office(data: bytes, name: str) -> InputError:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return InputError(
            f"{name} is protected with a password.",
            code="xlsx-protected",
            remedy="Open it in Excel, save it without a password, and load that file.",
        )
    return InputError(
        f"{name} is a workbook of an old Excel (.xls).",
        code="xls-old",
        remedy="Open it in Excel, save it as .xlsx, and load that file.",
    )
