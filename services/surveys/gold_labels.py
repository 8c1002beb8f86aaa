"""Gold labels: what is right for single texts, to measure runs with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from services.access.models import Account
from services.errors import InputError
from services.ports.model_calls import attributed
from services.ports.privacy import PersonalDataDetector
from services.privacy.audit import AuditTrail
from services.surveys.distinct_texts import distinct_texts
from services.surveys.gold_files import read_gold
from services.surveys.gold_sample import draw_sample, learned_texts
from services.surveys.label_book import LabelBook, known_topics
from services.surveys.label_models import GoldImport, LabeledTopic, LabelPurpose, ResponseLabel
from services.surveys.models import Sentiment
from services.surveys.permissions import require_analyst
from services.surveys.present_labels import TextLabel
from services.surveys.purpose import PURPOSE
from services.surveys.run_sources import RunSources
from services.surveys.topic_moves import merged


class GoldLabels(LabelBook):
    """Keeps gold labels.

    Args:
        detector: Masks the texts of files with gold labels, as it masked the survey.
        now: The clock, for tests.
    """

    def __init__(
        self,
        sources: RunSources,
        detector: PersonalDataDetector,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(sources, audit, now=now)
        self._detector = detector

    def label_gold(
        self,
        account: Account,
        tenant_id: str,
        run_id: str,
        text_key: str,
        topics: Sequence[LabeledTopic],
        sentiment: Sentiment | None = None,
    ) -> int:
        """Say what is right for a text, to measure runs with; a gold label that it had is replaced.

        Args:
            run_id: Says which survey, question and taxonomy are meant; what it found plays no part.
            topics: None of them says that no topic fits.

        Returns:
            How many responses have this text.

        Raises:
            AccessError, NotFoundError (``run-missing``, ``text-missing``)
            InputError: ``unknown-topic``, ``empty-response``.
        """
        require_analyst(account, tenant_id)
        run = self._repository.get_run(tenant_id, run_id)
        index, numbers = self._texts(run, [text_key])
        if int(numbers[0]) == index.empty_number:
            raise InputError(
                "An empty response cannot measure anything.",
                code="empty-response",
                remedy="Label a response that says something.",
            )
        newest = self._repository.get_version(tenant_id, run.taxonomy_id)
        moves = self._sources.moves(tenant_id, run.taxonomy_id)
        said = TextLabel(merged(known_topics(topics, newest, moves, run)), sentiment)
        response_count = int(index.response_counts[numbers[0]])
        labels = [self._label(LabelPurpose.GOLD, run, newest, text_key, said, account)]
        self._save(account, tenant_id, "gold-labeled", run.survey_id, labels, response_count)
        return response_count

    def remove_gold(self, account: Account, tenant_id: str, run_id: str, *text_keys: str) -> int:
        """Forget gold labels.

        Returns:
            How many responses had one.

        Raises:
            AccessError, NotFoundError (``run-missing``, ``text-missing``)
        """
        return self._forget(account, tenant_id, run_id, text_keys, LabelPurpose.GOLD, "gold-removed")

    def gold(self, tenant_id: str, survey_id: str, question: str) -> list[ResponseLabel]:
        """All gold labels of a question, the oldest first, with topics of the version that the person saw."""
        return self._repository.list_labels(tenant_id, survey_id, question, LabelPurpose.GOLD)

    def import_gold(
        self, account: Account, tenant_id: str, survey_id: str, question: str, taxonomy_id: str, name: str, data: bytes
    ) -> GoldImport:
        """Take gold labels from a CSV, XLSX or JSONL file; see :func:`services.surveys.gold_files.read_gold`.

        Rows that cannot be kept are told, the others are kept.

        Raises:
            AccessError, NotFoundError (``survey-missing``, ``taxonomy-missing``)
            InputError: the file cannot be read (``missing-column`` and the codes of ``read_table``), or
                ``unknown-column``: the survey has no such question.
            BackendError: personal data could not be looked for.
        """
        require_analyst(account, tenant_id)
        survey = self._repository.get_survey(tenant_id, survey_id)
        newest = self._repository.get_version(tenant_id, taxonomy_id)
        prepared = self._sources.open_survey(tenant_id, survey.id)
        index = self._sources.indexes.get(tenant_id, survey_id, question)
        earlier = self._earlier_names(tenant_id, taxonomy_id)
        with attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE):
            rows = read_gold(data, name, prepared, question, index, newest.taxonomy, self._detector, earlier)
        before = {label.text_key for label in self.gold(tenant_id, survey_id, question)}
        now = self._now()
        labels = [
            ResponseLabel(
                LabelPurpose.GOLD,
                survey_id,
                question,
                index.key(number),
                taxonomy_id,
                newest.number,
                said.topics,
                said.sentiment,
                account.username,
                now,
            )
            for number, said in rows.labels.items()
        ]
        numbers = np.fromiter(rows.labels, np.int64, len(rows.labels))
        response_count = int(index.response_counts[numbers].sum())
        self._save(account, tenant_id, "gold-imported", survey_id, labels, response_count)
        return GoldImport(
            kept=len(labels),
            responses=response_count,
            other=sum(not label.topics for label in labels),
            replaced=sum(label.text_key in before for label in labels),
            repeated=rows.repeated,
            unlabeled=rows.unlabeled,
            problem_counts=rows.problem_counts,
            unknown_topics=rows.unknown_topics,
            problems=rows.problems,
        )

    def _earlier_names(self, tenant_id: str, taxonomy_id: str) -> dict[str, str]:
        """What topics were called before: a file may be older than a merge or a new name."""
        moves = self._sources.moves(tenant_id, taxonomy_id)
        names: dict[str, str] = {}
        for version in reversed(self._repository.list_versions(tenant_id, taxonomy_id)):
            for topic in version.taxonomy.topics:
                now = moves.now(topic.id, version.number)
                if now is not None:
                    names |= {topic.name: now, topic.id: now}
        return names

    def gold_sample(self, tenant_id: str, run_id: str, size: int, seed: int = 0) -> tuple[str, ...]:
        """Keys of texts to label, spread over topics, Other and sentiment; see :func:`draw_sample`.

        Texts that have a gold label come last, and only when there are too few others; before them come those that the
        run learned from, because it cannot be measured with these. Empty texts never come.

        Raises:
            NotFoundError: ``run-missing``.
            ConflictError: ``run-not-finished``.
            InputError: ``sample-size``.
        """
        if size < 1:
            raise InputError("The sample is empty.", code="sample-size", remedy="Ask for at least one response.")
        run = self._repository.get_run(tenant_id, run_id)
        findings = self._sources.load_findings(tenant_id, run_id)
        index = self._sources.indexes.get(tenant_id, run.survey_id, run.question)
        rank = np.zeros(findings.text_count, np.int8)
        texts = distinct_texts(self._sources.open_survey(tenant_id, run.survey_id), run.question).texts
        rank[learned_texts(texts, self._sources.taxonomy_of(tenant_id, run_id).examples)] = 1
        labeled = index.numbers([label.text_key for label in self.gold(tenant_id, run.survey_id, run.question)])
        rank[labeled[labeled >= 0]] = 2
        usable = findings.overall > 0
        if index.empty_number >= 0:
            usable[index.empty_number] = False
        return tuple(index.key(number) for number in draw_sample(findings, usable, rank, size, seed))
