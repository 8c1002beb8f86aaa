"""What tells the patches of a subject from those of its background: place, contrast, and ties to the surroundings."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from services.backends.local.mattes.scene import Floats, Mask, Scene

SIDES = 4
COLOR_SIGMA = 10.0
FLAT_STEP = 3.0
"""Steps of color below this are the grain of one surface."""

Frame = tuple[float, float, float, float]
"""Left, top, right, bottom in shares of the scene: the subject is looked for inside."""

WHOLE: Frame = (0.0, 0.0, 1.0, 1.0)
FloatRows = NDArray[np.float64]


def describe(scene: Scene, outside: Mask, frame: Frame = WHOLE) -> Floats:
    """(patches, features) for the learned guess.

    Args:
        outside: (patches,): what is taken for background: the border's patches, or all those outside a box.
        frame: Places are told relative to it.
    """
    colors = np.linalg.norm(scene.means[:, None] - scene.means[None], axis=2)
    apart = np.linalg.norm(scene.centers[:, None] - scene.centers[None], axis=2)
    steps = colors[scene.neighbors[:, 0], scene.neighbors[:, 1]]
    places = _places(scene, frame)
    sides = _sides(scene, outside, frame)
    columns: list[NDArray[np.floating]] = [places, scene.means / 50, _surface(scene)]
    ties, background, weighted = _connectivity(scene, colors, apart, steps, outside)
    optimized = _optimized(scene, steps, weighted, background)
    columns += [ties, _ranked(weighted), _ranked(optimized), optimized]
    columns += [_walks(scene, steps, sides, outside), _side_contrasts(scene, colors, sides, outside)]
    columns += [_rarity(scene, colors, apart), _ranking(scene, steps, sides)]
    return np.concatenate([column.reshape(scene.count, -1).astype(np.float32) for column in columns], axis=1)


def _places(scene: Scene, frame: Frame) -> FloatRows:
    left, top, right, bottom = frame
    x = (scene.centers[:, 0] - left) / max(right - left, 1e-3) * 2 - 1
    y = (scene.centers[:, 1] - top) / max(bottom - top, 1e-3) * 2 - 1
    height, width = scene.patch_map.shape
    aspect = np.full_like(x, np.log(width * (right - left) / max(height * (bottom - top), 1e-3)))
    return np.stack([np.abs(x), y, np.hypot(x, y), np.maximum(np.abs(x), np.abs(y)), aspect, scene.border], axis=1)


def _sides(scene: Scene, outside: Mask, frame: Frame) -> list[Mask]:
    """The background's patches to the left, top, right and bottom; never empty where there is any outside."""
    left, top, right, bottom = frame
    x = (scene.centers[:, 0] - left) / max(right - left, 1e-3) * 2 - 1
    y = (scene.centers[:, 1] - top) / max(bottom - top, 1e-3) * 2 - 1
    wide = np.abs(x) >= np.abs(y)
    found = [outside & wide & (x < 0), outside & ~wide & (y < 0), outside & wide & (x >= 0), outside & ~wide & (y >= 0)]
    return [side if side.any() else outside for side in found]


def _surface(scene: Scene) -> FloatRows:
    """Texture, sharpness and strength of color."""
    gray = scene.lab[..., 0]
    fine = gray - cv2.GaussianBlur(gray, (0, 0), 1.0)
    middle = cv2.GaussianBlur(gray, (0, 0), 1.0) - cv2.GaussianBlur(gray, (0, 0), 3.0)
    chroma = np.hypot(scene.lab[..., 1], scene.lab[..., 2])
    rough = np.sqrt(scene.average(fine * fine))
    coarse = np.sqrt(scene.average(middle * middle))
    strength = scene.average(chroma)
    around = _smoothed(scene, np.stack([rough, coarse], axis=1))
    return np.stack(
        [
            rough / 5, coarse / 5, rough / (coarse + 0.5), strength / 50, _ranked(rough), _ranked(coarse),
            _ranked(strength), _ranked(around[:, 0]), _ranked(around[:, 1]),
        ],
        axis=1,
    )  # fmt: skip


def _smoothed(scene: Scene, values: Floats, rounds: int = 2) -> Floats:
    """Values averaged with those of the neighbors."""
    rows, columns = scene.neighbors.T
    ones = np.ones(len(rows))
    links = coo_matrix((ones, (rows, columns)), shape=(scene.count, scene.count)).tocsr()
    links = links + links.T
    degree = np.asarray(links.sum(axis=1)).ravel()[:, None] + 1
    found = np.asarray(values, np.float64)
    for _ in range(rounds):
        found = (links @ found + found) / degree
    return found.astype(np.float32)


def _graph(scene: Scene, weights: NDArray[np.floating]) -> csr_matrix:
    rows, columns = scene.neighbors.T
    return coo_matrix((weights, (rows, columns)), shape=(scene.count, scene.count)).tocsr()


def _connectivity(
    scene: Scene, colors: FloatRows, apart: FloatRows, steps: FloatRows, outside: Mask
) -> tuple[FloatRows, FloatRows, FloatRows]:
    """Robust background detection (Zhu and others, 2014): how much of a surface lies along the background's side."""
    # Walks longer than this count for nothing, and looking for them would cost most of the time.
    limit = 3.5 * COLOR_SIGMA
    paths = dijkstra(_graph(scene, np.maximum(steps - FLAT_STEP, 0) + 1e-6), directed=False, limit=limit)
    span = np.exp(-(paths**2) / (2 * COLOR_SIGMA**2))
    area = span.sum(axis=1)
    connectivity = span[:, outside].sum(axis=1) / np.sqrt(area)
    background = 1 - np.exp(-(connectivity**2) / 2)
    near = np.exp(-(apart**2) / (2 * 0.25**2))
    weighted = (colors * near * background[None]).sum(axis=1) / (near * background[None]).sum(axis=1).clip(1e-6)
    ties = np.stack([connectivity, background, area / scene.count, weighted / 30], axis=1)
    return ties, background, weighted / max(float(weighted.max()), 1e-6)


def _optimized(scene: Scene, steps: FloatRows, contrast: FloatRows, background: FloatRows) -> FloatRows:
    """Contrast and background evened out over surfaces of one color."""
    rows, columns = scene.neighbors.T
    affinity = np.exp(-(steps**2) / (2 * 7.0**2)) + 0.1
    matrix = np.zeros((scene.count, scene.count))
    matrix[rows, columns] = -affinity
    matrix[columns, rows] = -affinity
    matrix[np.diag_indices(scene.count)] = -matrix.sum(axis=1) + background + contrast + 1e-6
    return _stretched(np.asarray(np.linalg.solve(matrix, contrast), np.float64))


def _walks(scene: Scene, steps: FloatRows, sides: list[Mask], outside: Mask) -> FloatRows:
    """The shortest walk to the background, and the walk whose greatest step is least, over all sides and each."""
    graph = _graph(scene, np.maximum(steps - FLAT_STEP, 0) + 1e-6)
    lengths = [_to_nearest(dijkstra(graph, directed=False, indices=np.flatnonzero(outside), min_only=True))]
    lengths += [
        _to_nearest(dijkstra(graph, directed=False, indices=np.flatnonzero(side), min_only=True)) for side in sides
    ]
    each = np.sort(np.stack(lengths[1:], axis=1), axis=1)
    barrier = _barriers(scene, steps, outside)
    whole = lengths[0]
    return np.stack(
        [whole / 50, _ranked(whole), each[:, 1] / 50, each[:, 2] / 50, each[:, 3] / 50, _ranked(each.mean(axis=1)),
         barrier / 20, _ranked(barrier)],
        axis=1,
    )  # fmt: skip


def _to_nearest(distances: FloatRows) -> FloatRows:
    return np.where(np.isfinite(distances), distances, 200.0)


def _barriers(scene: Scene, steps: FloatRows, outside: Mask) -> FloatRows:
    """For each patch the least possible greatest step on a walk to the background, along the minimum spanning tree."""
    tree = minimum_spanning_tree(_graph(scene, steps + 1e-6))
    tree = (tree + tree.T).tocsr()
    found = np.where(outside, 0.0, np.inf)
    rows = np.repeat(np.arange(scene.count), np.diff(tree.indptr))
    for _ in range(scene.count):
        best = found.copy()
        np.minimum.at(best, rows, np.maximum(tree.data, found[tree.indices]))
        if np.array_equal(best, found):
            break
        found = best
    return np.where(np.isfinite(found), found, 100.0)


def _side_contrasts(scene: Scene, colors: FloatRows, sides: list[Mask], outside: Mask) -> FloatRows:
    """How far a patch's color lies from the background's colors: from the nearest ones, and of each side."""
    nearest = []
    for side in sides:
        own = np.sort(colors[:, side], axis=1)
        nearest.append(own[:, : max(own.shape[1] // 5, 1)].mean(axis=1))
    each = np.sort(np.stack(nearest, axis=1), axis=1)
    all_own = np.sort(colors[:, outside], axis=1)
    tenth = all_own[:, : max(all_own.shape[1] // 10, 1)].mean(axis=1)
    chosen = scene.means[outside].astype(np.float64)
    covariance = np.cov(chosen.T) + 9 * np.eye(3) if len(chosen) > 3 else 100 * np.eye(3)
    away = scene.means - chosen.mean(axis=0)
    whitened = np.sqrt(np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away))
    return np.stack(
        [each[:, 0] / 30, each[:, 1] / 30, each[:, 2] / 30, each[:, 3] / 30, _ranked(each.mean(axis=1)), tenth / 30,
         _ranked(tenth), whitened, _ranked(whitened)],
        axis=1,
    )  # fmt: skip


def _rarity(scene: Scene, colors: FloatRows, apart: FloatRows) -> FloatRows:
    """How rare a color is, how spread out over the picture, and how it differs from what is next to it."""
    weights = scene.sizes / scene.sizes.sum()
    rare = (colors * weights).sum(axis=1)
    alike = np.exp(-(colors**2) / (2 * 12.0**2)) * weights
    alike = alike / alike.sum(axis=1, keepdims=True)
    mean_place = alike @ scene.centers
    spread = (alike * ((scene.centers[None] - mean_place[:, None]) ** 2).sum(axis=2)).sum(axis=1)
    off_center = np.linalg.norm(mean_place - 0.5, axis=1)
    near = np.exp(-(apart**2) / (2 * 0.15**2)) * weights
    local = (colors * near).sum(axis=1) / near.sum(axis=1)
    return np.stack(
        [rare / 30, _ranked(rare), spread * 10, _ranked(spread), off_center, local / 30, _ranked(local)], axis=1
    )


def _ranking(scene: Scene, steps: FloatRows, sides: list[Mask]) -> FloatRows:
    """Manifold ranking (Yang and others, 2013): what no side's background leads to over alike neighbors."""
    rows, columns = scene.neighbors.T
    weights = np.exp(-steps / 6.0) + 1e-4
    matrix = np.zeros((scene.count, scene.count))
    matrix[rows, columns] = weights
    matrix[columns, rows] = weights
    degree = matrix.sum(axis=1)
    seeds = np.stack([side.astype(np.float64) for side in sides], axis=1)
    found = np.linalg.solve(np.diag(degree + 1e-6) - 0.99 * matrix, seeds)
    unlike = 1 - found / found.max(axis=0).clip(1e-9)
    together = unlike.prod(axis=1)
    return np.stack([together, _ranked(together), np.sort(unlike, axis=1)[:, 0]], axis=1)


def _stretched(values: FloatRows) -> FloatRows:
    low, high = float(values.min()), float(values.max())
    return (values - low) / max(high - low, 1e-6)


def _ranked(values: NDArray[np.floating]) -> FloatRows:
    """0 for the least to 1 for the greatest: what does not depend on the picture's contrast."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return order / max(len(values) - 1, 1)
