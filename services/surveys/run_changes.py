"""What a run found otherwise than an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.surveys.evaluation_models import MOST_KEYS, CorrectionsMet, RunChanges, TopicChange
from services.surveys.findings import SENTIMENT_CODES, RunFindings
from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.run_models import SurveyRun
from services.surveys.run_sources import RunSources
from services.surveys.text_index import TextIndex
from services.surveys.topic_moves import TopicMoves

# A text and one of its topics as one number: text * topics + topic. Sorted, without repeats.
Pairs = NDArray[np.int64]


def find_changes(sources: RunSources, run: SurveyRun, earlier: SurveyRun, notes: Sequence[str]) -> RunChanges:
    """The changes between two runs of one question and one taxonomy.

    Raises:
        ConflictError: ``run-not-finished``.
    """
    index = sources.indexes.get(run.tenant_id, run.survey_id, run.question)
    moves = sources.moves(run.tenant_id, run.taxonomy_id)
    newest = sources.repository.get_version(run.tenant_id, run.taxonomy_id)
    topic_ids = [topic.id for topic in newest.taxonomy.topics]
    now, before = (sources.load_findings(one.tenant_id, one.id) for one in (run, earlier))
    compared = (now.overall > 0) & (before.overall > 0)
    counts = index.response_counts
    width = len(topic_ids) + 1  # the last is Other
    pairs_now = _pairs(now, run.taxonomy_version, moves, topic_ids, compared)
    pairs_before = _pairs(before, earlier.taxonomy_version, moves, topic_ids, compared)
    kept = np.intersect1d(pairs_now, pairs_before, assume_unique=True)
    gained = np.setdiff1d(pairs_now, pairs_before, assume_unique=True)
    lost = np.setdiff1d(pairs_before, pairs_now, assume_unique=True)
    has_other_topics = np.zeros(len(counts), np.bool_)
    has_other_topics[np.concatenate([gained, lost]) // width] = True
    has_other_sentiment = compared & (now.overall != before.overall)
    labels = sources.repository.list_labels(
        run.tenant_id, run.survey_id, run.question, LabelPurpose.CORRECTION, taxonomy_id=run.taxonomy_id
    )
    corrected = index.numbers([label.text_key for label in labels])
    is_corrected = np.zeros(len(counts), np.bool_)
    is_corrected[corrected[corrected >= 0]] = True
    changed = has_other_topics | has_other_sentiment
    return RunChanges(
        run_id=run.id,
        earlier_run_id=earlier.id,
        response_count=int(counts[compared].sum()),
        skipped_count=int(counts[~compared].sum()),
        topics_changed=int(counts[has_other_topics].sum()),
        sentiment_changed=int(counts[has_other_sentiment].sum()),
        corrected_count=int(counts[changed & is_corrected].sum()),
        topics=_topic_changes([*topic_ids, None], index, kept, gained, lost),
        sentiment_moves=_moves(before.overall, now.overall, compared, counts),
        sentiment_keys=_keys(index, np.flatnonzero(has_other_sentiment)),
        corrections=_corrections_met(labels, corrected, moves, topic_ids, compared, pairs_now, pairs_before),
        notes=tuple(notes),
    )


def _pairs(
    findings: RunFindings, version: int, moves: TopicMoves, topic_ids: Sequence[str], compared: NDArray[np.bool_]
) -> Pairs:
    """The topics of all compared texts; one without any has Other."""
    width = len(topic_ids) + 1
    places = {topic_id: place for place, topic_id in enumerate(topic_ids)}
    now = np.array([places.get(moves.now(topic_id, version) or "", -1) for topic_id in findings.topic_ids], np.int64)
    texts = np.repeat(np.arange(findings.text_count), np.diff(findings.offsets))
    topics = now[findings.topics] if len(now) else np.zeros(0, np.int64)
    kept = compared[texts] & (topics >= 0)
    texts, topics = texts[kept], topics[kept]
    # A text whose topics were all removed since has none any more.
    without = compared.copy()
    without[texts] = False
    others = np.flatnonzero(without) * width + width - 1
    return np.unique(np.concatenate([texts * width + topics, others]))


def _topic_changes(
    topic_ids: Sequence[str | None], index: TextIndex, kept: Pairs, gained: Pairs, lost: Pairs
) -> tuple[TopicChange, ...]:
    width = len(topic_ids)
    kept_counts, gained_counts, lost_counts = (
        np.bincount(pairs % width, weights=index.response_counts[pairs // width], minlength=width).astype(np.int64)
        for pairs in (kept, gained, lost)
    )
    return tuple(
        TopicChange(
            topic_id,
            int(kept_counts[place]),
            int(gained_counts[place]),
            int(lost_counts[place]),
            gained_keys=_keys(index, gained[gained % width == place] // width),
            lost_keys=_keys(index, lost[lost % width == place] // width),
        )
        for place, topic_id in enumerate(topic_ids)
    )


def _moves(
    before: NDArray[np.int8], now: NDArray[np.int8], compared: NDArray[np.bool_], counts: NDArray[np.int64]
) -> tuple[tuple[int, ...], ...]:
    codes = list(SENTIMENT_CODES.values())
    return tuple(tuple(int(counts[compared & (before == one) & (now == two)].sum()) for two in codes) for one in codes)


def _corrections_met(
    labels: Sequence[ResponseLabel],
    numbers: NDArray[np.int64],
    moves: TopicMoves,
    topic_ids: Sequence[str],
    compared: NDArray[np.bool_],
    pairs_now: Pairs,
    pairs_before: Pairs,
) -> CorrectionsMet:
    width = len(topic_ids) + 1
    places = {topic_id: place for place, topic_id in enumerate(topic_ids)}
    count = met_now = met_before = 0
    for label, number in zip(labels, numbers.tolist(), strict=True):
        topics = moves.labeled(label.topics, label.taxonomy_version)
        if number < 0 or not compared[number] or (label.topics and not topics):
            continue
        wanted = sorted(places[topic.topic_id] for topic in topics if topic.topic_id in places) or [width - 1]
        count += 1
        met_now += _topics_of(pairs_now, number, width) == wanted
        met_before += _topics_of(pairs_before, number, width) == wanted
    return CorrectionsMet(count, met_now, met_before)


def _topics_of(pairs: Pairs, number: int, width: int) -> list[int]:
    first, last = np.searchsorted(pairs, [number * width, (number + 1) * width])
    places: list[int] = (pairs[first:last] % width).tolist()
    return places


def _keys(index: TextIndex, numbers: NDArray[np.int64]) -> tuple[str, ...]:
    """Keys of texts, those of most responses first."""
    order = np.argsort(-index.response_counts[numbers], kind="stable")[:MOST_KEYS]
    return tuple(index.key(number) for number in numbers[order].tolist())
