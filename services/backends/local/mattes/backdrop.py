"""The plain-backdrop path: studio shots whose border shows one smooth backdrop, shadows included."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.backends.local.mattes.scene import to_lab

BAND_SHARE = 0.03
PLAIN_SHARE = 0.72
"""So much of the border must follow the smooth backdrop."""

MOST_NOISE = 4.0
FIT_ROUNDS = 6
SIDE = 640
"""The longer side at which steps are told from shadows: the smaller a picture, the more its shadows look like steps."""

DARKEST_SHADOW = 0.5
SHADOW_STEP = 2.2
LEAST_OPENING = 0.002
MOST_LEFT_OVER = 5.5
LEAST_EDGE = 2.0

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A smooth backdrop that was seen along the border.

    Attributes:
        lab: (height, width, 3): the picture, slightly smoothed.
        surface: (height, width, 3): the backdrop in Lab, also behind the subject.
        noise: The usual distance of the border's pixels from it.
        share: How much of the border shows it.
    """

    lab: Floats
    surface: Floats
    noise: float
    share: float

    @property
    def plain(self) -> bool:
        """Whether the picture is a studio shot."""
        return self.share >= PLAIN_SHARE and self.noise <= MOST_NOISE


def fit_backdrop(rgb: Pixels) -> Backdrop:
    """Fit a smooth surface of Lab colors to the border, leaving out what does not follow it."""
    lab = np.asarray(cv2.GaussianBlur(to_lab(rgb), (0, 0), 0.8), np.float32)
    height, width = lab.shape[:2]
    band = max(round(BAND_SHARE * min(height, width)), 1)
    edge = np.ones((height, width), bool)
    edge[band : height - band, band : width - band] = False
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    terms = _terms(2 * (xs + 0.5) / width - 1, 2 * (ys + 0.5) / height - 1)
    design, target = terms[edge].astype(np.float64), lab[edge].astype(np.float64)
    # The most frequent color is where it starts: a subject that touches the border must not bend the surface.
    away = np.linalg.norm(target - np.median(target, axis=0), axis=1)
    followed = away <= max(2.5 * float(np.median(away)), 12.0)
    coefficients, noise = np.zeros((design.shape[1], 3)), 1.0
    stiffness = np.diag([0.0, 0.01, 0.01, 0.1, 0.1, 0.1])
    for _ in range(FIT_ROUNDS):
        chosen = design[followed]
        ridge = 1e-3 * followed.sum() * stiffness + 1e-9 * np.eye(6)
        coefficients = np.linalg.solve(chosen.T @ chosen + ridge, chosen.T @ target[followed])
        distance = np.linalg.norm(target - design @ coefficients, axis=1)
        noise = max(float(np.median(distance[followed])) * 1.2, 0.3)
        followed = distance <= max(3.5 * noise, 2.5)
        if followed.sum() < 8:
            return Backdrop(lab, lab, 1e3, 0.0)
    surface = (terms.reshape(-1, 6) @ coefficients.astype(np.float32)).reshape(lab.shape)
    return Backdrop(lab, surface, noise, float(followed.mean()))


def cut_from_backdrop(backdrop: Backdrop) -> Mask:
    """What stands in front of the backdrop: what a smooth walk from the border cannot reach.

    A soft shadow darkens the backdrop slowly and keeps its hue; a subject, even a nearly white one, begins with a step.
    """
    lab, surface, noise = backdrop.lab, backdrop.surface, max(backdrop.noise, 0.5)
    lightness = lab[..., 0] - surface[..., 0]
    hue = np.linalg.norm(lab[..., 1:] - surface[..., 1:], axis=2)
    # Less light scales a color's a and b like its L + 16.
    dimmed = ((lab[..., 0] + 16) / (surface[..., 0] + 16))[..., None]
    shadow_hue = np.linalg.norm(lab[..., 1:] - dimmed * surface[..., 1:], axis=2)
    step = _steps(lab)
    near = (np.abs(lightness) < 2.0 + 2.0 * noise) & (hue < 2.0 + 2.0 * noise)
    shadow = (lightness < 0) & (dimmed[..., 0] > DARKEST_SHADOW) & (shadow_hue < 2.0 + 2.0 * noise)
    ground = (near & (step < 2.0 + 2.0 * noise)) | (shadow & (step < SHADOW_STEP + 0.5 * noise))
    reached = _reachable(ground)
    # The rim of what is reached stops where the step begins; give the rim back where it still looks like the backdrop.
    grown = cv2.dilate(reached.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    subject = ~(reached | (grown & near))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(subject.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return _largest_parts(_with_openings(opened, near & (step < 2.0 + 2.0 * noise)))


def explains(backdrop: Backdrop, subject: Mask) -> bool:
    """Whether what is left over is the backdrop indeed: nearly all of it looks so, and the subject has a clear edge.

    A photo of a room may have a plain border too, but its walls and floors are no smooth surface.
    """
    if not subject.any() or subject.all():
        return False
    away = np.linalg.norm(backdrop.lab - backdrop.surface, axis=2)
    edge = cv2.morphologyEx(subject.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    clear = float(np.median(_steps(backdrop.lab)[edge])) >= LEAST_EDGE
    return clear and float(np.quantile(away[~subject], 0.9)) <= MOST_LEFT_OVER


def _steps(lab: Floats) -> Floats:
    """How much the color changes from pixel to pixel."""
    total = np.zeros(lab.shape[:2], np.float32)
    for channel in range(3):
        plane = np.ascontiguousarray(lab[..., channel])
        total += cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.125) ** 2
        total += cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.125) ** 2
    return np.asarray(np.sqrt(total), np.float32)


def _terms(xs: Floats, ys: Floats) -> Floats:
    return np.stack([np.ones_like(xs), xs, ys, xs * xs, ys * ys, xs * ys], axis=-1)


def _reachable(ground: Mask) -> Mask:
    """The parts of the ground that reach the border."""
    _, numbered = cv2.connectedComponents(ground.astype(np.uint8), connectivity=4)
    outer = np.concatenate([numbered[0], numbered[-1], numbered[:, 0], numbered[:, -1]])
    return np.isin(numbered, np.unique(outer[outer > 0]))


def _with_openings(subject: Mask, near: Mask) -> Mask:
    """Open again where the bare backdrop shows inside the subject, such as through a handle."""
    count, numbered, stats, _ = cv2.connectedComponentsWithStats((subject & near).astype(np.uint8), connectivity=4)
    opened = subject.copy()
    for component in range(1, count):
        if stats[component, cv2.CC_STAT_AREA] >= LEAST_OPENING * subject.size:
            opened &= numbered != component
    return opened


def _largest_parts(subject: Mask) -> Mask:
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(subject.astype(np.uint8), connectivity=8)
    if count <= 1:
        return subject
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return np.isin(numbered, np.flatnonzero(areas >= 0.03 * areas.max()))
