"""Topics as they stand in a file, whatever its format, and the taxonomy that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.errors import InputError
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.taxonomy_checks import MOST_TOPICS, check_links, check_topic
from services.surveys.topic_words import TOPIC_SEPARATOR, example_text, keyword_list, name_key, new_topic_id, one_line

REMEDY = "Each topic has a name; id, description, keywords, examples and parent may be added."


@dataclass(slots=True)
class TopicEntry:
    """One topic as it stands in the file.

    Attributes:
        line: Where it begins, from 1.
        id, name: Empty when the file does not say.
        parent: Id or name of the topic above; empty at the top.
        examples: Texts of this topic, with the sentiment of the whole where that is known.
    """

    line: int
    id: str = ""
    name: str = ""
    description: str = ""
    parent: str = ""
    keywords: tuple[str, ...] = ()
    examples: list[tuple[str, Sentiment | None]] = field(default_factory=list)


@dataclass(slots=True)
class ExampleEntry:
    """One example that stands beside the topics; ``topics`` are ids or names, none for Other."""

    line: int
    text: str
    topics: tuple[str, ...] = ()
    sentiment: Sentiment | None = None


def taxonomy_of(name: str, entries: Sequence[TopicEntry], examples: Iterable[ExampleEntry] = ()) -> Taxonomy:
    """The taxonomy that entries make.

    A topic without an id gets one made of its name, a topic without a name is called by its id. An example that stands
    under several topics is one example with several topics.

    Args:
        name: Of the file, for messages.

    Raises:
        InputError: ``no-topics``, ``too-many-topics``, ``bad-topic``, ``topic-twice``, ``unknown-topic``,
            ``parent-cycle`` or ``too-deep``.
    """
    if not entries:
        raise InputError(f"{name} holds no topics.", code="no-topics", remedy=REMEDY)
    if len(entries) > MOST_TOPICS:
        raise InputError(
            f"{name} has more than {MOST_TOPICS:,} topics.",
            code="too-many-topics",
            remedy="Merge topics: nobody can tell so many apart.",
        )
    for entry in entries:
        _clean(name, entry)
    _name_ids(entries)
    _refuse_twins(name, entries)
    ids = {name_key(entry.name): entry.id for entry in entries} | {entry.id: entry.id for entry in entries}
    topics = []
    for entry in entries:
        topic = Topic(entry.id, entry.name, entry.description, entry.keywords, _parent(name, entry, ids))
        try:
            check_topic(topic)
        except InputError as error:
            raise InputError(
                f"Line {entry.line} of {name}: {error.message_for_user}", code=error.code, remedy=error.remedy
            ) from error
        topics.append(topic)
    taxonomy = Taxonomy(tuple(topics), (*_examples_of_topics(entries), *_examples(name, examples, ids)))
    check_links(taxonomy)
    return taxonomy


def bad_entry(name: str, line: int, what: str) -> InputError:
    """What is wrong with the entry that begins at a line."""
    return InputError(f"The entry at line {line} of {name} {what}.", code="bad-topic", remedy=REMEDY)


def _clean(name: str, entry: TopicEntry) -> None:
    entry.id, entry.name = one_line(entry.id), one_line(entry.name)
    entry.description, entry.parent = one_line(entry.description), one_line(entry.parent)
    entry.keywords = keyword_list(entry.keywords)
    if not entry.id and not entry.name:
        raise bad_entry(name, entry.line, "has neither a name nor an id")
    if TOPIC_SEPARATOR in entry.id:
        raise bad_entry(
            name, entry.line, f"has an id with “{TOPIC_SEPARATOR}” in it, which stands between topics in other files"
        )
    entry.name = entry.name or entry.id


def _name_ids(entries: Sequence[TopicEntry]) -> None:
    taken = {entry.id for entry in entries}
    for entry in entries:
        if not entry.id:
            entry.id = new_topic_id(entry.name, taken)
            taken.add(entry.id)


def _refuse_twins(name: str, entries: Sequence[TopicEntry]) -> None:
    for key in ("name", "id"):
        lines: dict[str, int] = {}
        for entry in entries:
            value = entry.name if key == "name" else entry.id
            known_as = name_key(value) if key == "name" else value
            if known_as in lines:
                raise InputError(
                    f"Lines {lines[known_as]} and {entry.line} of {name}: two topics have the {key} “{value}”.",
                    code="topic-twice",
                    remedy="Rename one of them, or merge them.",
                )
            lines[known_as] = entry.line


def _parent(name: str, entry: TopicEntry, ids: dict[str, str]) -> str | None:
    if not entry.parent:
        return None
    parent = ids.get(entry.parent) or ids.get(name_key(entry.parent))
    if parent is None:
        raise InputError(
            f"Line {entry.line} of {name}: there is no topic “{entry.parent}” for this one to lie below.",
            code="unknown-topic",
            remedy="Use the id or the name of another topic of the file as parent, or leave it out.",
        )
    return parent


def _examples_of_topics(entries: Sequence[TopicEntry]) -> list[Example]:
    topics: dict[str, list[str]] = {}
    sentiments: dict[str, Sentiment | None] = {}
    for entry in entries:
        for raw, sentiment in entry.examples:
            text = example_text(raw)
            if text:
                topics.setdefault(text, []).append(entry.id)
                sentiments[text] = sentiments.get(text) or sentiment
    return [Example(text, tuple(dict.fromkeys(ids)), sentiments[text]) for text, ids in topics.items()]


def _examples(name: str, entries: Iterable[ExampleEntry], ids: dict[str, str]) -> Iterable[Example]:
    for entry in entries:
        found = []
        for said in entry.topics:
            topic_id = ids.get(said) or ids.get(name_key(said))
            if topic_id is None:
                raise InputError(
                    f"Line {entry.line} of {name}: an example has the topic “{said}”, which the file does not have.",
                    code="unknown-topic",
                    remedy="Use the ids or names of its topics, or add the topic.",
                )
            found.append(topic_id)
        text = example_text(entry.text)
        if text:
            yield Example(text, tuple(dict.fromkeys(found)), entry.sentiment)
