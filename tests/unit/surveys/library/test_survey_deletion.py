"""What goes with a survey that is deleted, and what stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import BackendUnavailableError, NotFoundError
from services.jobs.models import JobStatus
from services.privacy.audit import AuditTrail
from services.surveys.library import SurveyLibrary
from tests.survey_fakes import FakeSurveyRepository
from tests.unit.surveys.library.library_desk import NIA, TENANT, Desk


def test_deleted_survey_takes_its_files_runs_and_jobs_along_and_nothing_else(desk: Desk) -> None:
    survey, other = desk.add("Spring"), desk.add("Autumn")
    run, kept_run = desk.run_of(survey), desk.run_of(other, "r2")
    desk.library.delete(NIA, TENANT, survey.id)
    assert desk.library.list(TENANT) == [other]
    assert desk.repository.list_runs(TENANT) == [kept_run]
    assert all(name.startswith(f"surveys/{TENANT}/{other.id}/") for name in desk.files.files)
    assert desk.jobs.get(TENANT, run.job_id).status is JobStatus.CANCELED
    assert desk.jobs.get(TENANT, kept_run.job_id).status is JobStatus.QUEUED
    with pytest.raises(NotFoundError):
        desk.library.open(TENANT, survey.id)
    assert desk.events.events[-1].action == "survey-deleted"
    assert desk.events.events[-1].details == {"rows": 2, "runs": 1}


def test_topics_that_a_deleted_survey_suggested_go_with_it(desk: Desk) -> None:
    survey, other = desk.add(), desk.add()
    jobs = {one.id: desk.submit("suggest-topics", {"survey_id": one.id}) for one in (survey, other)}
    names = {key: f"surveys/{TENANT}/{key}/suggestions/{job.id}.json" for key, job in jobs.items()}
    for name in names.values():
        desk.files.write(name, b"[]")
    desk.library.delete(NIA, TENANT, survey.id)
    assert not desk.files.exists(names[survey.id])
    assert desk.files.exists(names[other.id])
    assert desk.jobs.get(TENANT, jobs[survey.id].id).status is JobStatus.CANCELED
    assert desk.jobs.get(TENANT, jobs[other.id].id).status is JobStatus.QUEUED


def test_run_that_has_ended_does_not_stand_in_the_way_of_deleting(desk: Desk) -> None:
    survey = desk.add()
    desk.jobs.cancel(TENANT, desk.run_of(survey).job_id)
    desk.repository.insert_run(replace(desk.run_of(survey, "r2"), id="r3", job_id="never-started"))
    desk.library.delete(NIA, TENANT, survey.id)
    assert (desk.library.list(TENANT), desk.files.files) == ([], {})


def test_survey_whose_files_cannot_be_removed_can_be_deleted_again(desk: Desk) -> None:
    survey = desk.add()
    desk.run_of(survey)
    desk.files.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.library.delete(NIA, TENANT, survey.id)
    assert desk.library.list(TENANT) == [survey]
    desk.files.broken = False
    desk.library.delete(NIA, TENANT, survey.id)
    assert (desk.library.list(TENANT), desk.files.files) == ([], {})


def test_chunk_that_was_kept_while_the_survey_was_deleted_does_not_stay(desk: Desk) -> None:
    survey = desk.add()
    late = f"surveys/{TENANT}/{survey.id}/runs/r1/parts/0.parquet"

    class SlowRepository(FakeSurveyRepository):
        def delete_survey(self, tenant_id: str, survey_id: str) -> None:
            desk.files.write(late, b"part")
            super().delete_survey(tenant_id, survey_id)

    repository = SlowRepository()
    repository.insert_survey(survey)
    SurveyLibrary(repository, desk.files, desk.detector, desk.jobs, AuditTrail(desk.events)).delete(
        NIA, TENANT, survey.id
    )
    assert desk.files.files == {}


def test_deleted_survey_takes_what_was_built_to_be_taken_away_along(desk: Desk) -> None:
    survey = desk.add("Spring")
    desk.library.delete(NIA, TENANT, survey.id)
    assert desk.forgotten_exports == [(TENANT, survey.id)]
