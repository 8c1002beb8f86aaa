"""The adapters for questions and answers that the settings ask for. What is heavy is imported where it is made."""

from __future__ import annotations

from services.answers.calibration import everyday_texts
from services.backends.local.packaged_model import PACKAGED_MODEL
from services.knowledge.chunking import ChunkSize
from services.ports.answers import AnswerGenerator
from services.ports.knowledge import Embedder, KnowledgeIndex
from services.ports.privacy import PersonalDataDetector
from services.setting_choices import AnswerBackend
from services.settings import Settings
from services.storage.files import SnapshotFolders


def build_embedder(settings: Settings) -> Embedder:
    """What turns texts into vectors."""
    if settings.embedding_model == PACKAGED_MODEL:
        from services.backends.local.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(settings.home)
    from services.backends.local.model_places import ModelPlaces
    from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(settings.embedding_model, ModelPlaces(settings.home).remember)


def build_index(settings: Settings, embedder: Embedder) -> KnowledgeIndex:
    """What finds passages."""
    from services.backends.local.everyday_questions import EverydayQuestions
    from services.backends.local.faiss_index import FaissIndex
    from services.backends.local.model_places import ModelPlaces

    folders = SnapshotFolders(settings.resolved_storage_root, settings.home / "cache" / "snapshots")
    size = ChunkSize(settings.chunk_words, settings.chunk_overlap)
    everyday = EverydayQuestions(everyday_texts, settings.home / "cache" / "everyday")
    return FaissIndex(folders, embedder, size, ModelPlaces(settings.home).embedder_of, everyday)


def build_answer_generator(settings: Settings, embedder: Embedder) -> AnswerGenerator:
    """What writes drafts of answers."""
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


def build_detector() -> PersonalDataDetector:
    """What finds personal data."""
    from services.backends.local.personal_data import LocalPersonalDataDetector

    return LocalPersonalDataDetector()
