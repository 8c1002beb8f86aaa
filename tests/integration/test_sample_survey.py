"""The sample survey is loaded once, whole, and stays as people change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from app.sample_survey import QUESTION, TAXONOMY, WAVES, load_sample_survey
from app.sample_tenants import SAMPLE_TENANTS
from services.access.models import Account, Role, Tenant
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.bootstrap import Services
from services.errors import AccessError
from services.jobs.kinds import LazyJobKinds
from services.jobs.models import JobStatus
from services.jobs.service import JobService
from services.privacy.audit import AuditTrail
from services.settings import Settings
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.files import RootedFiles
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.storage.surveys import SqlSurveyRepository
from services.surveys.assembly import SurveyPorts, assemble_surveys, survey_kinds
from services.surveys.desk import SurveyDesk
from services.surveys.run_backends import OfferedBackend, SurveyBackends
from tests.fakes import FakeAuditRepository
from tests.jobs_inline import InlineJobQueue
from tests.survey_run_fakes import FakeAnalyzer

TENANT = "pharmacy"
OMAR = Account("omar", "Omar Haddad", Role.ANALYST, (TENANT,))
MILA = Account("mila", "Mila Novak", Role.MARKETER, (TENANT,))


@dataclass
class Place:
    """Survey services on a real database and folder, with a quick analyzer; jobs wait."""

    desk: SurveyDesk
    queue: InlineJobQueue
    jobs: JobService

    def load(self, account: Account = OMAR) -> list[str]:
        services = cast(Services, SimpleNamespace(surveys=self.desk))
        return list(load_sample_survey(services, TENANT, account))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    database = Database(f"sqlite:///{tmp_path / 'frontline.sqlite3'}")
    database.migrate()
    SqlAccountRepository(database).insert_tenant(Tenant(TENANT, "Pharmacy"), datetime.now(UTC))
    analyzer = FakeAnalyzer("local", chunk_texts=500)
    repository = SqlJobRepository(database)
    ports = SurveyPorts(
        SqlSurveyRepository(database),
        RootedFiles(str(tmp_path / "files")),
        LocalPersonalDataDetector(),
        SurveyBackends([OfferedBackend("local", "This machine", False, lambda _tenant, _owner: analyzer)]),
        suggester=lambda: pytest.fail("no topics are suggested"),
        max_bytes=1_000_000,
        forget_calls=lambda _tenant_id, _owner: None,
    )
    desks: list[SurveyDesk] = []
    kinds = LazyJobKinds(survey_kinds(ports, repository, lambda: desks[0]))
    queue = InlineJobQueue(SqlJobRuns(database), kinds)
    queue.paused = True
    jobs = JobService(repository, queue, SqlWorkerRegistry(database), kinds)
    desks.append(assemble_surveys(ports, jobs, AuditTrail(FakeAuditRepository())))
    yield Place(desks[0], queue, jobs)
    database.close()


def test_both_waves_are_there_with_topics_gold_labels_and_a_run_each(place: Place) -> None:
    lines = place.load()
    desk = place.desk
    second, first = desk.library.list(TENANT)
    assert [first.title, second.title] == list(WAVES.values())
    assert (first.earlier_wave_id, second.earlier_wave_id) == (None, first.id)
    assert first.facts.row_count == second.facts.row_count == 1_000
    (stored,) = desk.taxonomies.list(TENANT)
    version = desk.taxonomies.get(TENANT, stored.id)
    assert (stored.name, stored.latest_version) == (TAXONOMY, 1)
    assert len(version.taxonomy.topics) == stored.topic_count > 15
    assert len(version.taxonomy.examples) > 100
    place.queue.run_waiting()
    for survey in (first, second):
        gold = desk.labels.gold(TENANT, survey.id, QUESTION)
        assert 150 < len(gold) < 300
        assert any(not label.topics for label in gold)
        assert any(len(label.topics) > 1 for label in gold)
        (state,) = desk.runs.list(TENANT, survey.id)
        assert (state.run.question, state.run.taxonomy_id, state.run.options.backend) == (QUESTION, stored.id, "local")
        assert state.job.status is JobStatus.DONE
        assert desk.runs.findings(TENANT, state.run.id).row_count == 1_000
    assert len(lines) == 6


def test_loading_again_adds_nothing(place: Place) -> None:
    place.load()
    surveys, taxonomies = place.desk.library.list(TENANT), place.desk.taxonomies.list(TENANT)
    runs = [place.desk.runs.list(TENANT, survey.id) for survey in surveys]
    assert place.load() == []
    assert place.desk.library.list(TENANT) == surveys
    assert place.desk.taxonomies.list(TENANT) == taxonomies
    assert [place.desk.runs.list(TENANT, survey.id) for survey in surveys] == runs


def test_what_people_changed_stays_and_what_is_missing_is_loaded(place: Place) -> None:
    place.load()
    second, first = place.desk.library.list(TENANT)
    place.desk.library.update(OMAR, TENANT, first.id, title="My first wave")
    place.desk.library.delete(OMAR, TENANT, second.id)
    assert len(place.load()) == 3
    new_second, kept = place.desk.library.list(TENANT)
    assert (kept.id, kept.title) == (first.id, "My first wave")
    assert new_second.id != second.id
    assert new_second.earlier_wave_id == first.id
    assert len(place.desk.taxonomies.list(TENANT)) == 1


def test_loading_that_was_cut_off_goes_on_where_it_stood(place: Place) -> None:
    services = cast(Services, SimpleNamespace(surveys=place.desk))
    next(load_sample_survey(services, TENANT, OMAR))
    assert len(place.load()) == 5
    assert len(place.desk.library.list(TENANT)) == 2


def test_only_analysts_load_it(place: Place) -> None:
    with pytest.raises(AccessError):
        place.load(MILA)
    assert place.desk.library.list(TENANT) == []


def test_command_brings_it_to_the_tenant_of_the_sample_analyst_alone(sample_home: Path) -> None:
    database = Database(Settings(home=sample_home).resolved_database_url)
    repository = SqlSurveyRepository(database)
    listed = {tenant: [survey.title for survey in repository.list_surveys(tenant)] for tenant in SAMPLE_TENANTS}
    assert listed == {"pharmacy": [*reversed(WAVES.values())], "clinic": []}
    assert len(repository.list_runs("pharmacy")) == 2
    database.close()
