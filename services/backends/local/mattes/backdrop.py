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
LEAST_FOLLOWED = 8
SIDE = 640
"""The longer side at which steps are told from shadows: the smaller a picture, the more its shadows look like steps."""

DARKEST_SHADOW = 0.5
SHADOW_STEP = 2.2
LEAST_OPENING = 0.002
LEAST_UNPRINTED = 0.98
MOST_LEFT_OVER = 5.5
LEAST_EDGE = 2.0

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Planes = tuple[Floats, Floats, Floats]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A smooth backdrop that was seen along the border.

    Attributes:
        lab: The picture, slightly smoothed: L, a and b, each (height, width).
        surface: The backdrop, also behind the subject, in the same way.
        steps: (height, width): how much the picture's color changes from pixel to pixel.
        noise: The usual distance of the border's pixels from the backdrop.
    """

    lab: Planes
    surface: Planes
    steps: Floats
    noise: float


def plain_backdrop(rgb: Pixels) -> Backdrop | None:
    """Fit a smooth surface of Lab colors to the border, leaving out what does not follow it.

    Returns:
        None when too little of the border follows one: the picture is no studio shot.
    """
    lab = np.asarray(cv2.GaussianBlur(to_lab(rgb), (0, 0), 0.8), np.float32)
    height, width = lab.shape[:2]
    band = max(round(BAND_SHARE * min(height, width)), 1)
    edge = np.ones((height, width), bool)
    edge[band : height - band, band : width - band] = False
    rows, columns = np.nonzero(edge)
    xs, ys = _shares(columns, width), _shares(rows, height)
    # (terms, pixels) and (channels, pixels)
    design = np.stack([np.ones_like(xs), xs, ys, xs * xs, ys * ys, xs * ys])
    target = np.ascontiguousarray(lab[edge].T, np.float64)
    # The most frequent color is where it starts: a subject that touches the border must not bend the surface.
    away = _lengths(target - np.median(target, axis=1)[:, None])
    followed = away <= max(2.5 * float(np.median(away)), 12.0)
    coefficients, noise = np.zeros((len(design), 3)), 1.0
    stiffness = np.diag([0.0, 0.01, 0.01, 0.1, 0.1, 0.1])
    for _ in range(FIT_ROUNDS):
        count = int(followed.sum())
        if count < LEAST_FOLLOWED:
            return None
        chosen = design * followed
        ridge = 1e-3 * count * stiffness + 1e-9 * np.eye(len(design))
        # einsum keeps to this thread: matrix products this small lose more to the library's threads than they win.
        coefficients = np.linalg.solve(
            np.einsum("in,jn->ij", chosen, design) + ridge, np.einsum("in,kn->ik", chosen, target)
        )
        distance = _lengths(target - np.einsum("in,ik->kn", design, coefficients))
        noise = max(float(np.median(distance[followed])) * 1.2, 0.3)
        before, followed = followed, distance <= max(3.5 * noise, 2.5)
        if np.array_equal(before, followed):
            break
    if followed.mean() < PLAIN_SHARE or noise > MOST_NOISE:
        return None
    planes = _planes(lab)
    return Backdrop(planes, _surface(coefficients, height, width), _steps(planes), noise)


def cut_from_backdrop(backdrop: Backdrop) -> Mask:
    """What stands in front of the backdrop: what a smooth walk from the border cannot reach.

    A soft shadow darkens the backdrop slowly and keeps its hue; a subject, even a nearly white one, begins with a step.
    """
    (light, a, b), (plain_light, plain_a, plain_b) = backdrop.lab, backdrop.surface
    noise, step = max(backdrop.noise, 0.5), backdrop.steps
    lightness = light - plain_light
    hue = cv2.magnitude(a - plain_a, b - plain_b)
    near = (np.abs(lightness) < 2.0 + 2.0 * noise) & (hue < 2.0 + 2.0 * noise)
    shadow = shaded(backdrop)
    ground = (near & (step < 2.0 + 2.0 * noise)) | (shadow & (step < SHADOW_STEP + 0.5 * noise))
    reached = _reachable(ground)
    # The rim of what is reached stops where the step begins; give the rim back where it still looks like the backdrop.
    grown = cv2.dilate(reached.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    subject = ~(reached | (grown & near))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(subject.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return _largest_parts(_with_openings(opened, near & (step < 2.0 + 2.0 * noise)))


def shaded(backdrop: Backdrop) -> Mask:
    """Where the picture looks like the backdrop with less light on it: (height, width)."""
    (light, a, b), (plain_light, plain_a, plain_b) = backdrop.lab, backdrop.surface
    # Less light scales a color's a and b like its L + 16.
    dimmed = (light + 16) / (plain_light + 16)
    hue = cv2.magnitude(a - dimmed * plain_a, b - dimmed * plain_b)
    return np.asarray(
        (light < plain_light) & (dimmed > DARKEST_SHADOW) & (hue < 2.0 + 2.0 * max(backdrop.noise, 0.5)), np.bool_
    )


def explains(backdrop: Backdrop, subject: Mask) -> bool:
    """Whether what is left over is the backdrop indeed: nearly all of it looks so, and the subject has a clear edge.

    A photo of a room may have a plain border too, but its walls and floors are no smooth surface.
    """
    if not subject.any() or subject.all():
        return False
    edge = cv2.morphologyEx(subject.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if float(np.median(backdrop.steps[edge])) < LEAST_EDGE:
        return False
    squares = sum((seen - plain) ** 2 for seen, plain in zip(backdrop.lab, backdrop.surface, strict=True))
    return float(np.quantile(np.asarray(squares)[~subject], 0.9)) <= MOST_LEFT_OVER**2


def _planes(lab: Floats) -> Planes:
    light, a, b = cv2.split(lab)
    return np.asarray(light, np.float32), np.asarray(a, np.float32), np.asarray(b, np.float32)


def _steps(lab: Planes) -> Floats:
    total = np.zeros_like(lab[0])
    for plane in lab:
        total += cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.125) ** 2
        total += cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.125) ** 2
    return np.asarray(np.sqrt(total, out=total), np.float32)


def _shares(pixels: NDArray[np.intp], length: int) -> NDArray[np.float64]:
    """Where the pixels of an axis lie, -1 to 1."""
    return np.asarray((2 * pixels + 1) / length - 1, np.float64)


def _lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of (channels, pixels), every pixel's."""
    return np.asarray(np.sqrt(np.einsum("kn,kn->n", vectors, vectors)))


def _surface(coefficients: NDArray[np.float64], height: int, width: int) -> Planes:
    xs, ys = _shares(np.arange(width), width)[None, :], _shares(np.arange(height), height)[:, None]

    def plane(channel: int) -> Floats:
        constant, by_x, by_y, by_xx, by_yy, by_xy = coefficients[:, channel]
        along = (constant + by_x * xs + by_xx * xs * xs).astype(np.float32)
        down = (by_y * ys + by_yy * ys * ys).astype(np.float32)
        values = ys.astype(np.float32) * (by_xy * xs).astype(np.float32)
        values += along
        values += down
        return np.asarray(values, np.float32)

    return plane(0), plane(1), plane(2)


def _reachable(ground: Mask) -> Mask:
    """The parts of the ground that reach the border."""
    count, numbered = cv2.connectedComponents(ground.astype(np.uint8), connectivity=4)
    outer = np.concatenate([numbered[0], numbered[-1], numbered[:, 0], numbered[:, -1]])
    reached = np.zeros(count, bool)
    reached[outer] = True
    reached[0] = False
    return np.asarray(reached[numbered], np.bool_)


def _with_openings(subject: Mask, near: Mask) -> Mask:
    """Open again where the bare backdrop shows inside the subject, such as through a handle.

    A label of the backdrop's color is none: it has print on it, which an opening has not.
    """
    count, numbered, stats, _ = cv2.connectedComponentsWithStats((subject & near).astype(np.uint8), connectivity=4)
    bare = stats[:count, cv2.CC_STAT_AREA] >= LEAST_OPENING * subject.size
    bare[0] = False
    for component in np.flatnonzero(bare):
        left, top, width, height, area = stats[component]
        part = (numbered[top : top + height, left : left + width] == component).astype(np.uint8)
        bare[component] = area >= LEAST_UNPRINTED * int(without_openings(part).sum())
    return np.asarray(subject & ~bare[numbered], np.bool_)


def without_openings(mask: NDArray[np.generic]) -> Mask:
    """The mask with everything filled that it encloses: (height, width)."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return np.asarray(filled > 0, np.bool_)


def _largest_parts(subject: Mask) -> Mask:
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(subject.astype(np.uint8), connectivity=8)
    if count <= 1:
        return subject
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return np.asarray((areas >= 0.03 * areas.max())[numbered], np.bool_)
