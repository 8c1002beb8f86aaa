"""What errors of OpenSearch are to us; its words never get into our messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.backends.aws.errors import AwsCallName, translated
from services.errors import (
    REPLY_LOST,
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    NotFoundError,
)

INDEX_MISSING = "opensearch-index-missing"
PIPELINE_MISSING = "opensearch-pipeline-missing"
_THROTTLED_TYPES = frozenset({"rejected_execution_exception", "es_rejected_execution_exception"})
_TOO_OLD_WORDS = ("unknown query [hybrid]", "normalization-processor", "unknown query [knn]", "knn_vector")


def opensearch_error(error: BaseException, called: str) -> AppError:
    """Our error for one of opensearch-py's."""
    from opensearchpy import exceptions

    if isinstance(error, AppError):
        return error
    if isinstance(error, exceptions.ConnectionError):
        return _of_connection(error, called)
    if isinstance(error, exceptions.TransportError) and isinstance(error.status_code, int):
        return status_error(error.status_code, *_type_and_words(error.info), called)
    if isinstance(error, exceptions.OpenSearchException):  # a reply that is no JSON
        return _lost(called)
    return translated(error, AwsCallName("opensearch", "", called))


def status_error(status: int, kind: str, words: str, called: str) -> AppError:
    """Our error for a refusal.

    Args:
        status: Of HTTP, of a request or of one item in it.
        kind: OpenSearch's name for it, such as ``index_not_found_exception``; empty where it gives none.
        words: All that it says, in lower case; only to tell errors apart.
    """
    if status in {401, 403}:
        return _denied(words, called)
    if status == 404 and kind in {"", "index_not_found_exception"}:
        return NotFoundError(f"The {called} does not hold this index.", code=INDEX_MISSING)
    if status == 429 or kind in _THROTTLED_TYPES or "circuit_breaking" in kind:
        return BackendThrottledError(f"The {called} has too many requests at the moment.", code="opensearch-throttled")
    if status in {408, 504}:
        return BackendTimeoutError(f"The {called} did not answer in time.", code=REPLY_LOST)
    if status >= 500:
        return BackendUnavailableError(f"The {called} is not available at the moment.")
    if "pipeline" in words and ("not defined" in words or "not found" in words or "missing" in words):
        return BackendRejectedError(f"The {called} has lost a search pipeline.", code=PIPELINE_MISSING)
    if any(one in words for one in _TOO_OLD_WORDS):
        return BackendMisconfiguredError(
            f"The {called} cannot search by meaning and by words at once.",
            code="opensearch-too-old",
            remedy="An administrator must use OpenSearch 2.11 or later with its k-NN and neural search plugins.",
        )
    return BackendRejectedError(
        f"The {called} refused the request.",
        code="opensearch-refused",
        remedy="Build and publish a new version. If it happens again, an administrator must check the service.",
    )


def _denied(words: str, called: str) -> AppError:
    if "expired" in words:
        return BackendMisconfiguredError(
            f"The AWS credentials for the {called} have expired.",
            code="aws-credentials-expired",
            remedy="An administrator must renew the credentials, or give the machine a role.",
        )
    if "signature" in words or "security token" in words:
        return BackendMisconfiguredError(
            f"AWS does not accept the credentials for the {called}.",
            code="aws-credentials-refused",
            remedy="An administrator must check the AWS credentials of this machine, the region, and "
            "FRONTLINE_OPENSEARCH_SIGNING.",
        )
    return BackendMisconfiguredError(
        f"This machine may not use the {called}.",
        code="opensearch-access-denied",
        remedy="An administrator must give its role access: in the domain's access policy and roles, or in the "
        "collection's data access policy.",
    )


def _of_connection(error: Any, called: str) -> AppError:
    from opensearchpy import exceptions
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    cause = error.info
    if isinstance(error, exceptions.ConnectionTimeout):
        return BackendTimeoutError(f"The {called} did not answer in time.", code=REPLY_LOST)
    if isinstance(error, exceptions.SSLError):
        return BackendMisconfiguredError(
            f"The connection to the {called} cannot be kept private.",
            code="opensearch-tls",
            remedy="An administrator must check FRONTLINE_OPENSEARCH_URL and the service's certificate.",
        )
    if type(cause).__module__.startswith("botocore"):  # signing needs credentials
        return translated(cause, AwsCallName("opensearch", "", called))
    if isinstance(cause, ConnectTimeoutError) and not isinstance(cause, NewConnectionError):
        return BackendTimeoutError(f"The {called} did not answer in time.")
    if isinstance(cause, NewConnectionError):
        return BackendUnavailableError(
            f"The {called} could not be reached.",
            remedy="Try again in a minute. If it lasts, an administrator must check FRONTLINE_OPENSEARCH_URL and the "
            "network.",
        )
    return _lost(called)


def _lost(called: str) -> AppError:
    return BackendUnavailableError(
        f"The connection to the {called} broke off, or its reply cannot be read.", code=REPLY_LOST
    )


def _type_and_words(info: Any) -> tuple[str, str]:
    if not isinstance(info, Mapping):
        return "", str(info).casefold()
    error = info.get("error")
    kind = str(error.get("type") or "") if isinstance(error, Mapping) else ""
    return kind, str(info).casefold()
