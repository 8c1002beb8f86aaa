"""A survey that was loaded, as lists know it; its rows are in :mod:`services.surveys.prepared`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.surveys.prepared_facts import SurveyFacts


@dataclass(frozen=True, slots=True)
class Survey:
    """One loaded survey.

    Attributes:
        title: What people call it; not empty.
        file: Name of the prepared survey in the storage.
        facts: What stands in that file's head, so that lists need not open it.
        earlier_wave_id: The survey that asked the same before; None when this is the first wave.
    """

    id: str
    tenant_id: str
    username: str
    title: str
    created_at: datetime
    file: str
    facts: SurveyFacts
    earlier_wave_id: str | None = None
