"""What AWS errors are to us; AWS's words, ids of accounts and keys never get into our messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.errors import (
    REPLY_LOST,
    AppError,
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)

_THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ServiceQuotaExceededException",
        "SlowDown",
    }
)
_UNAVAILABLE = frozenset(
    {
        "InternalServerException",
        "InternalServerError",
        "InternalFailure",
        "InternalDependencyException",
        "InternalError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "ModelErrorException",
        "ModelStreamErrorException",
        "InternalStreamFailure",
        "DependencyFailedException",
        "BadGatewayException",
    }
)
_TIMED_OUT = frozenset({"ModelTimeoutException", "RequestTimeout", "RequestTimeoutException"})
_EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired", "TokenRefreshRequired"})
_BAD_KEYS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
    }
)
_DENIED = frozenset(
    {"AccessDeniedException", "AccessDenied", "NotAuthorized", "AuthorizationError", "AuthorizationErrorException"}
)
_NOT_FOUND = frozenset({"ResourceNotFoundException", "NotFoundException", "NotFound", "NoSuchBucket"})
_ENDED_WORDS = ("end of its life", "end-of-life", "marked by provider as legacy", "has been deprecated")
_UNKNOWN_MODEL_WORDS = ("model identifier is invalid", "on-demand throughput isn", "could not resolve the foundation")

# Some permissions are called otherwise than the operation that needs them.
_ACTIONS = {
    "bedrock-runtime:Converse": "bedrock:InvokeModel",
    "bedrock-runtime:ConverseStream": "bedrock:InvokeModelWithResponseStream",
    "bedrock-runtime:ApplyGuardrail": "bedrock:ApplyGuardrail",
}
_PREFIXES = {
    "bedrock-runtime": "bedrock",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "sagemaker-runtime": "sagemaker",
}


@dataclass(frozen=True, slots=True)
class AwsCallName:
    """Which call failed.

    Attributes:
        service: boto3's name.
        called: What messages call it, such as ``answer model``.
    """

    service: str
    operation: str
    called: str
    region: str = ""

    @property
    def action(self) -> str:
        """The IAM action that it needs."""
        name = f"{self.service}:{self.operation}"
        return _ACTIONS.get(name, f"{_PREFIXES.get(self.service, self.service)}:{self.operation}")


@dataclass(frozen=True, slots=True)
class AwsProblem:
    """What a reply says about what went wrong.

    Attributes:
        code: AWS's, such as ``ThrottlingException``.
        message: In lower case; only for telling errors apart, never to be shown.
        status: Of HTTP; 0 for what came inside a stream.
    """

    code: str
    message: str
    status: int = 0


def problem_of(error: BaseException) -> AwsProblem | None:
    """What a ClientError or EventStreamError says; None for other errors."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return None
    details: Mapping[str, Any] = response.get("Error") or {}
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode") or 0
    code = str(details.get("Code") or "")
    # Inside streams the codes begin with a small letter.
    return AwsProblem(code[:1].upper() + code[1:], str(details.get("Message") or "").casefold(), int(status))


def translated(error: BaseException, call: AwsCallName) -> AppError:
    """Our error for one of boto3's or of the connection's."""
    if isinstance(error, AppError):
        return error
    problem = problem_of(error)
    if problem is not None:
        return _of_problem(problem, call)
    return _of_connection(error, call)


def _of_problem(problem: AwsProblem, call: AwsCallName) -> BackendError:
    code, called = problem.code, call.called
    if code in _EXPIRED:
        return BackendMisconfiguredError(
            f"The AWS credentials for the {called} have expired.",
            code="aws-credentials-expired",
            remedy="An administrator must renew the credentials, or give the machine a role.",
        )
    if code in _BAD_KEYS:
        return BackendMisconfiguredError(
            f"AWS does not accept the credentials for the {called}.",
            code="aws-credentials-refused",
            remedy="An administrator must check the AWS credentials of this machine.",
        )
    if code in _DENIED:
        return BackendMisconfiguredError(
            f"This machine may not use the {called}.",
            code="aws-access-denied",
            remedy=f"An administrator must allow {call.action} in its role, and the model's access in the account.",
        )
    if any(words in problem.message for words in _ENDED_WORDS):
        return BackendMisconfiguredError(
            f"The {called} has reached its end of life on AWS.",
            code="model-end-of-life",
            remedy="An administrator must choose a model that is active.",
        )
    if any(words in problem.message for words in _UNKNOWN_MODEL_WORDS):
        where = f" in {call.region}" if call.region else ""
        return BackendMisconfiguredError(
            f"AWS does not know the {called}{where}.",
            code="model-unknown",
            remedy="An administrator must check the model's id and the region; some models need an inference profile.",
        )
    if code in _THROTTLED or problem.status == 429:
        return BackendThrottledError(f"The {called} has too many requests at the moment.", code="aws-throttled")
    if code in _NOT_FOUND or problem.status == 404:
        return BackendMisconfiguredError(
            f"AWS does not find the {called}.",
            code="aws-not-found",
            remedy="An administrator must check its name in the settings, and the region.",
        )
    if code in _TIMED_OUT or problem.status == 408:
        return BackendTimeoutError(f"The {called} did not answer in time.")
    if code in _UNAVAILABLE or problem.status >= 500 or problem.status == 424:
        return BackendUnavailableError(f"The {called} is not available at the moment.")
    if problem.status == 0 and code.startswith("Stream"):
        return BackendUnavailableError(f"The {called} stopped in the middle of its reply.")
    return BackendRejectedError(f"The {called} refused the request.", code="request-refused")


def _of_connection(error: BaseException, call: AwsCallName) -> AppError:
    from botocore import exceptions

    called = call.called
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return BackendMisconfiguredError(
            f"This machine has no AWS credentials for the {called}.",
            code="aws-credentials-missing",
            remedy="An administrator must give the machine a role, or credentials in AWS's usual places.",
        )
    if isinstance(error, exceptions.CredentialRetrievalError | exceptions.TokenRetrievalError):
        return BackendMisconfiguredError(
            f"The AWS credentials for the {called} could not be renewed.",
            code="aws-credentials-expired",
            remedy="An administrator must sign in to AWS again, or check the machine's role.",
        )
    if isinstance(error, exceptions.ConnectTimeoutError):
        return BackendTimeoutError(f"The {called} did not answer in time.")
    if isinstance(error, exceptions.ReadTimeoutError) or _is_read_timeout(error):
        return BackendTimeoutError(f"The {called} did not answer in time.", code=REPLY_LOST)
    if isinstance(error, exceptions.ParamValidationError):
        # What we send is built from checked values: a refusal here is about something like an id in a setting.
        return BackendMisconfiguredError(
            f"What is set for the {called} does not fit what AWS takes.",
            code="aws-parameters-invalid",
            remedy="An administrator must check ids and addresses in the settings.",
        )
    if isinstance(error, exceptions.EndpointConnectionError):
        return BackendUnavailableError(
            f"The {called} could not be reached.",
            remedy="Try again in a minute. If it lasts, an administrator must check the network and the region.",
        )
    return BackendUnavailableError(
        f"The connection to the {called} broke off, or its reply cannot be read.", code=REPLY_LOST
    )


def _is_read_timeout(error: BaseException) -> bool:
    """Inside a body or a stream the HTTP library's own error comes through."""
    from urllib3.exceptions import ReadTimeoutError

    return isinstance(error, ReadTimeoutError)
