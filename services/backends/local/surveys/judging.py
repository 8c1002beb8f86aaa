"""From the scores of a response to its topics: the best one, all above their thresholds, or Other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says about one response.

    Attributes:
        topics: Numbers of topics with confidences in [0, 1], the surest first; there is one even in Other.
        belonging: How sure it is that the taxonomy has a topic for it, in [0, 1].
        is_other: Whether no topic fits.
        statement_scores: Shape (statements, topics); which statement carries a topic.
    """

    topics: tuple[tuple[int, float], ...]
    belonging: float
    is_other: bool
    statement_scores: Scores


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a taxonomy ends: a response below the cut is Other.

    Attributes:
        cut: A response with this value belongs with a confidence of one half.
        scale: How much more makes it clearly belong.
    """

    cut: float
    scale: float

    def confidence(self, value: float) -> float:
        """How sure it is that a response belongs, in [0, 1]."""
        return logistic((value - self.cut) / self.scale)


# Of the examples that have topics, so many may fall below the cut: it must not eat what belongs.
LOST_SHARE = 0.02
NARROWEST_SCALE = 0.02
FEWEST_OTHER_EXAMPLES = 5


def fit_belonging(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> Belonging:
    """Learn the cut from values of examples that were left out.

    Args:
        inside: Values of examples with topics.
        outside: Values of examples that a person called Other.
    """
    cut = float(np.quantile(inside, LOST_SHARE))
    if len(outside) >= FEWEST_OTHER_EXAMPLES:
        cut = _best_cut(inside, outside)
    # The median of what belongs gets a confidence of .95.
    return Belonging(cut, max(NARROWEST_SCALE, float(np.median(inside) - cut) / 3))


def _best_cut(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    """Where the fewest examples are on the wrong side, each side counted as a share; the lowest such value."""
    values = np.unique(np.concatenate([inside, outside]))
    middles = np.concatenate([[values[0] - NARROWEST_SCALE], (values[1:] + values[:-1]) / 2])
    # An answer that is wrongly called Other is lost to the analyst; a wrong topic is seen and corrected.
    wrong = [2 * float((inside < middle).mean()) + float((outside >= middle).mean()) for middle in middles]
    return float(middles[int(np.argmin(wrong))])


def logistic(value: float) -> float:
    """The logistic function, safe for any value."""
    return 1 / (1 + math.exp(-value)) if value > -30 else 0.0


def ranked(confidences: dict[int, float]) -> tuple[tuple[int, float], ...]:
    """Topics by falling confidence, equal ones in the taxonomy's order."""
    return tuple(sorted(confidences.items(), key=lambda pair: (-pair[1], pair[0])))
