"""What an OpenAI-compatible server's errors are to us; vendor words and keys never get into our messages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from services.errors import (
    REPLY_LOST,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)

# A server that asks for more is asked again all the same: the limits of such servers run by the minute or the hour.
LONGEST_ASKED_WAIT_SECONDS = 3_600.0

# What stands before the model waits no longer, but the model may go on: 524 is what a large content network says.
_GAVE_UP_WAITING = {504, 524}


@dataclass(frozen=True, slots=True)
class ServerProblem:
    """What the body of an error says.

    Attributes:
        code: Such as ``insufficient_quota``; empty where the body has none.
        parameter: Of the request, that the server does not like; empty where it does not say.
        message: In lower case; only for telling errors apart, never to be shown.
    """

    code: str = ""
    parameter: str = ""
    message: str = ""


def problem_of(response: httpx.Response) -> ServerProblem:
    """Read the body of an error, whatever it is."""
    try:
        error = response.json()["error"]
        if isinstance(error, str):
            return ServerProblem(message=error.casefold())
        return ServerProblem(
            str(error.get("code") or error.get("type") or ""),
            str(error.get("param") or ""),
            str(error.get("message") or "").casefold(),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServerProblem()


def raise_for_status(response: httpx.Response, *, called: str, refused: str) -> None:
    """Pass unless the response is an error.

    Args:
        called: What messages call the model, such as ``answer model``.
        refused: The sentence for a request that the model understood and refuses.

    Raises:
        BackendError: it is one.
    """
    status = response.status_code
    if status < 400:
        return
    if problem_of(response).code == "insufficient_quota":
        raise BackendMisconfiguredError(
            f"The account at the {called}'s server has no credit left.",
            remedy="An administrator must look at the account's plan and billing.",
        )
    if status == 429:
        raise BackendThrottledError(
            f"The {called} has too many requests at the moment.", retry_after_seconds=asked_wait_seconds(response)
        )
    if status in {401, 403}:
        raise BackendMisconfiguredError(f"The {called}'s server refuses our key.")
    if status == 404:
        raise BackendMisconfiguredError(f"The {called}'s server does not know the model or the address.")
    if status == 408:
        raise BackendTimeoutError(f"The {called} did not answer in time.")
    if status in _GAVE_UP_WAITING:
        raise BackendTimeoutError(f"The {called} did not answer in time.", code=REPLY_LOST)
    if status >= 500:
        raise BackendUnavailableError(f"The {called}'s server has an error.")
    raise BackendRejectedError(refused)


def asked_wait_seconds(response: httpx.Response, now: datetime | None = None) -> float | None:
    """How long the server asks to wait: seconds or a date; None where it does not say, or nothing that can be read."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_ASKED_WAIT_SECONDS)


@contextmanager
def translated_errors(called: str) -> Iterator[None]:
    """Turn what goes wrong on the way, or in a reply of another shape than was expected, into a BackendError.

    Its code is REPLY_LOST once the whole request was on its way: it may have been answered, and charged for.
    """
    try:
        yield
    except httpx.ReadTimeout as exc:
        raise BackendTimeoutError(f"The {called} did not answer in time.", code=REPLY_LOST) from exc
    except httpx.TimeoutException as exc:
        raise BackendTimeoutError(f"The {called} did not answer in time.") from exc
    except (httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError) as exc:
        raise BackendUnavailableError(f"The connection to the {called} broke off.", code=REPLY_LOST) from exc
    except httpx.HTTPError as exc:
        raise BackendUnavailableError(f"The {called} cannot be reached.") from exc
    except (ValueError, LookupError, AttributeError, TypeError) as exc:
        raise BackendUnavailableError(f"The {called} sent a reply that cannot be read.", code=REPLY_LOST) from exc
