"""The taxonomy as calls are given it: short ids, and a few examples within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.ports.language_models import ModelLimits
from services.surveys.chain.clean_text import clean_text
from services.surveys.chain.tokens import json_tokens
from services.surveys.marks import normalize
from services.surveys.models import Example, Sentiment, Taxonomy

MOST_EXAMPLES_PER_TOPIC = 3
MOST_EXAMPLES_PER_SENTIMENT = 2
MOST_EXAMPLE_TOKENS = 1_500
LONGEST_EXAMPLE_CHARACTERS = 300
_EXAMPLE_SHARE = 20
_LONGEST_TOPIC_TEXT_TOKENS = 300


class TopicList:
    """The topics and examples of a taxonomy, the same for the same taxonomy and limits.

    Attributes:
        ids: For each topic what calls name it: ``t1``, ``t2``, … Ids of taxonomies may be long, or look like words.
        names: For each topic its name in one line.
        topics: As JSON-able values.
        examples: The same, with their topics.
        sentiment_examples: The same, with their sentiment.
    """

    def __init__(self, taxonomy: Taxonomy, limits: ModelLimits) -> None:
        self.ids = [f"t{number}" for number in range(1, len(taxonomy.topics) + 1)]
        self.names = [_line(topic.name) for topic in taxonomy.topics]
        self._numbers = {name.casefold(): number for number, name in enumerate(self.names)}
        self._numbers |= {short: number for number, short in enumerate(self.ids)}
        short_ids = dict(zip((topic.id for topic in taxonomy.topics), self.ids, strict=True))
        self.topics: list[dict[str, Any]] = []
        for topic, short, name in zip(taxonomy.topics, self.ids, self.names, strict=True):
            values: dict[str, Any] = {"id": short, "name": name}
            if topic.description.strip():
                values["description"] = _line(topic.description)
            if topic.keywords:
                values["keywords"] = [_line(keyword) for keyword in topic.keywords]
            if topic.parent is not None:
                values["parent"] = short_ids[topic.parent]
            self.topics.append(values)
        budget = min(MOST_EXAMPLE_TOKENS, limits.context_tokens // _EXAMPLE_SHARE)
        usable = _usable(taxonomy.examples)
        groups = [[one for one in usable if topic.id in one.topic_ids] for topic in taxonomy.topics]
        groups.append([one for one in usable if not one.topic_ids])
        chosen = _in_turn(groups, MOST_EXAMPLES_PER_TOPIC)
        self.examples = _within(
            [{"text": _line(one.text), "topics": [short_ids[topic] for topic in one.topic_ids]} for one in chosen],
            budget,
        )
        felt = [[one for one in usable if one.sentiment is sentiment] for sentiment in Sentiment]
        self.sentiment_examples = _within(
            [
                {"text": _line(one.text), "overall": one.sentiment.value}
                for one in _in_turn(felt, MOST_EXAMPLES_PER_SENTIMENT)
                if one.sentiment is not None
            ],
            budget,
        )

    def number_of(self, named: str) -> int | None:
        """The topic's number, from 0, by the id that calls give it or by its name; None when there is no such topic."""
        return self._numbers.get(named.strip(), self._numbers.get(_line(named).casefold()))


def _usable(examples: Sequence[Example]) -> list[Example]:
    """The newest first: corrections come last. Of several with one text the last counts; long ones cost too much."""
    by_text: dict[str, Example] = {}
    for example in reversed(examples):
        key = normalize(example.text)
        if key and len(example.text) <= LONGEST_EXAMPLE_CHARACTERS:
            by_text.setdefault(key, example)
    return list(by_text.values())


def _in_turn(groups: Sequence[Sequence[Example]], most_each: int) -> list[Example]:
    """The first of every group, then the second of every group, and so on; none twice."""
    chosen: dict[str, Example] = {}
    for place in range(most_each):
        for group in groups:
            if place < len(group):
                chosen.setdefault(group[place].text, group[place])
    return list(chosen.values())


def _within(values: list[dict[str, Any]], budget: int) -> list[dict[str, Any]]:
    kept = []
    for value in values:
        budget -= json_tokens(value)
        if budget < 0:
            break
        kept.append(value)
    return kept


def _line(text: str) -> str:
    return clean_text(text, _LONGEST_TOPIC_TEXT_TOKENS).text
