"""What a taxonomy must hold before responses can be analyzed with it, and before it is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from services.errors import InputError
from services.surveys.models import Taxonomy, Topic
from services.surveys.topic_words import (
    LONGEST_DESCRIPTION,
    LONGEST_ID,
    LONGEST_KEYWORD,
    LONGEST_NAME,
    MOST_KEYWORDS,
    TOPIC_SEPARATOR,
    name_key,
    one_line,
)

MOST_TOPICS = 1_000
MOST_LEVELS = 5
MOST_EXAMPLES = 50_000


def check_taxonomy(taxonomy: Taxonomy) -> None:
    """See that there are topics, each with an id and a name of its own, and that examples and parents name them.

    Raises:
        InputError: ``no-topics``, ``topic-twice``, ``unknown-topic``, ``parent-cycle`` or ``too-deep``.
    """
    if not taxonomy.topics:
        raise InputError(
            "The taxonomy has no topics.",
            code="no-topics",
            remedy="Add at least one topic with a name, or suggest topics.",
        )
    check_links(taxonomy)


def assignable_part(taxonomy: Taxonomy) -> Taxonomy:
    """The taxonomy without its headings: topics with others below them that no example has are never assigned.

    What is said of "Delivery" is said of one of the topics below it; people can see them together all the same.
    """
    used = {topic_id for example in taxonomy.examples for topic_id in example.topic_ids}
    headings = {topic.parent for topic in taxonomy.topics if topic.parent is not None} - used
    if not headings:
        return taxonomy
    kept = tuple(
        replace(topic, parent=None) if topic.parent in headings else topic
        for topic in taxonomy.topics
        if topic.id not in headings
    )
    return replace(taxonomy, topics=kept)


def check_links(taxonomy: Taxonomy) -> None:
    """As :func:`check_taxonomy`, for a taxonomy that is being made and may still be empty."""
    ids = Counter(topic.id for topic in taxonomy.topics)
    names = Counter(name_key(topic.name) for topic in taxonomy.topics)
    for topic in taxonomy.topics:
        if ids[topic.id] > 1 or names[name_key(topic.name)] > 1:
            what, value = ("name", topic.name) if names[name_key(topic.name)] > 1 else ("id", topic.id)
            raise InputError(
                f"Two topics have the {what} “{value}”.",
                code="topic-twice",
                remedy="Rename one of them, or merge them.",
            )
    _check_parents(taxonomy)
    for example in taxonomy.examples:
        for topic_id in example.topic_ids:
            if topic_id not in ids:
                raise _unknown(f"An example has the topic “{topic_id}”")


def check_storable(taxonomy: Taxonomy) -> None:
    """See that a taxonomy can be kept: :func:`check_taxonomy`, and no text or list is longer than people can use.

    Raises:
        InputError: ``bad-topic``, ``too-many-topics`` or ``too-many-examples``, and those of :func:`check_taxonomy`.
    """
    check_taxonomy(taxonomy)
    if len(taxonomy.topics) > MOST_TOPICS:
        raise InputError(
            f"The taxonomy has {len(taxonomy.topics):,} topics; {MOST_TOPICS:,} can be kept.",
            code="too-many-topics",
            remedy="Merge topics: nobody can tell so many apart.",
        )
    if len(taxonomy.examples) > MOST_EXAMPLES:
        raise InputError(
            f"The taxonomy has {len(taxonomy.examples):,} examples; {MOST_EXAMPLES:,} can be kept.",
            code="too-many-examples",
            remedy="Keep the best 20 to 50 examples of each topic; more teach little.",
        )
    for topic in taxonomy.topics:
        check_topic(topic)


def check_topic(topic: Topic) -> None:
    """See that the texts of one topic can be kept. Raises InputError (``bad-topic``)."""
    if not one_line(topic.name):
        raise _bad("A topic has no name", "Give it one, or remove it.")
    shown = topic.name if len(topic.name) <= 60 else f"{topic.name[:60]}…"
    if len(topic.name) > LONGEST_NAME:
        raise _bad(f"The name “{shown}” has {len(topic.name):,} characters", f"Use at most {LONGEST_NAME}.")
    if not topic.id.strip() or topic.id != one_line(topic.id) or len(topic.id) > LONGEST_ID:
        raise _bad(
            f"The topic “{shown}” has no usable id", f"Use 1 to {LONGEST_ID} letters and digits, or leave it out."
        )
    if TOPIC_SEPARATOR in topic.id:
        raise _bad(f"The id of “{shown}” has “{TOPIC_SEPARATOR}” in it", "It stands between topics in files: use “-”.")
    if len(topic.description) > LONGEST_DESCRIPTION:
        raise _bad(
            f"The description of “{shown}” has {len(topic.description):,} characters",
            f"Use at most {LONGEST_DESCRIPTION:,}: a sentence or two work best.",
        )
    if len(topic.keywords) > MOST_KEYWORDS or any(len(keyword) > LONGEST_KEYWORD for keyword in topic.keywords):
        raise _bad(
            f"The keywords of “{shown}” are too many or too long",
            f"Use at most {MOST_KEYWORDS} of at most {LONGEST_KEYWORD} characters each.",
        )


def _check_parents(taxonomy: Taxonomy) -> None:
    by_id = {topic.id: topic for topic in taxonomy.topics}
    for topic in taxonomy.topics:
        above, levels = topic, 1
        while above.parent is not None:
            parent = by_id.get(above.parent)
            if parent is None:
                raise _unknown(f"The topic “{above.name}” lies below “{above.parent}”")
            above, levels = parent, levels + 1
            if above is topic or levels > len(by_id):
                raise InputError(
                    f"The topic “{topic.name}” lies below itself.",
                    code="parent-cycle",
                    remedy="Choose another topic above it, or none.",
                )
            if levels > MOST_LEVELS and not _is_cyclic(above, by_id):
                raise InputError(
                    f"The topic “{topic.name}” lies more than {MOST_LEVELS} levels deep.",
                    code="too-deep",
                    remedy="Choose a topic above it that is nearer to the top, or none.",
                )


def _is_cyclic(topic: Topic, by_id: dict[str, Topic]) -> bool:
    """Whether the way up from here never ends."""
    for _ in by_id:
        parent = by_id.get(topic.parent) if topic.parent is not None else None
        if parent is None:
            return False
        topic = parent
    return True


def _unknown(what: str) -> InputError:
    return InputError(
        f"{what}, which the taxonomy does not have.",
        code="unknown-topic",
        remedy="Use the id of one of its topics, or add the topic.",
    )


def _bad(what: str, remedy: str) -> InputError:
    return InputError(f"{what}.", code="bad-topic", remedy=remedy)
