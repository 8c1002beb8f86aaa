"""Taxonomies as JSON or YAML: what stands in a file with the line that it stands at, and how it is written."""

from __future__ import annotations

import re
from typing import Any

import yaml

from services.errors import InputError
from services.surveys.models import Sentiment, Taxonomy
from services.surveys.taxonomy_checks import MOST_EXAMPLES, MOST_TOPICS
from services.surveys.taxonomy_entries import REMEDY, ExampleEntry, TopicEntry, bad_entry

TOPICS_KEY, EXAMPLES_KEY = "topics", "examples"
_NOTHING = {"", "~", "null"}
# Two halves of one character, as JSON writes an emoji; a backslash that is escaped itself begins nothing.
_HALVES = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
_WIDTH = 110
_MOST_LEVELS = 20
# Those in C are ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_tree(name: str, text: str) -> tuple[list[TopicEntry], list[ExampleEntry]]:
    """The topics and examples of a list of topics, or of a mapping with ``topics`` and perhaps ``examples``.

    Fields that are not known are left alone.

    Raises:
        InputError: ``not-a-taxonomy``, ``no-topics``, ``too-many-topics``, ``bad-topic``.
    """
    root = _node(name, text)
    examples: list[ExampleEntry] = []
    if isinstance(root, yaml.MappingNode):
        parts = {key.value: value for key, value in root.value if isinstance(key, yaml.ScalarNode)}
        if TOPICS_KEY not in parts:
            raise _not_a_taxonomy(name, f"it is neither a list nor has a list under “{TOPICS_KEY}”")
        examples = _examples(name, parts.get(EXAMPLES_KEY))
        root = parts[TOPICS_KEY]
    if not isinstance(root, yaml.SequenceNode):
        raise _not_a_taxonomy(name, "its topics are no list")
    # One more than can be kept is enough to say so.
    return [_entry(name, node) for node in root.value[: MOST_TOPICS + 1]], examples


def tree_values(taxonomy: Taxonomy) -> dict[str, Any]:
    """What a file of the taxonomy holds, as plain values; fields that say nothing are left out."""
    topics = []
    for topic in taxonomy.topics:
        fields: dict[str, Any] = {"id": topic.id, "name": topic.name}
        if topic.parent is not None:
            fields["parent"] = topic.parent
        if topic.description:
            fields["description"] = topic.description
        if topic.keywords:
            fields["keywords"] = list(topic.keywords)
        topics.append(fields)
    examples = []
    for example in taxonomy.examples:
        fields = {"text": example.text, "topics": list(example.topic_ids)}
        if example.sentiment is not None:
            fields["sentiment"] = example.sentiment.value
        examples.append(fields)
    return {TOPICS_KEY: topics} | ({EXAMPLES_KEY: examples} if examples else {})


def as_yaml(values: object) -> str:
    """Plain values as YAML that people like to read."""
    text: str = yaml.dump(values, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return text


def _node(name: str, text: str) -> yaml.Node:
    """The file's tree with its lines. JSON is YAML, but for tabs between its parts and characters in two halves."""
    if text.lstrip().startswith(("[", "{")):
        text = _HALVES.sub(_whole, text.replace("\t", " "))
    try:
        _check_depth(name, text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1} is no valid JSON or YAML" if mark else "it is no valid JSON or YAML"
        raise _not_a_taxonomy(name, where) from exc
    if node is None:
        raise InputError(f"{name} holds no topics.", code="no-topics", remedy=REMEDY)
    return node


def _check_depth(name: str, text: str) -> None:
    """Composing goes down as deep as the file is nested, and in C nothing stops it; reading events does not."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_LEVELS:
            raise _not_a_taxonomy(name, "it is nested too deeply")


def _entry(name: str, node: yaml.Node) -> TopicEntry:
    entry = TopicEntry(node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        entry.name = _words(node)
        return entry
    if not isinstance(node, yaml.MappingNode):
        raise bad_entry(name, entry.line, "is not a topic")
    for key, value in node.value:
        match key.value if isinstance(key, yaml.ScalarNode) else "":
            case "id":
                entry.id = _text(name, "id", value)
            case "name":
                entry.name = _text(name, "name", value)
            case "description":
                entry.description = _text(name, "description", value)
            case "parent":
                entry.parent = _text(name, "parent", value)
            case "keywords":
                # Those in one line are parted by commas.
                one = isinstance(value, yaml.ScalarNode)
                entry.keywords = tuple(_words(value).split(",")) if one else _texts(name, "keywords", value)
            case "examples":
                one = isinstance(value, yaml.ScalarNode)
                texts = (_words(value),) if one else _texts(name, "examples", value)
                entry.examples = [(text, None) for text in texts]
    return entry


def _examples(name: str, node: yaml.Node | None) -> list[ExampleEntry]:
    if node is None or (isinstance(node, yaml.ScalarNode) and not _words(node)):
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise _not_a_taxonomy(name, "its examples are no list")
    return [_example(name, one) for one in node.value[: MOST_EXAMPLES + 1]]


def _example(name: str, node: yaml.Node) -> ExampleEntry:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise _bad_example(name, line, "is no entry with text and topics")
    entry = ExampleEntry(line, "")
    for key, value in node.value:
        match key.value if isinstance(key, yaml.ScalarNode) else "":
            case "text":
                entry.text = _text(name, "text", value)
            case "topics":
                one = isinstance(value, yaml.ScalarNode)
                topics = _words(value).split("|") if one else _texts(name, "topics", value)
                entry.topics = tuple(topic.strip() for topic in topics if topic.strip())
            case "sentiment":
                said = _text(name, "sentiment", value).strip().casefold()
                if said and said not in set(Sentiment):
                    raise _bad_example(name, line, f"has the sentiment “{said}”, not one of {', '.join(Sentiment)}")
                entry.sentiment = Sentiment(said) if said else None
    if not entry.text.strip():
        raise _bad_example(name, line, "has no text")
    return entry


def _text(name: str, key: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise bad_entry(name, node.start_mark.line + 1, f"has a {key} that is no text")
    return _words(node)


def _texts(name: str, key: str, node: yaml.Node) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode) or not all(isinstance(one, yaml.ScalarNode) for one in node.value):
        raise bad_entry(name, node.start_mark.line + 1, f"has {key} that are no list of texts")
    return tuple(filter(None, map(_words, node.value)))


def _words(node: yaml.ScalarNode) -> str:
    """What a scalar says; words that YAML takes for numbers, dates or "no" stay words."""
    text: str = node.value
    return "" if not node.style and text in _NOTHING else text


def _whole(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    return bytes.fromhex(found[1] + found[2]).decode("utf-16-be")


def _not_a_taxonomy(name: str, why: str) -> InputError:
    return InputError(f"{name} cannot be read as a taxonomy: {why}.", code="not-a-taxonomy", remedy=REMEDY)


def _bad_example(name: str, line: int, what: str) -> InputError:
    return InputError(
        f"The example at line {line} of {name} {what}.",
        code="bad-example",
        remedy="Each example has text and topics, and may have a sentiment.",
    )
