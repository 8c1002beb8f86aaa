"""Stand-ins for what surveys need from the outside, in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace

from services.errors import BackendUnavailableError, ConflictError, NotFoundError
from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion

_LabelKey = tuple[LabelPurpose, str, str, str]


class FakeSurveyRepository:
    """SurveyRepository in memory.

    Attributes:
        broken: While True the database does not answer.
    """

    def __init__(self) -> None:
        self.broken = False
        self._surveys: dict[str, Survey] = {}
        self._runs: dict[str, SurveyRun] = {}
        self._taxonomies: dict[str, tuple[str, str]] = {}  # tenant and name
        self._versions: dict[str, list[TaxonomyVersion]] = {}
        self._labels: dict[_LabelKey, ResponseLabel] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self._changing = threading.RLock()

    # Surveys

    def insert_survey(self, survey: Survey) -> None:
        with self._transaction():
            self._require_wave(survey.tenant_id, survey.earlier_wave_id)
            self._surveys[survey.id] = survey

    def get_survey(self, tenant_id: str, survey_id: str) -> Survey:
        with self._transaction():
            survey = self._surveys.get(survey_id)
            if survey is None or survey.tenant_id != tenant_id:
                raise NotFoundError("There is no such survey.", code="survey-missing")
            return survey

    def list_surveys(self, tenant_id: str, *, limit: int = 100) -> list[Survey]:
        with self._transaction():
            own = [survey for survey in self._surveys.values() if survey.tenant_id == tenant_id]
        return sorted(own, key=lambda survey: (survey.created_at, survey.id), reverse=True)[:limit]

    def update_survey(self, tenant_id: str, survey_id: str, *, title: str, earlier_wave_id: str | None) -> None:
        with self._transaction():
            survey = self.get_survey(tenant_id, survey_id)
            self._require_wave(tenant_id, earlier_wave_id)
            self._surveys[survey_id] = replace(survey, title=title, earlier_wave_id=earlier_wave_id)

    def delete_survey(self, tenant_id: str, survey_id: str) -> None:
        with self._transaction():
            survey = self._surveys.get(survey_id)
            if survey is None or survey.tenant_id != tenant_id:
                return
            del self._surveys[survey_id]
            for later in [one for one in self._surveys.values() if one.earlier_wave_id == survey_id]:
                self._surveys[later.id] = replace(later, earlier_wave_id=None)
            self._runs = {run.id: run for run in self._runs.values() if run.survey_id != survey_id}
            self._labels = {key: label for key, label in self._labels.items() if label.survey_id != survey_id}
            self._revisions = {key: number for key, number in self._revisions.items() if key[0] != survey_id}

    # Runs

    def insert_run(self, run: SurveyRun) -> None:
        with self._transaction():
            self.get_survey(run.tenant_id, run.survey_id)
            self.get_version(run.tenant_id, run.taxonomy_id, run.taxonomy_version)
            self._runs[run.id] = run

    def get_run(self, tenant_id: str, run_id: str) -> SurveyRun:
        with self._transaction():
            run = self._runs.get(run_id)
            if run is None or run.tenant_id != tenant_id:
                raise NotFoundError("There is no such run.", code="run-missing")
            return run

    def list_runs(
        self, tenant_id: str, *, survey_id: str | None = None, taxonomy_id: str | None = None, limit: int = 200
    ) -> list[SurveyRun]:
        with self._transaction():
            found = [
                run
                for run in self._runs.values()
                if run.tenant_id == tenant_id
                and survey_id in (None, run.survey_id)
                and taxonomy_id in (None, run.taxonomy_id)
            ]
        return sorted(found, key=lambda run: (run.created_at, run.id), reverse=True)[:limit]

    def delete_run(self, tenant_id: str, run_id: str) -> None:
        with self._transaction():
            run = self._runs.get(run_id)
            if run is not None and run.tenant_id == tenant_id:
                del self._runs[run_id]

    # Taxonomies

    def insert_taxonomy(self, tenant_id: str, name: str, version: TaxonomyVersion) -> None:
        with self._transaction():
            self._require_free(tenant_id, name)
            self._taxonomies[version.taxonomy_id] = (tenant_id, name)
            self._versions[version.taxonomy_id] = [version]

    def insert_version(self, tenant_id: str, version: TaxonomyVersion) -> None:
        with self._transaction():
            versions = self._own_versions(tenant_id, version.taxonomy_id)
            if version.number != versions[-1].number + 1:
                raise ConflictError("Somebody else changed the taxonomy.", code="taxonomy-changed")
            versions.append(version)

    def rename_taxonomy(self, tenant_id: str, taxonomy_id: str, name: str) -> None:
        with self._transaction():
            self._own_versions(tenant_id, taxonomy_id)
            self._require_free(tenant_id, name, but_for=taxonomy_id)
            self._taxonomies[taxonomy_id] = (tenant_id, name)

    def get_taxonomy(self, tenant_id: str, taxonomy_id: str) -> StoredTaxonomy:
        with self._transaction():
            latest = self._own_versions(tenant_id, taxonomy_id)[-1]
            return StoredTaxonomy(
                id=taxonomy_id,
                tenant_id=tenant_id,
                name=self._taxonomies[taxonomy_id][1],
                latest_version=latest.number,
                topic_count=len(latest.taxonomy.topics),
                changed_at=latest.created_at,
            )

    def list_taxonomies(self, tenant_id: str) -> list[StoredTaxonomy]:
        with self._transaction():
            own = [
                self.get_taxonomy(tenant_id, taxonomy_id)
                for taxonomy_id, (owner, _) in self._taxonomies.items()
                if owner == tenant_id
            ]
        return sorted(own, key=lambda taxonomy: taxonomy.name.casefold())

    def get_version(self, tenant_id: str, taxonomy_id: str, number: int | None = None) -> TaxonomyVersion:
        with self._transaction():
            versions = self._own_versions(tenant_id, taxonomy_id)
            for version in reversed(versions):
                if number in (None, version.number):
                    return version
            raise _taxonomy_missing()

    def list_versions(self, tenant_id: str, taxonomy_id: str) -> list[TaxonomyVersion]:
        with self._transaction():
            return list(reversed(self._own_versions(tenant_id, taxonomy_id)))

    def delete_taxonomy(self, tenant_id: str, taxonomy_id: str) -> None:
        with self._transaction():
            if self._taxonomies.get(taxonomy_id, ("", ""))[0] != tenant_id:
                return
            if any(run.taxonomy_id == taxonomy_id for run in self._runs.values()):
                raise ConflictError("A run was made with this taxonomy.", code="taxonomy-in-use")
            del self._taxonomies[taxonomy_id], self._versions[taxonomy_id]

    # Labels

    def save_labels(self, tenant_id: str, labels: Collection[ResponseLabel]) -> None:
        with self._transaction():
            for survey_id in {label.survey_id for label in labels}:
                self.get_survey(tenant_id, survey_id)
            for label in labels:
                self._labels[label.purpose, label.survey_id, label.question, label.text_key] = label
            self._raise_revisions({(label.survey_id, label.question) for label in labels})

    def list_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, *, taxonomy_id: str | None = None
    ) -> list[ResponseLabel]:
        with self._transaction():
            if not self._owns(tenant_id, survey_id):
                return []
            found = [
                label
                for key, label in self._labels.items()
                if key[:3] == (purpose, survey_id, question) and taxonomy_id in (None, label.taxonomy_id)
            ]
        return sorted(found, key=lambda label: (label.labeled_at, label.text_key))

    def delete_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, text_keys: Collection[str]
    ) -> int:
        with self._transaction():
            if not self._owns(tenant_id, survey_id):
                return 0
            keys = {(purpose, survey_id, question, text_key) for text_key in text_keys} & self._labels.keys()
            for key in keys:
                del self._labels[key]
            if keys:
                self._raise_revisions({(survey_id, question)})
            return len(keys)

    def labels_revision(self, tenant_id: str, survey_id: str, question: str) -> str:
        with self._transaction():
            if not self._owns(tenant_id, survey_id):
                return "0"
            return str(self._revisions.get((survey_id, question), 0))

    def _transaction(self) -> threading.RLock:
        if self.broken:
            raise BackendUnavailableError("The database did not answer.", code="database-unavailable")
        return self._changing

    def _owns(self, tenant_id: str, survey_id: str) -> bool:
        survey = self._surveys.get(survey_id)
        return survey is not None and survey.tenant_id == tenant_id

    def _own_versions(self, tenant_id: str, taxonomy_id: str) -> list[TaxonomyVersion]:
        if self._taxonomies.get(taxonomy_id, ("", ""))[0] != tenant_id:
            raise _taxonomy_missing()
        return self._versions[taxonomy_id]

    def _require_wave(self, tenant_id: str, survey_id: str | None) -> None:
        if survey_id is not None:
            self.get_survey(tenant_id, survey_id)

    def _require_free(self, tenant_id: str, name: str, but_for: str = "") -> None:
        for taxonomy_id, (owner, taken) in self._taxonomies.items():
            if owner == tenant_id and taken.casefold() == name.casefold() and taxonomy_id != but_for:
                raise ConflictError("The tenant has a taxonomy of this name.", code="taxonomy-name-taken")

    def _raise_revisions(self, questions: Collection[tuple[str, str]]) -> None:
        for key in questions:
            self._revisions[key] = self._revisions.get(key, 0) + 1


def _taxonomy_missing() -> NotFoundError:
    return NotFoundError("There is no such taxonomy.", code="taxonomy-missing")
