"""What the log of calls that cost money needs from the outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from services.operations.models import KeptCall, SpendDay, SpendRow


class ModelCallLog(Protocol):
    """Keeps calls, none of their words, and sums them up."""

    def keep(self, calls: Sequence[KeptCall]) -> None:
        """Add these.

        Raises:
            BackendError: the database did not answer; none of them was kept.
        """
        ...

    def spend(self, days: Sequence[SpendDay], tenant_ids: Collection[str]) -> list[SpendRow]:
        """The calls of these tenants on these days, summed up per tenant, user, purpose, backend and model.

        Args:
            tenant_ids: An empty id stands for calls that belong to no tenant.

        Raises:
            BackendError: the database did not answer.
        """
        ...

    def forget_before(self, moment: datetime) -> int:
        """Delete older calls; how many there were.

        Raises:
            BackendError: the database did not answer.
        """
        ...
