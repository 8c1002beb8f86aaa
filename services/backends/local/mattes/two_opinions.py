"""A plain backdrop and a network both say where the subject is: which of them to follow, and whether to doubt it.

The backdrop draws finer edges, thin parts and openings that a network at 320 pixels does not see. It is wrong where a
subject has the backdrop's color, and where a hard shadow falls on it; both show as a difference in the outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.backends.local.mattes.backdrop import without_openings
from services.backends.local.mattes.scene import Mask

TOLERANCE = 2
"""Pixels at the backdrop's size that the two outlines may lie apart: the network's own pixels are about so large."""

MOST_LOST = 0.02
"""Of what the network sees, so much may lie beyond the backdrop's outline; more means that the backdrop lost a part."""

MOST_ADDED = 0.3
"""Of what stands before the backdrop, so much may be missed by the network; more is rather a shadow or a prop."""

SHADOW_SHARE = 0.6
"""A part is a shadow where so many of its pixels look like one."""

SAME = 0.03
SAME_ADDED = 0.12
"""Differences up to these need nobody's look; a network misses thin parts now and then."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two masks of the same size differ, in shares.

    Attributes:
        lost: Of what the network sees: what lies beyond the backdrop's outline.
        added: Of what stands before the backdrop: what the network does not see.
        opened: Of what the network sees: openings through which the backdrop shows.
    """

    lost: float
    added: float
    opened: float

    @property
    def follow_backdrop(self) -> bool:
        """Whether the backdrop's mask is the one to use."""
        return self.lost <= MOST_LOST and self.added <= MOST_ADDED

    @property
    def same(self) -> bool:
        """Whether both see the same subject, so that nobody need look."""
        return max(self.lost, self.opened) <= SAME and self.added <= SAME_ADDED


def compare(before_backdrop: Mask, by_network: Mask) -> Comparison:
    """Compare what stands before a plain backdrop with what a network sees, both (height, width)."""
    outline = without_openings(before_backdrop)
    seen, standing = max(int(by_network.sum()), 1), max(int(before_backdrop.sum()), 1)
    return Comparison(
        lost=int((by_network & ~_grown(outline)).sum()) / seen,
        added=int((before_backdrop & ~_grown(by_network)).sum()) / standing,
        opened=int((by_network & outline & ~_grown(before_backdrop)).sum()) / seen,
    )


def _grown(mask: Mask) -> Mask:
    side = 2 * TOLERANCE + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0, np.bool_)


def without_shadows(before_backdrop: Mask, by_network: Mask, looks_shaded: Mask) -> Mask:
    """Leave out of the backdrop's mask what the network does not see and what looks like a shadow: (height, width)."""
    added = before_backdrop & ~_grown(by_network)
    count, numbered = cv2.connectedComponents(added.astype(np.uint8), connectivity=8)
    sizes = np.bincount(numbered.ravel(), minlength=count)
    dark = np.bincount(numbered[looks_shaded], minlength=count)
    shadows = dark >= SHADOW_SHARE * sizes
    shadows[0] = False
    return np.asarray(before_backdrop & ~shadows[numbered], np.bool_)
