"""Thermometer, watch, bag, plant, headphones, duck, soap, carton and candle; each about two units large."""

from __future__ import annotations

import numpy as np

from app.sample_data.product_forms import Product, blend, box, capsule, cylinder, ellipsoid, lathe, length, pick, torus
from app.sample_data.product_rendering import Floats, Material, linear


def thermometer() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        grip = box(x - 0.45, y - 0.13, z, (0.75, 0.13, 0.24), 0.12)
        neck = capsule(x, y, z, (-0.2, 0.13, 0), (-0.95, 0.1, 0), 0.075)
        tip = capsule(x, y, z, (-1.0, 0.098, 0), (-1.2, 0.09, 0), 0.055)
        screen = box(x - 0.35, y - 0.25, z, (0.27, 0.02, 0.13), 0.015)
        key = ellipsoid(x - 0.92, y - 0.25, z, (0.11, 0.05, 0.09))
        return pick(blend(grip, neck, 0.2), tip, screen, key)

    def display(x: Floats, _y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#b9c9b4"), np.float32), (len(x), 1))
        for digit in range(3):
            left = 0.2 + digit * 0.13
            inside = (np.abs(x - left) < 0.045) & (np.abs(z) < 0.08)
            hollow = (np.abs(x - left) < 0.022) & (np.abs(np.abs(z) - 0.038) < 0.026)
            paint[inside & ~hollow] = linear("#25301f")
        return paint

    return Product(
        "thermometer",
        shape,
        [
            Material(linear("#f4f7f9"), 0.7),
            Material(linear("#c9ccd0"), 0.9, 0.9),
            Material(display, 0.8),
            Material(linear("#2c7fb8"), 0.6),
        ],
        (-1.3, 0, -0.26),
        (1.22, 0.32, 0.26),
    )


def watch() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        ring = length(length(x * 0.88, (y - 0.86)) - 0.78) - 0.05
        band = np.maximum(ring, np.abs(z) - 0.26 + 0.09 * np.abs(y - 0.86)) * 0.85
        case = cylinder(x, y - 1.66, z, 0.48, -0.1, 0.12, 0.06)
        glass = cylinder(x, y - 1.66, z, 0.41, 0.1, 0.135, 0.01)
        crown = capsule(x, y, z, (0.5, 1.67, 0), (0.58, 1.67, 0), 0.06)
        return pick(band, np.minimum(case, crown), glass)

    def dial(x: Floats, _y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#15243b"), np.float32), (len(x), 1))
        away, angle = length(x, z), np.arctan2(x, -z)
        tick = np.abs((angle / (np.pi / 6) + 0.5) % 1 - 0.5) < 0.08
        paint[tick & (away > 0.31) & (away < 0.38)] = linear("#f2f2f2")
        for turn, long in ((-1.0, 0.2), (1.0, 0.3)):
            along = x * np.sin(turn) - z * np.cos(turn)
            beside = np.abs(x * np.cos(turn) + z * np.sin(turn))
            paint[(along > -0.04) & (along < long) & (beside < 0.018)] = linear("#f6e7c1")
        return paint

    return Product(
        "watch",
        shape,
        [Material(linear("#6b3f22"), 0.3), Material(linear("#d4d7da"), 0.95, 0.9), Material(dial, 0.5)],
        (-0.98, 0, -0.55),
        (0.98, 1.85, 0.55),
    )


def bag() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        taper = 1 - 0.16 * np.clip(y, 0, 1.3)
        body = box(x / taper, y - 0.62, z / (taper * taper), (1.0, 0.62, 0.36), 0.14) * 0.68
        handle = torus(x * 1.15, y - 1.15, np.abs(z) - 0.14, 0.56, 0.045)
        handle = np.maximum(handle, 1.0 - y)
        clasp = box(x, y - 0.86, z - 0.27, (0.11, 0.09, 0.06), 0.03)
        return pick(body, handle, clasp)

    def leather(x: Floats, y: Floats, _z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#9c3848"), np.float32), (len(x), 1))
        paint[(np.abs(y - 0.62) < 0.012)] = linear("#5e1f2b")
        paint[y < 0.16] = linear("#5e1f2b")
        return paint

    return Product(
        "bag",
        shape,
        [Material(leather, 0.45), Material(linear("#5e1f2b"), 0.4), Material(linear("#d9b65a"), 0.9, 0.9)],
        (-1.02, 0, -0.42),
        (1.02, 1.8, 0.42),
    )


def plant() -> Product:
    pot = lathe([(0, 0.4), (0.04, 0.44), (0.62, 0.56), (0.64, 0.62), (0.8, 0.63)])
    rows = [(turn * 2.4, 0.55 + 0.09 * turn, 0.62 + 0.06 * (turn % 3)) for turn in range(9)]

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        hollow = cylinder(x, y, z, 0.55, 0.7, 1.5, 0.02)
        vessel = np.maximum(pot(x, y, z), -hollow)
        soil = cylinder(x, y, z, 0.54, 0.55, 0.72, 0.02)
        leaves = np.full_like(x, 9.0)
        for angle, steep, long in rows:
            a = x * np.cos(angle) + z * np.sin(angle)
            b = -x * np.sin(angle) + z * np.cos(angle)
            c, d = np.cos(steep), np.sin(steep)
            along, above = a * c + (y - 0.7) * d, -a * d + (y - 0.7) * c
            above = above + 0.22 * (along - 0.6) ** 2
            leaf = ellipsoid(along - long, above, b, (long, 0.045, 0.19))
            leaves = np.minimum(leaves, leaf * 0.6)
        return pick(vessel, soil, leaves)

    def green(_x: Floats, y: Floats, _z: Floats) -> Floats:
        share = np.clip((y - 0.7) / 1.3, 0, 1)[:, None]
        return np.asarray((1 - share) * np.array(linear("#2c6b35")) + share * np.array(linear("#79b356")), np.float32)

    return Product(
        "plant-pot",
        shape,
        [Material(linear("#e2ded6"), 0.35), Material(linear("#3b2a20"), 0.02), Material(green, 0.35)],
        (-1.25, 0, -1.25),
        (1.25, 2.1, 1.25),
    )


def headphones() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        arch = torus(x, (y - 0.95) * 0.95, z, 0.85, 0.05)
        arch = np.maximum(arch, 0.55 - y)
        pad = torus(x, (y - 0.95) * 0.95, z, 0.86, 0.085)
        pad = np.maximum(pad, 1.45 - y)
        aside = np.abs(x) - 0.8
        cup = ellipsoid(aside - 0.08, y - 0.48, z, (0.14, 0.46, 0.4))
        cushion = length(length((y - 0.48) * 0.92, z) - 0.29, aside + 0.08) - 0.12
        ring = length(length((y - 0.48) * 0.9, z) - 0.3, aside - 0.17) - 0.025
        return pick(np.minimum(arch, cup * 0.9), np.minimum(cushion, pad), ring)

    return Product(
        "headphones",
        shape,
        [Material(linear("#e9e6e1"), 0.6), Material(linear("#2b2b2e"), 0.15), Material(linear("#d98c4a"), 0.8, 0.8)],
        (-1.05, 0, -0.46),
        (1.05, 1.95, 0.46),
    )


def duck() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        body = ellipsoid(x + 0.1, y - 0.52, z, (0.85, 0.54, 0.62))
        tail = ellipsoid(x + 0.86, y - 0.8, z, (0.22, 0.3, 0.2))
        head = length(x - 0.42, y - 1.3, z) - 0.44
        wing = ellipsoid(x + 0.22, y - 0.62, np.abs(z) - 0.55, (0.46, 0.26, 0.14))
        bill = ellipsoid(x - 0.92, y - 1.22, z, (0.24, 0.09, 0.2))
        eye = length(x - 0.72, y - 1.42, np.abs(z) - 0.22) - 0.075
        return pick(blend(blend(blend(body, tail, 0.3), head, 0.22), wing, 0.08) * 0.9, bill, eye)

    return Product(
        "toy-duck",
        shape,
        [Material(linear("#f4c531"), 0.8), Material(linear("#e8702a"), 0.7), Material(linear("#141414"), 1.0)],
        (-1.12, 0, -0.75),
        (1.2, 1.78, 0.75),
    )


def dispenser() -> Product:
    body = lathe([(0, 0.44), (0.05, 0.5), (1.25, 0.5), (1.4, 0.42), (1.46, 0.2), (1.5, 0.2)])

    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        collar = cylinder(x, y, z, 0.2, 1.48, 1.68, 0.03)
        stem = cylinder(x, y, z, 0.06, 1.6, 1.95, 0.02)
        head = cylinder(x, y, z, 0.14, 1.9, 2.04, 0.03)
        spout = capsule(x, y, z, (0, 1.98, 0), (0.5, 1.96, 0), 0.055)
        drop = capsule(x, y, z, (0.5, 1.96, 0), (0.54, 1.86, 0), 0.05)
        pump = np.minimum(np.minimum(collar, stem), np.minimum(head, np.minimum(spout, drop)))
        return pick(body(x, y, z), pump)

    def label(x: Floats, y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#8f5a2b"), np.float32), (len(x), 1))
        front = (np.abs(np.arctan2(x, z) - 0.3) < 0.62) & (y > 0.3) & (y < 1.1)
        paint[front] = linear("#f7f4ec")
        paint[front & (np.abs(y - 0.88) < 0.045) & (np.abs(np.arctan2(x, z) - 0.3) < 0.36)] = linear("#22302a")
        paint[
            front & (np.abs((y - 0.5) % 0.1 - 0.05) < 0.014) & (y < 0.75) & (np.abs(np.arctan2(x, z) - 0.3) < 0.42)
        ] = linear("#8d948f")
        return paint

    return Product(
        "soap-dispenser",
        shape,
        [Material(label, 0.85), Material(linear("#1c1c1e"), 0.6)],
        (-0.54, 0, -0.54),
        (0.62, 2.08, 0.54),
    )


def carton() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        return pick(box(x, y - 0.9, z, (0.55, 0.9, 0.28), 0.015))

    def print_(x: Floats, y: Floats, z: Floats) -> Floats:
        paint = np.tile(np.array(linear("#fbfbf9"), np.float32), (len(x), 1))
        paint[y < 0.5 + 0.25 * np.sin(x * 2.4 + z * 2)] = linear("#2a9d8f")
        front = z > 0.27
        paint[front & (np.abs(y - 1.45) < 0.055) & (x > -0.42) & (x < 0.3)] = linear("#264653")
        paint[front & (np.abs(y - 1.25) < 0.025) & (x > -0.42) & (x < 0.05)] = linear("#8aa5a8")
        paint[front & (length(x - 0.25, y - 0.95) < 0.14)] = linear("#e9c46a")
        return paint

    return Product("medicine-carton", shape, [Material(print_, 0.25)], (-0.57, 0, -0.3), (0.57, 1.82, 0.3))


def candle() -> Product:
    def shape(x: Floats, y: Floats, z: Floats) -> tuple[Floats, np.ndarray]:
        jar = np.maximum(cylinder(x, y, z, 0.62, 0, 1.05, 0.08), -cylinder(x, y, z, 0.55, 0.12, 2, 0.02))
        wax = cylinder(x, y, z, 0.58, 0.1, 0.82, 0.01)
        wick = capsule(x, y, z, (0, 0.8, 0), (0.02, 0.98, 0), 0.02)
        label = np.maximum(cylinder(x, y, z, 0.624, 0.28, 0.74, 0.004), np.abs(np.arctan2(x, z) - 0.2) - 0.8)
        return pick(jar, wax, wick, label)

    return Product(
        "candle",
        shape,
        [
            Material(linear("#5a4a6b"), 1.0),
            Material(linear("#f3e7cf"), 0.2),
            Material(linear("#1a1a1a"), 0),
            Material(linear("#f5f0e6"), 0.1),
        ],
        (-0.65, 0, -0.65),
        (0.65, 1.08, 0.65),
    )
