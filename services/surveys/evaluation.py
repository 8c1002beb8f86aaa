"""Measures runs with gold labels, and says what changed from one run to another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.errors import InputError
from services.surveys.evaluation_models import Evaluation, RunChanges, RunComparison
from services.surveys.evaluation_scores import evaluation_of
from services.surveys.gold_tables import read_gold_table
from services.surveys.run_changes import find_changes
from services.surveys.run_comparison import compare_tables, notes_on
from services.surveys.run_models import SurveyRun
from services.surveys.run_sources import RunSources


class EvaluationService:
    """Compares what runs found with gold labels, and with each other.

    Every different text counts once: a gold label is one judgment, however many responses say the same, and common
    short answers would otherwise decide every figure.
    """

    def __init__(self, sources: RunSources) -> None:
        self._sources = sources
        self._repository = sources.repository

    def evaluate(self, tenant_id: str, run_id: str) -> Evaluation:
        """How far the run's own findings, before corrections, agree with the gold labels.

        Raises:
            NotFoundError: ``run-missing``.
            ConflictError: ``run-not-finished``.
            InputError: ``no-gold``: there is no gold label to compare with.
        """
        return self._evaluate(tenant_id, run_id, corrected=False)

    def with_corrections(self, tenant_id: str, run_id: str) -> Evaluation:
        """The same with corrections in place of what the run found: how far the result agrees that people work with.

        Raises: as :meth:`evaluate`.
        """
        return self._evaluate(tenant_id, run_id, corrected=True)

    def compare(self, tenant_id: str, run_ids: Sequence[str]) -> RunComparison:
        """Runs side by side; differences are to the first one.

        Runs that share a taxonomy are measured on the texts that all of them can be measured on.

        Raises:
            NotFoundError: ``run-missing``.
            ConflictError: ``run-not-finished``.
            InputError: ``too-few-runs``, ``different-questions``, ``no-gold``.
        """
        runs = [self._repository.get_run(tenant_id, run_id) for run_id in dict.fromkeys(run_ids)]
        if len(runs) < 2:
            raise InputError("One run cannot be compared.", code="too-few-runs", remedy="Choose at least two runs.")
        require_one_question(runs)
        tables = [read_gold_table(self._sources, run) for run in runs]
        notes = notes_on(runs, [self._sources.taxonomy_of(tenant_id, run.id) for run in runs])
        return compare_tables(runs, tables, notes)

    def changes(self, tenant_id: str, run_id: str, earlier_run_id: str) -> RunChanges:
        """What a run found otherwise than an earlier one, in all responses and before corrections.

        Raises:
            NotFoundError: ``run-missing``.
            ConflictError: ``run-not-finished``.
            InputError: ``different-questions`` or ``different-taxonomies``.
        """
        run, earlier = (self._repository.get_run(tenant_id, one) for one in (run_id, earlier_run_id))
        require_one_question([run, earlier])
        if run.taxonomy_id != earlier.taxonomy_id:
            raise InputError(
                "The two runs used different taxonomies, so their topics cannot be compared.",
                code="different-taxonomies",
                remedy="Choose two runs with the same taxonomy; its versions may differ.",
            )
        taxonomies = [self._sources.taxonomy_of(tenant_id, one.id) for one in (run, earlier)]
        return find_changes(self._sources, run, earlier, notes_on([run, earlier], taxonomies))

    def _evaluate(self, tenant_id: str, run_id: str, *, corrected: bool) -> Evaluation:
        run = self._repository.get_run(tenant_id, run_id)
        table = read_gold_table(self._sources, run, corrected=corrected)
        return evaluation_of(run, table, is_corrected=corrected)


def require_one_question(runs: Sequence[SurveyRun]) -> None:
    """See that runs answer the same question of the same survey. Raises InputError ``different-questions``."""
    if any((one.survey_id, one.question) != (other.survey_id, other.question) for one, other in pairwise(runs)):
        raise InputError(
            "The runs are about different questions.",
            code="different-questions",
            remedy="Choose runs of the same question of the same survey.",
        )
