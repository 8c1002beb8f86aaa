"""What a taxonomy must hold before responses can be analyzed with it."""

from __future__ import annotations

from collections import Counter

from services.errors import InputError
from services.surveys.models import Taxonomy


def check_taxonomy(taxonomy: Taxonomy) -> None:
    """See that there are topics, each with an id and a name of its own, and that examples and parents name them.

    Raises:
        InputError: ``no-topics``, ``topic-twice``, ``unknown-topic``.
    """
    if not taxonomy.topics:
        raise InputError(
            "The taxonomy has no topics.",
            code="no-topics",
            remedy="Add at least one topic with a name, or suggest topics.",
        )
    ids = Counter(topic.id for topic in taxonomy.topics)
    names = Counter(topic.name.strip().casefold() for topic in taxonomy.topics)
    for topic in taxonomy.topics:
        if ids[topic.id] > 1 or names[topic.name.strip().casefold()] > 1:
            what, value = ("id", topic.id) if ids[topic.id] > 1 else ("name", topic.name)
            raise InputError(
                f"Two topics have the {what} “{value}”.",
                code="topic-twice",
                remedy="Rename one of them, or merge them.",
            )
    known = set(ids)
    for topic in taxonomy.topics:
        if topic.parent is not None and topic.parent not in known:
            raise _unknown(f"The topic “{topic.name}” lies below “{topic.parent}”")
    for example in taxonomy.examples:
        for topic_id in example.topic_ids:
            if topic_id not in known:
                raise _unknown(f"An example has the topic “{topic_id}”")


def _unknown(what: str) -> InputError:
    return InputError(
        f"{what}, which the taxonomy does not have.",
        code="unknown-topic",
        remedy="Use the id of one of its topics, or add the topic.",
    )
