"""What settings can be chosen from."""

from __future__ import annotations

from enum import StrEnum


class AnswerBackend(StrEnum):
    """Who writes the draft of an answer."""

    EXTRACTIVE = "extractive"
    OPENAI = "openai"
    BEDROCK = "bedrock"
    BEDROCK_KB = "bedrock_kb"
    SAGEMAKER = "sagemaker"


class AnswerFallback(StrEnum):
    """Who writes the draft when the backend for answers cannot."""

    NONE = "none"
    EXTRACTIVE = "extractive"


class EmbeddingBackend(StrEnum):
    """Who turns text into vectors."""

    LOCAL = "local"
    BEDROCK = "bedrock"
    SAGEMAKER = "sagemaker"


class RetrievalBackend(StrEnum):
    """Where passages are searched."""

    FAISS = "faiss"
    BEDROCK_KB = "bedrock_kb"
    OPENSEARCH = "opensearch"


class PiiBackend(StrEnum):
    """Who finds personal data."""

    LOCAL = "local"
    COMPREHEND = "comprehend"


class LabelBackend(StrEnum):
    """Who says what is in a photo."""

    LOCAL = "local"
    REKOGNITION = "rekognition"


class MaskBackend(StrEnum):
    """Who cuts products out of photos."""

    LOCAL = "local"
    BEDROCK = "bedrock"


class BackgroundBackend(StrEnum):
    """Who makes backgrounds from words."""

    LOCAL = "local"
    OPENAI = "openai"
    BEDROCK = "bedrock"


class SurveyBackend(StrEnum):
    """Who finds topics and sentiment in survey responses."""

    LOCAL = "local"
    OPENAI = "openai"
    BEDROCK = "bedrock"


class AnswerContainer(StrEnum):
    """What serves the answer model at a SageMaker endpoint, and so what its requests look like."""

    TGI = "tgi"
    VLLM = "vllm"
    JUMPSTART = "jumpstart"


class EmbeddingContainer(StrEnum):
    """What serves the embedding model at a SageMaker endpoint."""

    TEI = "tei"
    HUGGING_FACE = "hugging_face"
    JUMPSTART = "jumpstart"


class OpenSearchSigning(StrEnum):
    """How requests to OpenSearch are signed."""

    SERVICE = "es"
    SERVERLESS = "aoss"
    NONE = "none"


class SmtpTls(StrEnum):
    """How the connection to the mail server is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"
