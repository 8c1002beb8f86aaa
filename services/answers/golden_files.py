"""Golden questions as files: JSONL and CSV, read line by line and written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.errors import InputError
from services.knowledge.models import ExpectedPassage, GoldenQuestion
from services.spreadsheets import FORMULA_STARTS, safe_text

COLUMNS = ("id", "text", "kind", "split", "document_id", "quote")


@dataclass(frozen=True, slots=True)
class GoldenLine:
    """One question of a file, not judged yet.

    Attributes:
        line: Where it begins, counted from 1.
        question: Empty id where the file gives none; empty kind and split where it does not say.
        trouble: Why it is no question at all; empty when it is one.
    """

    line: int
    question: GoldenQuestion
    trouble: str = ""


def read_golden_file(name: str, data: bytes) -> list[GoldenLine]:
    """Every question of a JSONL or CSV file; a line that is none says why, and the others come all the same.

    A JSONL line is ``{"id", "text", "expected": [{"document_id", "quote"}], "kind", "split"}`` with only ``text``
    needed. A CSV file has a head line with the columns ``text`` and, if wanted, ``id``, ``kind``, ``split``,
    ``document_id``, ``quote``; a question with several places has a line for each, with the same id.

    Raises:
        InputError: it is no text, or has neither form.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(
            f"{name} is not UTF-8 text.", code="unreadable", remedy="Save it as UTF-8, then import it again."
        ) from exc
    if name.lower().endswith(".csv"):
        return _from_csv(name, text)
    return [_from_json(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def golden_jsonl(questions: Sequence[GoldenQuestion]) -> bytes:
    """One question per line, as :func:`read_golden_file` reads it."""
    lines = (
        json.dumps(
            {
                "id": question.id,
                "text": question.text,
                "kind": question.kind,
                "expected": [
                    {"document_id": expected.document_id, "quote": expected.quote} for expected in question.expected
                ],
                "split": question.split,
            },
            ensure_ascii=False,
        )
        for question in questions
    )
    return "".join(f"{line}\n" for line in lines).encode()


def golden_csv(questions: Sequence[GoldenQuestion]) -> bytes:
    """One line per question and place, UTF-8 with a byte order mark so that spreadsheets read it right."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for question in questions:
        for expected in question.expected or (ExpectedPassage(""),):
            values = (
                question.id,
                question.text,
                question.kind,
                question.split,
                expected.document_id,
                expected.quote,
            )
            writer.writerow([safe_text(value) for value in values])
    return file.getvalue().encode("utf-8-sig")


def _from_json(number: int, line: str) -> GoldenLine:
    try:
        values = json.loads(line)
    except ValueError:
        return _no_question(number, "This line is not JSON.")
    except RecursionError:
        return _no_question(number, "This line is nested too deep.")
    if not isinstance(values, dict):
        return _no_question(number, "This line is not a JSON object.")
    if not isinstance(values.get("text"), str) or not values["text"].strip():
        return _no_question(number, "There is no question in “text”.")
    expected = values.get("expected") or []
    if not isinstance(expected, list) or not all(
        isinstance(place, dict) and isinstance(place.get("document_id"), str) for place in expected
    ):
        return _no_question(number, "“expected” is not a list of places with a document_id.")
    return GoldenLine(
        number,
        GoldenQuestion(
            id=_word(values, "id"),
            text=values["text"].strip(),
            expected=tuple(ExpectedPassage(place["document_id"], _word(place, "quote")) for place in expected),
            kind=_word(values, "kind"),
            split=_word(values, "split"),
        ),
    )


def _from_csv(name: str, text: str) -> list[GoldenLine]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    if "text" not in (reader.fieldnames or ()):
        raise InputError(
            f"{name} has no column “text”.",
            code="no-text-column",
            remedy=f"Give its first line these column names: {', '.join(COLUMNS)}.",
        )
    lines: list[GoldenLine] = []
    for number, row in _rows(name, reader):
        values = {key: _unescaped(value) for key, value in row.items() if isinstance(key, str) and value}
        if not any(values.values()):
            continue
        place = (ExpectedPassage(values["document_id"], values.get("quote", "")),) if values.get("document_id") else ()
        before = lines[-1].question if lines else None
        same = before is not None and before.id and before.id == values.get("id")
        if before is not None and same and values.get("text", before.text) == before.text:
            lines[-1] = replace(lines[-1], question=replace(before, expected=(*before.expected, *place)))
            continue
        if not values.get("text"):
            lines.append(_no_question(number, "There is no question in the column “text”."))
            continue
        lines.append(
            GoldenLine(
                number,
                GoldenQuestion(
                    values.get("id", ""), values["text"], place, values.get("kind", ""), values.get("split", "")
                ),
            )
        )
    return lines


def _rows(name: str, reader: csv.DictReader[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    begins = reader.line_num + 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as exc:
        raise InputError(
            f"Line {begins} of {name} cannot be read.",
            code="bad-line",
            remedy="Check that every quotation mark of that line is closed; nothing was imported.",
        ) from exc


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _unescaped(value: str) -> str:
    value = value.strip()
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA_STARTS) else value


def _word(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return str(value).strip() if value is not None else ""


def _no_question(number: int, trouble: str) -> GoldenLine:
    return GoldenLine(number, GoldenQuestion("", ""), trouble)
