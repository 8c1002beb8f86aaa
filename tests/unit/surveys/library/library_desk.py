"""A library of surveys on stand-ins, with real jobs that wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.access.models import Account, Role, Tenant
from services.jobs.models import Job, NewItem
from services.jobs.service import JobService
from services.privacy.audit import AuditTrail
from services.privacy.models import PersonalDataKind
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.library import SurveyLibrary
from services.surveys.models import Taxonomy, Topic
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.answer_fakes import FakeDetector
from tests.fakes import FakeAuditRepository, FakeClock
from tests.image_fakes import FakeFiles
from tests.jobs_inline import InlineJobQueue
from tests.survey_fakes import FakeSurveyRepository
from tests.unit.surveys.intake.table_files import csv_table

TENANT, OTHER_TENANT = "pharmacy", "clinic"
NIA = Account("nia", "Nia Abara", Role.ANALYST, (TENANT,))
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.ANALYST, (OTHER_TENANT,))
FILE = "id,Why?,internal\na1,Ann was kind,x\na2,Too slow,y\n"
COLUMNS = SurveyColumns(texts=("Why?",), id="id")


@dataclass
class Desk:
    """A library with everything below it within reach."""

    repository: FakeSurveyRepository
    files: FakeFiles
    detector: FakeDetector
    jobs: JobService
    events: FakeAuditRepository
    clock: FakeClock
    library: SurveyLibrary
    forgotten_exports: list[tuple[str, str]]

    def add(self, title: str = "", account: Account = NIA) -> Survey:
        self.clock.advance(minutes=1)
        return self.library.add(account, TENANT, csv_table(FILE), COLUMNS, title)

    def run_of(self, survey: Survey, name: str = "r1") -> SurveyRun:
        """A run that waits, with a file of its own."""
        job = self.submit("analyze-survey", {"run_id": name, "survey_id": survey.id})
        run = SurveyRun(
            name, TENANT, survey.id, "Why?", "t1", 1, RunOptions(), "1", job.id, "nia", self.clock(), 2, 2, 0
        )
        self.repository.insert_run(run)
        self.files.write(f"surveys/{TENANT}/{survey.id}/runs/{name}/findings.parquet", b"findings")
        return run

    def submit(self, kind: str, arguments: dict[str, str]) -> Job:
        return self.jobs.submit(kind, TENANT, "nia", "Survey", [NewItem("1")], arguments)


@contextmanager
def opened_desk(folder: Path) -> Iterator[Desk]:
    """A desk whose taxonomy ``t1`` runs may use; jobs wait."""
    database = Database(f"sqlite:///{folder / 'jobs.sqlite3'}")
    database.migrate()
    clock, files, detector = FakeClock(), FakeFiles(), FakeDetector(Ann=PersonalDataKind.NAME)
    for tenant_id in (TENANT, OTHER_TENANT):
        SqlAccountRepository(database).insert_tenant(Tenant(tenant_id, tenant_id.title()), clock())
    queue = InlineJobQueue(SqlJobRuns(database), {})
    queue.paused = True
    kinds = ("analyze-survey", "suggest-topics")
    jobs = JobService(SqlJobRepository(database), queue, SqlWorkerRegistry(database), kinds, now=clock)
    repository, events = FakeSurveyRepository(), FakeAuditRepository()
    repository.insert_taxonomy(
        TENANT, "Coffee", TaxonomyVersion("t1", 1, Taxonomy((Topic("a", "A"),)), "", "nia", clock())
    )
    forgotten_exports: list[tuple[str, str]] = []
    library = SurveyLibrary(
        repository,
        files,
        detector,
        jobs,
        AuditTrail(events, now=clock),
        forget_exports=lambda *survey: forgotten_exports.append(survey),
        max_bytes=len(FILE),
        now=clock,
    )
    yield Desk(repository, files, detector, jobs, events, clock, library, forgotten_exports)
    database.close()
