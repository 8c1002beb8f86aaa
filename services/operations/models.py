"""What is kept of calls that cost money, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.ports.model_calls import ModelCall


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call as it is kept: its attribution is filled in.

    Attributes:
        cost_usd: None when it is not known; never 0 for that.
    """

    at: datetime
    call: ModelCall
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class SpendDay:
    """A day as somebody's calendar has it: from ``begin`` until before ``end``."""

    day: date
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class SpendRow:
    """The calls of one day that are alike.

    Attributes:
        failed: Those of the calls that ended in an error.
        unknown_costs: Those of the calls whose cost is not known; they are not in ``cost_usd``.
        units: See :class:`services.ports.model_calls.ModelCall`.
    """

    day: date
    tenant_id: str
    username: str
    purpose: str
    backend: str
    model: str
    calls: int
    failed: int
    unknown_costs: int
    input_tokens: int
    output_tokens: int
    images: int
    units: int
    cost_usd: float
