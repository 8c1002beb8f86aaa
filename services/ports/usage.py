"""What usage figures need from the outside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from services.usage.models import AnswerFact


class UsageRepository(Protocol):
    """Reads facts about kept answers; never their words."""

    def answer_facts(self, tenant_id: str, since: datetime, until: datetime) -> Iterator[AnswerFact]:
        """Answers of all agents of a tenant asked at or after ``since`` and before ``until``, by time.

        Raises:
            BackendError: the database did not answer.
        """
        ...
