"""Gold labels beside what a run found in the same texts, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.surveys.distinct_texts import distinct_texts
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.gold_sample import learned_texts
from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.present_labels import FoundLabels, TextLabel, overridden
from services.surveys.run_models import SurveyRun
from services.surveys.run_sources import RunSources
from services.surveys.topic_moves import TopicMoves


@dataclass(frozen=True, slots=True, eq=False)
class GoldTable:
    """``n`` different texts with a gold label, and ``t`` topics of the newest version of the taxonomy.

    Attributes:
        text_keys: n, in the order of the texts.
        response_counts: ``int64`` n.
        gold, found: ``bool`` n x t.
        gold_sentiment, found_sentiment: ``int8`` n: codes; 0 where nobody said.
        gold_topic_sentiment, found_topic_sentiment: ``int8`` n x t: codes; 0 where nobody said, or there is no topic.
        learned_count, not_analyzed_count, removed_count: Gold texts that were left out, see ``Evaluation``.
    """

    text_keys: tuple[str, ...]
    topic_ids: tuple[str, ...]
    response_counts: NDArray[np.int64]
    gold: NDArray[np.bool_]
    found: NDArray[np.bool_]
    gold_sentiment: NDArray[np.int8]
    found_sentiment: NDArray[np.int8]
    gold_topic_sentiment: NDArray[np.int8]
    found_topic_sentiment: NDArray[np.int8]
    learned_count: int = 0
    not_analyzed_count: int = 0
    removed_count: int = 0

    def only(self, text_keys: Iterable[str]) -> GoldTable:
        """The table of some of its texts."""
        wanted = set(text_keys)
        rows = np.array([row for row, key in enumerate(self.text_keys) if key in wanted], np.int64)
        return replace(
            self,
            text_keys=tuple(self.text_keys[row] for row in rows.tolist()),
            response_counts=self.response_counts[rows],
            gold=self.gold[rows],
            found=self.found[rows],
            gold_sentiment=self.gold_sentiment[rows],
            found_sentiment=self.found_sentiment[rows],
            gold_topic_sentiment=self.gold_topic_sentiment[rows],
            found_topic_sentiment=self.found_topic_sentiment[rows],
        )


def read_gold_table(sources: RunSources, run: SurveyRun, *, corrected: bool = False) -> GoldTable:
    """The gold labels of the run's question and taxonomy, beside what the run found.

    Left out are texts that the run learned from, that it did not analyze, and those whose topics were all removed from
    the taxonomy since: what is right for them now, nobody said.

    Args:
        corrected: Whether corrections stand in place of what was found.

    Raises:
        ConflictError: ``run-not-finished``.
    """
    index = sources.indexes.get(run.tenant_id, run.survey_id, run.question)
    moves = sources.moves(run.tenant_id, run.taxonomy_id)
    newest = sources.repository.get_version(run.tenant_id, run.taxonomy_id)
    found_labels = FoundLabels(sources.load_findings(run.tenant_id, run.id), moves, run.taxonomy_version)
    corrections = _labels(sources, run, LabelPurpose.CORRECTION) if corrected else {}
    gold_labels = _labels(sources, run, LabelPurpose.GOLD)
    numbered = [
        (number, label)
        for number, label in zip(index.numbers(list(gold_labels)).tolist(), gold_labels.values(), strict=True)
        if number >= 0
    ]
    numbered.sort(key=lambda pair: pair[0])
    learned = _learned(sources, run, [number for number, _ in numbered])
    kept: list[tuple[int, TextLabel, TextLabel]] = []
    removed = not_analyzed = 0
    for number, label in numbered:
        found = found_labels.of_text(number)
        said = _said(label, moves)
        if number in learned:
            continue
        if label.topics and not said.topics:
            removed += 1
        elif found is None:
            not_analyzed += 1
        else:
            correction = corrections.get(label.text_key)
            kept.append((number, said, found if correction is None else overridden(_said(correction, moves), found)))
    topic_ids = tuple(topic.id for topic in newest.taxonomy.topics)
    gold, gold_topic_sentiment, gold_sentiment = _arrays([said for _, said, _ in kept], topic_ids)
    found_topics, found_topic_sentiment, found_sentiment = _arrays([found for _, _, found in kept], topic_ids)
    numbers = [number for number, _, _ in kept]
    return GoldTable(
        text_keys=tuple(index.key(number) for number in numbers),
        topic_ids=topic_ids,
        response_counts=index.response_counts[np.array(numbers, np.int64)],
        gold=gold,
        found=found_topics,
        gold_sentiment=gold_sentiment,
        found_sentiment=found_sentiment,
        gold_topic_sentiment=gold_topic_sentiment,
        found_topic_sentiment=found_topic_sentiment,
        learned_count=len(learned),
        not_analyzed_count=not_analyzed,
        removed_count=removed,
    )


def _labels(sources: RunSources, run: SurveyRun, purpose: LabelPurpose) -> dict[str, ResponseLabel]:
    labels = sources.repository.list_labels(
        run.tenant_id, run.survey_id, run.question, purpose, taxonomy_id=run.taxonomy_id
    )
    return {label.text_key: label for label in labels}


def _said(label: ResponseLabel, moves: TopicMoves) -> TextLabel:
    return TextLabel(moves.labeled(label.topics, label.taxonomy_version), label.sentiment)


def _learned(sources: RunSources, run: SurveyRun, numbers: Sequence[int]) -> set[int]:
    """The texts that are among the examples of the run."""
    examples = sources.taxonomy_of(run.tenant_id, run.id).examples
    if not examples or not numbers:
        return set()
    texts = distinct_texts(sources.open_survey(run.tenant_id, run.survey_id), run.question).texts
    gold_texts = texts.take(np.array(numbers, np.int64))
    return {numbers[place] for place in learned_texts(gold_texts, examples).tolist()}


def _arrays(
    labels: Sequence[TextLabel], topic_ids: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.int8], NDArray[np.int8]]:
    """Topics, their sentiments, and the sentiments of the texts."""
    places = {topic_id: place for place, topic_id in enumerate(topic_ids)}
    topics = np.zeros((len(labels), len(topic_ids)), np.bool_)
    of_topics = np.zeros((len(labels), len(topic_ids)), np.int8)
    overall = np.zeros(len(labels), np.int8)
    for row, label in enumerate(labels):
        overall[row] = SENTIMENT_CODES[label.sentiment] if label.sentiment else 0
        for topic in label.topics:
            if topic.topic_id not in places:  # the taxonomy got another version in this moment
                continue
            topics[row, places[topic.topic_id]] = True
            of_topics[row, places[topic.topic_id]] = SENTIMENT_CODES[topic.sentiment] if topic.sentiment else 0
    return topics, of_topics, overall
