"""What people say about single responses: corrections of runs, and gold labels to measure runs with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from services.access.models import Account
from services.errors import InputError
from services.surveys.distinct_texts import distinct_texts
from services.surveys.gold_labels import GoldLabels
from services.surveys.label_book import known_topics
from services.surveys.label_models import LabelChange, LabelPurpose, ResponseLabel, key_of_text
from services.surveys.models import Example
from services.surveys.permissions import require_analyst
from services.surveys.present_labels import FoundLabels, changed, overridden, said_before, same
from services.surveys.run_models import SurveyRun
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.topic_moves import TopicMoves


class LabelService(GoldLabels):
    """Keeps corrections and gold labels. A label holds for every response of the question with exactly its text.

    Labels name topics as the newest version of the taxonomy has them; of older versions they follow its moves.
    """

    def correct(
        self, account: Account, tenant_id: str, run_id: str, text_keys: Collection[str], change: LabelChange
    ) -> int:
        """Change topics or sentiment of texts, each starting from its correction, or else from what the run found.

        What the person does not say stays unsaid: a text whose topics alone are corrected keeps the sentiment of the
        run, and of later ones. Texts that the change does not alter get no label.

        Returns:
            How many responses changed.

        Raises:
            AccessError, NotFoundError (``run-missing``, ``text-missing``)
            ConflictError: ``run-not-finished``.
            InputError: ``no-change``, or ``unknown-topic``: the newest version of the taxonomy does not have it.
        """
        require_analyst(account, tenant_id)
        if change.is_empty:
            raise InputError(
                "Nothing to change was given.", code="no-change", remedy="Choose topics or a sentiment first."
            )
        run = self._repository.get_run(tenant_id, run_id)
        index, numbers = self._texts(run, text_keys)
        newest = self._repository.get_version(tenant_id, run.taxonomy_id)
        moves = self._sources.moves(tenant_id, run.taxonomy_id)
        change = _known_change(change, newest, moves, run)
        found = FoundLabels(self._sources.load_findings(tenant_id, run_id), moves, run.taxonomy_version)
        existing = self._corrections_of(run)
        labels, response_count = [], 0
        for number in numbers.tolist():
            key = index.key(number)
            label, finding = existing.get(key), found.of_text(number)
            before = said_before(label, finding, moves)
            after = changed(before, change)
            if label is not None and same(before, after):
                continue
            if label is None and finding is not None and same(overridden(after, finding), finding):
                continue
            labels.append(self._label(LabelPurpose.CORRECTION, run, newest, key, after, account))
            response_count += int(index.response_counts[number])
        self._save(account, tenant_id, "responses-corrected", run.survey_id, labels, response_count)
        return response_count

    def confirm(self, account: Account, tenant_id: str, run_id: str, text_keys: Collection[str]) -> int:
        """Keep what the run found as a person's word. Corrections that stand, and texts not analyzed, are left alone.

        Returns:
            How many responses were confirmed.

        Raises:
            AccessError, NotFoundError (``run-missing``, ``text-missing``)
            ConflictError: ``run-not-finished``.
        """
        require_analyst(account, tenant_id)
        run = self._repository.get_run(tenant_id, run_id)
        index, numbers = self._texts(run, text_keys)
        newest = self._repository.get_version(tenant_id, run.taxonomy_id)
        moves = self._sources.moves(tenant_id, run.taxonomy_id)
        found = FoundLabels(self._sources.load_findings(tenant_id, run_id), moves, run.taxonomy_version)
        existing = self._corrections_of(run)
        labels, response_count = [], 0
        for number in numbers.tolist():
            key, finding = index.key(number), found.of_text(number)
            if finding is None or key in existing:
                continue
            labels.append(self._label(LabelPurpose.CORRECTION, run, newest, key, finding, account))
            response_count += int(index.response_counts[number])
        self._save(account, tenant_id, "findings-confirmed", run.survey_id, labels, response_count)
        return response_count

    def undo(self, account: Account, tenant_id: str, run_id: str, text_keys: Collection[str]) -> int:
        """Forget the corrections of texts: what runs found holds again.

        Returns:
            How many responses had one.

        Raises:
            AccessError, NotFoundError (``run-missing``, ``text-missing``)
        """
        return self._forget(account, tenant_id, run_id, text_keys, LabelPurpose.CORRECTION, "corrections-undone")

    def corrections(self, tenant_id: str, survey_id: str, question: str) -> list[ResponseLabel]:
        """All corrections of a question, the oldest first, with topics of the version that the person saw."""
        return self._repository.list_labels(tenant_id, survey_id, question, LabelPurpose.CORRECTION)

    def correction_examples(
        self, tenant_id: str, survey_id: str, question: str, taxonomy_id: str
    ) -> tuple[Example, ...]:
        """The corrections as examples for the next run, in topics of the newest version, oldest first.

        Texts with a gold label are left out, or a run would be measured with what it learned; so are empty texts, and
        those whose topics were all removed: whether nothing fits them now, nobody said.
        """
        labels = self._repository.list_labels(
            tenant_id, survey_id, question, LabelPurpose.CORRECTION, taxonomy_id=taxonomy_id
        )
        if not labels:
            return ()
        index = self._sources.indexes.get(tenant_id, survey_id, question)
        held_out = {label.text_key for label in self.gold(tenant_id, survey_id, question)} | {key_of_text("")}
        labels = [label for label in labels if label.text_key not in held_out]
        numbers = index.numbers([label.text_key for label in labels])
        texts = distinct_texts(self._sources.open_survey(tenant_id, survey_id), question).texts
        moves = self._sources.moves(tenant_id, taxonomy_id)
        examples = []
        for label, number in zip(labels, numbers.tolist(), strict=True):
            topics = moves.labeled(label.topics, label.taxonomy_version)
            if number >= 0 and (topics or not label.topics):
                topic_ids = tuple(topic.topic_id for topic in topics)
                examples.append(Example(texts[number].as_py(), topic_ids, label.sentiment))
        return tuple(examples)

    def _corrections_of(self, run: SurveyRun) -> dict[str, ResponseLabel]:
        labels = self._repository.list_labels(
            run.tenant_id, run.survey_id, run.question, LabelPurpose.CORRECTION, taxonomy_id=run.taxonomy_id
        )
        return {label.text_key: label for label in labels}


def _known_change(change: LabelChange, newest: TaxonomyVersion, moves: TopicMoves, run: SurveyRun) -> LabelChange:
    return replace(
        change,
        topics=None if change.topics is None else tuple(known_topics(change.topics, newest, moves, run)),
        add=tuple(known_topics(change.add, newest, moves, run)),
        # What is taken away may be a topic that was removed meanwhile.
        remove=tuple(moves.now(topic_id, run.taxonomy_version) or topic_id for topic_id in change.remove),
    )
