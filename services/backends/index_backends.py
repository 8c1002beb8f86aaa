"""The index that the settings ask for. What is heavy is imported where it is made, and nothing connects here."""

from __future__ import annotations

from services.answers.calibration import everyday_texts
from services.backends.answer_backends import embedder_finder
from services.backends.aws.access import AwsAccess
from services.backends.file_backends import build_files, build_snapshot_folders
from services.knowledge.chunking import ChunkSize
from services.ports.knowledge import Embedder, KnowledgeIndex
from services.setting_choices import RetrievalBackend
from services.settings import Settings


def build_index(settings: Settings, embedder: Embedder, aws: AwsAccess | None = None) -> KnowledgeIndex:
    """What finds passages."""
    from services.backends.local.everyday_questions import EverydayQuestions

    aws = aws or AwsAccess.of(settings)
    size = ChunkSize(settings.chunk_words, settings.chunk_overlap)
    everyday = EverydayQuestions(everyday_texts, settings.home / "cache" / "everyday")
    embedder_of = embedder_finder(settings, aws)
    if settings.retrieval_backend is RetrievalBackend.OPENSEARCH and settings.opensearch_url is not None:
        from services.backends.aws.opensearch_index import OpenSearchIndex
        from services.backends.aws.opensearch_service import OpenSearchService

        service = OpenSearchService(aws.clients, settings.opensearch_url, settings.opensearch_signing)
        return OpenSearchIndex(service, embedder, size, embedder_of, everyday)

    from services.backends.local.faiss_index import FaissIndex

    local = FaissIndex(build_snapshot_folders(settings, aws), embedder, size, embedder_of, everyday)
    if settings.retrieval_backend is not RetrievalBackend.BEDROCK_KB or settings.bedrock_kb_id is None:
        return local

    from services.backends.aws.kb_documents import KnowledgeBaseDocuments
    from services.backends.aws.kb_index import KnowledgeBaseIndex
    from services.backends.aws.kb_retrieval import KnowledgeBaseRetrieval

    knowledge_base, data_source = settings.bedrock_kb_id, settings.bedrock_kb_data_source_id or ""
    return KnowledgeBaseIndex(
        local,
        KnowledgeBaseRetrieval(aws, knowledge_base),
        KnowledgeBaseDocuments(aws, knowledge_base, data_source) if data_source else None,
        (knowledge_base, data_source),
        build_files(settings, aws),
        everyday,
    )
