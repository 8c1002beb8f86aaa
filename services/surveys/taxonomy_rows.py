"""A taxonomy as a table that people edit: what was renamed, added and removed is seen by the ids of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.errors import InputError
from services.surveys.models import Taxonomy, Topic
from services.surveys.taxonomy_checks import check_links, check_topic
from services.surveys.taxonomy_edits import TaxonomyEdit, remove, start
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.topic_words import keyword_list, name_key, new_topic_id, one_line


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One row of the table.

    Attributes:
        id: Of the topic that the row is about; empty in a row that was added.
        keywords: Parted by commas.
        parent: Id or name of the topic above; empty at the top.
    """

    id: str = ""
    name: str = ""
    description: str = ""
    keywords: str = ""
    parent: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written into it."""
        return not any(map(one_line, (self.name, self.description, self.keywords, self.parent)))


def rows_of(taxonomy: Taxonomy) -> tuple[TopicRow, ...]:
    """The table of a taxonomy; parents are named."""
    names = {topic.id: topic.name for topic in taxonomy.topics}
    return tuple(
        TopicRow(
            topic.id,
            topic.name,
            topic.description,
            ", ".join(topic.keywords),
            names.get(topic.parent, "") if topic.parent is not None else "",
        )
        for topic in taxonomy.topics
    )


def from_rows(version: TaxonomyVersion, rows: Sequence[TopicRow]) -> TaxonomyEdit:
    """The edit that makes a version's topics those of a table. Raises as :func:`with_rows`."""
    return with_rows(start(version.taxonomy), rows)


def with_rows(edit: TaxonomyEdit, rows: Sequence[TopicRow]) -> TaxonomyEdit:
    """Make the topics those of a table, in its order: a row without an id is added, a topic without a row is removed.

    Blank rows are left out. A parent may still be called by the name that it had before.

    Raises:
        InputError: ``bad-topic``, ``topic-twice``, ``unknown-topic``, ``parent-cycle`` or ``too-deep``.
    """
    own = {topic.id: topic for topic in edit.taxonomy.topics}
    filled = [row for row in rows if row.id in own or not row.is_blank]
    taken = {*own, *(topic.id for topic in edit.base.topics)}
    ids = []
    for number, row in enumerate(filled, start=1):
        if not one_line(row.name):
            raise InputError(
                f"Row {number} has no name.",
                code="bad-topic",
                remedy="Give the topic a name, or remove the row.",
            )
        ids.append(row.id if row.id in own else new_topic_id(row.name, taken))
        taken.add(ids[-1])
    parents = _parent_ids(own, filled, ids)
    topics = []
    for topic_id, row in zip(ids, filled, strict=True):
        topic = Topic(
            topic_id,
            one_line(row.name),
            one_line(row.description),
            _keywords(row.keywords, own.get(topic_id)),
            _parent(row, parents, own.get(topic_id), set(ids)),
        )
        check_topic(topic)
        topics.append(topic)
    gone = [topic_id for topic_id in own if topic_id not in set(ids)]
    kept = remove(edit, gone) if gone else edit
    taxonomy = replace(kept.taxonomy, topics=tuple(topics))
    check_links(taxonomy)
    return replace(kept, taxonomy=taxonomy)


def _keywords(cell: str, before: Topic | None) -> tuple[str, ...]:
    """Those in the cell; untouched ones stay as they are, even with a comma inside."""
    if before is not None and cell == ", ".join(before.keywords):
        return before.keywords
    return keyword_list(cell)


def _parent_ids(own: Mapping[str, Topic], rows: Sequence[TopicRow], ids: Sequence[str]) -> dict[str, str]:
    """The id of a row by what its name is now, or was before."""
    found = {name_key(own[topic_id].name): topic_id for topic_id in ids if topic_id in own}
    return found | {name_key(row.name): topic_id for topic_id, row in zip(ids, rows, strict=True)}


def _parent(row: TopicRow, parents: Mapping[str, str], before: Topic | None, ids: set[str]) -> str | None:
    said = one_line(row.parent)
    if not said:
        return None
    if said in ids:
        return said
    if name_key(said) in parents:
        return parents[name_key(said)]
    if before is not None and before.parent is not None and before.parent not in ids:
        # Its parent was removed in the same table.
        return None
    raise InputError(
        f"The topic “{row.name}” lies below “{said}”, which the table does not have.",
        code="unknown-topic",
        remedy="Choose one of the topics in the table, or leave it empty.",
    )
