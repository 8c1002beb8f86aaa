"""What is true of the different texts of a run now: topics as they are called today, corrected by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.surveys.findings import OTHER_CODES, SENTIMENT_CODES, RunFindings
from services.surveys.label_models import ResponseLabel
from services.surveys.models import OtherReason, Sentiment

SENTIMENT_KINDS = len(Sentiment) + 1  # with 0 for none
_NOTHING_FITS = OTHER_CODES[OtherReason.NOTHING_FITS]
_NEUTRAL = SENTIMENT_CODES[Sentiment.NEUTRAL]
_SENTIMENTS = {code: sentiment for sentiment, code in SENTIMENT_CODES.items()}
_PATTERN_SEED = 20_260_101


def _united_sentiments() -> NDArray[np.int8]:
    """The sentiment of a topic by the set of sentiments that became one: bit ``code - 1`` is set for each."""
    positive, negative, mixed = (
        1 << (SENTIMENT_CODES[sentiment] - 1) for sentiment in (Sentiment.POSITIVE, Sentiment.NEGATIVE, Sentiment.MIXED)
    )
    table = np.full(1 << len(Sentiment), _NEUTRAL, np.int8)
    table[0] = 0
    for bits in range(1, len(table)):
        if bits & mixed or (bits & positive and bits & negative):
            table[bits] = SENTIMENT_CODES[Sentiment.MIXED]
        elif bits & positive:
            table[bits] = SENTIMENT_CODES[Sentiment.POSITIVE]
        elif bits & negative:
            table[bits] = SENTIMENT_CODES[Sentiment.NEGATIVE]
    return table


_UNITED = _united_sentiments()


@dataclass(frozen=True, eq=False)
class Assignments:
    """Topics of ``n`` different texts, ``m`` in all; a text has each topic at most once.

    Attributes:
        topic_count: Topics of the taxonomy; they are numbered in its order.
        offsets: ``int64`` n + 1: the topics of text i stand at ``offsets[i]`` to ``offsets[i + 1]``, the surest first.
        texts, topics: ``int32`` and ``int16`` m: whose, and which.
        sentiments, confidence, starts, ends: Per topic of a text, as in :class:`services.surveys.findings.RunFindings`.
        overall, other, response_confidence, review: Per text, likewise.
        corrected: Per text: whether a person said so.
    """

    topic_count: int
    offsets: NDArray[np.int64]
    texts: NDArray[np.int32]
    topics: NDArray[np.int16]
    sentiments: NDArray[np.int8]
    confidence: NDArray[np.float32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    overall: NDArray[np.int8]
    other: NDArray[np.int8]
    response_confidence: NDArray[np.float32]
    review: NDArray[np.uint16]
    corrected: NDArray[np.bool_]

    @property
    def text_count(self) -> int:
        """Different texts."""
        return len(self.overall)

    @cached_property
    def patterns(self) -> Patterns:
        """The different sets of topics that texts have. Many responses share few sets, so counting these is quick."""
        # A sum of random numbers, one per topic, names a set: 64 bits do not meet by chance.
        names = np.random.default_rng(_PATTERN_SEED).integers(0, 1 << 63, self.topic_count, np.int64).astype(np.uint64)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(names[self.topics], dtype=np.uint64)])
        _, first, of_text = np.unique(
            sums[self.offsets[1:]] - sums[self.offsets[:-1]], return_index=True, return_inverse=True
        )
        has_topic = np.zeros((len(first), self.topic_count), np.bool_)
        lengths = self.offsets[first + 1] - self.offsets[first]
        places = np.repeat(self.offsets[first] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        places += np.arange(len(places))
        has_topic[np.repeat(np.arange(len(first)), lengths), self.topics[places]] = True
        return Patterns(has_topic, of_text.astype(np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Different sets of topics.

    Attributes:
        has_topic: Sets x topics.
        of_text: ``int32`` per text: the number of its set.
    """

    has_topic: NDArray[np.bool_]
    of_text: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TextCorrection:
    """What a person said about a text, in numbers.

    Attributes:
        text: Its number.
        topics: Number of the topic and code of its sentiment, 0 when the person did not say.
        sentiment: Code of the whole response's; 0 when the person did not say.
    """

    text: int
    topics: tuple[tuple[int, int], ...] = field(default=())
    sentiment: int = 0


def correction_of(label: ResponseLabel, text: int, places: Mapping[str, int]) -> TextCorrection:
    """A label in numbers.

    Args:
        places: Number of the topic by the id that the label has; removed ones are not in it.
    """
    united: dict[int, int] = {}
    for topic in label.topics:
        place = places.get(topic.topic_id)
        if place is not None:
            code = SENTIMENT_CODES[topic.sentiment] if topic.sentiment else 0
            united[place] = unite(united[place], code) if place in united else code
    return TextCorrection(text, tuple(united.items()), SENTIMENT_CODES[label.sentiment] if label.sentiment else 0)


def unite(code: int, other: int) -> int:
    """The sentiment of two topics that became one; 0 is one of which nothing was said."""
    return int(_UNITED[_bits(code) | _bits(other)])


def united_sentiment(one: Sentiment, other: Sentiment) -> Sentiment:
    """What is felt about two topics that count as one."""
    return _SENTIMENTS[unite(SENTIMENT_CODES[one], SENTIMENT_CODES[other])]


def assign(
    findings: RunFindings, target: NDArray[np.int16], topic_count: int, corrections: Sequence[TextCorrection] = ()
) -> Assignments:
    """Topics as they are now.

    Topics that became one unite: opposite sentiments make a mixed one, otherwise the stronger counts. A text that is
    left without a topic is one that nothing fits. What a person said takes the place of all that was found in a text.

    Args:
        target: ``int16`` per topic of the run: the number of the topic that it is now; -1 when it was removed.
        topic_count: How many topics there are now.
        corrections: At most one per text.
    """
    texts = np.repeat(np.arange(findings.text_count, dtype=np.int32), np.diff(findings.offsets))
    topics = target[findings.topics] if len(target) else np.zeros(0, np.int16)
    columns: dict[str, NDArray[Any]] = {
        "texts": texts,
        "topics": topics,
        "sentiments": findings.sentiments,
        "confidence": findings.topic_confidence,
        "starts": findings.evidence_starts,
        "ends": findings.evidence_ends,
    }
    columns = {name: values[topics >= 0] for name, values in columns.items()}
    kept_targets = target[target >= 0]
    if len(np.unique(kept_targets)) < len(kept_targets):
        columns = _united(columns, topic_count)
    overall, other = findings.overall.copy(), findings.other.copy()
    confidence, review = findings.confidence.copy(), findings.review.copy()
    corrected = np.zeros(findings.text_count, np.bool_)
    if corrections:
        columns = _with_corrections(columns, corrections, overall)
        changed = np.array([one.text for one in corrections])
        corrected[changed], confidence[changed], review[changed] = True, 1.0, 0
    counts = np.bincount(columns["texts"], minlength=findings.text_count)
    other[counts > 0] = 0
    # One that said why it had no topic before keeps that reason.
    other[(counts == 0) & (overall > 0) & (other == 0)] = _NOTHING_FITS
    return Assignments(
        topic_count=topic_count,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        overall=overall,
        other=other,
        response_confidence=confidence,
        review=review,
        corrected=corrected,
        **columns,
    )


def united_topics(assigned: Assignments, target: NDArray[np.int16], topic_count: int) -> Assignments:
    """The same with every topic as another one; topics that become one unite as in :func:`assign`.

    Args:
        target: ``int16`` per topic: what it becomes, 0 to ``topic_count`` - 1.
    """
    columns = {name: getattr(assigned, name) for name in ("texts", "sentiments", "confidence", "starts", "ends")}
    columns = _united({**columns, "topics": target[assigned.topics]}, topic_count)
    counts = np.bincount(columns["texts"], minlength=assigned.text_count)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return replace(assigned, topic_count=topic_count, offsets=offsets, **columns)


def _united(columns: dict[str, NDArray[Any]], topic_count: int) -> dict[str, NDArray[Any]]:
    """Each topic once per text: with the evidence of the surest, which stands first."""
    keys = columns["texts"].astype(np.int64) * topic_count + columns["topics"]
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    bits = np.left_shift(1, columns["sentiments"][order].astype(np.int64) - 1)
    firsts = order[starts]
    united = _UNITED[np.bitwise_or.reduceat(bits, starts)] if len(starts) else np.zeros(0, np.int8)
    back = np.argsort(firsts)
    kept = {name: values[firsts[back]] for name, values in columns.items()}
    kept["sentiments"] = united[back]
    return kept


def _with_corrections(
    columns: dict[str, NDArray[Any]], corrections: Sequence[TextCorrection], overall: NDArray[np.int8]
) -> dict[str, NDArray[Any]]:
    """Changes ``overall`` in place."""
    texts = columns["texts"]
    said: list[tuple[int, int, int, float, int, int]] = []
    for one in corrections:
        found = {
            int(columns["topics"][place]): place
            for place in range(int(np.searchsorted(texts, one.text)), int(np.searchsorted(texts, one.text, "right")))
        }
        overall[one.text] = one.sentiment or overall[one.text] or _NEUTRAL
        for topic, sentiment in one.topics:
            place = found.get(topic)
            if place is None:
                said.append((one.text, topic, sentiment or int(overall[one.text]), 1.0, 0, 0))
            else:
                kept = int(columns["sentiments"][place])
                start, end = int(columns["starts"][place]), int(columns["ends"][place])
                said.append((one.text, topic, sentiment or kept, 1.0, start, end))
    replaced = np.zeros(len(overall), np.bool_)
    replaced[[one.text for one in corrections]] = True
    rest = ~replaced[texts]
    new = list(zip(*said, strict=True)) if said else [()] * len(columns)
    joined = {
        name: np.concatenate([values[rest], np.array(added, values.dtype)])
        for (name, values), added in zip(columns.items(), new, strict=True)
    }
    order = np.argsort(joined["texts"], kind="stable")
    return {name: values[order] for name, values in joined.items()}


def _bits(code: int) -> int:
    return 1 << (code - 1) if code else 0
