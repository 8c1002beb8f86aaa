"""A survey is forgotten with everything that was made of it: runs, labels, and the topics that it suggested."""

from __future__ import annotations

import contextlib

from services.access.models import Account
from services.errors import ConflictError, NotFoundError
from services.jobs.service import JobService
from services.ports.files import FileStore
from services.ports.surveys import SurveyRepository
from services.privacy.audit import AuditTrail
from services.surveys.run_backends import ForgetCalls, calls_of_run
from services.surveys.run_files import survey_folder
from services.surveys.suggesting import SUGGEST_TOPICS
from services.surveys.survey_models import Survey

_MOST_JOBS = 100_000


class SurveyDeletion:
    """Deletes surveys. Cut off in between, a survey is still listed and can be deleted again."""

    def __init__(
        self,
        repository: SurveyRepository,
        files: FileStore,
        jobs: JobService,
        audit: AuditTrail,
        forget_calls: ForgetCalls,
    ) -> None:
        self._forget_calls = forget_calls
        self._repository = repository
        self._files = files
        self._jobs = jobs
        self._audit = audit

    def delete(self, account: Account, survey: Survey) -> None:
        """See :meth:`services.surveys.library.SurveyLibrary.delete`."""
        tenant_id = survey.tenant_id
        runs = self._repository.list_runs(tenant_id, survey_id=survey.id, limit=_MOST_JOBS)
        for run in runs:
            self._cancel(tenant_id, run.job_id)
            self._forget_calls(tenant_id, calls_of_run(run.id))
        for job in self._jobs.list_jobs(tenant_id, SUGGEST_TOPICS, limit=_MOST_JOBS):
            if job.arguments.get("survey_id") == survey.id:
                self._cancel(tenant_id, job.id)
                self._forget_calls(tenant_id, job.id)
        folder = survey_folder(tenant_id, survey.id)
        self._files.delete_folder(folder)
        self._repository.delete_survey(tenant_id, survey.id)
        # A worker that was at a chunk may have kept it in between; from now on it finds no run to keep one for.
        self._files.delete_folder(folder)
        self._audit.record(
            "survey-deleted",
            username=account.username,
            tenant_id=tenant_id,
            subject=survey.id,
            rows=survey.facts.row_count,
            runs=len(runs),
        )

    def _cancel(self, tenant_id: str, job_id: str) -> None:
        with contextlib.suppress(ConflictError, NotFoundError):  # it has ended, or never began
            self._jobs.cancel(tenant_id, job_id)
