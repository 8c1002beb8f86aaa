"""Which capabilities can work right now; shown to administrators and on /readyz."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, fields
from typing import Any

from services.errors import AppError
from services.logs import get_logger, new_reference

TIMEOUT_SECONDS = 5.0
# Answers and pages do without these; that they cannot work is for administrators to know.
WARNING_ONLY = frozenset({"cutter", "label_detector", "background_generator", "mail", "topic"})
# A monitor that asks too often must not become a load of its own, least of all on a provider that counts its calls.
KEPT_SECONDS = 2.0
REMOTE_KEPT_SECONDS = 60.0
REMOTE_FAILURE_KEPT_SECONDS = 15.0
NOT_CHECKED_YET = "not-checked-yet"

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
    return run_checks(checks, timeout_seconds=timeout_seconds, essential=_essential(services, checks))


def run_checks(
    checks: Mapping[str, Callable[[], None]],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    essential: Collection[str] = (),
) -> list[Readiness]:
    """Run these checks all at once, and wait for each no longer than the timeout; none takes the others down."""
    # No context manager: leaving one would wait for a check that hangs.
    pool = ThreadPoolExecutor(max_workers=max(1, len(checks)), thread_name_prefix="readiness")
    try:
        started = time.monotonic()
        running = {name: pool.submit(_timed, check) for name, check in checks.items()}
        return [
            _result(name, future, started, timeout_seconds, essential=name in essential)
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


class ReadinessWatch:
    """What is known of the readiness, for those who ask often: quick, whatever the services do.

    Backends on other machines are asked at most once a minute, and behind the back of whoever asks: he gets what was
    found the last time.

    Args:
        find: Gives the services. A field ``remote_capabilities`` of theirs names what is on other machines: the web can
            serve without it, because taking all web processes out of service would help nobody.
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, find: Callable[[], Any], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        self._local: list[Readiness] = []
        self._local_at = float("-inf")
        self._remote: list[Readiness] = []
        self._ask_again_at = float("-inf")
        self._asking: threading.Thread | None = None

    def current(self) -> list[Readiness]:
        """All capabilities, in the order of the services.

        Raises:
            AppError: the services cannot be built.
        """
        with self._lock:
            services = self._find()
            checks = capabilities(services)
            remote = {name: checks[name] for name in checks if name in _remote(services)}
            if self._clock() - self._local_at > KEPT_SECONDS:
                near = {name: check for name, check in checks.items() if name not in remote}
                self._local = run_checks(near, essential=_essential(services, near))
                self._local_at = self._clock()
            if remote and self._clock() >= self._ask_again_at and self._asking is None:
                self._asking = threading.Thread(target=self._ask, args=(remote,), name="remote-readiness", daemon=True)
                self._asking.start()
            known = {check.capability: check for check in (*self._local, *self._remote)}
        return [known.get(name) or Readiness(name, False, NOT_CHECKED_YET, "", "", 0, False) for name in checks]

    def await_remote(self, timeout_seconds: float) -> None:
        """Wait for an asking that is under way."""
        with self._lock:
            asking = self._asking
        if asking is not None:
            asking.join(timeout_seconds)

    def _ask(self, checks: Mapping[str, Callable[[], None]]) -> None:
        found = run_checks(checks)
        kept = REMOTE_KEPT_SECONDS if all(one.ready for one in found) else REMOTE_FAILURE_KEPT_SECONDS
        with self._lock:
            self._remote = found
            self._ask_again_at = self._clock() + kept
            self._asking = None


def _remote(services: object) -> Collection[str]:
    named: Collection[str] = getattr(services, "remote_capabilities", ())
    return named


def _essential(services: object, checks: Collection[str]) -> set[str]:
    remote = _remote(services)
    return {
        name
        for name in checks
        if name not in WARNING_ONLY and name not in remote and getattr(getattr(services, name), "essential", True)
    }


def _timed(check: Callable[[], None]) -> tuple[int, Exception | None]:
    """How many milliseconds it took, and what it raised."""
    started = time.monotonic()
    try:
        check()
    except Exception as error:  # a check must never take the others down
        return round((time.monotonic() - started) * 1000), error
    return round((time.monotonic() - started) * 1000), None


def _result(
    name: str,
    future: Future[tuple[int, Exception | None]],
    started: float,
    timeout_seconds: float,
    *,
    essential: bool,
) -> Readiness:
    try:
        milliseconds, error = future.result(timeout=max(0.0, started + timeout_seconds - time.monotonic()))
    except FutureTimeoutError:
        message = f"No answer within {timeout_seconds:.0f} seconds."
        remedy = "Look at the load of that service."
        return Readiness(name, False, "timeout", message, remedy, round(timeout_seconds * 1000), essential)
    if error is None:
        return Readiness(name, True, "ready", "", "", milliseconds, essential)
    if isinstance(error, AppError):
        return Readiness(name, False, error.code, error.message_for_user, error.remedy, milliseconds, essential)
    reference = new_reference()
    _log.error("readiness-check-failed", capability=name, reference=reference, exc_info=error)
    remedy = f"Look up {reference} in the log."
    return Readiness(name, False, "unexpected", "The check itself failed.", remedy, milliseconds, essential)
