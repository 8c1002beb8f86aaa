"""Mug, bottle, sneaker, lamp, pill box and cream tube; each about two units large."""

from __future__ import annotations

import numpy as np

from app.sample_data.product_forms import (
    Product,
    bands,
    blend,
    box,
    capsule,
    cylinder,
    ellipsoid,
    lathe,
    length,
    pick,
    torus,
)
from app.sample_data.product_rendering import Floats, Material, linear


def mug() -> Product:
    body = lathe([(0, 0.5), (0.06, 0.58), (0.4, 0.64), (1.3, 0.66)])

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        hollow = cylinder(x, y, z, 0.58, 0.16, 2.4, 0.1)
        cup = np.maximum(body(x, y, z), -hollow)
        handle = torus((x - 0.68) * 0.95, (y - 0.68) * 0.85, z, 0.36, 0.085)
        handle = np.maximum(handle, -(length(x, z) - 0.6))
        drink = cylinder(x, y, z, 0.6, 0.6, 1.1, 0.01)
        return pick(blend(cup, handle, 0.08), drink)

    stripes = bands(["#c8452f", "#f4ede2", "#c8452f"], [0.5, 0.86])
    return Product(
        "mug", shape, [Material(stripes, 0.9), Material(linear("#3a1d0e"), 0.8)], (-0.72, 0, -0.72), (1.16, 1.36, 0.72)
    )


def bottle() -> Product:
    body = lathe([(0, 0.36), (0.05, 0.44), (1.4, 0.44), (1.75, 0.3), (1.95, 0.17), (2.1, 0.16)])

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        cap = cylinder(x, y, z, 0.2, 2.08, 2.42, 0.04)
        label = cylinder(x, y, z, 0.446, 0.42, 1.2, 0.004)
        return pick(body(x, y, z), cap, label)

    def label(x: Floats, y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#f3efe4"), np.float32), (len(x), 1))
        angle = np.arctan2(x, z)
        paint[(np.abs(y - 1.0) < 0.05) & (np.abs(angle - 0.35) < 0.6)] = linear("#1d4d45")
        paint[(np.abs((y - 0.72) % 0.09 - 0.045) < 0.016) & (y < 0.86) & (y > 0.55) & (np.abs(angle - 0.35) < 0.45)] = (
            linear("#7f8f8a")
        )
        return paint

    return Product(
        "bottle",
        shape,
        [Material(linear("#14614f"), 1.0), Material(linear("#d8b45c"), 0.8, 0.8), Material(label, 0.15)],
        (-0.47, 0, -0.47),
        (0.47, 2.45, 0.47),
    )


def sneaker() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        width = 0.4 + 0.06 * np.sin((x + 0.5) * 2.2)
        sole = box(x, y - 0.12, z * 0.44 / width, (1.15, 0.13, 0.42), 0.12) * 0.85
        toe = ellipsoid(x - 0.62, y - 0.3, z, (0.5, 0.3, 0.37))
        heel = ellipsoid(x + 0.7, y - 0.5, z, (0.36, 0.56, 0.33))
        middle = ellipsoid(x + 0.12, y - 0.42, z, (0.85, 0.36, 0.34))
        tongue = capsule(x, y, z, (0.1, 0.72, 0), (-0.28, 1.02, 0), 0.17)
        upper = blend(blend(toe, middle, 0.25), blend(heel, tongue, 0.3), 0.3) * 0.8
        opening = ellipsoid(x + 0.58, y - 1.12, z, (0.38, 0.42, 0.2))
        upper = np.maximum(upper, -opening)
        upper = np.maximum(upper, 0.12 - y)
        laces = np.full_like(x, 9.0)
        for step in range(5):
            at = (0.44 - 0.14 * step, 0.69 + 0.085 * step)
            laces = np.minimum(
                laces, capsule(x, y, z, (at[0], at[1] - 0.06, -0.17), (at[0] - 0.05, at[1], 0.17), 0.035)
            )
        return pick(upper, sole, laces)

    def canvas(x: Floats, y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#2f5fa8"), np.float32), (len(x), 1))
        stripe = (np.abs((x + 0.1) + (y - 0.5) * 0.7) < 0.07) | (np.abs((x - 0.14) + (y - 0.5) * 0.7) < 0.07)
        paint[stripe & (y < 0.75) & (np.abs(z) > 0.16)] = linear("#f2f2f2")
        paint[(x > 0.86)] = linear("#eef0f2")
        paint[(x < -0.93)] = linear("#e8743b")
        return paint

    sole = bands(["#e8743b", "#f5f5f3"], [0.05])
    return Product(
        "sneaker",
        shape,
        [Material(canvas, 0.25), Material(sole, 0.3), Material(linear("#fafafa"), 0.2)],
        (-1.2, 0, -0.5),
        (1.2, 1.25, 0.5),
    )


def lamp() -> Product:
    base = lathe([(0, 0.42), (0.06, 0.42), (0.12, 0.16), (0.5, 0.2), (0.8, 0.27), (1.1, 0.16), (1.25, 0.05)])
    outer = lathe([(1.22, 0.78), (1.24, 0.78), (2.1, 0.46), (2.12, 0.46)])
    inner = lathe([(1.0, 0.84), (1.24, 0.75), (2.1, 0.43), (2.4, 0.34)])

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        shade = np.maximum(outer(x, y, z), -inner(x, y, z))
        stem = cylinder(x, y, z, 0.035, 1.1, 2.1, 0.01)
        return pick(shade * 0.9, base(x, y, z), stem)

    return Product(
        "lamp",
        shape,
        [Material(linear("#f0e2c0"), 0.05), Material(linear("#c06a4b"), 0.7), Material(linear("#b08d4a"), 0.8, 0.9)],
        (-0.82, 0, -0.82),
        (0.82, 2.15, 0.82),
    )


def pill_box() -> Product:
    hues = ["#e4572e", "#f3a712", "#a8c256", "#3f9c8f", "#3777b5", "#6a5acd", "#b3478c"]

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        tray = box(x, y - 0.19, z, (1.32, 0.19, 0.4), 0.07)
        cell = (x / 0.37 + 3.5).clip(0, 6.99)
        middle = (np.floor(cell) - 3) * 0.37
        lid = box(x - middle, y - 0.4, z, (0.168, 0.055, 0.36), 0.04)
        knob = box(x - middle, y - 0.42, z - 0.37, (0.07, 0.03, 0.05), 0.025)
        return pick(tray, np.minimum(lid, knob) * 0.8)

    palette = np.array([linear(color) for color in hues], np.float32)

    def lids(x: Floats, _y: Floats, _z: Floats) -> Floats:
        return np.asarray(palette[np.clip(np.floor(x / 0.37 + 3.5), 0, 6).astype(int)], np.float32)

    return Product(
        "pill-box",
        shape,
        [Material(linear("#eef1f4"), 0.5), Material(lids, 0.75)],
        (-1.34, 0, -0.48),
        (1.34, 0.5, 0.48),
    )


def cream_tube() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        up = np.clip((y - 0.4) / 1.6, 0, 1)
        across = 0.36 + 0.08 * up
        deep = 0.36 * (1 - up) ** 0.8 + 0.025
        body = (length(x / across, z / deep) - 1) * np.minimum(across, deep) * 0.75
        body = np.maximum(body, np.maximum(0.36 - y, y - 2.0))
        crimp = box(x, y - 2.04, z, (0.44, 0.1, 0.03), 0.02)
        cap = cylinder(x, y, z, 0.33, 0.0, 0.4, 0.05)
        return pick(np.minimum(body, crimp), cap)

    def print_(x: Floats, y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#f6f3ee"), np.float32), (len(x), 1))
        paint[(y > 0.62) & (y < 0.86)] = linear("#e58fa2")
        paint[(length(x - 0.0, y - 1.35) < 0.17) & (z > 0)] = linear("#e58fa2")
        paint[(np.abs(y - 1.06) < 0.025) & (np.abs(x) < 0.22) & (z > 0)] = linear("#8a5a66")
        return paint

    return Product(
        "cream-tube",
        shape,
        [Material(print_, 0.55), Material(linear("#e58fa2"), 0.7)],
        (-0.47, 0, -0.4),
        (0.47, 2.16, 0.4),
    )
