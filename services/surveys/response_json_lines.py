"""Survey files as JSON lines: one object per response."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from services.errors import InputError
from services.surveys.response_encoding import FoundEncoding, find_encoding
from services.surveys.response_tables import (
    MOST_COLUMNS,
    ResponseTable,
    TableFormat,
    table_of_records,
    too_many_columns,
)


def read_json_lines_table(stream: BinaryIO, name: str) -> ResponseTable:
    """Read one JSON object per line; keys that come later become columns too.

    Lists of plain values become one cell, joined by ``; ``; other nested values stay JSON.

    Raises:
        InputError: ``empty-file``, ``not-text``, ``unknown-encoding``, ``jsonl-damaged``, ``no-rows``,
            ``too-many-rows`` or ``too-many-columns``.
    """
    encoding = find_encoding(stream, name)
    columns: list[str] = []
    data = table_of_records(name, _records(stream, encoding, name, columns), columns)
    return ResponseTable(
        name=name,
        format=TableFormat.JSONL,
        columns=tuple(columns),
        data=data,
        warnings=encoding.warnings,
        encoding=encoding.label,
    )


def _records(stream: BinaryIO, encoding: FoundEncoding, name: str, columns: list[str]) -> Iterator[dict[str, str]]:
    known: set[str] = set()
    text = io.TextIOWrapper(stream, encoding=encoding.codec, errors="replace")
    try:
        for number, line in enumerate(text, start=1):
            if not line.strip("\0 \t\r\n\ufeff"):
                continue
            record = {
                _sound(key).strip() or "Column": _cell(value) for key, value in _object(line, number, name).items()
            }
            for key in record:
                if key not in known:
                    known.add(key)
                    columns.append(key)
                    if len(columns) > MOST_COLUMNS:
                        raise too_many_columns(name)
            yield record
    finally:
        text.detach()


def _object(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        value = json.loads(line.strip("\0 \t\r\n\ufeff"))
    except (ValueError, RecursionError) as exc:
        raise _damaged(name, number) from exc
    if not isinstance(value, dict):
        raise _damaged(name, number)
    return value


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return _sound(value)
        case bool():
            return "Yes" if value else "No"
        case float() if value.is_integer():
            return str(int(value))
        case list() if all(isinstance(one, str | int | float) for one in value):
            return "; ".join(_cell(one) for one in value)
        case list() | dict():
            return _sound(json.dumps(value, ensure_ascii=False))
        case _:
            return str(value)


def _sound(text: str) -> str:
    """Without halves of characters, which JSON can hold and no file can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _damaged(name: str, number: int) -> InputError:
    return InputError(
        f"Line {number:,} of {name} is not a JSON object.",
        code="jsonl-damaged",
        remedy='Write one object per line, such as {"id": "1", "comment": "Fast and easy"}, or load the survey as CSV.',
    )
