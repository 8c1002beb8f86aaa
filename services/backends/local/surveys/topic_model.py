"""Chooses how topics are found: by descriptions alone, or by what was learned from examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.chunk import embed_chunk
from services.backends.local.surveys.cleaning import text_key
from services.backends.local.surveys.judging import Judgement, Scores
from services.backends.local.surveys.reading import ReadResponse, read_response
from services.backends.local.surveys.ridge_topics import RidgeTopics
from services.backends.local.surveys.single_topic import SingleTopic
from services.backends.local.surveys.topic_texts import topic_texts
from services.backends.local.surveys.zero_shot import ZeroShotTopics
from services.ports.knowledge import Embedder
from services.surveys.models import Example, Taxonomy

FEWEST_EXAMPLES = 10
"""With fewer examples that have topics they are only further descriptions."""

FEWEST_SINGLE_EXAMPLES = 20
FEWEST_SINGLE_PER_TOPIC = 2


class TopicModel(Protocol):
    """Scores texts and judges responses."""

    def score(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """Shape (texts, topics)."""
        ...

    def nearest(self, vectors: NDArray[np.float32]) -> Scores:
        """Cosine to the nearest example or description, one per text."""
        ...

    def judge(self, scores: Scores, nearest: Scores) -> Judgement:
        """Judge a response by the scores and nearness of its texts: the whole first, then its statements."""
        ...


def build_topic_model(taxonomy: Taxonomy, embedder: Embedder, *, keep_junk: bool = False) -> TopicModel:
    """Learn from the taxonomy's texts and examples. Of several examples with the same text the last one counts.

    Raises:
        BackendError: the embedder failed.
    """
    texts = topic_texts(taxonomy.topics)
    numbers = {topic.id: number for number, topic in enumerate(taxonomy.topics)}
    examples = list(
        {text_key(example.text): example for example in taxonomy.examples if text_key(example.text)}.values()
    )
    read = [_read_example(example, keep_junk) for example in examples]
    gold = np.zeros((len(examples), len(taxonomy.topics)), dtype=np.bool_)
    for row, example in enumerate(examples):
        gold[row, [numbers[topic_id] for topic_id in example.topic_ids]] = True
    if gold.any(axis=1).sum() < FEWEST_EXAMPLES:
        single = [(one.whole, int(row.argmax())) for one, row in zip(read, gold, strict=True) if row.sum() == 1]
        return ZeroShotTopics(texts, embedder, single)
    chunk = embed_chunk(read, embedder)
    ridge = RidgeTopics(texts, chunk, gold, embedder)
    if not _may_be_single(gold):
        return ridge
    # Every example has one topic; whether topics that compete do better is seen on examples that were left out.
    single_topic = SingleTopic(texts, chunk, gold, embedder)
    return (
        single_topic
        if _micro_f1(single_topic.left_out_choices(), gold) > _micro_f1(ridge.left_out_choices(), gold)
        else ridge
    )


def _read_example(example: Example, keep_junk: bool) -> ReadResponse:
    read = read_response(example.text, keep_junk=keep_junk)
    if read.reason is None:
        return read
    key = text_key(example.text)
    return ReadResponse(key, (key,), ((0, len(example.text)),))


def _may_be_single(gold: NDArray[np.bool_]) -> bool:
    counts = gold.sum(axis=1)
    filled = int((counts > 0).sum())
    enough = max(FEWEST_SINGLE_EXAMPLES, FEWEST_SINGLE_PER_TOPIC * gold.shape[1])
    return gold.shape[1] >= 3 and int(counts.max()) == 1 and filled >= enough


def _micro_f1(chosen: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    has_topic = gold.any(axis=1)
    chosen, gold = chosen[has_topic], gold[has_topic]
    return float(2 * (chosen & gold).sum() / max(1, chosen.sum() + gold.sum()))
