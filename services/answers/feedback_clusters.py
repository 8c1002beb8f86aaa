"""Puts the cases of the knowledge team into groups that ask the same, and counts them."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from services.answers.feedback_models import CaseState, FeedbackCase, FeedbackFilter, FeedbackKind, QuestionCluster
from services.answers.question_groups import group_by_meaning, most_central

WEEK = timedelta(days=7)
_GROUPINGS_KEPT = 8

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


class CaseClusters:
    """Groups cases by meaning; remembers the last groupings, because a page asks again at every click.

    Args:
        vectors: Unit vectors of texts, shape (texts, dimension); best kept between calls.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._groupings: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, cases: Sequence[FeedbackCase], chosen: FeedbackFilter, now: datetime) -> list[QuestionCluster]:
        """The groups with cases that fit, the most frequent first.

        All cases are grouped before they are chosen from, so that a filter does not change which belong together.
        """
        since = now - timedelta(days=chosen.days)
        clusters = [_cluster(question, members, chosen, since, now) for question, members in self._groups(cases)]
        shown = [cluster for cluster in clusters if cluster is not None]
        return sorted(shown, key=lambda cluster: (-len(cluster.cases), -cluster.newest_at.timestamp(), cluster.id))

    def _groups(self, cases: Sequence[FeedbackCase]) -> list[tuple[str, list[FeedbackCase]]]:
        """The cases of each group with the question that stands for it."""
        by_topic: dict[str, list[FeedbackCase]] = {}
        for case in cases:
            by_topic.setdefault(" ".join(case.topic.lower().split()), []).append(case)
        if not by_topic:
            return []
        topics = sorted(by_topic)
        vectors = self._vectors(topics)
        rows: dict[int, list[int]] = {}
        for row, label in enumerate(self._labels(topics, vectors)):
            rows.setdefault(label, []).append(row)
        groups = []
        for members in rows.values():
            central = topics[members[most_central(vectors[members], [len(by_topic[topics[row]]) for row in members])]]
            groups.append((by_topic[central][0].topic, [case for row in members for case in by_topic[topics[row]]]))
        return groups

    def _labels(self, topics: Sequence[str], vectors: NDArray[np.float32]) -> list[int]:
        """The group of each topic, kept for the next run of the page."""
        key = hashlib.sha256("\n".join(topics).encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            if key in self._groupings:
                self._groupings.move_to_end(key)
                return self._groupings[key]
        labels = group_by_meaning(vectors)
        with self._lock:
            self._groupings[key] = labels
            while len(self._groupings) > _GROUPINGS_KEPT:
                self._groupings.popitem(last=False)
        return labels


def _cluster(
    question: str, members: Sequence[FeedbackCase], chosen: FeedbackFilter, since: datetime, now: datetime
) -> QuestionCluster | None:
    """The group as it is shown; None where no case of it fits the filter."""
    of_kind = [case for case in members if not chosen.kinds or case.kinds & chosen.kinds]
    fitting = [
        case
        for case in of_kind
        if case.reported_at >= since
        and (not chosen.states or case.state in chosen.states)
        and (chosen.assigned_to is None or case.assigned_to == chosen.assigned_to)
    ]
    if not fitting:
        return None
    fitting.sort(key=lambda case: (case.reported_at, case.answer_id), reverse=True)
    oldest_first = sorted(members, key=lambda case: (case.asked_at, case.answer_id))
    settled = [case for case in members if case.record.state in {CaseState.RESOLVED, CaseState.DISMISSED}]
    return QuestionCluster(
        id=oldest_first[0].answer_id,
        question=question,
        cases=tuple(fitting),
        member_ids=tuple(case.answer_id for case in oldest_first),
        kinds=Counter(kind for case in fitting for kind in FeedbackKind if kind in case.kinds),
        this_week=sum(case.reported_at > now - WEEK for case in of_kind),
        week_before=sum(now - 2 * WEEK < case.reported_at <= now - WEEK for case in of_kind),
        came_back=bool(settled) and any(case.state is CaseState.OPEN for case in fitting),
    )
