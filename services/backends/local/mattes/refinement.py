"""From a mask at the reduced size to a soft matte at the picture's size.

In a narrow band along the mask's edge, the colors of both sides are known from nearby: how far a pixel's color lies
on the way from one to the other is its opacity. Where the two sides look alike or are busy, that says nothing, and a
guided filter (He and others, 2013) draws the edge instead. Everything outside the band stays 0 or 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FINE_SIDE = 1024
"""The longer side at which edges are drawn; a larger picture gets them by joint upsampling."""

STRIP_PIXELS = 1_000_000
BAND_OF_STEP = 1.2
SIDE_REACH = 2.0
NOISE_FLOOR = 4.0
GUIDED_EPSILON = 1e-3
SNAP = 0.02

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def refine(rgb: Pixels, coarse: Floats) -> Pixels:
    """The matte at the picture's size.

    Args:
        rgb: (height, width, 3), full size.
        coarse: The subject at the reduced size, 0 to 1, cut at 0.5.

    Returns:
        (height, width), 255 = keep.
    """
    height, width = rgb.shape[:2]
    scale = min(FINE_SIDE / max(height, width), 1.0)
    fine_size = max(round(width * scale), 1), max(round(height * scale), 1)
    fine = rgb if scale == 1 else np.asarray(cv2.resize(rgb, fine_size, interpolation=cv2.INTER_AREA), np.uint8)
    step = max(fine.shape[0] / coarse.shape[0], fine.shape[1] / coarse.shape[1])
    matte = draw_edges(fine, _enlarged(coarse, fine_size, step), step)
    return _quantized(matte) if scale == 1 else _upsampled(rgb, fine, matte)


def draw_edges(rgb: Pixels, inside: Mask, step: float) -> Floats:
    """The soft matte, 0 to 1, of a mask whose edge is right to about ``step`` pixels."""
    reach = max(round(BAND_OF_STEP * step) + 2, 3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    solid = inside.astype(np.uint8)
    core = np.asarray(cv2.erode(solid, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)
    rest = np.asarray(1 - cv2.dilate(solid, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)
    band = (core == 0) & (rest == 0)
    matte = solid.astype(np.float32)
    if not band.any():
        return matte
    # Parts thinner than the band have no core; their own pixels stand in for it.
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * reach + 1, 4 * reach + 1))
    own_pixels = np.asarray(core | (solid & (1 - np.asarray(cv2.dilate(core, wide), np.uint8))), np.uint8)
    side = round(SIDE_REACH * reach) + reach
    # Only the band is drawn: these are rows of pixels, (pixels, 3) and (pixels,).
    own, own_noise = _side(rgb, own_pixels, side, band)
    base, other_noise = _side(rgb, rest, side, band)
    guided = _guided(_gray(rgb), matte, max(reach // 2, 2), GUIDED_EPSILON)[band]
    way = own - base
    length = np.einsum("ij,ij->i", way, way)
    projected = np.clip(np.einsum("ij,ij->i", rgb[band] - base, way) / (length + 1e-3), 0, 1)
    trust = length / (length + 3 * (own_noise + other_noise) + NOISE_FLOOR**2)
    trust = np.clip((trust - 0.4) / 0.5, 0, 1)
    drawn = trust * projected + (1 - trust) * guided
    matte[band] = np.clip((drawn - SNAP) / (1 - 2 * SNAP), 0, 1)
    return matte


def _side(picture: Pixels, weight: Pixels, radius: int, band: Mask) -> tuple[Floats, Floats]:
    """The mean color of one side near the band's pixels, (pixels, 3), and its variance, (pixels,).

    Both are smooth, so a reduced picture will do.
    """
    full = weight.shape[1], weight.shape[0]
    factor = max(radius // 5, 1)
    small = max(round(full[0] / factor), 1), max(round(full[1] / factor), 1)
    weights = weight.astype(np.float32)
    weighted = picture * weight[..., None]
    if factor > 1:
        weights = np.asarray(cv2.resize(weights, small, interpolation=cv2.INTER_AREA), np.float32)
        weighted = np.asarray(cv2.resize(weighted, small, interpolation=cv2.INTER_AREA), np.uint8)
    reach = max(round(radius / factor), 1)
    size = (2 * reach + 1, 2 * reach + 1)
    share = cv2.blur(weights, size) + 1e-6
    colors = weighted.astype(np.float32)
    mean = cv2.blur(colors, size) / share[..., None]
    brightness = colors.mean(axis=2) / np.maximum(weights, 1e-3)
    first = cv2.blur(brightness * weights, size) / share
    second = cv2.blur(brightness * brightness * weights, size) / share
    # Where the side is not within reach nothing is known about it.
    variance = np.where(share > 1e-4, np.maximum(second - first * first, 0), 1e6).astype(np.float32)

    def within_band(values: Floats) -> Floats:
        large = cv2.resize(values, full, interpolation=cv2.INTER_LINEAR) if factor > 1 else values
        return np.asarray(large[band], np.float32)

    return np.stack([within_band(mean[..., channel]) for channel in range(3)], axis=1), within_band(variance)


def _gray(rgb: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def _guided(guide: Floats, target: Floats, radius: int, epsilon: float) -> Floats:
    slope, offset = _line(guide, target, radius, epsilon)
    return np.asarray(np.clip(slope * guide + offset, 0, 1), np.float32)


def _line(guide: Floats, target: Floats, radius: int, epsilon: float) -> tuple[Floats, Floats]:
    """The guided filter's local line: target = slope * guide + offset."""
    size = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_target = cv2.blur(guide, size), cv2.blur(target, size)
    variance = cv2.blur(guide * guide, size) - mean_guide * mean_guide
    covariance = cv2.blur(guide * target, size) - mean_guide * mean_target
    slope = covariance / (variance + epsilon)
    offset = mean_target - slope * mean_guide
    return np.asarray(cv2.blur(slope, size), np.float32), np.asarray(cv2.blur(offset, size), np.float32)


def _enlarged(coarse: Floats, size: tuple[int, int], step: float) -> Mask:
    """The mask at another size, without the stairs of its pixels."""
    large = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    if step > 1.5:
        large = cv2.GaussianBlur(large, (0, 0), 0.5 * step)
    return np.asarray(large >= 0.5)


def _upsampled(rgb: Pixels, fine: Pixels, matte: Floats) -> Pixels:
    """Joint upsampling: the line from brightness to matte is learned at the fine size and drawn at full size."""
    guide = _gray(fine)
    slope, offset = _line(guide, matte, 2, GUIDED_EPSILON / 4)
    # Sure parts stay sure: only near the edge does the line say more than the matte.
    rim = cv2.morphologyEx((matte >= 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    unsure = ((matte > 0) & (matte < 1)) | (np.asarray(rim) > 0)
    edge = np.asarray(cv2.dilate(unsure.astype(np.uint8), np.ones((3, 3), np.uint8)), np.float32)
    height, width = rgb.shape[:2]
    result = np.empty((height, width), np.uint8)
    rows = max(STRIP_PIXELS // width, 1)
    columns = (np.arange(width, dtype=np.float32) + 0.5) * (fine.shape[1] / width) - 0.5
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        lines = (np.arange(top, bottom, dtype=np.float32) + 0.5) * (fine.shape[0] / height) - 0.5
        xs = np.broadcast_to(columns[None], (bottom - top, width))
        ys = np.broadcast_to(lines[:, None], (bottom - top, width))

        def sampled(values: Floats, xs: Floats = xs, ys: Floats = ys) -> Floats:
            return np.asarray(cv2.remap(values, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)

        gray = _gray(rgb[top:bottom])
        drawn = np.clip(sampled(slope) * gray + sampled(offset), 0, 1)
        share = sampled(edge)
        result[top:bottom] = _quantized(share * drawn + (1 - share) * sampled(matte))
    return result


def _quantized(matte: Floats) -> Pixels:
    return np.asarray(np.clip(np.rint(matte * 255), 0, 255), np.uint8)
