"""The few hundred numbers that were learned from photos with known subjects: ridge regressions over our features.

``python -m bench.matte_training`` makes the file again; docs/decisions/0009-mattes.md tells from what.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("learned.json")


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """A linear regression on standardized features.

    Attributes:
        means: (features,), as the other two.
        scales: Standard deviations.
        weights: Of the standardized features.
    """

    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """(rows,) values of (rows, features)."""
        # Features far outside of what was learned from say no more than the extreme ones.
        standard = np.clip((features - self.means) / self.scales, -5, 5)
        return (standard @ self.weights + self.intercept).astype(np.float32)


@cache
def learned(name: str) -> Ridge:
    """One of the regressions.

    Args:
        name: ``automatic`` or ``boxed``: is this patch the subject? ``quality`` or ``network_quality``: how good is
            this mask, of the search or of a network?
    """
    values = json.loads(FILE.read_text(encoding="utf-8"))[name]
    means, scales, weights = (np.array(values[part], np.float64) for part in ("means", "scales", "weights"))
    return Ridge(means, scales, weights, float(values["intercept"]))
