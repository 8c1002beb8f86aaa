"""The method without weights for photos of any kind: a learned guess, several GrabCuts from it, and their vote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from services.backends.local.mattes.graph_cut import graph_cut, with_hints
from services.backends.local.mattes.hints import DROP, KEEP
from services.backends.local.mattes.learned import Ridge, learned
from services.backends.local.mattes.patch_features import WHOLE, Frame, describe
from services.backends.local.mattes.scene import Floats, Mask, Pixels, Scene, read_scene, reduced

VOTE_SIDE = 240
"""The longer side at which the candidates are cut; the vote's edge is then cut once more at the scene's size."""

STARTS = ((0.3, 0.75, 0.93), (0.5, 0.75, 0.9))
"""Shares of the pixels that are surely background, rather background, and below surely subject, by the guess."""

BOXED_START = (0.2, 0.45, 0.8)
"""The same among the pixels inside a box."""

BOXED_LEVELS = (0.2, 0.4, 0.65)
"""The same as values of the guess, which a box makes sure enough for that."""

BOXED_WEIGHTS = (3, 1, 1)
"""With a box the first candidate decides where the edge is looked at again; then the result and the first two vote."""

INSET = 0.12
Levels = tuple[float, float, float]
STROKE_REACH = 12.0
STROKE_PULL = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A subject at the reduced size.

    Attributes:
        mask: (height, width).
        guess: (height, width): the learned guess, about 0 to 1.
        votes: The candidates, each (height, width).
    """

    mask: Mask
    guess: Floats
    votes: tuple[Mask, ...]


def search_subject(
    rgb: Pixels, hinted: Pixels | None = None, *, boxed: bool = False, regression: Ridge | None = None
) -> Found:
    """Find the subject in a reduced picture.

    Args:
        rgb: (height, width, 3).
        hinted: (height, width) of OPEN, DROP and KEEP: see :func:`services.backends.local.mattes.hints.hint_map`.
        boxed: Whether what is DROP surrounds boxes that hold the subject.
        regression: In place of the learned one, to measure how well learning goes.
    """
    scene = read_scene(rgb)
    outside, frame = scene.border, WHOLE
    if boxed and hinted is not None:
        beyond = scene.average(hinted == DROP) > 0.5
        outside = beyond if beyond.any() else outside
        frame = frame_of(hinted != DROP)
    regression = regression or learned("boxed" if boxed else "automatic")
    guess = regression(describe(scene, outside, frame))
    strokes = hinted is not None and bool((hinted == KEEP).any() or (not boxed and (hinted == DROP).any()))
    if strokes and hinted is not None:
        guess = _pulled(scene, guess, hinted)
    likely = scene.spread_out(guess)
    votes = _candidates(rgb, likely, hinted, boxed=boxed)
    share = np.average(votes, axis=0, weights=BOXED_WEIGHTS if boxed and len(votes) == 3 else None).astype(np.float32)
    wide = cv2.GaussianBlur(share, (0, 0), 6.0 if strokes else 3.0)
    start = np.where(share > 0.5, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    start[(wide > 0.1) & (wide < 0.5)] = cv2.GC_PR_BGD
    start[(wide >= 0.5) & (wide < 0.9)] = cv2.GC_PR_FGD
    mask = graph_cut(rgb, with_hints(start, hinted), 1)
    if boxed and len(votes) > 1:
        mask = np.sum([mask, *votes[:2]], axis=0) >= 2
    return Found(mask, likely, tuple(votes))


def frame_of(inside: Mask) -> Frame:
    """The bounds of what is inside, in shares."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return WHOLE
    height, width = inside.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def _candidates(rgb: Pixels, likely: Floats, hinted: Pixels | None, *, boxed: bool) -> list[Mask]:
    if hinted is not None and (hinted == DROP).all():
        return [np.zeros(likely.shape, bool)]

    def cut(start: Callable[[Floats, Mask], Pixels], rounds: int, side: int = VOTE_SIDE) -> Mask:
        """One candidate, cut at this longer side."""
        small = reduced(rgb, side)
        size = small.shape[1], small.shape[0]
        guess = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_AREA), np.float32)
        hints = (
            None if hinted is None else np.asarray(cv2.resize(hinted, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        )
        allowed = np.ones(guess.shape, bool) if hints is None else np.asarray(hints != DROP)
        mask = graph_cut(small, with_hints(start(guess, allowed), hints), rounds).astype(np.float32)
        full = likely.shape[1], likely.shape[0]
        return np.asarray(cv2.resize(mask, full, interpolation=cv2.INTER_LINEAR) > 0.5)

    def by_rank(shares: Levels) -> Callable[[Floats, Mask], Pixels]:
        return lambda guess, allowed: _start(guess, allowed, _levels(guess, allowed, shares))

    if boxed:
        by_value = cut(lambda guess, allowed: _start(guess, allowed, BOXED_LEVELS), 2, max(likely.shape))
        return [by_value, cut(by_rank(BOXED_START), 2), cut(lambda guess, _: _inset(guess, 0), 2)]
    return [*(cut(by_rank(shares), 2) for shares in STARTS), cut(lambda guess, _: _inset(guess, INSET), 2)]


def _levels(guess: Floats, allowed: Mask, shares: Levels) -> Levels:
    if not allowed.any():
        return 0.0, 0.0, 0.0
    low, center, high = (float(value) for value in np.quantile(guess[allowed], shares))
    return low, center, high


def _start(guess: Floats, allowed: Mask, levels: Levels) -> Pixels:
    low, center, high = levels
    start = np.where(guess > center, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    start[guess <= low] = cv2.GC_BGD
    start[guess > high] = cv2.GC_FGD
    start[~allowed] = cv2.GC_BGD
    return start


def _inset(guess: Floats, share: float) -> Pixels:
    start = np.zeros(guess.shape, np.uint8)
    top, left = (max(int(side * share), 1) if share else 0 for side in guess.shape)
    start[top : guess.shape[0] - top, left : guess.shape[1] - left] = cv2.GC_PR_FGD
    return start


def _pulled(scene: Scene, guess: Floats, hinted: Pixels) -> Floats:
    """The guess, pulled up along surfaces that a keeping stroke touches and down along those of dropping ones."""
    steps = np.linalg.norm(scene.means[scene.neighbors[:, 0]] - scene.means[scene.neighbors[:, 1]], axis=1)
    rows, columns = scene.neighbors.T
    graph = coo_matrix((np.maximum(steps - 3, 0) + 0.5, (rows, columns)), shape=(scene.count, scene.count)).tocsr()
    pulled = guess.astype(np.float64)
    for value, direction in ((KEEP, 1.0), (DROP, -1.0)):
        touched = np.flatnonzero(scene.average(hinted == value) > 0.15)
        if len(touched):
            distance = dijkstra(graph, directed=False, indices=touched, min_only=True)
            pulled += direction * STROKE_PULL * np.exp(-distance / STROKE_REACH)
    return pulled.astype(np.float32)
