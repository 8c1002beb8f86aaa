"""What an edit of a taxonomy would touch: responses of finished runs, corrections, gold labels and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.surveys.findings import RunFindings
from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.run_models import SurveyRun
from services.surveys.taxonomy_changes import TEACHING, ChangeKind, TopicChange, changes_of
from services.surveys.taxonomy_edits import TaxonomyEdit

# The findings of a run; raises ConflictError while it is not finished.
LoadFindings = Callable[[SurveyRun], RunFindings]

# What every id of a version of the taxonomy is called in the newest one; None when it is no more.
Resolution = Mapping[str, str | None]

# These change what is shown of runs that are finished.
SHOWN = frozenset({ChangeKind.RENAMED, ChangeKind.MERGED, ChangeKind.REMOVED})


@dataclass(frozen=True, slots=True)
class ChangeImpact:
    """One change with what has that topic now.

    Attributes:
        response_count: Rows in the latest finished runs.
        correction_count, gold_count, example_count: Different texts.
    """

    change: TopicChange
    response_count: int = 0
    correction_count: int = 0
    gold_count: int = 0
    example_count: int = 0


@dataclass(frozen=True, slots=True)
class EditReport:
    """What an edit would touch.

    Attributes:
        changes: In the order of the taxonomy, what was added last.
        run_count: Finished runs that were looked at: the latest one of each question that uses the taxonomy.
        response_count: Rows of these runs.
        affected_responses: Rows among them with at least one topic that is renamed, merged or removed.
        emptied_responses: Rows among them whose topics are all removed: they would be Other.
        run_again: Whether responses would be analyzed otherwise by another run.
    """

    changes: tuple[ChangeImpact, ...]
    run_count: int = 0
    response_count: int = 0
    affected_responses: int = 0
    emptied_responses: int = 0
    run_again: bool = False


def edit_report(
    edit: TaxonomyEdit,
    findings: Iterable[tuple[RunFindings, Resolution]],
    labels: Iterable[tuple[ResponseLabel, Resolution]],
) -> EditReport:
    """Count what has the topics that an edit changes.

    Args:
        findings: Of the latest finished run of each question, with what the ids of its version are now.
        labels: Corrections and gold labels, with what the ids of their version are now.
    """
    changes = changes_of(edit)
    topic_ids = [topic.id for topic in edit.base.topics]
    shown = np.array([topic_id in {c.topic_id for c in changes if c.kind in SHOWN} for topic_id in topic_ids], bool)
    removed = np.array(
        [topic_id in {c.topic_id for c in changes if c.kind is ChangeKind.REMOVED} for topic_id in topic_ids], bool
    )
    counts: Counter[str] = Counter()
    run_count = row_count = affected = emptied = 0
    for one, resolution in findings:
        run_count += 1
        row_count += one.row_count
        texts, topics = _topics_of_texts(one, resolution, topic_ids)
        rows_of_text = np.bincount(one.text_of_row, minlength=one.text_count)
        per_topic = np.bincount(topics, weights=rows_of_text[texts], minlength=len(topic_ids))
        counts.update({topic_id: int(count) for topic_id, count in zip(topic_ids, per_topic, strict=True)})
        affected += int(rows_of_text[np.unique(texts[shown[topics]])].sum())
        kept = np.zeros(one.text_count, bool)
        kept[texts[~removed[topics]]] = True
        emptied += int(rows_of_text[np.setdiff1d(texts, np.flatnonzero(kept))].sum())
    labeled: dict[LabelPurpose, Counter[str]] = {purpose: Counter() for purpose in LabelPurpose}
    for label, resolution in labels:
        labeled[label.purpose].update({resolution.get(topic.topic_id) or "" for topic in label.topics})
    examples = Counter(topic_id for example in edit.base.examples for topic_id in set(example.topic_ids))
    return EditReport(
        changes=tuple(
            ChangeImpact(
                change,
                counts[change.topic_id],
                labeled[LabelPurpose.CORRECTION][change.topic_id],
                labeled[LabelPurpose.GOLD][change.topic_id],
                examples[change.topic_id],
            )
            for change in changes
        ),
        run_count=run_count,
        response_count=row_count,
        affected_responses=affected,
        emptied_responses=emptied,
        run_again=any(change.kind in TEACHING for change in changes),
    )


def _topics_of_texts(
    findings: RunFindings, resolution: Resolution, topic_ids: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a text and the place of a topic in ``topic_ids``, each once; topics that are no more are left out."""
    places = {topic_id: place for place, topic_id in enumerate(topic_ids)}
    now = [places.get(resolution.get(topic_id) or "", -1) for topic_id in findings.topic_ids]
    texts = np.repeat(np.arange(findings.text_count), np.diff(findings.offsets))
    topics = np.array([*now, -1], dtype=np.int64)[findings.topics]
    known = topics >= 0
    width = max(1, len(topic_ids))
    pairs = np.unique(texts[known] * width + topics[known])
    return pairs // width, pairs % width
