"""Keeps labels of texts: what corrections and gold labels have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from services.access.models import Account
from services.errors import InputError, NotFoundError
from services.privacy.audit import AuditTrail
from services.surveys.label_models import LabeledTopic, LabelPurpose, ResponseLabel
from services.surveys.permissions import require_analyst
from services.surveys.present_labels import TextLabel
from services.surveys.run_models import SurveyRun
from services.surveys.run_sources import RunSources
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.text_index import TextIndex
from services.surveys.topic_moves import TopicMoves


class LabelBook:
    """Writes and forgets labels, and records both.

    Args:
        now: The clock, for tests.
    """

    def __init__(self, sources: RunSources, audit: AuditTrail, *, now: Callable[[], datetime] | None = None) -> None:
        self._sources = sources
        self._repository = sources.repository
        self._audit = audit
        self._now = now or (lambda: datetime.now(UTC))

    def _forget(
        self,
        account: Account,
        tenant_id: str,
        run_id: str,
        text_keys: Collection[str],
        purpose: LabelPurpose,
        action: str,
    ) -> int:
        require_analyst(account, tenant_id)
        run = self._repository.get_run(tenant_id, run_id)
        index, numbers = self._texts(run, text_keys)
        held = {
            label.text_key for label in self._repository.list_labels(tenant_id, run.survey_id, run.question, purpose)
        }
        numbers = np.array([number for number in numbers.tolist() if index.key(number) in held], np.int64)
        response_count = int(index.response_counts[numbers].sum())
        if len(numbers):
            keys = [index.key(number) for number in numbers.tolist()]
            self._repository.delete_labels(tenant_id, run.survey_id, run.question, purpose, keys)
            self._record(account, tenant_id, action, run.survey_id, len(keys), response_count)
        return response_count

    def _texts(self, run: SurveyRun, text_keys: Collection[str]) -> tuple[TextIndex, NDArray[np.int64]]:
        """The index of the run's question, and the numbers of the texts, each once."""
        index = self._sources.indexes.get(run.tenant_id, run.survey_id, run.question)
        numbers = index.numbers(list(dict.fromkeys(text_keys)))
        if not len(numbers) or (numbers < 0).any():
            raise NotFoundError(
                "A response that was picked is not in the survey.",
                code="text-missing",
                remedy="Reload the page and pick the responses again.",
            )
        return index, numbers

    def _label(
        self,
        purpose: LabelPurpose,
        run: SurveyRun,
        newest: TaxonomyVersion,
        text_key: str,
        said: TextLabel,
        account: Account,
    ) -> ResponseLabel:
        return ResponseLabel(
            purpose,
            run.survey_id,
            run.question,
            text_key,
            run.taxonomy_id,
            newest.number,
            said.topics,
            said.sentiment,
            account.username,
            self._now(),
        )

    def _save(
        self,
        account: Account,
        tenant_id: str,
        action: str,
        survey_id: str,
        labels: Sequence[ResponseLabel],
        response_count: int,
    ) -> None:
        if labels:
            self._repository.save_labels(tenant_id, labels)
            self._record(account, tenant_id, action, survey_id, len(labels), response_count)

    def _record(
        self, account: Account, tenant_id: str, action: str, survey_id: str, text_count: int, response_count: int
    ) -> None:
        self._audit.record(
            action,
            username=account.username,
            tenant_id=tenant_id,
            subject=survey_id,
            texts=text_count,
            responses=response_count,
        )


def known_topics(
    topics: Iterable[LabeledTopic], newest: TaxonomyVersion, moves: TopicMoves, run: SurveyRun
) -> list[LabeledTopic]:
    """The topics by the ids of the newest version; the run's own version may have had others."""
    ids = {topic.id for topic in newest.taxonomy.topics}
    known = []
    for topic in topics:
        topic_id = topic.topic_id if topic.topic_id in ids else moves.now(topic.topic_id, run.taxonomy_version)
        if topic_id is None or topic_id not in ids:
            raise InputError(
                "A topic that was chosen is not in the taxonomy (any more).",
                code="unknown-topic",
                remedy="Reload the page and choose one of the taxonomy's topics.",
            )
        known.append(replace(topic, topic_id=topic_id))
    return known
