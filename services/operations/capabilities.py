"""What serves each capability, as the settings say: the one list that catalogue and checks draw from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from services.setting_choices import (
    AnswerBackend,
    AnswerFallback,
    BackgroundBackend,
    EmbeddingBackend,
    LabelBackend,
    MaskBackend,
    PiiBackend,
    RetrievalBackend,
    SurveyBackend,
)
from services.settings import Settings


class Place(StrEnum):
    """Where a capability runs."""

    HERE = "here"
    SERVER = "server"
    AWS = "aws"
    OFF = "off"


class Capability(StrEnum):
    """What the app does with a backend of its own; the values name the checks."""

    ANSWERS = "answers"
    ANSWER_FALLBACK = "answer_fallback"
    EMBEDDINGS = "embeddings"
    RETRIEVAL = "retrieval"
    LABELS = "labels"
    MODERATION = "moderation"
    MASKS = "masks"
    BACKGROUNDS = "backgrounds"
    SURVEYS = "surveys"
    SURVEYS_SERVER = "surveys_server"
    SURVEYS_BEDROCK = "surveys_bedrock"
    PERSONAL_DATA = "personal_data"
    MAIL = "mail"
    TOPIC = "topic"
    FILES = "files"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves a capability.

    Attributes:
        backend: The value of its setting; the name of the calls in the log.
        by: The same in words, such as ``Amazon Bedrock``.
        model: The full id, or an endpoint's name; empty where there is none to choose.
        priced_as: Under which name the price table has it; empty for what costs nothing by the call.
        settings: The settings to change for another one.
        on_bedrock: Whether ``model`` is a model of Bedrock, whose life can be looked up.
    """

    capability: Capability
    place: Place
    backend: str
    by: str
    model: str = ""
    priced_as: str = ""
    settings: tuple[str, ...] = ()
    on_bedrock: bool = False


_FIELDS = {
    Capability.ANSWERS: ("answer_generator",),
    Capability.EMBEDDINGS: ("embedder", "knowledge"),
    Capability.RETRIEVAL: ("index", "knowledge"),
    Capability.LABELS: ("label_detector",),
    Capability.MASKS: ("cutter",),
    Capability.BACKGROUNDS: ("background_generator",),
    Capability.MAIL: ("mail",),
    Capability.TOPIC: ("topic",),
    Capability.FILES: ("files",),
}
_BEDROCK = "Amazon Bedrock"
_HERE = "This machine"


def served_capabilities(settings: Settings) -> tuple[Served, ...]:
    """Every capability with what serves it, in the order in which people read them."""
    return (
        _answers(settings),
        _answer_fallback(settings),
        _embeddings(settings),
        _retrieval(settings),
        _labels(settings),
        _moderation(settings),
        _masks(settings),
        _backgrounds(settings),
        *_surveys(settings),
        _personal_data(settings),
        *_notices(settings),
        _files(settings),
        _capture(settings),
    )


def uses_aws(settings: Settings) -> bool:
    """Whether anything runs on AWS."""
    return any(served.place is Place.AWS for served in served_capabilities(settings))


def remote_fields(settings: Settings) -> frozenset[str]:
    """The fields of ``Services`` whose readiness hangs on another machine; see :mod:`services.readiness`."""
    return frozenset(
        field
        for served in served_capabilities(settings)
        if served.place in {Place.AWS, Place.SERVER}
        for field in _FIELDS.get(served.capability, ())
    )


def _answers(settings: Settings) -> Served:
    what, chosen = Capability.ANSWERS, settings.answer_backend
    names = ("FRONTLINE_ANSWER_BACKEND",)
    if chosen is AnswerBackend.OPENAI:
        return _on_server(settings, what, settings.openai_answer_model, (*names, "FRONTLINE_OPENAI_ANSWER_MODEL"))
    if chosen in {AnswerBackend.BEDROCK, AnswerBackend.BEDROCK_KB}:
        by = _BEDROCK if chosen is AnswerBackend.BEDROCK else f"{_BEDROCK} knowledge base"
        return _on_bedrock(what, chosen, settings.bedrock_answer_model, (*names, "FRONTLINE_BEDROCK_ANSWER_MODEL"), by)
    if chosen is AnswerBackend.SAGEMAKER:
        return _on_sagemaker(what, settings.sagemaker_answer_endpoint, (*names, "FRONTLINE_SAGEMAKER_ANSWER_ENDPOINT"))
    return Served(what, Place.HERE, chosen.value, "This machine, which quotes", settings=names)


def _answer_fallback(settings: Settings) -> Served:
    what, names = Capability.ANSWER_FALLBACK, ("FRONTLINE_ANSWER_FALLBACK",)
    generated = settings.answer_backend is not AnswerBackend.EXTRACTIVE
    if generated and settings.answer_fallback is AnswerFallback.EXTRACTIVE:
        return Served(what, Place.HERE, AnswerFallback.EXTRACTIVE.value, "This machine, which quotes", settings=names)
    return Served(what, Place.OFF, AnswerFallback.NONE.value, "Off" if generated else "Not needed", settings=names)


def _embeddings(settings: Settings) -> Served:
    what, chosen = Capability.EMBEDDINGS, settings.embedding_backend
    names: tuple[str, ...] = ("FRONTLINE_EMBEDDING_BACKEND",)
    if chosen is EmbeddingBackend.BEDROCK:
        names = (*names, "FRONTLINE_BEDROCK_EMBEDDING_MODEL")
        return _on_bedrock(what, chosen, settings.bedrock_embedding_model, names)
    if chosen is EmbeddingBackend.SAGEMAKER:
        names = (*names, "FRONTLINE_SAGEMAKER_EMBEDDING_ENDPOINT")
        return _on_sagemaker(what, settings.sagemaker_embedding_endpoint, names)
    return Served(what, Place.HERE, chosen.value, _HERE, _short(settings.embedding_model), settings=names)


def _retrieval(settings: Settings) -> Served:
    what, chosen = Capability.RETRIEVAL, settings.retrieval_backend
    names: tuple[str, ...] = ("FRONTLINE_RETRIEVAL_BACKEND",)
    if chosen is RetrievalBackend.BEDROCK_KB:
        names = (*names, "FRONTLINE_BEDROCK_KB_ID")
        return Served(what, Place.AWS, chosen.value, f"{_BEDROCK} knowledge base", settings=names)
    if chosen is RetrievalBackend.OPENSEARCH:
        names = (*names, "FRONTLINE_OPENSEARCH_URL")
        signed = settings.opensearch_signing.value != "none"
        return Served(what, Place.AWS if signed else Place.SERVER, chosen.value, "OpenSearch", settings=names)
    return Served(what, Place.HERE, chosen.value, _HERE, settings=names)


def _labels(settings: Settings) -> Served:
    what, names = Capability.LABELS, ("FRONTLINE_LABEL_BACKEND",)
    if settings.label_backend is LabelBackend.REKOGNITION:
        return _on_rekognition(what, "DetectLabels", names)
    model = _short(settings.clip_model or "")
    return Served(what, Place.HERE, LabelBackend.LOCAL.value, _HERE, model, settings=(*names, "FRONTLINE_CLIP_MODEL"))


def _moderation(settings: Settings) -> Served:
    what, names = Capability.MODERATION, ("FRONTLINE_REKOGNITION_MODERATION_CONFIDENCE",)
    if settings.rekognition_moderation_confidence is None:
        return Served(what, Place.OFF, "none", "Off", settings=names)
    return _on_rekognition(what, "DetectModerationLabels", names)


def _masks(settings: Settings) -> Served:
    what = Capability.MASKS
    names: tuple[str, ...] = ("FRONTLINE_MASK_BACKEND",)
    if settings.mask_backend is MaskBackend.BEDROCK:
        names = (*names, "FRONTLINE_BEDROCK_MASK_MODEL")
        return _on_bedrock(what, settings.mask_backend, settings.bedrock_mask_model, names)
    return Served(what, Place.HERE, settings.mask_backend.value, _HERE, settings=names)


def _backgrounds(settings: Settings) -> Served:
    what, chosen = Capability.BACKGROUNDS, settings.background_backend
    names: tuple[str, ...] = ("FRONTLINE_BACKGROUND_BACKEND",)
    if chosen is BackgroundBackend.OPENAI:
        return _on_server(settings, what, settings.openai_image_model, (*names, "FRONTLINE_OPENAI_IMAGE_MODEL"))
    if chosen is BackgroundBackend.BEDROCK:
        names = (*names, "FRONTLINE_BEDROCK_IMAGE_MODEL")
        return _on_bedrock(what, chosen, settings.bedrock_image_model, names)
    return Served(what, Place.HERE, chosen.value, "This machine, which composes", settings=names)


def _surveys(settings: Settings) -> list[Served]:
    names = ("FRONTLINE_SURVEY_BACKEND",)
    offered = [Served(Capability.SURVEYS, Place.HERE, SurveyBackend.LOCAL.value, _HERE, settings=names)]
    if settings.openai_survey_model and settings.openai_base_url:
        changed = (*names, "FRONTLINE_OPENAI_SURVEY_MODEL")
        offered.append(_on_server(settings, Capability.SURVEYS_SERVER, settings.openai_survey_model, changed))
    if settings.bedrock_survey_model:
        changed = (*names, "FRONTLINE_BEDROCK_SURVEY_MODEL")
        chosen = SurveyBackend.BEDROCK
        offered.append(_on_bedrock(Capability.SURVEYS_BEDROCK, chosen, settings.bedrock_survey_model, changed))
    return sorted(offered, key=lambda served: served.backend != settings.survey_backend.value)


def _personal_data(settings: Settings) -> Served:
    what, names = Capability.PERSONAL_DATA, ("FRONTLINE_PII_BACKEND",)
    if settings.pii_backend is PiiBackend.COMPREHEND:
        priced_as = "comprehend:DetectPiiEntities"
        by = "This machine and Amazon Comprehend"
        return Served(what, Place.AWS, settings.pii_backend.value, by, priced_as=priced_as, settings=names)
    return Served(what, Place.HERE, settings.pii_backend.value, _HERE, settings=names)


def _notices(settings: Settings) -> list[Served]:
    found = []
    if settings.smtp_host:
        by = f"Mail server {settings.smtp_host}"
        found.append(Served(Capability.MAIL, Place.SERVER, "smtp", by, settings=("FRONTLINE_SMTP_HOST",)))
    if settings.sns_topic_arn:
        found.append(Served(Capability.TOPIC, Place.AWS, "sns", "Amazon SNS", settings=("FRONTLINE_SNS_TOPIC_ARN",)))
    names = ("FRONTLINE_SMTP_HOST", "FRONTLINE_SNS_TOPIC_ARN")
    return found or [Served(Capability.MAIL, Place.OFF, "none", "Only in the app", settings=names)]


def _files(settings: Settings) -> Served:
    what, names = Capability.FILES, ("FRONTLINE_STORAGE_ROOT",)
    if settings.resolved_storage_root.startswith("s3://"):
        return Served(what, Place.AWS, "s3", "Amazon S3", settings=names)
    return Served(what, Place.HERE, "folder", "A folder of this machine", settings=names)


def _capture(settings: Settings) -> Served:
    what, names = Capability.CAPTURE, ("FRONTLINE_CAPTURE_ROOT",)
    if settings.capture_root is None:
        return Served(what, Place.OFF, "none", "Off", settings=names)
    if settings.capture_root.startswith("s3://"):
        return Served(what, Place.AWS, "s3", "Amazon S3", settings=names)
    return Served(what, Place.HERE, "folder", "A folder of this machine", settings=names)


def _on_bedrock(
    what: Capability, backend: StrEnum, model: str | None, names: tuple[str, ...], by: str = _BEDROCK
) -> Served:
    return Served(what, Place.AWS, backend.value, by, model or "", model or "", names, on_bedrock=True)


def _on_sagemaker(what: Capability, endpoint: str | None, names: tuple[str, ...]) -> Served:
    return Served(what, Place.AWS, "sagemaker", "Amazon SageMaker", endpoint or "", endpoint or "", names)


def _on_rekognition(what: Capability, operation: str, names: tuple[str, ...]) -> Served:
    priced_as = f"rekognition:{operation}"
    return Served(what, Place.AWS, "rekognition", "Amazon Rekognition", priced_as=priced_as, settings=names)


def _on_server(settings: Settings, what: Capability, model: str | None, names: tuple[str, ...]) -> Served:
    host = urlsplit(str(settings.openai_base_url)).hostname or "?"
    return Served(what, Place.SERVER, "openai", f"Model server {host}", model or "", model or "", names)


def _short(name: str) -> str:
    """The name of a model, without the folders of this machine."""
    return name.rstrip("/").rsplit("/", 1)[-1] if name.startswith(("/", ".", "~")) else name
