"""The figures of an evaluation counted one by one, slowly and plainly."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from services.surveys.models import Sentiment
from tests.unit.surveys.labels.label_desk import TOPICS, read

OTHER = None
Said = tuple[dict[str, Sentiment | None], Sentiment | None]


def said(text: str) -> Said:
    """Topics with their sentiments, and the sentiment of the whole."""
    topics, overall = read(text)
    return {topic.topic_id: topic.sentiment for topic in topics}, overall


def random_label(draw: random.Random, *, unsaid: bool) -> str:
    """One to three topics or none, each with a sign, then the sign of the whole."""
    signs = "+0-~?" if unsaid else "+0-~"
    topics = draw.sample([topic.id for topic in TOPICS], draw.choice((0, 1, 1, 2, 3)))
    return " ".join([*(f"{topic}{draw.choice(signs)}" for topic in topics), draw.choice(signs)])


def near(draw: random.Random, label: str) -> str:
    """A label that is right more often than not."""
    return label.replace("?", draw.choice("+-")) if draw.random() < 0.5 else random_label(draw, unsaid=False)


def f1(right: int, wanted: int, asserted: int) -> float | None:
    return 2 * right / (wanted + asserted) if wanted + asserted else None


def with_other(topics: Mapping[str, object]) -> set[str | None]:
    return set(topics) or {OTHER}


def counts(gold: Sequence[Said], found: Sequence[Said], topic_id: str | None) -> tuple[int, int, int]:
    """Support, found and right of a topic, or of Other."""
    support = asserted = right = 0
    for (wanted, _), (got, _) in zip(gold, found, strict=True):
        is_wanted, is_found = topic_id in with_other(wanted), topic_id in with_other(got)
        support += is_wanted
        asserted += is_found
        right += is_wanted and is_found
    return support, asserted, right


def exact_match(gold: Sequence[Said], found: Sequence[Said]) -> float:
    return sum(set(one[0]) == set(two[0]) for one, two in zip(gold, found, strict=True)) / len(gold)


def micro_f1(gold: Sequence[Said], found: Sequence[Said]) -> float | None:
    right = sum(len(set(one[0]) & set(two[0])) for one, two in zip(gold, found, strict=True))
    return f1(right, sum(len(one[0]) for one in gold), sum(len(one[0]) for one in found))


def macro_f1(gold: Sequence[Said], found: Sequence[Said]) -> float | None:
    values = []
    for topic in TOPICS:
        support, asserted, right = counts(gold, found, topic.id)
        if support:
            values.append(2 * right / (support + asserted))
    return sum(values) / len(values) if values else None


def confusions(gold: Sequence[Said], found: Sequence[Said]) -> Counter[tuple[str | None, str | None]]:
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for (wanted, _), (got, _) in zip(gold, found, strict=True):
        for missed in with_other(wanted) - with_other(got):
            for extra in with_other(got) - with_other(wanted):
                pairs[missed, extra] += 1
    return pairs


def sentiment_pairs(gold: Sequence[Said], found: Sequence[Said]) -> list[tuple[Sentiment, Sentiment | None]]:
    return [(one[1], two[1]) for one, two in zip(gold, found, strict=True) if one[1] is not None]


def topic_sentiment_pairs(gold: Sequence[Said], found: Sequence[Said]) -> list[tuple[Sentiment, Sentiment | None]]:
    return [
        (sentiment, two[0][topic])
        for one, two in zip(gold, found, strict=True)
        for topic, sentiment in one[0].items()
        if sentiment is not None and topic in two[0]
    ]


def accuracy(pairs: Sequence[tuple[Sentiment, Sentiment | None]]) -> float | None:
    return sum(one == two for one, two in pairs) / len(pairs) if pairs else None


def sentiment_macro_f1(pairs: Sequence[tuple[Sentiment, Sentiment | None]]) -> float | None:
    values = []
    for sentiment in Sentiment:
        wanted = sum(one is sentiment for one, _ in pairs)
        if wanted:
            asserted = sum(two is sentiment for _, two in pairs)
            right = sum(one is two is sentiment for one, two in pairs)
            values.append(2 * right / (wanted + asserted))
    return sum(values) / len(values) if values else None
