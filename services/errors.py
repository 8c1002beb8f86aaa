"""Every error that Frontline raises on purpose, and how to show it.

    AppError
    ├── InputError            what the person gave cannot be used; nothing was changed
    ├── AccessError           not signed in, wrong role, wrong tenant, throttled
    ├── NotFoundError         the thing asked for is not there (any more)
    ├── ConflictError         somebody else changed it in the meantime
    ├── CapacityError         too much at once; later it may work
    ├── ConfigurationError    a setting is missing or wrong; an administrator must act
    └── BackendError          a service behind a port failed
        ├── BackendUnavailableError
        ├── BackendTimeoutError
        ├── BackendThrottledError
        ├── BackendRejectedError
        └── BackendMisconfiguredError

Adapters translate vendor errors into these with ``from exc``; use cases let them pass; one component shows them.
"""

from __future__ import annotations

from typing import ClassVar


class AppError(Exception):
    """An error with words for the person who meets it.

    Args:
        message: What happened, one sentence, safe to show (no patient's words, no paths of the machine).
        code: A short stable identifier in kebab-case, for logs, tests and programs.
        remedy: What the person can do about it, one sentence.
    """

    default_code: ClassVar[str] = "error"
    default_remedy: ClassVar[str] = "Try again. If it happens again, tell your administrator the reference."
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message_for_user = message
        self.code = code or self.default_code
        self.remedy = remedy or self.default_remedy


class InputError(AppError):
    """What the person gave cannot be used; nothing was changed."""

    default_code = "invalid-input"
    default_remedy = "Correct the input and try again."


class AccessError(AppError):
    """The person may not do this: not signed in, wrong role, wrong tenant, or throttled."""

    default_code = "access-denied"
    default_remedy = "Ask an administrator for access."


class NotFoundError(AppError):
    """The thing asked for does not exist, or not for this tenant."""

    default_code = "not-found"
    default_remedy = "Check the name, or go back and pick it from the list."


class ConflictError(AppError):
    """Somebody else changed the same thing in the meantime."""

    default_code = "conflict"
    default_remedy = "Reload, look at the other change, then repeat yours."


class CapacityError(AppError):
    """Too much at once; later it may work."""

    default_code = "over-capacity"
    default_remedy = "Wait a moment and try again."
    retryable = True


class ConfigurationError(AppError):
    """A setting is missing or wrong; an administrator must act."""

    default_code = "misconfigured"
    default_remedy = "Correct the setting and start again."


class BackendError(AppError):
    """A service behind a port failed."""

    default_code = "backend-failed"


REPLY_LOST = "reply-lost"
"""The code of errors after which nobody knows whether a backend did, and charged for, what was asked."""


class BackendUnavailableError(BackendError):
    """The service could not be reached or answered with a server error."""

    default_code = "backend-unavailable"
    default_remedy = "Try again in a minute. Your text is kept."
    retryable = True


class BackendTimeoutError(BackendError):
    """The service did not answer in time."""

    default_code = "backend-timeout"
    default_remedy = "Try again in a minute. Your text is kept."
    retryable = True


class BackendThrottledError(BackendError):
    """The service refuses because of too many requests.

    Attributes:
        retry_after_seconds: How long the service asks to wait; None where it does not say.
    """

    default_code = "backend-throttled"
    default_remedy = "Wait a minute and try again. Your text is kept."
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        remedy: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy)
        self.retry_after_seconds = retry_after_seconds


class BackendRejectedError(BackendError):
    """The service understood the request and refuses it (content filter, invalid request)."""

    default_code = "backend-rejected"
    default_remedy = "Change the text and try again."


class BackendMisconfiguredError(BackendError):
    """The service is not set up for us: wrong key, unknown model, missing permission."""

    default_code = "backend-misconfigured"
    default_remedy = "An administrator must check the settings of this backend."
