"""Findings as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import BinaryIO

from services.surveys.exports.cells import safe_cell
from services.surveys.exports.models import ExportTable


def write_csv(table: ExportTable, target: BinaryIO) -> int:
    """Write a CSV file, UTF-8 with a byte order mark so that spreadsheets read it right; no cell can be a formula.

    Returns:
        How many rows were written below the names of the columns.
    """
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(column.name) for column in table.columns])
    count = 0
    for row in table.rows:
        writer.writerow([safe_cell(value) for value in row])
        count += 1
    text.flush()
    text.detach()
    return count


def write_json_lines(table: ExportTable, target: BinaryIO) -> int:
    """Write one JSON object per row, UTF-8; keys are the names of the columns, dates are ISO 8601.

    Returns:
        How many lines were written.
    """
    names = [column.name for column in table.columns]
    return write_json_objects((dict(zip(names, row, strict=True)) for row in table.rows), target)


def write_json_objects(objects: Iterable[Mapping[str, object]], target: BinaryIO) -> int:
    """Write one JSON object per line, UTF-8; dates are ISO 8601.

    Returns:
        How many lines were written.
    """
    count = 0
    for one in objects:
        target.write(json.dumps(one, ensure_ascii=False, default=date.isoformat).encode("utf-8") + b"\n")
        count += 1
    return count
