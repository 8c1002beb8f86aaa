"""The adapters for questions and answers that the settings ask for. What is heavy is imported where it is made."""

from __future__ import annotations

from collections.abc import Callable

from services.answers.fallback import FallbackAnswers
from services.backends.aws.access import AwsAccess
from services.backends.local.packaged_model import PACKAGED_MODEL
from services.ports.answers import AnswerGenerator
from services.ports.knowledge import Embedder
from services.setting_choices import AnswerBackend, AnswerFallback, EmbeddingBackend, EmbeddingContainer
from services.settings import Settings


def build_embedder(settings: Settings, aws: AwsAccess | None = None) -> Embedder:
    """What turns the texts of knowledge bases into vectors.

    Args:
        aws: None makes its own way to AWS, and records nothing.

    Raises:
        ConfigurationError: the model for `bedrock` is not one that can be asked, or does not offer the dimension.
    """
    if settings.embedding_backend is EmbeddingBackend.LOCAL:
        return build_local_embedder(settings)
    from services.backends.local.model_places import ModelPlaces

    remember = ModelPlaces(settings.home).remember
    aws = aws or AwsAccess.of(settings)
    embedder: Embedder
    if settings.embedding_backend is EmbeddingBackend.BEDROCK:
        from services.backends.aws.bedrock_embeddings import BedrockEmbedder

        model, dimension = settings.bedrock_embedding_model or "", settings.bedrock_embedding_dimension
        embedder = BedrockEmbedder(aws, model, dimension, on_used=remember)
    else:
        from services.backends.aws.sagemaker_embeddings import SageMakerEmbedder

        endpoint, container = settings.sagemaker_embedding_endpoint or "", settings.sagemaker_embedding_container
        embedder = SageMakerEmbedder(aws, endpoint, container, on_used=remember)
    return _kept(settings, embedder)


def build_local_embedder(settings: Settings) -> Embedder:
    """What turns texts into vectors on this machine."""
    if settings.embedding_model == PACKAGED_MODEL:
        from services.backends.local.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(settings.home)
    from services.backends.local.model_places import ModelPlaces
    from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(settings.embedding_model, ModelPlaces(settings.home).remember)


def local_embedder(settings: Settings, embedder: Embedder) -> Embedder:
    """An embedder of this machine, whatever the knowledge bases use: their own where that is one.

    It is for what is done with very many texts, was measured with this model, or has to work while no service answers:
    quoting, surveys, captions, questions that are alike.
    """
    return embedder if settings.embedding_backend is EmbeddingBackend.LOCAL else build_local_embedder(settings)


def embedder_finder(settings: Settings, aws: AwsAccess | None = None) -> Callable[[str], Embedder | None]:
    """Finds the embedder that an older snapshot was made with, by the id of its model; gives None without one."""
    from services.backends.local.model_places import ModelPlaces

    def remote(model_id: str, place: str | None) -> Embedder | None:
        found = _remote_embedder(settings, aws or AwsAccess.of(settings), model_id, place)
        return _kept(settings, found) if found is not None else None

    return ModelPlaces(settings.home, remote).embedder_of


def build_answer_generator(settings: Settings, embedder: Embedder, aws: AwsAccess | None = None) -> AnswerGenerator:
    """What writes drafts of answers, with the fallback that the settings ask for.

    Args:
        embedder: Weighs the sentences that are quoted, unless it is on another machine: there are too many of them to
            pay for each, and a fallback must not fail together with what it stands in for.
        aws: None makes its own way to AWS, and records nothing.
    """
    from services.backends.local.extractive_answers import ExtractiveAnswers

    local = local_embedder(settings, embedder)
    if settings.answer_backend is AnswerBackend.EXTRACTIVE:
        return ExtractiveAnswers(local)
    generator = _generating(settings, aws)
    if settings.answer_fallback is AnswerFallback.EXTRACTIVE:
        return FallbackAnswers(generator, ExtractiveAnswers(local))
    return generator


def _generating(settings: Settings, aws: AwsAccess | None) -> AnswerGenerator:
    if settings.answer_backend is AnswerBackend.OPENAI:
        from services.backends.openai_compatible.answers import OpenAiCompatibleAnswers

        key = settings.openai_api_key
        return OpenAiCompatibleAnswers(
            str(settings.openai_base_url),
            settings.openai_answer_model or "",
            key.get_secret_value() if key else None,
            settings.openai_timeout_seconds,
            recorder=aws.recorder if aws is not None else None,
        )
    aws = aws or AwsAccess.of(settings)
    if settings.answer_backend is AnswerBackend.SAGEMAKER:
        from services.backends.aws.sagemaker_answers import SageMakerAnswers

        endpoint = settings.sagemaker_answer_endpoint or ""
        return SageMakerAnswers(aws, endpoint, settings.sagemaker_answer_container)
    model = settings.bedrock_answer_model or ""
    guardrail_id, version = settings.bedrock_guardrail_id, settings.bedrock_guardrail_version
    guardrail = (guardrail_id, version) if guardrail_id and version else None
    if settings.answer_backend is AnswerBackend.BEDROCK_KB:
        from services.backends.aws.kb_answers import KnowledgeBaseAnswers

        return KnowledgeBaseAnswers(aws, settings.bedrock_kb_id or "", model, guardrail)
    from services.backends.aws.bedrock_answers import BedrockAnswers, Guardrail

    return BedrockAnswers(aws, model, guardrail=Guardrail(*guardrail) if guardrail else None)


def _remote_embedder(settings: Settings, aws: AwsAccess, model_id: str, place: str | None) -> Embedder | None:
    """The embedder of another machine behind a model's id, such as ``bedrock/amazon.titan-embed-text-v2:0/1024``."""
    backend, _, rest = model_id.partition("/")
    name, _, last = rest.rpartition("/")
    if backend == EmbeddingBackend.BEDROCK and name and last.isdecimal():
        from services.backends.aws.bedrock_embeddings import BedrockEmbedder
        from services.backends.aws.bedrock_model_ids import plain_model_id

        configured = settings.bedrock_embedding_model or ""
        # The id that works from here: as it was called then, or is now, may have a profile's prefix.
        called = configured if plain_model_id(configured) == name else place or name
        return BedrockEmbedder(aws, called, int(last))
    endpoint = name.partition("/")[0]
    if backend == EmbeddingBackend.SAGEMAKER and endpoint:
        from services.backends.aws.sagemaker_embeddings import SageMakerEmbedder

        container = settings.sagemaker_embedding_container
        if endpoint != settings.sagemaker_embedding_endpoint and place in {*EmbeddingContainer}:
            container = EmbeddingContainer(str(place))
        return SageMakerEmbedder(aws, endpoint, container)
    return None


def _kept(settings: Settings, embedder: Embedder) -> Embedder:
    """With the vectors that were paid for kept on this machine."""
    from services.backends.local.kept_vectors import KeptVectors

    return KeptVectors(embedder, settings.home / "cache" / "vectors")
