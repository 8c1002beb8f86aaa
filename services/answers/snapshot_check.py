"""What every new draft goes through before a person looks at it: calibrated, and asked the golden questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.answers.calibration import CalibrationService
from services.answers.golden_runs import GoldenRunService
from services.errors import ConfigurationError, NotFoundError
from services.knowledge.library import KnowledgeService


class SnapshotCheck:
    """Calibrates the bands of a snapshot, then runs the golden questions on it and on what answers now."""

    def __init__(
        self, calibration: CalibrationService, golden_runs: GoldenRunService, knowledge: KnowledgeService
    ) -> None:
        self._calibration = calibration
        self._golden_runs = golden_runs
        self._knowledge = knowledge

    def __call__(self, tenant_id: str, number: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
        """Check one snapshot.

        Args:
            on_progress: Hears the share that is done, 0 to 1.

        Returns:
            How many golden questions there are, how many got better and worse against the version ``against``, and
            whether the bands were calibrated anew.

        Raises:
            AppError: the snapshot could not be searched.
        """
        calibrated = self._calibration.calibrate_unless_it_holds(tenant_id, number)
        on_progress(0.3)
        run = self._golden_runs.run(
            tenant_id, number, on_progress=lambda done, total: on_progress(0.3 + 0.5 * done / max(1, total))
        )
        against = self._answering(tenant_id, number)
        comparison = self._golden_runs.compare(tenant_id, number, against)
        on_progress(1.0)
        return {
            "questions": len(run.outcomes),
            "calibrated": calibrated,
            "against": against,
            "better": len(comparison.better),
            "worse": len(comparison.worse),
        }

    def _answering(self, tenant_id: str, number: int) -> int | None:
        """What answers now, unless it is this snapshot; damage there must not fail the draft that would mend it."""
        try:
            live = self._knowledge.require_published(tenant_id).number
        except (NotFoundError, ConfigurationError):
            return None
        return live if live != number else None
