"""Calls of models and paid services: who is told about them, and on whose behalf they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Attribution:
    """On whose behalf calls are made.

    Attributes:
        purpose: What for: ``answers``, ``knowledge``, ``backgrounds``, ``surveys``, ``models``; empty when unknown.
        username: Empty for work that nobody asked for, such as a schedule's.
    """

    tenant_id: str = ""
    username: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call that was made, whatever came of it.

    Attributes:
        backend: The value of the setting that chose it, such as ``bedrock`` or ``rekognition``.
        operation: Of the service's API, such as ``ConverseStream``.
        model: The full id as it was sent, with region and profile prefix; the endpoint's name on SageMaker; empty for
            services without models.
        region: Where it ran; empty where the backend has none.
        outcome: ``ok``, or the code of the error.
        attempts: Requests that were sent, repeats after throttling included.
        input_tokens, output_tokens: As the provider counted; 0 when it did not say.
        images: Pictures that were made or looked at.
        units: Of services that are billed by the piece: requests, or 100 characters, as their price list counts.
        variant: Which of the model's prices for pictures holds, as the price table writes it, such as
            ``1024 premium``; empty where it has one price.
        milliseconds: From asking to the end of the reply.
        attribution: Filled in from :func:`current_attribution` by whoever records, when None.
    """

    backend: str
    operation: str
    model: str
    outcome: str = "ok"
    region: str = ""
    attempts: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    units: int = 0
    variant: str = ""
    milliseconds: float = 0.0
    attribution: Attribution | None = None


class ModelCallRecorder(Protocol):
    """Keeps what calls were made, what they cost, and, where it is set, what was said."""

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        """Keep it. Never raises: what could not be kept is logged, and the caller goes on.

        Args:
            request, reply: JSON-able, or bytes in it, which are replaced by their size and hash; personal data in
                their texts is masked before anything is kept. None for what there was none of.
        """
        ...


class NoRecorder:
    """Keeps nothing: for scripts and tests."""

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        """Forget it."""


_NOBODY = Attribution()
_current: ContextVar[Attribution] = ContextVar("frontline_attribution", default=_NOBODY)


def current_attribution() -> Attribution:
    """On whose behalf this thread, or task, works now."""
    return _current.get()


@contextmanager
def attributed(
    *, tenant_id: str | None = None, username: str | None = None, purpose: str | None = None
) -> Iterator[None]:
    """Attribute the calls that are made inside; what is None stays as it is outside."""
    given = {"tenant_id": tenant_id, "username": username, "purpose": purpose}
    token = _current.set(replace(_current.get(), **{name: value for name, value in given.items() if value is not None}))
    try:
        yield
    finally:
        _current.reset(token)
