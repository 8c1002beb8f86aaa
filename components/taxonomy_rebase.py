"""Puts somebody's unsaved changes of a taxonomy onto a version that a colleague has saved meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from services.errors import InputError
from services.surveys.models import Example, Taxonomy, Topic
from services.surveys.taxonomy_edits import (
    TaxonomyEdit,
    add,
    add_examples,
    describe,
    merge,
    remove,
    remove_examples,
    rename,
    reparent,
    set_keywords,
    start,
)
from services.surveys.topic_words import name_key


@dataclass(frozen=True, slots=True)
class RebasedEdit:
    """Somebody's changes on top of a newer version.

    Attributes:
        left_out: Changes that have no place there, a sentence each.
    """

    edit: TaxonomyEdit
    left_out: tuple[str, ...] = ()


def put_onto(edit: TaxonomyEdit, newest: Taxonomy) -> RebasedEdit:
    """Repeat the changes of an edit on another version of its taxonomy.

    What only the newest version changed stays as it is there; where both changed the same thing, the edit wins.
    """
    rebasing = _Rebasing(edit, newest)
    rebasing.add_new()
    rebasing.merge_and_remove()
    rebasing.change_words()
    rebasing.change_parents()
    rebasing.change_examples()
    return RebasedEdit(rebasing.edit, tuple(rebasing.left_out))


class _Rebasing:
    def __init__(self, own: TaxonomyEdit, newest: Taxonomy) -> None:
        self.own = own
        self.base = {topic.id: topic for topic in own.base.topics}
        self.wanted = {topic.id: topic for topic in own.taxonomy.topics}
        self.edit = start(newest)
        self.left_out: list[str] = []
        # A topic that both added under one name is one topic.
        self._same: dict[str, str] = {}

    @property
    def _ids(self) -> set[str]:
        return {topic.id for topic in self.edit.taxonomy.topics}

    def add_new(self) -> None:
        names = {name_key(topic.name): topic.id for topic in self.edit.taxonomy.topics}
        for topic_id, topic in self.wanted.items():
            if topic_id in self.base:
                continue
            twin = names.get(name_key(topic.name))
            if twin is not None:
                self._same[topic_id] = twin
                continue
            # An id that the newest version gave to something else is given out anew; parents follow later.
            free = topic_id if topic_id not in self._ids else ""
            added = Topic(free, topic.name, topic.description, topic.keywords)
            before = self._ids
            if self._try(f"“{topic.name}” could not be added", partial(add, self.edit, added)):
                self._same[topic_id] = next(iter(self._ids - before))

    def merge_and_remove(self) -> None:
        for topic_id, into in self.own.moved.items():
            if topic_id not in self._ids:
                continue  # somebody else removed it as well
            name = self.base[topic_id].name if topic_id in self.base else topic_id
            target = self._now(into) if into is not None else None
            if into is None:
                self._try(f"“{name}” could not be removed", partial(remove, self.edit, topic_id))
            elif target is None or target not in self._ids:
                self.left_out.append(f"“{name}” was not merged: the topic that took it in was removed.")
            elif target != topic_id:
                self._try(f"“{name}” could not be merged", partial(merge, self.edit, [topic_id], target))

    def change_words(self) -> None:
        for topic_id, topic in self.wanted.items():
            before = self.base.get(topic_id)
            if before is None:
                continue
            changed: list[Callable[[TaxonomyEdit], TaxonomyEdit]] = []
            if topic.name != before.name:
                changed.append(partial(rename, topic_id=topic_id, name=topic.name))
            if topic.description != before.description:
                changed.append(partial(describe, topic_id=topic_id, description=topic.description))
            if topic.keywords != before.keywords:
                changed.append(partial(set_keywords, topic_id=topic_id, keywords=topic.keywords))
            if changed and topic_id not in self._ids:
                self.left_out.append(f"Changes of “{topic.name}” were left out: somebody removed or merged it.")
                continue
            for change in changed:
                self._try(f"A change of “{topic.name}” was left out", partial(change, self.edit))

    def change_parents(self) -> None:
        for topic_id, topic in self.wanted.items():
            before = self.base.get(topic_id)
            if before is not None and topic.parent == before.parent:
                continue
            now, parent = self._now(topic_id), self._now(topic.parent) if topic.parent is not None else None
            if now not in self._ids or (before is None and parent is None):
                continue
            if parent is not None and parent not in self._ids:
                self.left_out.append(f"“{topic.name}” was not moved: the topic above it was removed.")
                continue
            self._try(f"“{topic.name}” could not be moved", partial(reparent, self.edit, now, parent))

    def change_examples(self) -> None:
        before = {example.text: example for example in self.own.base.examples}
        after = {example.text: example for example in self.own.taxonomy.examples}
        gone = [text for text in before if text not in after]
        if gone:
            self.edit = remove_examples(self.edit, gone)
        for text, example in after.items():
            if before.get(text) == example:
                continue
            topics = tuple(topic_id for topic_id in map(self._now, example.topic_ids) if topic_id in self._ids)
            if topics or not example.topic_ids:
                moved = Example(text, topics, example.sentiment)
                self._try("An example was left out", partial(add_examples, self.edit, [moved]))

    def _now(self, topic_id: str) -> str:
        return self._same.get(topic_id, topic_id)

    def _try(self, what: str, change: Callable[[], TaxonomyEdit]) -> bool:
        try:
            self.edit = change()
        except InputError as error:
            self.left_out.append(f"{what}: {error.message_for_user}")
            return False
        return True
