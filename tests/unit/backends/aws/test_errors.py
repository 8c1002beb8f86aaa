"""What AWS errors become."""

from __future__ import annotations

import pytest
from botocore import exceptions

from services.backends.aws.errors import AwsCallName, translated
from services.errors import (
    REPLY_LOST,
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)

CALL = AwsCallName("bedrock-runtime", "ConverseStream", "answer model", "eu-west-1")
SECRET = "arn:aws:iam::123456789012:user/somebody"


def of(code: str, message: str = SECRET, status: int = 400) -> AppError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return translated(exceptions.ClientError(response, "ConverseStream"), CALL)


@pytest.mark.parametrize(
    ("code", "status", "kind", "ours"),
    [
        ("ThrottlingException", 429, BackendThrottledError, "aws-throttled"),
        ("ServiceQuotaExceededException", 400, BackendThrottledError, "aws-throttled"),
        ("InternalServerException", 500, BackendUnavailableError, "backend-unavailable"),
        ("ServiceUnavailableException", 503, BackendUnavailableError, "backend-unavailable"),
        ("ModelErrorException", 424, BackendUnavailableError, "backend-unavailable"),
        ("NobodyKnowsThisException", 502, BackendUnavailableError, "backend-unavailable"),
        ("ModelTimeoutException", 408, BackendTimeoutError, "backend-timeout"),
        ("ExpiredTokenException", 403, BackendMisconfiguredError, "aws-credentials-expired"),
        ("UnrecognizedClientException", 403, BackendMisconfiguredError, "aws-credentials-refused"),
        ("AccessDeniedException", 403, BackendMisconfiguredError, "aws-access-denied"),
        ("ResourceNotFoundException", 404, BackendMisconfiguredError, "aws-not-found"),
        ("ValidationException", 400, BackendRejectedError, "request-refused"),
    ],
)
def test_codes_become_our_errors_without_their_words(code: str, status: int, kind: type[AppError], ours: str) -> None:
    error = of(code, status=status)
    assert type(error) is kind
    assert error.code == ours
    assert SECRET not in error.message_for_user + error.remedy
    assert "answer model" in error.message_for_user


def test_denied_call_names_the_permission_that_is_missing() -> None:
    assert "bedrock:InvokeModelWithResponseStream" in of("AccessDeniedException", status=403).remedy


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException", "AccessDeniedException"])
def test_end_of_life_is_told_whatever_code_comes_with_it(code: str) -> None:
    error = of(code, "This model version has reached the end of its life. Please refer to the AWS documentation.")
    assert error.code == ("aws-access-denied" if code == "AccessDeniedException" else "model-end-of-life")


def test_unknown_model_names_the_region() -> None:
    error = of("ValidationException", "The provided model identifier is invalid.")
    assert error.code == "model-unknown"
    assert "eu-west-1" in error.message_for_user


def test_exceptions_inside_a_stream_begin_with_a_small_letter() -> None:
    response = {"Error": {"Code": "throttlingException", "Message": "slow down"}}
    assert isinstance(translated(exceptions.EventStreamError(response, "ConverseStream"), CALL), BackendThrottledError)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (exceptions.NoCredentialsError(), "aws-credentials-missing"),
        (exceptions.CredentialRetrievalError(provider="sso", error_msg=SECRET), "aws-credentials-expired"),
        (exceptions.ReadTimeoutError(endpoint_url=SECRET), REPLY_LOST),
        (exceptions.ConnectTimeoutError(endpoint_url=SECRET), "backend-timeout"),
        (exceptions.EndpointConnectionError(endpoint_url=SECRET), "backend-unavailable"),
        (exceptions.ParamValidationError(report=SECRET), "aws-parameters-invalid"),
        (exceptions.ConnectionClosedError(endpoint_url=SECRET), REPLY_LOST),
        (ValueError(SECRET), REPLY_LOST),
    ],
)
def test_trouble_of_the_connection_becomes_our_errors(error: Exception, ours: str) -> None:
    found = translated(error, CALL)
    assert found.code == ours
    assert SECRET not in found.message_for_user + found.remedy


def test_our_own_errors_pass() -> None:
    error = BackendRejectedError("No.")
    assert translated(error, CALL) is error
