"""What models a provider has, and asking one of them to see what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Lifecycle(StrEnum):
    """Whether a model may be relied upon."""

    ACTIVE = "active"
    LEGACY = "legacy"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model of a region.

    Attributes:
        id: The foundation model's, without a profile's prefix.
        inputs, outputs: ``text``, ``image``, ``embedding`` and the like.
        on_demand: Whether it is called by this id; others need one of the profiles.
        profiles: Ids of the inference profiles that lead to it.
        legacy_at, ends_at: When it becomes, or became, legacy, and when it ends or ended; None where nobody says.
    """

    id: str
    name: str
    provider: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    streaming: bool = False
    on_demand: bool = True
    profiles: tuple[str, ...] = ()
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    legacy_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def callable_ids(self) -> tuple[str, ...]:
        """The ids that requests may name, profiles last."""
        return (*((self.id,) if self.on_demand else ()), *self.profiles)


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """Whether this account may use a model.

    Attributes:
        reason: What is missing, as one sentence; empty when nothing is.
    """

    granted: bool
    reason: str = ""


class ModelCatalogue(Protocol):
    """The models of a region; asked rarely, so adapters may keep a list for some minutes."""

    @property
    def region(self) -> str:
        """Raises ConfigurationError (``aws-region-missing``)."""
        ...

    def models(self, *, fresh: bool = False) -> Sequence[CatalogueModel]:
        """All of them, by provider and name.

        Args:
            fresh: Ask again, whatever is kept.

        Raises:
            BackendError: the provider did not answer, or does not let us.
        """
        ...

    def access_to(self, model_id: str) -> ModelAccess:
        """Whether the account may use the foundation model of this id.

        Raises:
            BackendError: as above; BackendMisconfiguredError (``model-unknown``) when there is no such model.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrialReply:
    """What a model said to a prompt.

    Attributes:
        seconds: From asking to the end of the reply.
        input_tokens, output_tokens: As the provider counted; 0 when it did not say.
        cut_short: Whether it stopped at the longest reply.
    """

    text: str
    seconds: float
    input_tokens: int
    output_tokens: int
    cut_short: bool = False


class PromptTrial(Protocol):
    """Asks a text model once."""

    def ask(self, model_id: str, prompt: str, *, most_output_tokens: int) -> TrialReply:
        """The reply to one prompt, without any instruction besides.

        Raises:
            BackendError: the model did not answer, refused, or may not be used.
        """
        ...


class CallerIdentity(Protocol):
    """Who this process is to the provider."""

    def describe(self) -> str:
        """Account and role in words, the account's number masked but for its end.

        Raises:
            BackendError: there are no credentials, or they are not accepted.
        """
        ...
