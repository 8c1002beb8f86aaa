"""Topics by levels: each on its own, or as the main topic above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from services.surveys.exploring.assignments import Assignments, united_topics
from services.surveys.models import Taxonomy

# Ids have no "|", so that this makes another name of a main topic: the topic with all below it, as one.
_WITH_BELOW = "|all"


def with_below(topic_id: str) -> str:
    """What names a main topic with all topics below it, in filters and links."""
    return f"{topic_id}{_WITH_BELOW}"


def without_below(name: str) -> tuple[str, bool]:
    """The id of the topic that a filter names, and whether those below it are meant too."""
    return name.removesuffix(_WITH_BELOW), name.endswith(_WITH_BELOW)


def top_topics(taxonomy: Taxonomy) -> dict[str, str]:
    """The id of the topic at the top above each topic; its own where it has none above."""
    parents = {topic.id: topic.parent for topic in taxonomy.topics}
    tops = {}
    for topic_id in parents:
        top, passed = topic_id, {topic_id}
        while (above := parents[top]) is not None and above in parents and above not in passed:
            top = above
            passed.add(top)
        tops[topic_id] = top
    return tops


def main_topics(taxonomy: Taxonomy) -> dict[str, str]:
    """What each topic counts as on the level of main topics: itself, or what :func:`with_below` names."""
    tops = top_topics(taxonomy)
    above_others = {top for topic_id, top in tops.items() if top != topic_id}
    return {topic_id: with_below(top) if top in above_others else top for topic_id, top in tops.items()}


def rolled_up(taxonomy: Taxonomy) -> Taxonomy:
    """The main topics alone, those with others below them under the name that means all of these."""
    names = main_topics(taxonomy)
    tops = top_topics(taxonomy)
    return replace(
        taxonomy,
        topics=tuple(replace(topic, id=names[topic.id]) for topic in taxonomy.topics if tops[topic.id] == topic.id),
    )


def assigned_to_main(assigned: Assignments, taxonomy: Taxonomy, rolled: Taxonomy) -> Assignments:
    """What is true of texts on the level of main topics; whatever stands above one of its topics is true of it."""
    places: Mapping[str, int] = {topic.id: place for place, topic in enumerate(rolled.topics)}
    names = main_topics(taxonomy)
    target = np.array([places[names[topic.id]] for topic in taxonomy.topics], np.int16)
    return united_topics(assigned, target, len(rolled.topics))
