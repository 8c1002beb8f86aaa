"""What can go wrong at AWS, on demand or in shares, the same for the same seed."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# "throttled", "error" and "unavailable" become the error that the called operation models for it. The others spoil the
# reply: "timeout" sends nothing, "stall" stops in the middle, "cut" closes the connection there, "malformed" cannot be
# read, "empty" has no body, and "hollow" has every member but nothing in it.
KINDS: Final = ("throttled", "error", "unavailable", "timeout", "stall", "cut", "malformed", "empty", "hollow")
EVERY: Final = "*"
DECK: Final = 100


class AwsFault(Exception):  # noqa: N818 - AWS calls them faults too
    """An error reply: raise it in an answer, also in the middle of a stream, or plan it.

    Args:
        code: As AWS names it; modeled or not.
        message: For the caller.
        status: Of HTTP; by default the one of the service's model.
        members: Further members of a modeled error.
    """

    def __init__(
        self, code: str, message: str = "", *, status: int | None = None, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


Fault = AwsFault | str


def end_of_life() -> AwsFault:
    """What Bedrock says of a model that it has taken out of service."""
    return AwsFault(
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        status=404,
    )


def unknown_model() -> AwsFault:
    """What Bedrock says of a model that the region does not have, or nobody."""
    return AwsFault("ValidationException", "The provided model identifier is invalid.", status=400)


def expired_credentials() -> AwsFault:
    """What every service says of a session that is over."""
    return AwsFault("ExpiredTokenException", "The security token included in the request is expired", status=403)


def access_denied(action: str) -> AwsFault:
    """What IAM says of a call that no policy allows.

    Args:
        action: Such as ``bedrock:InvokeModel``.
    """
    user = "arn:aws:sts::123456789012:assumed-role/frontline/app"
    message = (
        f"User: {user} is not authorized to perform: {action} because no identity-based policy allows the {action} "
        "action"
    )
    return AwsFault("AccessDeniedException", message, status=403)


@dataclass(slots=True)
class _Shares:
    throttled: float
    errors: float
    draws: random.Random
    deck: list[Fault | None] = field(default_factory=list)

    def draw(self) -> Fault | None:
        """The next of a shuffled deck, which holds the shares exactly."""
        if not self.deck:
            throttled, failed = round(self.throttled * DECK), round(self.errors * DECK)
            faults: list[Fault | None] = ["throttled"] * throttled
            faults += [self.draws.choice(["error", "unavailable"]) for _ in range(failed)]
            self.deck = faults + [None] * (DECK - len(faults))
            self.draws.shuffle(self.deck)
        return self.deck.pop()


@dataclass(slots=True)
class _Period:
    service: str
    fault: Fault
    ends: float


@dataclass(slots=True)
class FaultPlan:
    """Decides what happens to a call. Single faults go before periods, periods before shares.

    Attributes:
        clock: Seconds; periods are measured with it.
    """

    clock: Callable[[], float] = time.monotonic
    _single: dict[tuple[str, str], deque[Fault]] = field(default_factory=dict)
    _lasting: dict[tuple[str, str], Fault] = field(default_factory=dict)
    _periods: list[_Period] = field(default_factory=list)
    _shares: _Shares | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, service: str, operation: str, fault: Fault, times: int | None = 1) -> None:
        """Spoil the next calls of an operation.

        Args:
            service: As in ``boto3.client(service)``, or ``*``.
            operation: Such as ``Converse``, or ``*``.
            fault: An error, or one of ``KINDS``.
            times: How many calls; None means all of them until ``clear``.
        """
        _check(fault)
        with self._lock:
            if times is None:
                self._lasting[service, operation] = fault
            else:
                self._single.setdefault((service, operation), deque()).extend([fault] * times)

    def share(self, throttled: float = 0.0, errors: float = 0.0, seed: int = 7) -> None:
        """Spoil shares (0 to 1, to the percent) of all calls from now on, exactly so of every 100 in a row.

        The same calls in the same order fail for the same seed.
        """
        if not 0 <= throttled + errors <= 1:
            raise ValueError("The shares must be between 0 and 1 together.")
        with self._lock:
            self._shares = _Shares(throttled, errors, random.Random(seed)) if throttled or errors else None

    def for_seconds(self, service: str, fault: Fault, seconds: float) -> None:
        """Spoil every call of a service (``*``: of all services) until the time is over."""
        _check(fault)
        with self._lock:
            self._periods.append(_Period(service, fault, self.clock() + seconds))

    def clear(self) -> None:
        """Let everything succeed again."""
        with self._lock:
            self._single.clear()
            self._lasting.clear()
            self._periods.clear()
            self._shares = None

    def pending(self) -> int:
        """How many single faults nobody has met so far."""
        with self._lock:
            return sum(len(queue) for queue in self._single.values())

    def take(self, service: str, operation: str) -> Fault | None:
        """What happens to this call; a single fault is used up by it."""
        addresses = [(service, operation), (service, EVERY), (EVERY, operation), (EVERY, EVERY)]
        with self._lock:
            for address in addresses:
                if queue := self._single.get(address):
                    return queue.popleft()
            for address in addresses:
                if (lasting := self._lasting.get(address)) is not None:
                    return lasting
            now = self.clock()
            self._periods = [period for period in self._periods if period.ends > now]
            for period in self._periods:
                if period.service in {service, EVERY}:
                    return period.fault
            return self._drawn()

    def _drawn(self) -> Fault | None:
        return None if self._shares is None else self._shares.draw()


def _check(fault: Fault) -> None:
    if isinstance(fault, str) and fault not in KINDS:
        raise ValueError(f"There is no fault {fault!r}; there are {', '.join(KINDS)} and AwsFault.")
