"""The whole knowledge admin on a real database and a real index, with an embedder that needs no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from services.access.models import Account, Role, Tenant
from services.answers.asking import AnswerService
from services.answers.models import Answer
from services.backends.local.faiss_index import FaissIndex
from services.jobs.models import Job
from services.jobs.service import JobService
from services.knowledge.documents import DocumentService
from services.knowledge.ingestion import BUILD_DRAFT, LOAD_FILES, READ_SOURCE, IngestionService, Upload
from services.knowledge.ingestion_jobs import BuildDraftKind, DraftMaker, LoadFilesKind
from services.knowledge.library import KnowledgeService
from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.files import InProcessParser, load_bytes
from services.knowledge.loading.folders import load_path, load_paths
from services.knowledge.loading.loaded_file import LoadedFile
from services.knowledge.models import BandCuts
from services.knowledge.publishing import PublishingService
from services.knowledge.source_reading import ReadingLimits, ReadSourceKind
from services.knowledge.sources import SourceService
from services.ports.jobs import JobKind
from services.privacy.audit import AuditTrail
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.files import RootedFiles, SnapshotFolders
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.storage.knowledge import SqlKnowledgeRepository
from services.storage.source_places import RootedSourcePlaces
from services.storage.sources import SqlSources
from tests.answer_fakes import FakeAnswerGenerator, FakeDetector
from tests.contract.knowledge_samples import LOADED_AT
from tests.fakes import FakeAnswerRepository, FakeAuditRepository, FakeClock, FakeEmbedder
from tests.jobs_inline import InlineJobQueue

TENANT, OTHER_TENANT = "pharmacy", "clinic"
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
HANA = Account("hana", "Hana Sato", Role.ADMIN, (TENANT,))
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.ADMIN, (OTHER_TENANT,))
LIMIT_BYTES = 100_000
RETURNS = (
    b"# Returns\n\n## Deadline\n\nA parcel can be returned within 30 days.\n\n## Refunds\n\nMoney is back in a week.\n"
)
COLD = b"# Cold chain\n\n## Insulin\n\nInsulin travels in a cool box with two gel packs.\n"


class InProcessLoader:
    """DocumentLoader without child processes."""

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        return load_bytes(name, data, document_id=document_id, max_file_bytes=LIMIT_BYTES)

    def load_path(self, path: Path) -> Any:
        return load_path(path, max_file_bytes=LIMIT_BYTES)

    def load_paths(self, paths: Any) -> Any:
        return load_paths(paths, max_file_bytes=LIMIT_BYTES)

    def load_archive(self, name: str, file: Any) -> Any:
        parser = InProcessParser(LIMIT_BYTES)
        return load_archive(name, file, limits=ArchiveLimits(file_bytes=LIMIT_BYTES), parser=parser)

    def close(self) -> None:
        """Nothing is held."""


class AdminDesk:
    """Every service of the knowledge admin on one database below ``home``; jobs run at once.

    Attributes:
        regressions: How many golden questions get worse with a snapshot, by its number.
        checked: Numbers of the snapshots that were checked after a build.
        before_check: Called before each check; may raise.
    """

    def __init__(
        self,
        home: Path,
        *,
        embedder: FakeEmbedder | None = None,
        snapshots_kept: int = 10,
        roots: tuple[str, ...] = (),
        wrap_kinds: Callable[[Mapping[str, JobKind]], Mapping[str, JobKind]] = lambda kinds: kinds,
    ) -> None:
        self.home = home
        self.storage = home / "files"
        self.clock = FakeClock()
        self.embedder = embedder or FakeEmbedder()
        self.database = Database(f"sqlite:///{home / 'frontline.sqlite3'}")
        self.database.migrate()
        self.accounts = SqlAccountRepository(self.database)
        known = {tenant.id for tenant in self.accounts.list_tenants(archived=True)}
        for tenant in {TENANT, OTHER_TENANT} - known:
            self.accounts.insert_tenant(Tenant(tenant, tenant.title()), LOADED_AT)
        self.repository = SqlKnowledgeRepository(self.database)
        self.files = RootedFiles(str(self.storage))
        self.audit_events = FakeAuditRepository()
        audit = AuditTrail(self.audit_events)
        self.index = FaissIndex(SnapshotFolders(str(self.storage), home / "cache"), self.embedder)
        self.knowledge = KnowledgeService(
            self.repository, self.index, self.embedder, self.files, max_file_bytes=LIMIT_BYTES
        )
        self.regressions: dict[int, int] = {}
        self.checked: list[int] = []
        self.before_check: Callable[[], None] = lambda: None
        self.publishing = PublishingService(
            self.knowledge,
            self.repository,
            self.index,
            audit,
            count_regressions=lambda tenant, number, against: self.regressions.get(number, 0),
            snapshots_kept=snapshots_kept,
        )
        loader = InProcessLoader()
        self.drafts = DraftMaker(self.knowledge, self.publishing, self._check)
        self.source_repository = SqlSources(self.database)
        places = RootedSourcePlaces(roots, home, str(self.storage))
        job_repository = SqlJobRepository(self.database)
        kinds: Mapping[str, JobKind] = {
            LOAD_FILES: LoadFilesKind(self.knowledge, self.files, loader, self.drafts, job_repository),
            BUILD_DRAFT: BuildDraftKind(self.drafts),
            READ_SOURCE: ReadSourceKind(
                self.source_repository,
                places,
                job_repository,
                self.repository,
                self.knowledge,
                loader,
                self.drafts,
                self.publishing,
                ReadingLimits(LIMIT_BYTES, LIMIT_BYTES),
                now=self.clock,
            ),
        }
        kinds = wrap_kinds(kinds)
        self.queue = InlineJobQueue(SqlJobRuns(self.database), kinds)
        self.jobs = JobService(job_repository, self.queue, SqlWorkerRegistry(self.database), kinds)
        self.ingestion = IngestionService(
            self.files, self.jobs, audit, max_file_bytes=LIMIT_BYTES, max_archive_bytes=LIMIT_BYTES
        )
        self.documents = DocumentService(self.repository, self.files, self.index, loader, audit)
        self.sources = SourceService(self.source_repository, places, self.jobs, audit, now=self.clock)

    def load(self, *files: tuple[str, bytes]) -> Job:
        """Upload files and let the job run to its end."""
        job = self.ingestion.submit_files(GRACE, TENANT, [Upload(name, data) for name, data in files])
        return self.jobs.get(TENANT, job.id)

    def newest(self) -> int:
        """Number of the newest finished snapshot."""
        return self.repository.list_snapshots(TENANT)[0].number

    def live(self) -> int | None:
        """Number of the snapshot that answers."""
        published = self.repository.published_snapshot(TENANT)
        return published.number if published else None

    def publish(self, number: int | None = None) -> int:
        """Publish a snapshot, the newest when None."""
        chosen = number or self.newest()
        self.publishing.publish(GRACE, TENANT, chosen, expected_live=self.live(), reason="Wanted.")
        return chosen

    def ask(self, question: str) -> Answer:
        """Ask as an agent, with everything but search faked."""
        snapshot = self.knowledge.require_published(TENANT)
        self.repository.save_cuts(TENANT, snapshot.number, BandCuts(not_found_below=0.05, draft_from=0.0))
        service = AnswerService(
            self.knowledge, self.index, FakeAnswerGenerator(), FakeAnswerRepository(), FakeDetector(), now=self.clock
        )
        return service.ask(ANA, TENANT, question)

    def found_documents(self, question: str) -> set[str]:
        """Ids of the documents that an agent's question finds."""
        return {passage.document_id for passage in self.ask(question).passages}

    def snapshot_folder(self, number: int) -> Path:
        """Where the files of a snapshot lie."""
        return self.storage / "snapshots" / TENANT / f"{number:06d}"

    def damage(self, number: int) -> None:
        """Change one byte of a snapshot, and forget that it was open."""
        file = self.snapshot_folder(number) / "vectors.npy"
        content = bytearray(file.read_bytes())
        content[-1] ^= 0xFF
        file.write_bytes(content)
        self.reopen()

    def reopen(self) -> None:
        """As after a restart: nothing is open, nothing is remembered."""
        again = AdminDesk(self.home, embedder=self.embedder)
        again.regressions, again.checked = self.regressions, self.checked
        for name in ("index", "knowledge", "publishing", "documents", "ingestion", "jobs", "queue", "drafts"):
            setattr(self, name, getattr(again, name))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def _check(self, tenant: str, number: int, on_progress: Callable[[float], None]) -> Mapping[str, Any]:
        self.before_check()
        self.checked.append(number)
        on_progress(1.0)
        return {"questions": 0}


def item_results(desk: AdminDesk, job: Job) -> list[Mapping[str, Any]]:
    """What came of the items of a job."""
    return [item.result for item in desk.jobs.list_items(TENANT, job.id)]
