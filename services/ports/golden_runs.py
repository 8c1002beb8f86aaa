"""Where runs of the golden questions are kept."""

from __future__ import annotations

from typing import Protocol

from services.answers.golden_models import GoldenRun


class GoldenRunRepository(Protocol):
    """Runs of all tenants. Each call is one transaction. A run goes with its snapshot."""

    def save_run(self, run: GoldenRun) -> None:
        """Keep a run; of one snapshot's runs only the newest few stay."""
        ...

    def latest_run(self, tenant_id: str, snapshot: int) -> GoldenRun | None:
        """The newest run on this snapshot; None when there is none."""
        ...
