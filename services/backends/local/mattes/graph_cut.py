"""GrabCut at the reduced size, from a guess of where the subject is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.backends.local.mattes.hints import DROP, KEEP

SEED = 7
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
NO_RECTANGLE = (0, 0, 1, 1)  # a start by mask does not look at it
FEWEST_PIXELS = 12
"""GrabCut models each side with five colors; with fewer pixels there is nothing to learn."""


def graph_cut(rgb: Pixels, guess: Pixels, rounds: int) -> Mask:
    """The subject by GrabCut.

    Args:
        rgb: (height, width, 3), reduced.
        guess: (height, width) of cv2.GC_BGD, GC_FGD, GC_PR_BGD, GC_PR_FGD.
        rounds: How often colors are learned and the cut is made anew.

    Returns:
        (height, width) mask; the guess itself where one side has too few pixels.
    """
    inside = (guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD)
    if min(int(inside.sum()), int((~inside).sum())) < FEWEST_PIXELS:
        return np.asarray(inside)
    labels = guess.copy()
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    # The colors are clustered from random starts: the same seed in this thread makes them repeatable.
    cv2.setRNGSeed(SEED)
    cv2.grabCut(rgb[..., ::-1].copy(), labels, NO_RECTANGLE, background, foreground, rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


def with_hints(guess: Pixels, hinted: Pixels | None) -> Pixels:
    """The guess with what people said as certain."""
    if hinted is None:
        return guess
    fixed = guess.copy()
    fixed[hinted == DROP] = cv2.GC_BGD
    fixed[hinted == KEEP] = cv2.GC_FGD
    return fixed
