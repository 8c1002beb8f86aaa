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
_BY_CODE = {kind.default_code: Failure(message, kind.default_remedy) for kind, message in _MESSAGES.items()}
_BY_CODE["answers-busy"] = _BY_CODE[CapacityError.default_code]
_UNKNOWN = Failure("The answer could not be worked out.", "Try again in a minute.")


def failure_words(code: str | None) -> Failure:
    """What happened and what to do, for an error code that was stored with an answer."""
    return _BY_CODE.get(code or "", _UNKNOWN)
