"""Hand-written stand-ins for who hears of calls of models."""

from __future__ import annotations

from typing import Any

from services.ports.model_calls import ModelCall, current_attribution


class RememberingRecorder:
    """ModelCallRecorder that remembers.

    Attributes:
        calls: All that were recorded.
        tenants: On whose behalf they were made.
    """

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.tenants: set[str] = set()

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)
        self.tenants.add(current_attribution().tenant_id)
