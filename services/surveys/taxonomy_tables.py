"""Taxonomies as CSV, to be worked on in a spreadsheet.

The columns, of which only ``name`` (or ``id``) must be there:

- ``id``: stays the same when the topic is renamed, so that earlier runs and corrections still belong to it.
- ``name``, ``description``
- ``keywords``: parted by commas.
- ``parent``: id or name of the topic above; empty at the top.
- ``examples``: responses that belong to the topic, parted by ``|``. A sentiment may follow in braces:
  ``Waited an hour {negative}``. A text that stands in several rows is one example with several topics.

A row that has nothing but examples holds responses for which no topic fits. A separator or a brace that belongs to a
text has a backslash in front. Cells that a spreadsheet would take for a formula start with an apostrophe, which is
taken off again on reading.
"""

from __future__ import annotations

import re

from services.errors import InputError
from services.surveys.csv_rows import CsvColumns, csv_rows, csv_text, joined, parted, unguarded
from services.surveys.models import Sentiment, Taxonomy
from services.surveys.taxonomy_entries import ExampleEntry, TopicEntry

COLUMNS = ("id", "name", "description", "keywords", "parent", "examples")
KEYWORD_SEPARATOR, EXAMPLE_SEPARATOR = ",", "|"
_COLUMNS = CsvColumns(
    required=(),
    known=COLUMNS,
    remedy="The first row names the columns: name and, if you like, id, description, keywords, parent, examples.",
)
_FEELING = re.compile(rf"\\*\{{({'|'.join(Sentiment)})\}}\Z")


def read_table(name: str, text: str) -> tuple[list[TopicEntry], list[ExampleEntry]]:
    """The topics of a table and the examples of none. Raises InputError (``missing-column`` or ``bad-line``)."""
    entries: list[TopicEntry] = []
    other: list[ExampleEntry] = []
    for line, row in csv_rows(name, text, _COLUMNS):
        cells = {column: unguarded(cell) for column, cell in row.items()}
        if not {"id", "name"} & cells.keys():
            raise InputError(f"{name} has no column “name”.", code="missing-column", remedy=_COLUMNS.remedy)
        examples = [_example(part) for part in parted(cells.get("examples", ""), EXAMPLE_SEPARATOR)]
        if examples and not any(cells.get(column) for column in COLUMNS[:-1]):
            other += [ExampleEntry(line, said, (), sentiment) for said, sentiment in examples]
            continue
        entries.append(
            TopicEntry(
                line,
                cells.get("id", ""),
                cells.get("name", ""),
                cells.get("description", ""),
                cells.get("parent", ""),
                parted(cells.get("keywords", ""), KEYWORD_SEPARATOR),
                examples,
            )
        )
    return entries, other


def as_table(taxonomy: Taxonomy) -> str:
    """A taxonomy as CSV; an example with several topics stands in the row of each."""
    by_topic: dict[str, list[str]] = {}
    for example in taxonomy.examples:
        for topic_id in example.topic_ids or ("",):
            by_topic.setdefault(topic_id, []).append(_cell(example.text, example.sentiment))
    rows = [
        (
            topic.id,
            topic.name,
            topic.description,
            joined(topic.keywords, KEYWORD_SEPARATOR),
            topic.parent or "",
            joined(by_topic.get(topic.id, ()), EXAMPLE_SEPARATOR),
        )
        for topic in taxonomy.topics
    ]
    if "" in by_topic:
        rows.append(("", "", "", "", "", joined(by_topic[""], EXAMPLE_SEPARATOR)))
    return csv_text(COLUMNS, rows)


def _example(part: str) -> tuple[str, Sentiment | None]:
    found = _FEELING.search(part)
    if found is None:
        return part, None
    if part[found.start()] == "\\":
        # A backslash says that what looks like a sentiment belongs to the text.
        return part[: found.start()] + part[found.start() + 1 :], None
    return part[: found.start()].rstrip(), Sentiment(found[1])


def _cell(text: str, sentiment: Sentiment | None) -> str:
    if sentiment is not None:
        return f"{text} {{{sentiment.value}}}"
    found = _FEELING.search(text)
    return f"{text[: found.start()]}\\{text[found.start() :]}" if found else text
