"""Changes of a taxonomy before they are kept: each function returns another edit and leaves the given one alone.

Examples follow: those of a merged topic become examples of the topic that took it in; an example whose topics are all
removed goes with them, because without a topic it would say that no topic fits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.errors import InputError
from services.surveys.models import Example, Taxonomy, Topic
from services.surveys.taxonomy_checks import check_links, check_topic
from services.surveys.topic_words import (
    MOST_KEYWORDS,
    example_text,
    keyword_list,
    name_key,
    new_topic_id,
    one_line,
)

_NOTHING = Taxonomy(())


@dataclass(frozen=True, slots=True)
class TaxonomyEdit:
    """A version of a taxonomy with changes.

    Attributes:
        taxonomy: As it would be.
        moved: What became of topics of ``base`` that are no more: the id of the topic that took them in, or None.
        base: As it was.
    """

    taxonomy: Taxonomy
    moved: Mapping[str, str | None] = field(default_factory=dict)
    base: Taxonomy = _NOTHING

    def topic(self, topic_id: str) -> Topic:
        """One topic. Raises InputError (``unknown-topic``)."""
        for topic in self.taxonomy.topics:
            if topic.id == topic_id:
                return topic
        raise InputError(
            "The topic is not in the taxonomy any more.",
            code="unknown-topic",
            remedy="Pick one of the topics that are in the list.",
        )

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to keep."""
        return self.taxonomy != self.base


def start(taxonomy: Taxonomy) -> TaxonomyEdit:
    """Begin to change a taxonomy; an empty one to make a new one."""
    return TaxonomyEdit(taxonomy, {}, taxonomy)


def rename(edit: TaxonomyEdit, topic_id: str, name: str) -> TaxonomyEdit:
    """Give a topic another name; its id, and with it all that was found, stays. Raises InputError."""
    return _changed(edit, replace(edit.topic(topic_id), name=one_line(name)))


def describe(edit: TaxonomyEdit, topic_id: str, description: str) -> TaxonomyEdit:
    """Say otherwise what a topic is about. Raises InputError."""
    return _changed(edit, replace(edit.topic(topic_id), description=one_line(description)))


def set_keywords(edit: TaxonomyEdit, topic_id: str, keywords: str | Iterable[str]) -> TaxonomyEdit:
    """Give a topic other keywords; those in one text are parted by commas. Raises InputError."""
    return _changed(edit, replace(edit.topic(topic_id), keywords=keyword_list(keywords)))


def reparent(edit: TaxonomyEdit, topic_ids: str | Collection[str], parent: str | None) -> TaxonomyEdit:
    """Put topics below another one, or at the top.

    Raises:
        InputError: ``unknown-topic``, ``parent-cycle`` or ``too-deep``.
    """
    wanted = {topic_ids} if isinstance(topic_ids, str) else set(topic_ids)
    for topic_id in wanted:
        edit.topic(topic_id)
    return _with_topics(
        edit, [replace(topic, parent=parent) if topic.id in wanted else topic for topic in edit.taxonomy.topics]
    )


def add(edit: TaxonomyEdit, topic: Topic) -> TaxonomyEdit:
    """Add a topic at the end; without an id it gets one made of its name. Raises InputError."""
    return _add_all(edit, [topic], len(edit.taxonomy.topics))


def merge(edit: TaxonomyEdit, topic_ids: Collection[str], into_id: str) -> TaxonomyEdit:
    """Let one topic take in others: their examples, their keywords and, as keywords, their names.

    Topics below a merged one come to lie below the one that took it in.

    Raises:
        InputError: ``unknown-topic``, or ``nothing-to-merge``.
    """
    gone = [topic.id for topic in edit.taxonomy.topics if topic.id in set(topic_ids) - {into_id}]
    for topic_id in {*topic_ids, into_id}:
        edit.topic(topic_id)
    if not gone:
        raise InputError(
            "One topic alone cannot be merged.", code="nothing-to-merge", remedy="Choose two topics or more."
        )
    into = edit.topic(into_id)
    taken_in = [edit.topic(topic_id) for topic_id in gone]
    words = [*into.keywords]
    for topic in taken_in:
        words += [topic.name, *topic.keywords]
    kept = tuple(word for word in keyword_list(words) if name_key(word) != name_key(into.name))[:MOST_KEYWORDS]
    description = into.description or next((topic.description for topic in taken_in if topic.description), "")
    parent = _nearest_above(edit, into.parent, set(gone) | {into_id})
    merged = replace(into, keywords=kept, description=description, parent=parent)
    return _without(edit, dict.fromkeys(gone, into_id), {into_id: merged})


def remove(edit: TaxonomyEdit, topic_ids: str | Collection[str]) -> TaxonomyEdit:
    """Remove topics; those below come to lie below the next one above. Raises InputError (``unknown-topic``)."""
    gone = [topic_ids] if isinstance(topic_ids, str) else list(topic_ids)
    for topic_id in gone:
        edit.topic(topic_id)
    return _without(edit, dict.fromkeys(gone, None), {})


def split(edit: TaxonomyEdit, topic_id: str, new_topics: Sequence[Topic], *, keep_above: bool = True) -> TaxonomyEdit:
    """Part a topic into several.

    Args:
        new_topics: The parts; one that has the id of the topic itself is what remains of it.
        keep_above: Whether the topic stays, above its parts, with its examples and all that was found; otherwise it is
            removed, and the next run must find what belongs to the parts.

    Raises:
        InputError: ``nothing-to-split``, ``unknown-topic`` or ``topic-twice``.
    """
    whole = edit.topic(topic_id)
    if len(new_topics) < 2:
        raise InputError(
            "A topic is split into two topics or more.", code="nothing-to-split", remedy="Add another part."
        )
    place = [topic.id for topic in edit.taxonomy.topics].index(topic_id) + 1
    rest = next((part for part in new_topics if part.id == topic_id), None)
    parts = [part for part in new_topics if part is not rest]
    if rest is not None:
        kept = replace(_cleaned(rest), parent=whole.parent)
        return _add_all(_changed(edit, kept), [replace(part, parent=whole.parent) for part in parts], place)
    if keep_above:
        return _add_all(edit, [replace(part, parent=topic_id) for part in parts], place)
    return _add_all(remove(edit, topic_id), [replace(part, parent=whole.parent) for part in parts], place - 1)


def add_examples(edit: TaxonomyEdit, examples: Iterable[Example]) -> TaxonomyEdit:
    """Add responses with their topics; what was said before about the same text gives way.

    Raises:
        InputError: ``unknown-topic``, ``empty-example``.
    """
    found = {example_text(example.text): example for example in edit.taxonomy.examples}
    for example in examples:
        text = example_text(example.text)
        if not text:
            raise InputError("An example has no text.", code="empty-example", remedy="Leave it out.")
        found.pop(text, None)
        found[text] = replace(example, text=text, topic_ids=tuple(dict.fromkeys(example.topic_ids)))
    return _checked(edit, replace(edit.taxonomy, examples=tuple(found.values())), edit.moved)


def remove_examples(edit: TaxonomyEdit, texts: Collection[str]) -> TaxonomyEdit:
    """Remove the examples with these texts."""
    gone = {example_text(text) for text in texts}
    kept = tuple(example for example in edit.taxonomy.examples if example_text(example.text) not in gone)
    return replace(edit, taxonomy=replace(edit.taxonomy, examples=kept))


def replaced_by(edit: TaxonomyEdit, taxonomy: Taxonomy) -> TaxonomyEdit:
    """Become another taxonomy: one from a file, or an older version.

    A topic is the same when its id is; one with another id but the name of a topic whose id the other taxonomy does not
    have takes over that id, so that what was found stays with it. Topics that the other one does not have are removed.

    Raises:
        InputError: as :func:`services.surveys.taxonomy_checks.check_taxonomy`.
    """
    own_ids = {topic.id for topic in edit.taxonomy.topics}
    other_ids = {topic.id for topic in taxonomy.topics}
    by_name = {name_key(topic.name): topic.id for topic in edit.taxonomy.topics if topic.id not in other_ids}
    same = {
        topic.id: by_name.get(name_key(topic.name), topic.id) for topic in taxonomy.topics if topic.id not in own_ids
    }
    topics = [
        replace(
            topic,
            id=same.get(topic.id, topic.id),
            parent=same.get(topic.parent, topic.parent) if topic.parent is not None else None,
        )
        for topic in taxonomy.topics
    ]
    examples = [
        replace(example, topic_ids=tuple(same.get(topic_id, topic_id) for topic_id in example.topic_ids))
        for example in taxonomy.examples
    ]
    kept = {topic.id for topic in topics}
    moved = {topic_id: into if into in kept else None for topic_id, into in edit.moved.items() if topic_id not in kept}
    moved |= {topic.id: None for topic in edit.base.topics if topic.id not in kept and topic.id not in moved}
    return _checked(edit, Taxonomy(tuple(topics), tuple(examples)), moved)


def _changed(edit: TaxonomyEdit, changed: Topic) -> TaxonomyEdit:
    return _with_topics(edit, [changed if topic.id == changed.id else topic for topic in edit.taxonomy.topics])


def _with_topics(edit: TaxonomyEdit, topics: Sequence[Topic]) -> TaxonomyEdit:
    return _checked(edit, replace(edit.taxonomy, topics=tuple(topics)), edit.moved)


def _add_all(edit: TaxonomyEdit, topics: Sequence[Topic], place: int) -> TaxonomyEdit:
    taken = {topic.id for topic in (*edit.taxonomy.topics, *edit.base.topics)}
    added = []
    for topic in topics:
        named = replace(_cleaned(topic), id=one_line(topic.id) or new_topic_id(topic.name, taken))
        taken.add(named.id)
        added.append(named)
    moved = {topic_id: into for topic_id, into in edit.moved.items() if topic_id not in {one.id for one in added}}
    own = edit.taxonomy.topics
    return _checked(edit, replace(edit.taxonomy, topics=(*own[:place], *added, *own[place:])), moved)


def _cleaned(topic: Topic) -> Topic:
    return replace(
        topic,
        name=one_line(topic.name),
        description=one_line(topic.description),
        keywords=keyword_list(topic.keywords),
    )


def _without(edit: TaxonomyEdit, gone: Mapping[str, str | None], changed: Mapping[str, Topic]) -> TaxonomyEdit:
    """Without some topics, each taken in by another or by none; what refers to them follows."""
    topics = []
    for topic in edit.taxonomy.topics:
        if topic.id in gone:
            continue
        kept = changed.get(topic.id)
        if kept is None:
            into = gone.get(topic.parent) if topic.parent is not None else None
            # A topic above the one that took its own parent in cannot come to lie below it.
            follows = into is not None and topic.id not in _ids_above(edit, into)
            kept = replace(topic, parent=into if follows else _nearest_above(edit, topic.parent, gone))
        topics.append(kept)
    examples = []
    for example in edit.taxonomy.examples:
        ids = tuple(dict.fromkeys(filter(None, (gone.get(one, one) for one in example.topic_ids))))
        if ids or not example.topic_ids:
            examples.append(replace(example, topic_ids=ids))
    base_ids = {topic.id for topic in edit.base.topics}
    moved = {topic_id: gone.get(into, into) if into else None for topic_id, into in edit.moved.items()}
    moved |= {topic_id: into for topic_id, into in gone.items() if topic_id in base_ids}
    return _checked(edit, Taxonomy(tuple(topics), tuple(examples)), moved)


def _ids_above(edit: TaxonomyEdit, topic_id: str) -> list[str]:
    found = []
    parent = edit.topic(topic_id).parent
    while parent is not None:
        found.append(parent)
        parent = edit.topic(parent).parent
    return found


def _nearest_above(edit: TaxonomyEdit, parent: str | None, gone: Collection[str]) -> str | None:
    """The next topic on the way up that stays."""
    while parent is not None and parent in gone:
        parent = edit.topic(parent).parent
    return parent


def _checked(edit: TaxonomyEdit, taxonomy: Taxonomy, moved: Mapping[str, str | None]) -> TaxonomyEdit:
    before = set(edit.taxonomy.topics)
    for topic in taxonomy.topics:
        if topic not in before:
            check_topic(topic)
    check_links(taxonomy)
    return replace(edit, taxonomy=taxonomy, moved=dict(moved))
