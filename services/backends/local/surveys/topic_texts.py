"""The texts that say what a topic is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.backends.local.surveys.words import stems
from services.surveys.models import Topic

_PARTS = re.compile(r"[,;.\n]|\bor\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
MOST_WORDS_OF_A_PART = 8
MOST_PARTS = 40
NAME_WEIGHT, DESCRIPTION_WEIGHT = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class TopicTexts:
    """What is written about each topic, in the taxonomy's order.

    Attributes:
        descriptions: Name and description of each, one text.
        parts: Names, keywords and phrases of the descriptions.
        owners: For each part the number of its topic.
        word_weights: For each topic the stems that name it, with weights that fall the more topics share a stem.
    """

    descriptions: list[str]
    parts: list[str]
    owners: list[int]
    word_weights: list[dict[str, float]]


def topic_texts(topics: Sequence[Topic]) -> TopicTexts:
    """Take names, keywords and descriptions apart."""
    descriptions, parts, owners, weights = [], [], [], []
    for number, topic in enumerate(topics):
        name = spoken(topic.name)
        description = ". ".join(filter(None, (name, topic.description.strip(), ", ".join(topic.keywords))))
        descriptions.append(description.lower())
        phrases = [name, *map(spoken, topic.keywords), *_PARTS.split(topic.description)]
        cleaned = (phrase.strip().lower() for phrase in phrases)
        own = [phrase for phrase in cleaned if 0 < len(phrase.split()) <= MOST_WORDS_OF_A_PART] or [name.lower()]
        own = list(dict.fromkeys(own))[:MOST_PARTS]
        parts.extend(own)
        owners.extend([number] * len(own))
        weight = dict.fromkeys(stems(topic.description), DESCRIPTION_WEIGHT)
        weight.update(dict.fromkeys(stems(" ".join((name, *topic.keywords))), NAME_WEIGHT))
        weights.append(weight)
    shared: dict[str, int] = {}
    for weight in weights:
        for stem in weight:
            shared[stem] = shared.get(stem, 0) + 1
    return TopicTexts(
        descriptions,
        parts,
        owners,
        [{stem: value / shared[stem] for stem, value in weight.items()} for weight in weights],
    )


def spoken(name: str) -> str:
    """A name such as ``card_arrival`` or ``cardArrival`` as people say it."""
    return " ".join(_CAMEL.sub(" ", name.replace("_", " ").replace("/", " / ")).split())
