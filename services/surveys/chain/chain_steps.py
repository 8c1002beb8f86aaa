"""What a step of the chain that asks a model is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from services.surveys.chain.readings import Reading
from services.surveys.chain.step_prompts import StepPrompt


class ChainStep(Protocol):
    """One question to a model about many responses; it knows nothing of calls, batches and repetitions."""

    @property
    def prompt(self) -> StepPrompt: ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of the reply."""
        ...

    @property
    def shared(self) -> Mapping[str, Any]:
        """What every call is given beside its responses, JSON-able."""
        ...

    def given(self, reading: Reading) -> dict[str, Any]:
        """What a call is given of one response, JSON-able; its ``id`` is among it."""
        ...

    def expected_tokens(self, text_tokens: int, statement_count: int) -> int:
        """Rather too many than too few for the entry of a response in the reply."""
        ...

    def read(self, reading: Reading, entry: Mapping[str, Any]) -> Reading:
        """The response with what its entry says, every claim verified. Raises UnusableEntryError."""
        ...


def numbered(statements: list[str]) -> dict[str, str]:
    """Statements as calls are given them, counted from 1."""
    return {str(number): statement for number, statement in enumerate(statements, start=1)}
