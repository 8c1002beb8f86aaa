"""Reads files of questions: plain ones, golden ones, out-of-scope ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.errors import InputError
from services.knowledge.models import ExpectedPassage, GoldenQuestion


def read_questions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of each line. Raises InputError naming the line that is wrong."""
    for number, values in _lines(path):
        if not isinstance(values.get("text"), str) or "id" not in values:
            raise _bad_line(path, number)
        yield str(values["id"]), values["text"]


def read_golden_questions(path: Path) -> list[GoldenQuestion]:
    """All questions of a file; `expected`, `kind` and `split` may be missing. Raises InputError naming the line."""
    questions = []
    for number, values in _lines(path):
        if not isinstance(values.get("text"), str):
            raise _bad_line(path, number)
        try:
            questions.append(
                GoldenQuestion(
                    id=str(values["id"]),
                    text=values["text"],
                    expected=tuple(
                        ExpectedPassage(entry["document_id"], entry.get("quote", ""))
                        for entry in values.get("expected", ())
                    ),
                    kind=values.get("kind", "fact"),
                    split=values.get("split", "tune"),
                )
            )
        except (KeyError, TypeError) as exc:
            raise _bad_line(path, number) from exc
    return questions


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    values = json.loads(line)
                except ValueError as exc:
                    raise _bad_line(path, number) from exc
                if not isinstance(values, dict):
                    raise _bad_line(path, number)
                yield number, values
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"{path.name} cannot be read.", code="unreadable", remedy="Check the path and that it is UTF-8 text."
        ) from exc


def _bad_line(path: Path, number: int) -> InputError:
    return InputError(
        f"Line {number} of {path.name} is not a question.",
        code="bad-line",
        remedy='Each line must be JSON such as {"id": "q1", "text": "How do I ...?"}.',
    )
