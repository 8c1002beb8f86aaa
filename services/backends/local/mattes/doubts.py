"""Which masks a person should look at, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from services.backends.local.mattes.learned import learned
from services.backends.local.mattes.mask_signals import SIGNALS, measure_signals
from services.backends.local.mattes.scene import Mask, Pixels
from services.images.mask_models import MaskDoubt, Region

if TYPE_CHECKING:
    from services.backends.local.mattes.subject_search import Found

TINY_SHARE = 0.003
HUGE_SHARE = 0.85
MOST_FRAGMENTS = 8
EXPECTED_CUT = 0.75
"""A mask whose expected overlap with the truth is below this is marked."""

REASONS = {
    MaskDoubt.UNSTABLE: ("agreement",),
    MaskDoubt.COLORS_OVERLAP: (
        "overlap",
        "edge_contrast",
        "edge_strength",
        "guess_inside",
        "guess_outside",
        "correlation",
    ),
    MaskDoubt.TOUCHES_BORDER: ("border", "sides"),
    MaskDoubt.FRAGMENTS: ("fragments", "largest_share", "outline", "solidity"),
}
"""Which signals speak for which doubt."""


def certain_doubts(mask: Mask, regions: tuple[Region, ...], method: str) -> tuple[MaskDoubt, ...]:
    """What can be said of any mask, however it was made."""
    share = float(mask.mean())
    if not regions or share == 0:
        return (MaskDoubt.EMPTY,)
    doubts = []
    if share < TINY_SHARE:
        doubts.append(MaskDoubt.TINY)
    if method == "own-alpha":
        return tuple(doubts)
    if share > HUGE_SHARE:
        doubts.append(MaskDoubt.HUGE)
    if touched_sides(mask) >= 3:
        doubts.append(MaskDoubt.TOUCHES_BORDER)
    if len(regions) > MOST_FRAGMENTS:
        doubts.append(MaskDoubt.FRAGMENTS)
    return tuple(doubts)


def learned_doubts(rgb: Pixels, found: Found) -> tuple[MaskDoubt, ...]:
    """Doubts about a mask of the search, where it is expected to be bad: those whose signals speak most against it.

    Args:
        rgb: (height, width, 3), the reduced picture that was searched.
    """
    if not found.mask.any() or found.mask.all():
        return (MaskDoubt.UNSTABLE,)
    signals = measure_signals(rgb, found.mask, found.guess, found.votes)
    quality = learned("quality")
    values = np.array([signals[name] for name in SIGNALS])
    if float(quality(values[None])[0]) >= EXPECTED_CUT:
        return ()
    # How much each signal lowers the expectation below that of an ordinary mask.
    against = -np.clip((values - quality.means) / quality.scales, -5, 5) * quality.weights
    totals = {doubt: float(sum(against[SIGNALS.index(name)] for name in names)) for doubt, names in REASONS.items()}
    worst = max(totals.values())
    return tuple(doubt for doubt, total in totals.items() if total == worst or total > max(0.5 * worst, 0.02))


def touched_sides(mask: Mask) -> int:
    """How many sides of the picture the mask runs along for more than a twentieth of their length."""
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return int(np.sum([side.mean() > 0.05 for side in sides]))
