"""Language models that answer with JSON of a given shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class StopReason(StrEnum):
    """Why a reply ended."""

    COMPLETE = "complete"
    LENGTH = "length"  # it was cut at the limit of its tokens
    REFUSED = "refused"  # the model or a filter before it would not answer


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call.

    Attributes:
        system: The instructions. Nothing that a respondent wrote stands here.
        user: The material.
        schema_name: Letters, digits and ``_``.
        schema: JSON Schema of the reply, an object at the top, no additional properties, everything required: what
            strict modes of the providers have in common.
        most_output_tokens: The reply is cut there.
    """

    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    most_output_tokens: int


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What came back.

    Attributes:
        text: As it came; meant to be JSON of the schema, which callers check: models break their word.
        input_tokens, output_tokens: As the provider counted; 0 when it did not say.
    """

    text: str
    stop_reason: StopReason
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What a model takes, and what it costs.

    Attributes:
        context_tokens: Input and output together.
        most_output_tokens: Of one reply.
        input_price, output_price: US dollars per million tokens; None when nobody told.
    """

    context_tokens: int = 32_000
    most_output_tokens: int = 4_000
    input_price: float | None = None
    output_price: float | None = None


class LanguageModel(Protocol):
    """Answers a request with text. Safe to call from many threads; it does not try again by itself.

    Attributes:
        name: Of the backend, such as ``openai``.
        model: Which model it asks.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def limits(self) -> ModelLimits: ...

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once.

        Raises:
            BackendThrottledError, BackendUnavailableError, BackendTimeoutError: it may work later.
            BackendRejectedError, BackendMisconfiguredError: it will not.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError or ConfigurationError when a call would fail now."""
        ...
