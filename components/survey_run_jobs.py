"""The jobs of runs as the progress shows them: what a person does to one goes through its run, and is audited."""

from __future__ import annotations

from typing import Any, cast

from components.frame import Viewer
from components.wiring import Services
from services.jobs.models import Job
from services.jobs.service import JobService


class _SteeredJobs:
    """Everything of the job service, with the four things that change a job done by the service of runs."""

    def __init__(self, app: Services, person: Viewer, run_id: str) -> None:
        self._app = app
        self._person = person
        self._run_id = run_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.jobs, name)

    def cancel(self, tenant_id: str, _job_id: str) -> Job:
        return self._app.surveys.runs.cancel(self._person.account, tenant_id, self._run_id)

    def pause(self, tenant_id: str, _job_id: str) -> Job:
        return self._app.surveys.runs.pause(self._person.account, tenant_id, self._run_id)

    def resume(self, tenant_id: str, _job_id: str) -> Job:
        return self._app.surveys.runs.resume(self._person.account, tenant_id, self._run_id)

    def retry_failed(self, tenant_id: str, _job_id: str) -> Job:
        return self._app.surveys.runs.retry(self._person.account, tenant_id, self._run_id)


def steered_jobs(app: Services, person: Viewer, run_id: str) -> JobService:
    """What :func:`components.job_progress.draw_job` is given for a run."""
    return cast("JobService", _SteeredJobs(app, person, run_id))
