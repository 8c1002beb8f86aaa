"""Words for a failed answer of which only the code is left."""

from __future__ import annotations

from components.asking import Failure
from services.errors import (
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    CapacityError,
)

_MESSAGES: dict[type[AppError], str] = {
    BackendUnavailableError: "The service that answers could not be reached.",
    BackendTimeoutError: "The answer took too long.",
    BackendThrottledError: "There were too many questions at once.",
    BackendRejectedError: "The service that answers refused this question.",
    BackendMisconfiguredError: "The service that answers is not set up correctly.",
    CapacityError: "There were too many questions at once.",
}
_CODES: dict[type[AppError], tuple[str, ...]] = {
    BackendUnavailableError: ("reply-lost", "circuit-open", "container-failed", "model-reply-malformed"),
    BackendThrottledError: ("aws-throttled", "aws-busy"),
    BackendRejectedError: ("content-filtered", "request-refused"),
    BackendMisconfiguredError: (
        "aws-access-denied",
        "aws-credentials-expired",
        "aws-credentials-missing",
        "aws-credentials-refused",
        "aws-not-found",
        "aws-parameters-invalid",
        "aws-region-missing",
        "container-refused",
        "embedding-dimension",
        "endpoint-not-in-service",
        "guardrail-unknown",
        "model-end-of-life",
        "model-unknown",
        "model-unsuitable",
    ),
    CapacityError: ("answers-busy",),
}
_BY_CODE = {
    code: Failure(message, kind.default_remedy)
    for kind, message in _MESSAGES.items()
    for code in (kind.default_code, *_CODES.get(kind, ()))
} | {
    "guardrail-intervened": Failure(
        "The guardrail that your company set up stopped this answer.",
        "Ask in other words and leave out personal or sensitive details, or ask a supervisor.",
    ),
    "answer-cut-short": Failure(
        "The model reached its length limit before it finished a sentence.", "Ask a narrower question, or try again."
    ),
    "question-too-long": Failure("The question with its passages is too long.", "Ask a shorter question."),
}
_UNKNOWN = Failure("The answer could not be worked out.", "Try again in a minute.")


def failure_words(code: str | None) -> Failure:
    """What happened and what to do, for an error code that was stored with an answer."""
    return _BY_CODE.get(code or "", _UNKNOWN)
