"""Reads examples: responses with the topics, and the sentiment, that a person gave them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.errors import InputError, NotFoundError
from services.surveys.models import Example, Sentiment, Taxonomy
from services.surveys.response_encoding import find_encoding

SEPARATOR = "|"
_DELIMITERS = (",", ";", "\t")
_LONGEST_CELL = 1_000_000
_COLUMNS_REMEDY = "The first row names the columns: text, topics and, if known, sentiment."


def read_examples(path: Path, taxonomy: Taxonomy) -> tuple[Example, ...]:
    """Read a CSV of text, topics (ids or names, joined by ``|``; none for Other) and sentiment (may be empty).

    Raises:
        NotFoundError: ``file-missing``.
        InputError: ``missing-column``, ``empty-example``, ``unknown-topic``, ``unknown-sentiment`` or ``bad-line``,
            each naming the line, and the codes of :func:`find_encoding`.
    """
    topic_ids = {topic.name.casefold(): topic.id for topic in taxonomy.topics}
    topic_ids.update({topic.id: topic.id for topic in taxonomy.topics})
    return tuple(_example(path.name, line, row, topic_ids) for line, row in _rows(path))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by the names of their columns, each with the line that it starts at."""
    name = path.name
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise NotFoundError(
            f"{name} cannot be opened.", code="file-missing", remedy="Check the path and the permissions."
        ) from exc
    text = data.decode(find_encoding(io.BytesIO(data), name).codec, errors="replace").replace("\0", "")
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: list[str] | None = None
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as exc:
            raise InputError(
                f"Line {start} of {name} is no row of a CSV file.", code="bad-line", remedy=_COLUMNS_REMEDY
            ) from exc
        if columns is None:
            columns = [cell.strip().casefold() for cell in cells]
            _check_columns(name, columns)
        elif any(cell.strip() for cell in cells):
            if len(cells) > len(columns):
                raise InputError(
                    f"Line {start} of {name} has {len(cells)} cells, the first row {len(columns)}.",
                    code="bad-line",
                    remedy="Put a text that holds the delimiter between quotation marks.",
                )
            yield start, dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        start = reader.line_num + 1
    if columns is None:
        _check_columns(name, [])


def _check_columns(name: str, columns: list[str]) -> None:
    for column in ("text", "topics"):
        if columns.count(column) != 1:
            how_many = "no" if column not in columns else "more than one"
            raise InputError(f"{name} has {how_many} column “{column}”.", code="missing-column", remedy=_COLUMNS_REMEDY)


def _example(name: str, line: int, row: Mapping[str, str], topic_ids: Mapping[str, str]) -> Example:
    if not row["text"]:
        raise InputError(
            f"Line {line} of {name} has no text.", code="empty-example", remedy="Add the response, or remove the line."
        )
    found = []
    for topic in filter(None, (part.strip() for part in row.get("topics", "").split(SEPARATOR))):
        topic_id = topic_ids.get(topic) or topic_ids.get(topic.casefold())
        if topic_id is None:
            known = ", ".join(f"“{one}”" for one in list(dict.fromkeys(topic_ids.values()))[:8])
            raise InputError(
                f"Line {line} of {name} has the topic “{topic}”, which the taxonomy does not have.",
                code="unknown-topic",
                remedy=f"Use the ids of its topics: {known}{' …' if len(set(topic_ids.values())) > 8 else ''}.",
            )
        found.append(topic_id)
    sentiment = row.get("sentiment", "").casefold()
    if sentiment and sentiment not in set(Sentiment):
        raise InputError(
            f"Line {line} of {name} has the sentiment “{row['sentiment']}”.",
            code="unknown-sentiment",
            remedy=f"Use {', '.join(Sentiment)}, or leave it empty.",
        )
    return Example(row["text"], tuple(dict.fromkeys(found)), Sentiment(sentiment) if sentiment else None)
