"""What a segmentation network sees in a picture, and what a second look says about how good that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.backends.local.mattes.learned import learned
from services.backends.local.mattes.mask_signals import intersection_over_union
from services.backends.local.mattes.network import SegmentationNetwork
from services.images.mask_models import MaskDoubt

VIEW_SIGNALS = ("agreement", "difference", "unsure", "sure", "levels", "peak", "soft")
"""Of two looks: how far they agree, two ways. Of their mean: pixels in doubt and beyond doubt; agreement of a low and a
high cut; the usual value within the subject; how far the values are from yes or no."""

EXPECTED_CUT = 0.85
"""A mask whose expected overlap with the truth is below this is marked."""

MOST_DIFFERENCE = 5.0
"""More says no more; a tiny subject would else outweigh everything that is learned from."""

REASONS = {
    MaskDoubt.UNSTABLE: ("agreement", "difference"),
    MaskDoubt.UNCLEAR: ("unsure", "sure", "levels", "peak", "soft"),
}
"""Which signals speak for which doubt."""

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkView:
    """Where the network sees the subject.

    Attributes:
        subject: (height, width) at the network's own size, 0 to 1.
        signals: The values of ``VIEW_SIGNALS``; None where it sees no subject.
    """

    subject: Floats
    signals: NDArray[np.float64] | None


def view(network: SegmentationNetwork, rgb: Pixels) -> NetworkView:
    """Let a network look at a picture twice.

    Raises:
        BackendError: see :meth:`SegmentationNetwork.probability`.
    """
    subject = network.probability(rgb)
    if not (subject > 0.5).any():
        return NetworkView(subject, None)
    second = network.second_look(rgb)
    both = np.asarray((subject + second) / 2, np.float32)
    inside = np.asarray(both > 0.5)
    total = float(both.sum())
    signals = (
        intersection_over_union(np.asarray(subject > 0.5), np.asarray(second > 0.5)),
        min(float(np.abs(subject - second).sum()) / total, MOST_DIFFERENCE),
        min(float(((both > 0.15) & (both < 0.85)).sum()) / max(float(inside.sum()), 1.0), MOST_DIFFERENCE),
        float(both[both > 0.9].sum()) / total,
        intersection_over_union(np.asarray(both > 0.3), np.asarray(both > 0.7)),
        float(np.median(both[inside])) if inside.any() else 0.0,
        float((both * (1 - both)).sum()) / total,
    )
    return NetworkView(subject, np.array(signals))


def view_doubts(seen: NetworkView) -> tuple[MaskDoubt, ...]:
    """Doubts about the mask where it is expected to be bad: those whose signals speak most against it."""
    if seen.signals is None:
        return (MaskDoubt.UNCLEAR,)
    quality = learned("network_quality")
    if float(quality(seen.signals[None])[0]) >= EXPECTED_CUT:
        return ()
    # How much each signal lowers the expectation below that of an ordinary mask.
    against = -np.clip((seen.signals - quality.means) / quality.scales, -5, 5) * quality.weights
    totals = {
        doubt: float(sum(against[VIEW_SIGNALS.index(name)] for name in names)) for doubt, names in REASONS.items()
    }
    worst = max(totals.values())
    return tuple(doubt for doubt, total in totals.items() if total == worst or total > max(0.5 * worst, 0.02))
