"""Reads and writes taxonomies as JSON or YAML. Errors name the line that is wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from services.errors import InputError, NotFoundError
from services.surveys.models import Example, Taxonomy, Topic
from services.surveys.response_encoding import find_encoding
from services.surveys.suggestions import SuggestedTopic

MOST_BYTES = 10_000_000
MOST_TOPICS = 1_000
_LIST_KEY = "topics"
_TEXTS = ("id", "name", "description", "parent")
_LISTS = ("keywords", "examples")
_NOTHING = {"", "~", "null"}
_REMEDY = "Each topic is an entry with id, name and description; keywords, examples and parent may be added."


@dataclass(slots=True)
class _Entry:
    """One topic as it stands in the file."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a list of topics, or one under the key ``topics``. Fields that are not known are left alone.

    A topic without an id gets one made of its name, a topic without a name is called by its id. Texts under
    ``examples`` become examples of that topic alone.

    Raises:
        NotFoundError: ``file-missing``.
        InputError: ``not-a-taxonomy``, ``bad-topic``, ``topic-twice``, ``unknown-topic``, ``no-topics`` or
            ``too-many-topics``, and the codes of :func:`find_encoding`.
    """
    entries = _entries(path.name, _node(path))
    _refuse_twins(path.name, entries)
    topics = tuple(
        Topic(
            id=entry.texts["id"],
            name=entry.texts["name"],
            description=entry.texts.get("description", ""),
            keywords=entry.lists.get("keywords", ()),
            parent=entry.texts.get("parent"),
        )
        for entry in entries
    )
    known = {topic.id for topic in topics}
    for entry in entries:
        parent = entry.texts.get("parent")
        if parent is not None and parent not in known:
            raise InputError(
                f"Line {entry.line} of {path.name}: there is no topic “{parent}” for this one to lie below.",
                code="unknown-topic",
                remedy="Use the id of another topic of the file as parent, or leave it out.",
            )
    examples = tuple(
        Example(text, (entry.texts["id"],)) for entry in entries for text in entry.lists.get("examples", ())
    )
    return Taxonomy(topics, examples)


def suggested_as_yaml(suggestions: Iterable[SuggestedTopic]) -> str:
    """A taxonomy file of suggested topics, to be edited; :func:`read_taxonomy` reads it.

    ``responses`` and ``representative`` help to judge a topic and are not read again.
    """
    entries = [
        {
            "id": one.topic.id,
            "name": one.topic.name,
            "description": one.topic.description,
            "keywords": list(one.topic.keywords),
            "responses": one.response_count,
            "representative": [response.text for response in one.representative],
        }
        for one in suggestions
    ]
    text: str = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=110)
    return text


def topic_id_of(name: str) -> str:
    """An id made of a name: ``Wait times`` becomes ``wait-times``."""
    return "-".join(re.findall(r"[^\W_]+", name.casefold()))


def _node(path: Path) -> yaml.Node:
    """The file's tree with its lines. JSON is YAML, except for tabs between its parts."""
    name = path.name
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise NotFoundError(
            f"{name} cannot be opened.", code="file-missing", remedy="Check the path and the permissions."
        ) from exc
    if len(data) > MOST_BYTES:
        raise _not_a_taxonomy(name, "it is too large")
    text = data.decode(find_encoding(io.BytesIO(data), name).codec, errors="replace")
    if text.lstrip().startswith(("[", "{")):
        text = text.replace("\t", " ")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1} is no valid JSON or YAML" if mark else "it is no valid JSON or YAML"
        raise _not_a_taxonomy(name, where) from exc
    except RecursionError as exc:
        raise _not_a_taxonomy(name, "it is nested too deeply") from exc
    if node is None:
        raise _no_topics(name)
    return node


def _entries(name: str, root: yaml.Node) -> list[_Entry]:
    if isinstance(root, yaml.MappingNode):
        found = [value for key, value in root.value if isinstance(key, yaml.ScalarNode) and key.value == _LIST_KEY]
        if not found:
            raise _not_a_taxonomy(name, f"it is neither a list nor has a list under “{_LIST_KEY}”")
        root = found[0]
    if not isinstance(root, yaml.SequenceNode):
        raise _not_a_taxonomy(name, "its topics are no list")
    if not root.value:
        raise _no_topics(name)
    if len(root.value) > MOST_TOPICS:
        raise InputError(
            f"{name} has more than {MOST_TOPICS:,} topics.",
            code="too-many-topics",
            remedy="Merge topics: nobody can tell so many apart.",
        )
    return [_entry(name, node) for node in root.value]


def _entry(name: str, node: yaml.Node) -> _Entry:
    entry = _Entry(node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode) and node.value.strip():
        entry.texts["name"] = node.value.strip()
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in _TEXTS:
                _take_text(name, entry, key.value, value)
            elif key.value in _LISTS:
                entry.lists[key.value] = _list_of(name, key.value, value)
    else:
        raise _bad_topic(name, entry.line, "is not a topic")
    if "name" not in entry.texts and "id" not in entry.texts:
        raise _bad_topic(name, entry.line, "has neither a name nor an id")
    entry.texts.setdefault("name", entry.texts.get("id", ""))
    if "id" not in entry.texts:
        entry.texts["id"] = topic_id_of(entry.texts["name"]) or entry.texts["name"]
    if "|" in entry.texts["id"]:
        raise _bad_topic(name, entry.line, "has an id with “|” in it, which stands between topics in other files")
    return entry


def _take_text(name: str, entry: _Entry, key: str, node: yaml.Node) -> None:
    if not isinstance(node, yaml.ScalarNode):
        raise _bad_topic(name, node.start_mark.line + 1, f"has a {key} that is no text")
    text = " ".join(node.value.split())
    if text not in _NOTHING:
        entry.texts[key] = text


def _list_of(name: str, key: str, node: yaml.Node) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        # Keywords in one line are parted by commas; an example is a text and may hold some.
        parts = node.value.split(",") if key == "keywords" else [node.value]
    elif isinstance(node, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in node.value):
        parts = [one.value for one in node.value]
    else:
        raise _bad_topic(name, node.start_mark.line + 1, f"has {key} that are no list of texts")
    return tuple(part.strip() for part in parts if part.strip() not in _NOTHING)


def _refuse_twins(name: str, entries: list[_Entry]) -> None:
    for key in ("id", "name"):
        lines: dict[str, int] = {}
        for entry in entries:
            value = entry.texts[key]
            first = lines.setdefault(value.casefold() if key == "name" else value, entry.line)
            if first != entry.line:
                raise InputError(
                    f"Lines {first} and {entry.line} of {name}: two topics have the {key} “{value}”.",
                    code="topic-twice",
                    remedy="Rename one of them, or merge them.",
                )


def _not_a_taxonomy(name: str, why: str) -> InputError:
    return InputError(f"{name} cannot be read as a taxonomy: {why}.", code="not-a-taxonomy", remedy=_REMEDY)


def _bad_topic(name: str, line: int, what: str) -> InputError:
    return InputError(f"The entry at line {line} of {name} {what}.", code="bad-topic", remedy=_REMEDY)


def _no_topics(name: str) -> InputError:
    return InputError(f"{name} holds no topics.", code="no-topics", remedy=_REMEDY)
