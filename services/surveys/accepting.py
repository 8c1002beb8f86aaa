"""Suggested topics become a part of a taxonomy: as they are, under another name, or several as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.errors import InputError
from services.surveys.models import Example, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_edits import TaxonomyEdit, add, add_examples, set_keywords
from services.surveys.topic_words import MOST_KEYWORDS, keyword_list, name_key, one_line


@dataclass(frozen=True, slots=True)
class AcceptedTopic:
    """What a person makes of one suggestion, or of several that are merged.

    Attributes:
        suggestions: At least one.
        name: Empty keeps the name of the largest one.
        description: None keeps that of the largest one; of several, all are joined.
        parent: Id of the topic above.
        into_id: A topic of the taxonomy that takes the suggestions in, with their keywords; no topic is added then.
        with_examples: Whether the representative responses become examples of the topic.
    """

    suggestions: tuple[SuggestedTopic, ...]
    name: str = ""
    description: str | None = None
    parent: str | None = None
    into_id: str | None = None
    with_examples: bool = False


def accept(edit: TaxonomyEdit, accepted: Sequence[AcceptedTopic]) -> TaxonomyEdit:
    """Add accepted suggestions to a taxonomy, in the order given.

    A topic that has the name of an accepted one already takes it in.

    Raises:
        InputError: ``nothing-accepted``, ``topic-twice``, ``unknown-topic``, ``bad-topic``, ``parent-cycle`` or
            ``too-deep``.
    """
    if not any(one.suggestions for one in accepted):
        raise InputError("No topic was chosen.", code="nothing-accepted", remedy="Choose at least one suggestion.")
    own = {name_key(topic.name): topic.id for topic in edit.taxonomy.topics}
    for one in accepted:
        if not one.suggestions:
            continue
        largest = max(one.suggestions, key=lambda suggestion: suggestion.response_count)
        name = one_line(one.name) or largest.topic.name
        into_id = one.into_id or own.get(name_key(name))
        if into_id is None:
            edit = add(edit, _topic(one, name))
            into_id = edit.taxonomy.topics[-1].id
        else:
            edit = set_keywords(edit, into_id, _keywords(edit.topic(into_id), one.suggestions))
        own[name_key(name)] = into_id
        if one.with_examples:
            edit = add_examples(edit, _examples(edit, one, into_id))
    return edit


def _topic(one: AcceptedTopic, name: str) -> Topic:
    descriptions = dict.fromkeys(suggestion.topic.description for suggestion in one.suggestions)
    description = one.description if one.description is not None else _sentences(descriptions)
    topic = Topic("", name, description, (), one.parent)
    return Topic("", name, description, _keywords(topic, one.suggestions), one.parent)


def _sentences(descriptions: Iterable[str]) -> str:
    said = list(filter(None, descriptions))
    return " ".join(one if one.endswith(".") or one is said[-1] else f"{one}." for one in said)


def _keywords(topic: Topic, suggestions: Sequence[SuggestedTopic]) -> tuple[str, ...]:
    """The topic's own first, then the best of each suggestion in turn."""
    lists = [suggestion.topic.keywords for suggestion in suggestions]
    longest = max(map(len, lists), default=0)
    turns = [keywords[place] for place in range(longest) for keywords in lists if place < len(keywords)]
    return keyword_list([*topic.keywords, *turns])[:MOST_KEYWORDS]


def _examples(edit: TaxonomyEdit, one: AcceptedTopic, topic_id: str) -> list[Example]:
    """The representative responses; what is an example already gets the topic besides."""
    known = {example.text: example for example in edit.taxonomy.examples}
    found = []
    responses = [response for suggestion in one.suggestions for response in suggestion.representative]
    for text in dict.fromkeys(response.text for response in responses):
        before = known.get(text)
        found.append(
            Example(text, (*before.topic_ids, topic_id), before.sentiment) if before else Example(text, (topic_id,))
        )
    return found
