"""Reads examples: responses with the topics, and the sentiment, that a person gave them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from services.errors import InputError
from services.surveys.csv_rows import CsvColumns, csv_rows, csv_text, unguarded
from services.surveys.models import Example, Sentiment, Taxonomy
from services.surveys.response_encoding import find_encoding
from services.surveys.taxonomy_files import read_bytes
from services.surveys.topic_words import name_key

SEPARATOR = "|"
COLUMNS = ("text", "topics", "sentiment")
_COLUMNS = CsvColumns(
    required=("text", "topics"),
    known=COLUMNS,
    remedy="The first row names the columns: text, topics and, if known, sentiment.",
)


def read_examples(path: Path, taxonomy: Taxonomy) -> tuple[Example, ...]:
    """Read a file as :func:`import_examples` does.

    Raises:
        NotFoundError: ``file-missing``.
        InputError: as :func:`import_examples`.
    """
    return import_examples(path.name, read_bytes(path), taxonomy)


def import_examples(name: str, data: bytes, taxonomy: Taxonomy) -> tuple[Example, ...]:
    """Read a CSV of text, topics (ids or names, joined by ``|``; none for Other) and sentiment (may be empty).

    Args:
        name: Of the file, for messages.

    Raises:
        InputError: ``missing-column``, ``empty-example``, ``unknown-topic``, ``unknown-sentiment`` or ``bad-line``,
            each naming the line, and the codes of :func:`find_encoding`.
    """
    topic_ids = {name_key(topic.name): topic.id for topic in taxonomy.topics}
    topic_ids.update({topic.id: topic.id for topic in taxonomy.topics})
    text = data.decode(find_encoding(io.BytesIO(data), name).codec, errors="replace")
    return tuple(_example(name, line, row, topic_ids) for line, row in csv_rows(name, text, _COLUMNS))


def export_examples(taxonomy: Taxonomy) -> str:
    """The examples of a taxonomy as CSV that :func:`import_examples` reads; no cell can be a formula."""
    return csv_text(
        COLUMNS,
        [
            (example.text, SEPARATOR.join(example.topic_ids), example.sentiment.value if example.sentiment else "")
            for example in taxonomy.examples
        ],
    )


def _example(name: str, line: int, row: Mapping[str, str], topic_ids: Mapping[str, str]) -> Example:
    if not row["text"]:
        raise InputError(
            f"Line {line} of {name} has no text.", code="empty-example", remedy="Add the response, or remove the line."
        )
    found = []
    for topic in filter(None, (part.strip() for part in unguarded(row.get("topics", "")).split(SEPARATOR))):
        topic_id = topic_ids.get(topic) or topic_ids.get(name_key(topic))
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
    return Example(unguarded(row["text"]), tuple(dict.fromkeys(found)), Sentiment(sentiment) if sentiment else None)
