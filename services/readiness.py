"""Which capabilities can work right now; shown to administrators and on /readyz."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, fields
from typing import Any

from services.errors import AppError
from services.logs import get_logger, new_reference

TIMEOUT_SECONDS = 5.0
# Answers and pages do without these; that they cannot work is for administrators to know.
WARNING_ONLY = frozenset({"cutter", "label_detector", "background_generator", "mail"})

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether one capability can work.

    Attributes:
        capability: The name of the field of ``Services``, such as ``database``.
        code: ``ready``, or the code of the error.
        message: What is wrong, for administrators; empty when ready.
        remedy: What to do about it; empty when ready.
        essential: Whether the web cannot serve without it; what is not essential only warns administrators.
    """

    capability: str
    ready: bool
    code: str
    message: str
    remedy: str
    milliseconds: int
    essential: bool = True


def check_readiness(services: object, *, timeout_seconds: float = TIMEOUT_SECONDS) -> list[Readiness]:
    """Ask every service that has a ``check_ready()``, all at once, and wait for each no longer than the timeout."""
    checks = capabilities(services)
    essential = {
        name: name not in WARNING_ONLY and getattr(getattr(services, name), "essential", True) for name in checks
    }
    # No context manager: leaving one would wait for a check that hangs.
    pool = ThreadPoolExecutor(max_workers=max(1, len(checks)), thread_name_prefix="readiness")
    try:
        started = time.monotonic()
        running = {name: pool.submit(check) for name, check in checks.items()}
        return [
            _result(name, future, started, timeout_seconds, essential=essential[name])
            for name, future in running.items()
        ]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def capabilities(services: Any) -> Mapping[str, Callable[[], None]]:
    """The checks of these services: one for every field whose value has a ``check_ready()``."""
    found = {}
    for field in fields(services):
        check = getattr(getattr(services, field.name), "check_ready", None)
        if callable(check):
            found[field.name] = check
    return found


def _result(name: str, future: Future[None], started: float, timeout_seconds: float, *, essential: bool) -> Readiness:
    code, message, remedy = "ready", "", ""
    try:
        future.result(timeout=max(0.0, started + timeout_seconds - time.monotonic()))
    except FutureTimeoutError:
        code, message = "timeout", f"No answer within {timeout_seconds:.0f} seconds."
        remedy = "Look at the load of that service."
    except AppError as error:
        code, message, remedy = error.code, error.message_for_user, error.remedy
    except Exception as error:  # a check must never take the others down
        reference = new_reference()
        _log.error("readiness-check-failed", capability=name, reference=reference, exc_info=error)
        code, message, remedy = "unexpected", "The check itself failed.", f"Look up {reference} in the log."
    milliseconds = round((time.monotonic() - started) * 1000)
    return Readiness(name, code == "ready", code, message, remedy, milliseconds, essential)
