"""The composition root: the only place where ports meet concrete classes.

Factories import lazily: building the services connects to nothing but the database and loads no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from pydantic import SecretStr

from services.access.accounts import AccountService
from services.access.company_sign_in import CompanySignInService
from services.access.secret import derive_key, load_secret
from services.access.sign_in import SignInService
from services.access.tenants import TenantService
from services.access.throttle import SignInThrottle
from services.answers.asking import AnswerService, AskingLimits
from services.answers.calibration import CalibrationService
from services.answers.feedback import FeedbackService
from services.answers.golden_questions import GoldenQuestionService
from services.answers.golden_runs import GoldenRunService
from services.answers.history import AnswerHistory
from services.answers.preference_pairs import PreferencePairs
from services.answers.quality import QualityService
from services.answers.snapshot_check import SnapshotCheck
from services.answers.tuning import TuningService
from services.backends.answer_backends import build_answer_generator, build_embedder, local_embedder
from services.backends.aws.access import AwsAccess
from services.backends.capability_checks import capability_checks
from services.backends.capture_backends import build_capture
from services.backends.file_backends import build_buckets, build_files
from services.backends.image_backends import (
    build_background_generator,
    intake_limits,
)
from services.backends.index_backends import build_index
from services.backends.local.caption_search import CaptionSearch
from services.backends.local.vector_cache import VectorCache
from services.backends.notice_backends import build_channels
from services.backends.oidc import build_company_sign_in
from services.backends.operation_backends import Operations, build_call_recording, build_operations, build_prices
from services.backends.pii_backends import build_detector
from services.backends.port_assembly import assemble_image_workshop, assemble_survey_ports, picture_prices
from services.images.backdrops import BackdropService
from services.images.batches import ImageBatchService
from services.images.composite_job import ReplaceBackgroundsKind
from services.images.notices import RunNotices
from services.images.prepare_job import PREPARE_IMAGES, PrepareImagesKind
from services.images.totals import REPLACE_BACKGROUNDS
from services.images.workshop import ImageWorkshop
from services.jobs.kinds import LazyJobKinds
from services.jobs.lanes import parse_lane_limits
from services.jobs.service import JobService
from services.jobs.worker import JobWorker, WorkerTimings, new_worker_id
from services.knowledge.curated import CuratedAnswerService
from services.knowledge.documents import DocumentService
from services.knowledge.ingestion import BUILD_DRAFT, LOAD_FILES, READ_SOURCE, IngestionService
from services.knowledge.ingestion_jobs import BuildDraftKind, DraftMaker, LoadFilesKind
from services.knowledge.library import KnowledgeService
from services.knowledge.loading import IsolatedLoader
from services.knowledge.page_pictures import PagePictures
from services.knowledge.publishing import PublishingService
from services.knowledge.source_reading import ReadingLimits, ReadSourceKind
from services.knowledge.sources import SourceService
from services.logs import configure_logging
from services.operations.call_recording import CallRecording
from services.operations.capabilities import remote_fields
from services.operations.prices import PriceTable
from services.ports.answers import AnswerGenerator
from services.ports.files import Buckets, FileStore
from services.ports.images import BackgroundGenerator, LabelDetector, Notice, SubjectCutter
from services.ports.jobs import JobKind, JobQueue
from services.ports.knowledge import Embedder, KnowledgeIndex
from services.privacy.audit import AuditTrail
from services.settings import Settings, load_settings
from services.storage.accounts import SqlAccountRepository, SqlSessionRepository, SqlSignInFailureRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.audit import SqlAuditRepository
from services.storage.database import Database
from services.storage.feedback import SqlFeedbackRepository
from services.storage.golden_runs import SqlGoldenRuns
from services.storage.images import SqlImageRepository
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.storage.knowledge import SqlKnowledgeRepository
from services.storage.source_places import RootedSourcePlaces
from services.storage.sources import SqlSources
from services.storage.usage import SqlUsageRepository
from services.surveys.assembly import SurveyPorts, assemble_surveys, survey_kinds
from services.surveys.desk import SurveyDesk
from services.usage.reports import UsageService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that pages and commands may call."""

    settings: Settings
    database: Database
    audit: AuditTrail
    accounts: AccountService
    tenants: TenantService
    sign_in: SignInService
    company_sign_in: CompanySignInService | None
    cookie_key: SecretStr
    knowledge: KnowledgeService
    embedder: Embedder
    index: KnowledgeIndex
    files: FileStore
    buckets: Buckets
    answers: AnswerService
    answer_history: AnswerHistory
    answer_generator: AnswerGenerator
    calibration: CalibrationService
    golden_questions: GoldenQuestionService
    golden_runs: GoldenRunService
    quality: QualityService
    tuning: TuningService
    curated: CuratedAnswerService
    feedback: FeedbackService
    preference_pairs: PreferencePairs
    documents: DocumentService
    ingestion: IngestionService
    publishing: PublishingService
    sources: SourceService
    jobs: JobService
    job_kinds: Mapping[str, JobKind]
    usage: UsageService
    page_pictures: PagePictures
    image_batches: ImageBatchService
    image_workshop: ImageWorkshop
    backdrops: BackdropService
    cutter: SubjectCutter
    label_detector: LabelDetector
    background_generator: BackgroundGenerator
    mail: Notice | None
    topic: Notice | None
    survey_ports: SurveyPorts
    surveys: SurveyDesk
    prices: PriceTable
    model_calls: CallRecording
    operations: Operations
    remote_capabilities: frozenset[str] = frozenset()

    def warm_up(self) -> None:
        """Load what the first question would otherwise wait for."""
        self.knowledge.warm_up()


def build_services(settings: Settings | None = None) -> Services:
    """Wire the services for these settings (the environment's when None) and bring the database up to date.

    Raises:
        ConfigurationError: a setting is not allowed or two settings contradict each other.
        BackendUnavailableError: the database cannot be reached.
    """
    settings = settings or load_settings()
    configure_logging(settings.log_level, settings.log_format)
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.resolved_database_url)
    database.migrate()
    secret = load_secret(settings.home, settings.cookie_secret)
    audit = AuditTrail(SqlAuditRepository(database))
    prices = build_prices(settings)
    capture = build_capture(settings, partial(_audit_capture, audit))
    model_calls = build_call_recording(database, prices, capture)
    aws = AwsAccess.of(settings, model_calls)
    account_repository = SqlAccountRepository(database)
    accounts = AccountService(account_repository, audit)
    if settings.demo:
        accounts.ensure_sample_accounts()
    sign_in = SignInService(
        account_repository,
        SqlSessionRepository(database),
        SignInThrottle(SqlSignInFailureRepository(database), derive_key(secret, "sign-in-throttle")),
        audit,
        session_hours=settings.session_hours,
        demo=settings.demo,
        local_accounts=settings.local_accounts,
        external_accounts=settings.oidc_metadata_url is not None,
    )
    files = build_files(settings, aws)
    buckets = build_buckets(aws)
    detector = build_detector(settings, aws)
    embedder = build_embedder(settings, aws)
    near = local_embedder(settings, embedder)
    index = build_index(settings, embedder, aws)
    knowledge_repository = SqlKnowledgeRepository(database)
    loader = IsolatedLoader(settings.max_file_bytes)
    knowledge = KnowledgeService(
        knowledge_repository, index, embedder, files, max_file_bytes=settings.max_file_bytes, loader=loader
    )
    answer_repository = SqlAnswerRepository(database)
    generator = build_answer_generator(settings, embedder, aws)
    answers = AnswerService(
        knowledge,
        index,
        generator,
        answer_repository,
        detector,
        limits=AskingLimits(
            max_question_characters=settings.max_question_characters,
            max_concurrent=settings.max_concurrent_answers,
            wait_seconds=settings.answer_wait_seconds,
        ),
    )
    calibration = CalibrationService(knowledge, index, knowledge_repository)
    golden_runs = GoldenRunService(knowledge, index, knowledge_repository, SqlGoldenRuns(database))
    feedback_repository = SqlFeedbackRepository(database)
    publishing = PublishingService(
        knowledge,
        knowledge_repository,
        index,
        audit,
        count_regressions=golden_runs.count_regressions,
        snapshots_kept=settings.snapshots_kept,
    )
    drafts = DraftMaker(knowledge, publishing, SnapshotCheck(calibration, golden_runs, knowledge))
    job_repository = SqlJobRepository(database)
    source_repository = SqlSources(database)
    places = RootedSourcePlaces(settings.source_roots, settings.home, settings.resolved_storage_root, buckets)
    reading_limits = ReadingLimits(settings.max_file_bytes, settings.max_archive_bytes)
    backdrops = BackdropService(
        SqlImageRepository(database), files, CaptionSearch(near), audit, limits=intake_limits(settings)
    )
    workshop = assemble_image_workshop(settings, database, files, backdrops, near, aws, prices)
    channels = build_channels(settings, aws)
    survey_ports = replace(
        assemble_survey_ports(settings, database, files, near, detector, aws, prices),
        built=settings.home / "cache" / "survey-exports",
    )
    job_kinds = LazyJobKinds(
        {
            PREPARE_IMAGES: lambda: PrepareImagesKind(workshop.ports.repository, workshop.preparer, workshop.previews),
            REPLACE_BACKGROUNDS: lambda: ReplaceBackgroundsKind(
                workshop,
                job_repository,
                RunNotices(
                    workshop.ports.repository,
                    workshop.ports.notices,
                    channels,
                    files=files,
                    report_link=lambda *run, seconds: image_batches.report_link(*run, seconds=seconds),
                ),
            ),
            LOAD_FILES: lambda: LoadFilesKind(knowledge, files, loader, drafts, job_repository),
            BUILD_DRAFT: lambda: BuildDraftKind(drafts),
            READ_SOURCE: lambda: ReadSourceKind(
                source_repository,
                places,
                job_repository,
                knowledge_repository,
                knowledge,
                loader,
                drafts,
                publishing,
                reading_limits,
            ),
            **survey_kinds(survey_ports, job_repository, lambda: surveys),
        }
    )
    jobs = JobService(job_repository, _build_job_queue(settings), SqlWorkerRegistry(database), job_kinds)
    surveys = assemble_surveys(survey_ports, jobs, audit)
    image_batches = build_image_batches(settings, workshop, jobs, audit)
    background_generator = build_background_generator(settings, aws=aws, price_of=picture_prices(aws, prices))
    checks = capability_checks(
        generator,
        embedder,
        index,
        workshop.ports,
        background_generator,
        detector,
        survey_ports,
        channels,
        files,
        capture,
    )
    return Services(
        settings=settings,
        database=database,
        audit=audit,
        accounts=accounts,
        tenants=TenantService(accounts, account_repository, audit),
        sign_in=sign_in,
        company_sign_in=build_company_sign_in(settings, account_repository, sign_in, audit),
        cookie_key=SecretStr(derive_key(secret, "sign-in-cookie").hex()),
        knowledge=knowledge,
        embedder=embedder,
        index=index,
        files=files,
        buckets=buckets,
        answers=answers,
        answer_history=AnswerHistory(answer_repository),
        answer_generator=generator,
        calibration=calibration,
        golden_questions=GoldenQuestionService(knowledge_repository, audit),
        golden_runs=golden_runs,
        quality=QualityService(knowledge, index, knowledge_repository, golden_runs),
        tuning=TuningService(knowledge, index, knowledge_repository, calibration, golden_runs, audit),
        curated=CuratedAnswerService(knowledge_repository, files, index, audit),
        feedback=FeedbackService(
            feedback_repository, knowledge_repository, account_repository, VectorCache(near).of, audit
        ),
        preference_pairs=PreferencePairs(feedback_repository, knowledge_repository, detector, audit),
        documents=DocumentService(knowledge_repository, files, index, loader, audit),
        ingestion=IngestionService(
            files,
            jobs,
            audit,
            max_file_bytes=settings.max_file_bytes,
            max_archive_bytes=settings.max_archive_bytes,
        ),
        publishing=publishing,
        sources=SourceService(source_repository, places, jobs, audit),
        jobs=jobs,
        job_kinds=job_kinds,
        page_pictures=PagePictures(),
        usage=UsageService(SqlUsageRepository(database), knowledge_repository),
        image_batches=image_batches,
        image_workshop=workshop,
        backdrops=backdrops,
        cutter=workshop.ports.cutter,
        label_detector=workshop.ports.detector,
        background_generator=background_generator,
        mail=channels.mail,
        topic=channels.topic,
        survey_ports=survey_ports,
        surveys=surveys,
        prices=prices,
        model_calls=model_calls,
        operations=build_operations(settings, database, aws, prices, detector, checks),
        remote_capabilities=remote_fields(settings),
    )


def build_worker(
    services: Services, *, kinds: Mapping[str, JobKind] | None = None, timings: WorkerTimings | None = None
) -> JobWorker:
    """A worker for the jobs of these services; one per process.

    Args:
        kinds: What it can run; by default all that the services know.
        timings: How often it beats and looks around, for tests.
    """
    from services.backends.dbos.engine import DbosEngine
    from services.backends.dbos.queue import DbosQueue, jobs_database_url
    from services.backends.process_memory import give_memory_back

    give_memory_back()
    settings = services.settings
    url = jobs_database_url(settings.resolved_database_url)
    lanes = parse_lane_limits(settings.lane_limits or "")
    worker_id = new_worker_id()
    return JobWorker(
        worker_id,
        SqlJobRuns(services.database),
        SqlWorkerRegistry(services.database),
        DbosQueue(url, lanes),
        DbosEngine(url, worker_id, settings.worker_concurrency, lanes),
        services.job_kinds if kinds is None else kinds,
        concurrency=settings.worker_concurrency,
        timings=timings,
    )


def build_image_batches(
    settings: Settings, workshop: ImageWorkshop, jobs: JobService, audit: AuditTrail
) -> ImageBatchService:
    """The batches of product photos, over these jobs."""
    return ImageBatchService(workshop, jobs, audit, intake_limits(settings), settings.home / "cache" / "downloads")


def _audit_capture(audit: AuditTrail, share: float, days: int) -> None:
    audit.record("capture-model-calls", share_percent=round(share * 100), days=days)


def _build_job_queue(settings: Settings) -> JobQueue:
    from services.backends.dbos.queue import DbosQueue, NotifyingQueue, jobs_database_url

    lanes = parse_lane_limits(settings.lane_limits or "")
    return NotifyingQueue(DbosQueue(jobs_database_url(settings.resolved_database_url), lanes))
