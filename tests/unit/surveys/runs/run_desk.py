"""Runs on a real database of jobs, with surveys and files in memory and quick analyzers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.access.models import Account, Role, Tenant
from services.errors import BackendUnavailableError
from services.jobs.kinds import LazyJobKinds
from services.jobs.models import ItemStatus
from services.jobs.service import JobService
from services.privacy.audit import AuditTrail
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.surveys.models import Example, Taxonomy
from services.surveys.prepared import PreparedSurvey
from services.surveys.run_backends import OfferedBackend, SurveyBackends
from services.surveys.run_job import ANALYZE_SURVEY, AnalyzeSurveyKind, RunTexts
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.runs import SurveyRuns
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.fakes import FakeAuditRepository, FakeClock
from tests.image_fakes import FakeFiles
from tests.jobs_inline import InlineJobQueue
from tests.survey_fakes import FakeSurveyRepository
from tests.survey_run_fakes import QUESTION, TOPICS, FakeAnalyzer, survey_of

TENANT, OTHER_TENANT = "pharmacy", "clinic"
LEO = Account("leo", "Leo Park", Role.ANALYST, (TENANT,))
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.ANALYST, (OTHER_TENANT,))
SURVEY, TAXONOMY = "s1", "t1"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FREE, PAID = RunOptions("fake"), RunOptions("paid")


class SomeFilesBroken(FakeFiles):
    """Files in memory, of which some cannot be written.

    Attributes:
        broken_for: The end of their names; empty for none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken_for = ""

    def write(self, name: str, data: bytes) -> None:
        if self.broken_for and name.endswith(self.broken_for):
            raise BackendUnavailableError("A file could not be stored.", code="storage-unavailable")
        super().write(name, data)


class RunDesk:
    """Everything that a run needs; what is submitted has run when ``submit`` returns, unless the queue is paused.

    Attributes:
        corrections: What people corrected, as examples.
    """

    def __init__(self, folder: Path, texts: Sequence[str], taxonomy: Taxonomy = TOPICS) -> None:
        self.database = Database(f"sqlite:///{folder / 'frontline.sqlite3'}")
        self.database.migrate()
        SqlAccountRepository(self.database).insert_tenant(Tenant(TENANT, "Pharmacy"), START)
        self.files = SomeFilesBroken()
        self.repository = FakeSurveyRepository()
        self.prepared: dict[tuple[str, str], PreparedSurvey] = {}
        self.add_survey(SURVEY, texts)
        version = TaxonomyVersion(TAXONOMY, 1, taxonomy, "First version.", "leo", START)
        self.repository.insert_taxonomy(TENANT, "Shop", version)
        self.local, self.paid = FakeAnalyzer(), FakeAnalyzer("paid", version="paid-1", paid=True, chunk_texts=2)
        self.owners: list[str] = []
        self.clock = FakeClock()
        self._known = {
            "fake": OfferedBackend("fake", "This machine", False, lambda _tenant, _owner: self.local),
            "paid": OfferedBackend("paid", "A server", True, self._paid, "fake-model"),
        }
        self.backends = SurveyBackends(list(self._known.values()), clock=lambda: self.clock().timestamp())
        self.audit = FakeAuditRepository()
        self.corrections: tuple[Example, ...] = ()
        self.run_texts = RunTexts(self.open_survey, self.files)
        self.kind = self._kind(self.backends)
        kinds = LazyJobKinds({ANALYZE_SURVEY: lambda: self.kind})
        self.queue = InlineJobQueue(SqlJobRuns(self.database), kinds)
        self.jobs = JobService(
            SqlJobRepository(self.database), self.queue, SqlWorkerRegistry(self.database), kinds, now=self.clock
        )
        self.forgotten: list[tuple[str, str]] = []
        self.runs = SurveyRuns(
            self.repository,
            self.files,
            self.run_texts,
            self.backends,
            self.jobs,
            AuditTrail(self.audit, now=self.clock),
            lambda _tenant, _survey, _question, _taxonomy: self.corrections,
            forget_calls=self._forget,
            now=self.clock,
        )

    def add_survey(self, survey_id: str, texts: Sequence[str]) -> None:
        """One more survey with these answers."""
        file = f"surveys/{TENANT}/{survey_id}/survey.parquet"
        self.prepared[TENANT, survey_id] = made = survey_of(self.files, file, texts)
        self.repository.insert_survey(Survey(survey_id, TENANT, "leo", "Visitors", START, file, made.facts))

    def open_survey(self, tenant_id: str, survey_id: str) -> PreparedSurvey:
        self.repository.get_survey(tenant_id, survey_id)
        return self.prepared[tenant_id, survey_id]

    def start(self, options: RunOptions = FREE, title: str = "", survey_id: str = SURVEY) -> SurveyRun:
        self.clock.advance(minutes=1)
        return self.runs.start(LEO, TENANT, survey_id, QUESTION, TAXONOMY, options, title)

    def counts(self, run: SurveyRun) -> tuple[int, int, int]:
        """How many chunks are done, failed and canceled."""
        counts = self.jobs.get(TENANT, run.job_id).counts
        return counts[ItemStatus.DONE], counts[ItemStatus.FAILED], counts[ItemStatus.CANCELED]

    def run_files(self, run: SurveyRun) -> set[str]:
        """The names of the run's files below its folder."""
        folder = f"surveys/{TENANT}/{run.survey_id}/runs/{run.id}/"
        return {name.removeprefix(folder) for name in self.files.files if name.startswith(folder)}

    def remove_backend(self, name: str) -> None:
        """The workers know it no more; call it before any of them has worked."""
        self.kind = self._kind(SurveyBackends([backend for backend in self._known.values() if backend.name != name]))

    def breathe(self, places: int) -> None:
        """A worker with so many places gives a sign of life."""
        SqlWorkerRegistry(self.database).breathe("w-1", "here", 1, places)

    def close(self) -> None:
        self.database.close()

    def _kind(self, backends: SurveyBackends) -> AnalyzeSurveyKind:
        items = SqlJobRepository(self.database)
        return AnalyzeSurveyKind(
            self.repository,
            self.run_texts,
            self.files,
            backends,
            items,
            forget_calls=self._forget,
            clock=self._ticking,
        )

    def _forget(self, tenant_id: str, owner_prefix: str) -> None:
        self.forgotten.append((tenant_id, owner_prefix))

    def _paid(self, _tenant_id: str, owner: str) -> FakeAnalyzer:
        self.owners.append(owner)
        return self.paid

    def _ticking(self) -> float:
        """A second passes at every look."""
        self.clock.advance(seconds=1)
        return self.clock().timestamp()
