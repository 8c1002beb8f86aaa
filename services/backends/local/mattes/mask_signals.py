"""What can be measured on a mask without knowing the truth; how good the mask is was learned from these."""

from __future__ import annotations

import cv2
import numpy as np

from services.backends.local.mattes.scene import Floats, Mask, Pixels, to_lab

SIGNALS = (
    *("guess_inside", "guess_outside", "correlation", "area", "root_area", "border", "sides", "edge_contrast"),
    *("edge_strength", "outline", "fragments", "overlap", "agreement", "off_center", "largest_share", "solidity"),
)


def measure_signals(rgb: Pixels, mask: Mask, guess: Floats, votes: tuple[Mask, ...]) -> dict[str, float]:
    """The signals of a mask at the reduced size, by name; the mask is neither empty nor full."""
    height, width = mask.shape
    area = float(mask.mean())
    solid = mask.astype(np.uint8)
    lab = to_lab(rgb)
    steps = _steps(lab)
    edge = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    along = float(steps[edge].mean()) if edge.any() else 0.0
    spread = float(guess.std()) * (area * (1 - area)) ** 0.5
    correlation = float(((guess - guess.mean()) * (mask - area)).mean()) / max(spread, 1e-6)
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    areas = stats[1:, cv2.CC_STAT_AREA]
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = float(cv2.contourArea(cv2.convexHull(np.concatenate(outlines))))
    rows, columns = np.nonzero(mask)
    values = (
        float(guess[mask].mean()),
        float(guess[~mask].mean()),
        correlation,
        area,
        area**0.5,
        float(np.concatenate(sides).mean()),
        float(sum(side.mean() > 0.05 for side in sides)),
        along / (float(steps.mean()) + 1e-6),
        float(np.log(along + 0.5)),
        sum(len(outline) for outline in outlines) / (area * height * width) ** 0.5,
        float(np.log((areas > 0.02 * areas.max()).sum())),
        color_overlap(lab, mask),
        float(np.mean([intersection_over_union(mask, vote) for vote in votes])) if votes else 1.0,
        float(np.hypot(columns.mean() / width - 0.5, rows.mean() / height - 0.5)),
        float(areas.max() / areas.sum()),
        min(area * height * width / max(hull, 1.0), 1.2),
    )
    return dict(zip(SIGNALS, values, strict=True))


def color_overlap(lab: Floats, mask: Mask) -> float:
    """How much the colors of both sides have in common: 0 nothing, 1 everything."""
    lightness = np.clip(lab[..., 0] / 12.5, 0, 7).astype(np.int64)
    others = [np.clip((lab[..., channel] + 64) / 16, 0, 7).astype(np.int64) for channel in (1, 2)]
    bins = lightness * 64 + others[0] * 8 + others[1]
    inside = np.bincount(bins[mask], minlength=512) / max(int(mask.sum()), 1)
    outside = np.bincount(bins[~mask], minlength=512) / max(int((~mask).sum()), 1)
    return float(np.minimum(inside, outside).sum())


def intersection_over_union(first: Mask, second: Mask) -> float:
    """1 for equal masks, 0 for masks that share nothing."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _steps(lab: Floats) -> Floats:
    total = np.zeros(lab.shape[:2], np.float32)
    for channel in range(3):
        plane = np.ascontiguousarray(lab[..., channel])
        total += cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.25) ** 2
        total += cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.25) ** 2
    return np.asarray(np.sqrt(total), np.float32)
