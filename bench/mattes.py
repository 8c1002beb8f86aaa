"""How well subjects are cut out: photos with true masks, studio shots, boxes, doubts, edges, and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from bench.matte_sets import SETS, box_around, photos
from bench.matte_shots import studio_shot
from bench.metrics import mean
from bench.page import Figures, goals, percent, table
from bench.places import ROOT, Places

if TYPE_CHECKING:
    from services.images.mask_models import Box
    from services.ports.images import SubjectCutter

BETA_SQUARED = 0.3
STUDIO_SEEDS = range(1, 81, 2)
"""Odd shots are reported; the plain-backdrop path was made looking at even ones."""

EDGE_SEEDS = range(1, 41, 2)
NEW_BACKGROUND = np.array((0.1, 0.55, 0.2)) * 255
GOOD, BAD = 0.85, 0.7
SYSTEMS = {
    "frontline": "**Frontline**",
    "no_network": "Frontline without its network",
    "rect_320": "Rect GrabCut at 320 px",
    "rect_full": "Rect GrabCut at full size",
}
GOALS_AUTOMATIC = {"ecssd": (0.68, 0.10), "ebay": (0.72, 0.08), "studio": (0.93, None)}
GOALS_BOXED = (0.82, 0.055)
PEER_ROUNDS = 5
PEER_INSET = 0.05

Matte = NDArray[np.uint8]
Truth = NDArray[np.float32]
Cut = Callable[[Image.Image, "Box | None"], tuple[Matte, bool]]


def measure(places: Places) -> Figures:
    """Run every set through every system."""
    import cv2

    from services.backends.local.mattes.cutter import LocalSubjectCutter
    from services.backends.local.mattes.packaged_network import packaged_network

    cv2.setNumThreads(1)
    network = packaged_network()
    if network is None:
        raise SystemExit("There is no packaged network to measure; run make setup where the package index has it.")
    cutter = LocalSubjectCutter(places.work / "no-models", packaged=network)
    without = LocalSubjectCutter(places.work / "no-models")
    cuts: dict[str, Cut] = {
        "frontline": lambda picture, box: _frontline(cutter, picture, box),
        "no_network": lambda picture, box: _frontline(without, picture, box),
        "rect_320": lambda picture, box: (_rect_grabcut(picture, box, 320), False),
        "rect_full": lambda picture, box: (_rect_grabcut(picture, box, None), False),
    }
    automatic: Figures = {}
    boxed: Figures = {}
    rows: dict[str, list[tuple[float, bool]]] = {"frontline": [], "no_network": []}
    for name in (*SETS, "studio"):
        for system, cut in cuts.items():
            if name == "studio" and system == "rect_full":
                continue  # minutes of work on pictures of a megapixel, for no other outcome
            automatic.setdefault(name, {})[system], marks = _measure_set(_pairs(places.data, name), cut, boxed=False)
            print(name, system, automatic[name][system], flush=True)
            if system in rows and name != "studio":
                rows[system] += marks
    for name in SETS:
        for system, cut in cuts.items():
            boxed.setdefault(name, {})[system], _ = _measure_set(_pairs(places.data, name), cut, boxed=True)
            print(name, system, "boxed", boxed[name][system], flush=True)
    return {
        "automatic": automatic,
        "boxed": boxed,
        "boxed_together": {system: _together(boxed, system) for system in SYSTEMS},
        "doubts": {system: _doubts(marks) for system, marks in rows.items()},
        "edges": _edges(cutter),
        "cost": {"frontline": _cost(places), "no_network": _cost(places, "--without-network")},
    }


def _pairs(data: Path, name: str) -> Iterator[tuple[Image.Image, Truth]]:
    if name == "studio":
        for seed in STUDIO_SEEDS:
            shot = studio_shot(seed)
            yield Image.fromarray(shot.picture), shot.alpha
        return
    for photo in photos(data, name, "report"):
        yield photo.picture, photo.truth.astype(np.float32)


def _measure_set(
    pairs: Iterator[tuple[Image.Image, Truth]], cut: Cut, *, boxed: bool
) -> tuple[Figures, list[tuple[float, bool]]]:
    overlaps, scores, errors, seconds, marks = [], [], [], [], []
    for picture, alpha in pairs:
        truth = alpha >= 0.5
        box = box_around(truth) if boxed else None
        started = time.process_time()
        matte, doubtful = cut(picture, box)
        seconds.append(time.process_time() - started)
        overlap, score = _agreement(matte >= 128, truth)
        overlaps.append(overlap)
        scores.append(score)
        errors.append(float(np.abs(matte / 255 - alpha).mean()))
        marks.append((overlap, doubtful))
    figures = {
        "photos": len(overlaps),
        "iou": round(mean(overlaps), 4),
        "f_beta": round(mean(scores), 4),
        "mae": round(mean(errors), 4),
        "good_share": round(mean([float(overlap >= 0.8) for overlap in overlaps]), 4),
        "cpu_seconds": round(mean(seconds), 3),
    }
    return figures, marks


def _agreement(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Intersection over union, and F-beta with beta squared .3."""
    both, union = int((mask & truth).sum()), int((mask | truth).sum())
    precision, recall = both / max(int(mask.sum()), 1), both / max(int(truth.sum()), 1)
    score = (1 + BETA_SQUARED) * precision * recall / max(BETA_SQUARED * precision + recall, 1e-9)
    return both / union if union else 1.0, score


def _frontline(cutter: SubjectCutter, picture: Image.Image, box: Box | None) -> tuple[Matte, bool]:
    from services.images.mask_models import MaskHints

    found = cutter.cut_out(picture, MaskHints(keep_boxes=(box,)) if box is not None else None)
    return found.matte, found.doubtful


def _rect_grabcut(picture: Image.Image, box: Box | None, longer_side: int | None) -> Matte:
    """OpenCV's GrabCut as its tutorial has it: from a rectangle, the box or one just inside the picture."""
    import cv2

    from services.images.mask_models import Box

    pixels = np.asarray(picture)[..., ::-1]
    scale = min(longer_side / max(picture.size), 1.0) if longer_side else 1.0
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    small = np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    inset = 1 - 2 * PEER_INSET
    left, top, right, bottom = (box or Box(PEER_INSET, PEER_INSET, inset, inset)).pixels(size)
    mask = np.zeros(size[::-1], np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, mask, (left, top, right - left, bottom - top), *models, PEER_ROUNDS, cv2.GC_INIT_WITH_RECT)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.where(cv2.resize(found, picture.size) >= 0.5, 255, 0).astype(np.uint8)


def _together(sets: Figures, system: str) -> Figures:
    total = sum(sets[name][system]["photos"] for name in SETS)
    return {
        key: round(sum(sets[name][system][key] * sets[name][system]["photos"] for name in SETS) / total, 4)
        for key in ("iou", "mae")
    }


def _doubts(rows: list[tuple[float, bool]]) -> Figures:
    bad = [marked for overlap, marked in rows if overlap < BAD]
    good = [marked for overlap, marked in rows if overlap > GOOD]
    return {
        "bad": len(bad),
        "bad_marked": round(mean([float(marked) for marked in bad]), 4),
        "good": len(good),
        "good_marked": round(mean([float(marked) for marked in good]), 4),
    }


def _edges(cutter: SubjectCutter) -> Figures:
    """Studio shots set on another color: the mean difference from the right picture in a band along the edge."""
    errors: dict[str, list[float]] = {"hard": [], "alpha": [], "cleaned": [], "own": []}
    for seed in EDGE_SEEDS:
        shot = studio_shot(seed)
        picture = Image.fromarray(shot.picture)
        share = shot.alpha[..., None]
        right = shot.product * 255 * share + NEW_BACKGROUND * (1 - share)
        band = ndimage.maximum_filter((shot.alpha > 0) & (shot.alpha < 1), 5)
        given = np.rint(shot.alpha * 255).astype(np.uint8)
        own = cutter.cut_out(picture).matte

        def error(
            matte: Matte, colors: Image.Image, right: NDArray[np.float64] = right, band: NDArray[np.bool_] = band
        ) -> float:
            alpha = matte[..., None] / 255
            return float(np.abs(np.asarray(colors) * alpha + NEW_BACKGROUND * (1 - alpha) - right)[band].mean())

        errors["hard"].append(error(np.where(given >= 128, 255, 0).astype(np.uint8), picture))
        errors["alpha"].append(error(given, picture))
        errors["cleaned"].append(error(given, cutter.clean_edges(picture, Image.fromarray(given))))
        errors["own"].append(error(own, cutter.clean_edges(picture, Image.fromarray(own))))
    hard = mean(errors["hard"])
    figures: Figures = {name: round(mean(values), 3) for name, values in errors.items()}
    ratios = [own / one for own, one in zip(errors["own"], errors["hard"], strict=True)]
    return {
        **figures,
        "cleaned_ratio": round(mean(errors["cleaned"]) / hard, 4),
        "own_ratio_median": round(float(np.median(ratios)), 4),
    }


def _cost(places: Places, *options: str) -> Figures:
    """A fresh process cuts photos of 1024 x 1024 pixels one after the other."""
    with tempfile.TemporaryDirectory(dir=places.work) as folder:
        for number, photo in enumerate(photos(places.data, "ecssd", "report")):
            if number < 8:
                photo.picture.resize((1024, 1024)).save(Path(folder, f"{number}.png"))
        completed = subprocess.run(
            [sys.executable, "-m", "bench.matte_cost", folder, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return dict(json.loads(completed.stdout.splitlines()[-1]))


def text(figures: Figures) -> str:
    """The section."""
    automatic, boxed, edges = (figures[key] for key in ("automatic", "boxed", "edges"))
    doubts, cost = figures["doubts"]["frontline"], figures["cost"]["frontline"]
    plain_doubts, plain_cost = figures["doubts"]["no_network"], figures["cost"]["no_network"]
    rows = []
    for name, (least, most) in GOALS_AUTOMATIC.items():
        own = automatic[name]["frontline"]
        reached = own["iou"] >= least and (most is None or own["mae"] <= most)
        wanted = f"IoU ≥ {least:.2f}" + (f", MAE ≤ {most:.2f}" if most is not None else "")
        rows.append((f"{name}, automatic", wanted, f"{own['iou']:.3f}, {own['mae']:.3f}", reached))
    own = figures["boxed_together"]["frontline"]
    measured = f"{own['iou']:.3f}, {own['mae']:.3f}"
    reached = own["iou"] >= GOALS_BOXED[0] and own["mae"] <= GOALS_BOXED[1]
    rows.append(("ecssd and ebay, with a person's box", "IoU ≥ 0.82, MAE ≤ 0.055", measured, reached))
    found, wrong = doubts["bad_marked"], doubts["good_marked"]
    rows.append((f"Masks under IoU {BAD} that are marked", "≥ 80 %", percent(found), found >= 0.8))
    rows.append((f"Masks over IoU {GOOD} that are marked", "≤ 25 %", percent(wrong), wrong <= 0.25))
    seconds, memory = cost["cpu_seconds"], cost["peak_mib"]
    rows.append(("CPU seconds for 1024 x 1024", "≤ 0.6", f"{seconds:.2f}", seconds <= 0.6))
    rows.append(("Peak memory of that process", "≤ 250 MB", f"{memory:.0f} MB", memory <= 250))
    ratio = edges["cleaned_ratio"]
    rows.append(("Edge error, true alpha and cleaned colors, of a hard mask's", "≤ 0.20", f"{ratio:.2f}", ratio <= 0.2))
    parts = [goals(rows)]
    for title, sets in (("Automatic", automatic), ("With a person's box", boxed)):
        lines = [
            (
                f"{name}: {SYSTEMS[system]}",
                *(f"{values[key]:.3f}" for key in ("iou", "f_beta", "mae")),
                percent(values["good_share"]),
                f"{values['cpu_seconds']:.2f}",
            )
            for name, systems in sets.items()
            for system, values in systems.items()
        ]
        counts = ", ".join(f"{systems['frontline']['photos']} of {name}" for name, systems in sets.items())
        heading = ("System", "IoU", "F-beta", "MAE", "IoU ≥ .8", "CPU s")
        parts.append(f"**{title}** ({counts})\n\n{table(heading, lines)}")
    parts.append(
        f"Without the network {percent(plain_doubts['bad_marked'])} of {plain_doubts['bad']} masks under IoU {BAD} and "
        f"{percent(plain_doubts['good_marked'])} of {plain_doubts['good']} over {GOOD} are marked; 1024 x 1024 pixels "
        f"take {plain_cost['cpu_seconds']:.2f} CPU seconds and {plain_cost['peak_mib']:.0f} MB."
    )
    parts.append(
        f"{doubts['bad']} masks were under IoU {BAD}, {doubts['good']} over {GOOD}. Edge error in levels of 255: hard "
        f"mask {edges['hard']:.2f}, true alpha {edges['alpha']:.2f}, true alpha with cleaned colors "
        f"{edges['cleaned']:.2f}; with the matte found, median {edges['own_ratio_median']:.2f} of the hard mask's."
    )
    return "\n\n".join(parts)
