"""What an edit changes, topic by topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.surveys.models import Example, Taxonomy
from services.surveys.taxonomy_edits import TaxonomyEdit


class ChangeKind(StrEnum):
    """What happened to a topic."""

    RENAMED = "renamed"
    MERGED = "merged"
    REMOVED = "removed"
    ADDED = "added"
    DESCRIBED = "described"
    MOVED = "moved"
    EXAMPLES = "examples"


# Changes after which responses would be analyzed otherwise.
TEACHING = frozenset(ChangeKind) - {ChangeKind.RENAMED, ChangeKind.MOVED}

_WORDS = {
    ChangeKind.RENAMED: "renamed",
    ChangeKind.MERGED: "merged into others",
    ChangeKind.REMOVED: "removed",
    ChangeKind.ADDED: "added",
    ChangeKind.DESCRIBED: "described anew",
    ChangeKind.MOVED: "put elsewhere in the tree",
    ChangeKind.EXAMPLES: "given other examples",
}


@dataclass(frozen=True, slots=True)
class TopicChange:
    """One change of one topic.

    Attributes:
        name: As it is after the edit; of a topic that is no more, as it was.
        name_before: Empty when it was added.
        into_id: The topic that took it in, when it was merged.
        into_name: That topic's name.
        parent_name: The topic above it, when it was moved; empty at the top.
    """

    kind: ChangeKind
    topic_id: str
    name: str
    name_before: str = ""
    into_id: str | None = None
    into_name: str = ""
    parent_name: str = ""


def changes_of(edit: TaxonomyEdit) -> tuple[TopicChange, ...]:
    """All changes, in the order of the base and then of what was added."""
    before = {topic.id: topic for topic in edit.base.topics}
    after = {topic.id: topic for topic in edit.taxonomy.topics}
    taught_before, taught_after = _examples_by_topic(edit.base), _examples_by_topic(edit.taxonomy)
    found = []
    for topic_id, old in before.items():
        new = after.get(topic_id)
        if new is None:
            into = after.get(edit.moved.get(topic_id) or "")
            kind = ChangeKind.MERGED if into else ChangeKind.REMOVED
            found.append(
                TopicChange(kind, topic_id, old.name, old.name, into.id if into else None, into.name if into else "")
            )
            continue
        if new.name != old.name:
            found.append(TopicChange(ChangeKind.RENAMED, topic_id, new.name, old.name))
        if (new.description, new.keywords) != (old.description, old.keywords):
            found.append(TopicChange(ChangeKind.DESCRIBED, topic_id, new.name, old.name))
        if new.parent != old.parent:
            above = after[new.parent].name if new.parent is not None else ""
            found.append(TopicChange(ChangeKind.MOVED, topic_id, new.name, old.name, parent_name=above))
        if taught_before.get(topic_id, set()) != taught_after.get(topic_id, set()):
            found.append(TopicChange(ChangeKind.EXAMPLES, topic_id, new.name, old.name))
    found += [TopicChange(ChangeKind.ADDED, topic.id, topic.name) for topic in after.values() if topic.id not in before]
    return tuple(found)


def told(changes: Sequence[TopicChange]) -> str:
    """The changes in a sentence, for the history: "2 topics renamed, 1 topic removed."."""
    if not changes:
        return "Order or examples changed."
    counts = Counter(change.kind for change in changes)
    parts = [
        f"{counts[kind]:,} {'topic' if counts[kind] == 1 else 'topics'} {words}"
        for kind, words in _WORDS.items()
        if counts[kind]
    ]
    return f"{', '.join(parts)}."


def _examples_by_topic(taxonomy: Taxonomy) -> dict[str, set[Example]]:
    found: dict[str, set[Example]] = {}
    for example in taxonomy.examples:
        for topic_id in example.topic_ids:
            found.setdefault(topic_id, set()).add(example)
    return found
