"""Slows down guessing: at most a few failed sign-ins per account and per address within a window."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.errors import AccessError
from services.ports.access import SignInFailureRepository


@dataclass(frozen=True, slots=True)
class ThrottleLimits:
    """How many failures within the window are allowed before sign-in is refused."""

    per_account: int = 5
    per_address: int = 20
    window_minutes: int = 15


class SignInThrottle:
    """Counts failures under keyed hashes, so that the table tells nobody who failed from where.

    Args:
        failures: Where failures are kept.
        key: Secret of the hashes.
        limits: When to refuse.
    """

    def __init__(self, failures: SignInFailureRepository, key: bytes, limits: ThrottleLimits | None = None) -> None:
        self._failures = failures
        self._key = key
        self._limits = limits or ThrottleLimits()

    def begin(self, username: str, address: str, now: datetime) -> None:
        """Count an attempt as failed until :meth:`succeeded` says otherwise.

        Counting before the password is checked leaves no gap for many attempts at the same moment.

        Raises:
            AccessError: ``too-many-sign-ins``; the remedy says how long to wait.
        """
        account_hash, address_hash = self._hash("account", username), self._hash("address", address)
        # A refused attempt is not counted, or waiting would never end for someone who keeps trying.
        self._refuse(account_hash, address_hash, now, spare=1)
        self._failures.record_failure(account_hash, address_hash, now)
        self._refuse(account_hash, address_hash, now, spare=0)

    def succeeded(self, username: str, now: datetime) -> None:
        """Forget the failures of this account, and whatever is older than the window."""
        self._failures.clear_account(self._hash("account", username))
        self._failures.delete_failures(now - self._window)

    @property
    def _window(self) -> timedelta:
        return timedelta(minutes=self._limits.window_minutes)

    def _refuse(self, account_hash: str, address_hash: str, now: datetime, *, spare: int) -> None:
        since = now - self._window
        waits = [
            _wait(self._failures.failures_of_account(account_hash, since), self._limits.per_account - spare),
            _wait(self._failures.failures_of_address(address_hash, since), self._limits.per_address - spare),
        ]
        ends = [end for end in waits if end is not None]
        if ends:
            remaining = max(ends) + self._window - now
            raise AccessError(
                "Too many failed sign-ins.",
                code="too-many-sign-ins",
                remedy=f"Wait {duration_in_words(remaining)}, then try again.",
            )

    def _hash(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def _wait(failures: list[datetime], allowed: int) -> datetime | None:
    """The failure that must leave the window before the next attempt, if there are more than allowed."""
    return failures[-allowed - 1] if len(failures) > allowed else None


def duration_in_words(duration: timedelta) -> str:
    """A wait as a person says it, rounded up: "about 12 minutes"."""
    seconds = max(1, round(duration.total_seconds()))
    if seconds <= 60:
        return "about a minute"
    return f"about {-(-seconds // 60)} minutes"
