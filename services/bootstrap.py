"""The composition root: the only place where ports meet concrete classes.

Factories import lazily: building the services connects to nothing but the database and loads no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from services.access.accounts import AccountService
from services.access.secret import derive_key, load_secret
from services.access.sign_in import SignInService
from services.access.throttle import SignInThrottle
from services.answers.asking import AnswerService, AskingLimits
from services.answers.calibration import CalibrationService
from services.answers.history import AnswerHistory
from services.backends.local.packaged_model import PACKAGED_MODEL
from services.knowledge.library import KnowledgeService
from services.logs import configure_logging
from services.ports.answers import AnswerGenerator
from services.ports.knowledge import Embedder, KnowledgeIndex
from services.ports.privacy import PersonalDataDetector
from services.privacy.audit import AuditTrail
from services.settings import AnswerBackend, Settings, load_settings
from services.storage.accounts import SqlAccountRepository, SqlSessionRepository, SqlSignInFailureRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.audit import SqlAuditRepository
from services.storage.database import Database
from services.storage.files import RootedFiles, SnapshotFolders
from services.storage.knowledge import SqlKnowledgeRepository


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that pages and commands may call."""

    settings: Settings
    database: Database
    audit: AuditTrail
    accounts: AccountService
    sign_in: SignInService
    cookie_key: SecretStr
    knowledge: KnowledgeService
    embedder: Embedder
    index: KnowledgeIndex
    files: RootedFiles
    answers: AnswerService
    answer_history: AnswerHistory
    answer_generator: AnswerGenerator
    calibration: CalibrationService

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
    )
    files = RootedFiles(settings.resolved_storage_root)
    embedder = _build_embedder(settings)
    index = _build_index(settings, embedder)
    knowledge_repository = SqlKnowledgeRepository(database)
    knowledge = KnowledgeService(knowledge_repository, index, embedder, files, max_file_bytes=settings.max_file_bytes)
    answer_repository = SqlAnswerRepository(database)
    generator = _build_answer_generator(settings, embedder)
    answers = AnswerService(
        knowledge,
        index,
        generator,
        answer_repository,
        _build_detector(),
        limits=AskingLimits(
            max_question_characters=settings.max_question_characters,
            max_concurrent=settings.max_concurrent_answers,
            wait_seconds=settings.answer_wait_seconds,
        ),
    )
    return Services(
        settings=settings,
        database=database,
        audit=audit,
        accounts=accounts,
        sign_in=sign_in,
        cookie_key=SecretStr(derive_key(secret, "sign-in-cookie").hex()),
        knowledge=knowledge,
        embedder=embedder,
        index=index,
        files=files,
        answers=answers,
        answer_history=AnswerHistory(answer_repository),
        answer_generator=generator,
        calibration=CalibrationService(knowledge, index, knowledge_repository),
    )


def _build_embedder(settings: Settings) -> Embedder:
    if settings.embedding_model == PACKAGED_MODEL:
        from services.backends.local.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(settings.home)
    from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(settings.embedding_model)


def _build_index(settings: Settings, embedder: Embedder) -> KnowledgeIndex:
    from services.backends.local.faiss_index import FaissIndex

    folders = SnapshotFolders(settings.resolved_storage_root, settings.home / "cache" / "snapshots")
    return FaissIndex(folders, embedder)


def _build_answer_generator(settings: Settings, embedder: Embedder) -> AnswerGenerator:
    if settings.answer_backend is AnswerBackend.OPENAI:
        from services.backends.openai_compatible.answers import OpenAiCompatibleAnswers

        key = settings.openai_api_key
        return OpenAiCompatibleAnswers(
            str(settings.openai_base_url),
            settings.openai_answer_model or "",
            key.get_secret_value() if key else None,
            settings.openai_timeout_seconds,
        )
    from services.backends.local.extractive_answers import ExtractiveAnswers

    return ExtractiveAnswers(embedder)


def _build_detector() -> PersonalDataDetector:
    from services.backends.local.personal_data import LocalPersonalDataDetector

    return LocalPersonalDataDetector()
