"""Opens runs to be looked at, and keeps the last few open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np

from services.errors import BackendError
from services.ports.surveys import SurveyRepository
from services.surveys.exploring.assignments import TextCorrection, assign, correction_of
from services.surveys.exploring.question_rows import QuestionRows
from services.surveys.exploring.run_view import RunView
from services.surveys.exploring.waves import compare_waves
from services.surveys.findings import RunFindings
from services.surveys.label_models import LabelPurpose
from services.surveys.prepared import PreparedSurvey
from services.surveys.run_models import SurveyRun
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion

__all__ = ["RunView", "SurveyExplorer", "compare_waves"]

_VIEWS_KEPT = 6
_FINDINGS_KEPT = 4
_QUESTIONS_KEPT = 4
_Kept = TypeVar("_Kept")
_Name = tuple[Hashable, ...]
_Cache = OrderedDict[_Name, _Kept]


class OpenedSurveys(Protocol):
    """What opens surveys; see :class:`services.surveys.library.SurveyLibrary`."""

    def get(self, tenant_id: str, survey_id: str) -> Survey: ...

    def open(self, tenant_id: str, survey_id: str) -> PreparedSurvey: ...


class FinishedRuns(Protocol):
    """What knows runs; see :class:`services.surveys.runs.SurveyRuns`."""

    def state(self, tenant_id: str, run_id: str) -> RunState: ...

    def findings(self, tenant_id: str, run_id: str) -> RunFindings: ...


class TopicsNow(Protocol):
    """What knows topics; see :class:`services.surveys.taxonomies.TaxonomyService`."""

    def get(self, tenant_id: str, taxonomy_id: str, number: int | None = None) -> TaxonomyVersion: ...

    def resolve(
        self, tenant_id: str, taxonomy_id: str, from_version: int, to_version: int | None = None
    ) -> Mapping[str, str | None]: ...


class SurveyExplorer:
    """Opens runs with corrections applied and topics as they are now. Safe to use from many threads.

    What is kept open is opened anew when somebody corrected something, changed the taxonomy, or retried the run.
    """

    def __init__(
        self, surveys: OpenedSurveys, runs: FinishedRuns, taxonomies: TopicsNow, repository: SurveyRepository
    ) -> None:
        self._surveys = surveys
        self._runs = runs
        self._taxonomies = taxonomies
        self._repository = repository
        self._lock = threading.Lock()
        self._building: dict[_Name, threading.Lock] = {}
        self._views: _Cache[RunView] = OrderedDict()
        self._findings: _Cache[RunFindings] = OrderedDict()
        self._questions: _Cache[QuestionRows] = OrderedDict()

    def open(self, tenant_id: str, run_id: str) -> RunView:
        """A run as it is looked at, by topics as they are; see :attr:`RunView.main` for main topics.

        Raises:
            NotFoundError: ``run-missing``, or ``survey-missing``.
            ConflictError: ``run-not-finished``.
            BackendError: database or storage did not answer.
        """
        state = self._runs.state(tenant_id, run_id)
        run = state.run
        revision = self._repository.labels_revision(tenant_id, run.survey_id, run.question)
        newest = self._taxonomies.get(tenant_id, run.taxonomy_id)
        findings_name = tenant_id, run_id, state.job.round, state.job.status
        survey = self._surveys.get(tenant_id, run.survey_id)
        name = *findings_name, revision, newest.number, survey.title, survey.earlier_wave_id
        kept = self._kept(self._views, name)
        if kept is not None:
            return kept
        with self._one_builder(name):
            kept = self._kept(self._views, name)
            if kept is not None:
                return kept
            rows = self._rows_of(run)
            findings = self._findings_of(run, findings_name)
            if not np.array_equal(findings.text_of_row, rows.texts.of_row):
                raise BackendError(
                    "The findings of this run are not those of the survey's responses.",
                    code="findings-differ",
                    remedy="Start the run again.",
                )
            view = self._view(run, survey, rows, findings, newest)
            with self._lock:
                # The same run as it was before is asked for no more.
                for other in [other for other in self._views if other[:2] == (tenant_id, run_id)]:
                    del self._views[other]
            self._keep(self._views, name, view, _VIEWS_KEPT)
            return view

    def _view(
        self,
        run: SurveyRun,
        survey: Survey,
        rows: QuestionRows,
        findings: RunFindings,
        newest: TaxonomyVersion,
    ) -> RunView:
        taxonomy = newest.taxonomy
        places = {topic.id: place for place, topic in enumerate(taxonomy.topics)}
        moves: dict[int, Mapping[str, str | None]] = {}

        def moved(version: int) -> Mapping[str, str | None]:
            """Every id of a version -> its id here."""
            version = min(version, newest.number)
            if version not in moves:
                if version == newest.number:
                    moves[version] = {topic.id: topic.id for topic in taxonomy.topics}
                else:
                    moves[version] = self._taxonomies.resolve(run.tenant_id, run.taxonomy_id, version, newest.number)
            return moves[version]

        def places_of(version: int) -> dict[str, int]:
            return {old: places[now] for old, now in moved(version).items() if now is not None and now in places}

        own = places_of(run.taxonomy_version)
        target = np.array([own.get(topic_id, -1) for topic_id in findings.topic_ids], np.int16)
        labels = self._repository.list_labels(
            run.tenant_id, run.survey_id, run.question, LabelPurpose.CORRECTION, taxonomy_id=run.taxonomy_id
        )
        corrections: list[TextCorrection] = []
        if labels:
            numbers = rows.numbers_of_keys()
            corrections = [
                correction_of(label, numbers[label.text_key], places_of(label.taxonomy_version))
                for label in labels
                if label.text_key in numbers
            ]
        assigned = assign(findings, target, len(taxonomy.topics), corrections)
        return RunView(run, survey, rows, taxonomy, newest.number, assigned, moved(run.taxonomy_version))

    def _rows_of(self, run: SurveyRun) -> QuestionRows:
        name = run.tenant_id, run.survey_id, run.question
        kept = self._kept(self._questions, name)
        if kept is None:
            kept = QuestionRows(self._surveys.open(run.tenant_id, run.survey_id), run.question)
            self._keep(self._questions, name, kept, _QUESTIONS_KEPT)
        return kept

    def _findings_of(self, run: SurveyRun, name: _Name) -> RunFindings:
        kept = self._kept(self._findings, name)
        if kept is None:
            kept = self._runs.findings(run.tenant_id, run.id)
            self._keep(self._findings, name, kept, _FINDINGS_KEPT)
        return kept

    def _kept(self, cache: _Cache[_Kept], name: _Name) -> _Kept | None:
        with self._lock:
            if name in cache:
                cache.move_to_end(name)
            return cache.get(name)

    def _keep(self, cache: _Cache[_Kept], name: _Name, made: _Kept, most: int) -> None:
        with self._lock:
            cache[name] = made
            while len(cache) > most:
                cache.popitem(last=False)

    @contextmanager
    def _one_builder(self, name: _Name) -> Iterator[None]:
        """Whoever wants the same view meanwhile waits for it, and nobody else does."""
        with self._lock:
            building = self._building.setdefault(name, threading.Lock())
        with building:
            try:
                yield
            finally:
                with self._lock:
                    self._building.pop(name, None)
