"""What settings can be chosen from, and what some choices need."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1", "localhost"})

# What a choice cannot work without.
NEEDED_BY = {
    ("answer_backend", "openai"): ("openai_base_url", "openai_answer_model"),
    ("answer_backend", "bedrock"): ("bedrock_answer_model",),
    ("answer_backend", "bedrock_kb"): ("bedrock_answer_model", "bedrock_kb_id"),
    ("answer_backend", "sagemaker"): ("sagemaker_answer_endpoint",),
    ("embedding_backend", "bedrock"): ("bedrock_embedding_model",),
    ("embedding_backend", "sagemaker"): ("sagemaker_embedding_endpoint",),
    ("retrieval_backend", "bedrock_kb"): ("bedrock_kb_id",),
    ("retrieval_backend", "opensearch"): ("opensearch_url",),
    ("background_backend", "openai"): ("openai_base_url", "openai_image_model"),
    ("background_backend", "bedrock"): ("bedrock_image_model",),
    ("mask_backend", "bedrock"): ("bedrock_mask_model",),
    ("survey_backend", "openai"): ("openai_base_url", "openai_survey_model"),
    ("survey_backend", "bedrock"): ("bedrock_survey_model",),
}
# What an identity provider is set up with; all of them are needed.
OIDC_SETTINGS = ("oidc_metadata_url", "oidc_client_id", "oidc_roles", "oidc_tenants", "public_url")


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


def sign_in_problem(given: Mapping[str, Any]) -> str | None:
    """Why nobody could sign in, or not safely, with these settings; None when all is well.

    Args:
        given: ``demo``, ``local_accounts`` and :data:`OIDC_SETTINGS`, addresses as URLs of pydantic.
    """
    if given["oidc_metadata_url"] is None:
        if given["local_accounts"] or given["demo"]:
            return None
        return "FRONTLINE_LOCAL_ACCOUNTS=false needs FRONTLINE_OIDC_METADATA_URL, or nobody could sign in"
    missing = [f"FRONTLINE_{name.upper()}" for name in OIDC_SETTINGS if not given[name]]
    if missing:
        return f"FRONTLINE_OIDC_METADATA_URL needs {' and '.join(missing)}"
    for name in ("oidc_metadata_url", "public_url"):
        url = given[name]
        # Codes and tokens travel to these addresses.
        if url.scheme != "https" and (url.host or "").strip("[]") not in LOOPBACK_ADDRESSES:
            return f"FRONTLINE_{name.upper()} must begin with https:// where people sign in at an identity provider"
    return None
