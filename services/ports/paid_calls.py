"""What makes sure that a call that costs money is paid for once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PaidAttempt:
    """A call that may be made now.

    Attributes:
        number: From 1; attempts that cost nothing are not counted.
        cut_off: Whether nobody knows what became of the attempt before: its owner neither settled nor abandoned it.
    """

    number: int
    cut_off: bool = False


class PaidCallLedger(Protocol):
    """Remembers calls that cost money, so that the same call is paid once also across crashes and workers.

    A call is named by a key of everything that decides its answer. Between the answer's arrival and ``settle`` a crash
    can still lose it: then the key is free again after ``stale_seconds``, and the next attempt says that the one before
    was cut off, so that the call would perhaps be paid twice. An owner that begins again has crashed in between: it
    gets the key at once. What an owner settles or abandons after it lost its claim is ignored.
    """

    def begin(self, tenant_id: str, key: str, owner: str, *, stale_seconds: float) -> Mapping[str, Any] | PaidAttempt:
        """The stored answer, or else an attempt: the caller makes the call.

        Raises:
            BackendThrottledError: somebody else makes this call right now (``call-under-way``).
        """
        ...

    def settle(self, tenant_id: str, key: str, owner: str, answer: Mapping[str, Any]) -> None:
        """Keep the answer, JSON-able."""
        ...

    def abandon(self, tenant_id: str, key: str, owner: str, *, may_have_cost: bool = False) -> None:
        """The call failed: the key is free at once.

        Args:
            may_have_cost: Whether the reply was lost, so that nobody knows: the attempt then counts.
        """
        ...

    def forget(self, tenant_id: str, owner_prefix: str) -> None:
        """Forget the calls of owners whose names begin so, with their answers: what they were for was deleted."""
        ...
