"""Learns the numbers of services/backends/local/mattes/learned.json from the tuning halves.

python -m bench.matte_training DATA_DIR
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.matte_sets import SETS, Photo, box_around, photos
from services.backends.local.mattes.box_window import window_around
from services.backends.local.mattes.hints import DROP, hint_map
from services.backends.local.mattes.learned import FILE, Ridge
from services.backends.local.mattes.mask_signals import SIGNALS, intersection_over_union, measure_signals
from services.backends.local.mattes.network import USUAL_SIDE, SegmentationNetwork, network_input
from services.backends.local.mattes.network_view import view
from services.backends.local.mattes.packaged_network import packaged_network
from services.backends.local.mattes.patch_features import describe
from services.backends.local.mattes.quantize import (
    RANGES,
    layers_to_quantize,
    learned_ranges,
    prepared,
    quantize,
)
from services.backends.local.mattes.scene import Scene, read_scene, reduced
from services.backends.local.mattes.subject_search import Found, frame_of, search_subject
from services.images.mask_models import Box, MaskHints

BOXES_PER_PHOTO = 3
WIDEST_MARGIN = 0.12
STRENGTH = 1.3
"""Of the ridge, against photos that count 1 each."""

QUALITY_STRENGTH = 70.0
NETWORK_QUALITY_STRENGTH = 30.0
CROPS_PER_PHOTO = 5
"""A network is right about most whole photos: crops, some through the subject, show what its mistakes look like."""

LEAST_CROP_PIXELS = 40
FOLDS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The patches of one scene: features, how much of each is subject, and how much each counts; a photo counts 1."""

    features: Floats
    truth: Floats
    counts: Floats


def automatic_sample(photo: Photo) -> Sample:
    scene = read_scene(reduced(np.asarray(photo.picture)))
    return _sample(scene, describe(scene, scene.border), photo.truth)


def window_of(photo: Photo, box: Box) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """What the cutter looks at around a box: the reduced picture, its hints, and the truth there."""
    left, top, right, bottom = window_around((box,), photo.picture.size)
    hinted = hint_map(MaskHints(keep_boxes=(box,)), photo.picture.size)[top:bottom, left:right]
    small = reduced(np.ascontiguousarray(np.asarray(photo.picture)[top:bottom, left:right]))
    size = small.shape[1], small.shape[0]
    truth = cv2.resize(photo.truth[top:bottom, left:right].astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small, np.asarray(cv2.resize(hinted, size, interpolation=cv2.INTER_NEAREST)), np.asarray(truth > 0.5)


def boxed_samples(photo: Photo, rng: np.random.Generator) -> list[Sample]:
    samples = []
    for _ in range(BOXES_PER_PHOTO):
        box = box_around(photo.truth, tuple(rng.uniform(0, WIDEST_MARGIN, 4)))  # type: ignore[arg-type]
        small, hinted, truth = window_of(photo, box)
        scene = read_scene(small)
        beyond = scene.average(hinted == DROP) > 0.5
        features = describe(scene, beyond if beyond.any() else scene.border, frame_of(hinted != DROP))
        sample = _sample(scene, features, truth)
        # What lies outside the box is known; only the inside is learned.
        counts = np.where(beyond, 0.0, sample.counts)
        samples.append(Sample(sample.features, sample.truth, counts / counts.sum() / BOXES_PER_PHOTO))
    return samples


def fit(samples: Sequence[Sample], strength: float = STRENGTH) -> dict[str, Any]:
    """A weighted ridge regression on standardized features."""
    features = np.concatenate([sample.features for sample in samples]).astype(np.float64)
    truth = np.concatenate([sample.truth for sample in samples])
    counts = np.concatenate([sample.counts for sample in samples])
    means = np.average(features, axis=0, weights=counts)
    scales = np.sqrt(np.average((features - means) ** 2, axis=0, weights=counts)).clip(1e-6)
    standard = np.clip((features - means) / scales, -5, 5)
    intercept = float(np.average(truth, weights=counts))
    weighted = standard * counts[:, None]
    weights = np.linalg.solve(
        weighted.T @ standard + strength * np.eye(features.shape[1]), weighted.T @ (truth - intercept)
    )
    return {
        "means": [float(f"{value:.6g}") for value in means],
        "scales": [float(f"{value:.6g}") for value in scales],
        "weights": [float(f"{value:.6g}") for value in weights],
        "intercept": round(intercept, 6),
    }


def _sample(scene: Scene, features: NDArray[np.float32], truth: NDArray[np.bool_]) -> Sample:
    height, width = scene.patch_map.shape
    small = cv2.resize(truth.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return Sample(
        features.astype(np.float64),
        scene.average(small).astype(np.float64),
        (scene.sizes / scene.sizes.sum()).astype(np.float64),
    )


def quality_samples(tuned: Sequence[Photo], automatic: Sequence[Sample], boxed: Sequence[list[Sample]]) -> list[Sample]:
    """Masks of photos that their regression was not learned from: their signals, and how good they are."""
    samples = []
    for fold in range(FOLDS):
        learned_from = [number for number in range(len(tuned)) if number % FOLDS != fold]
        guess = _ridge(fit([automatic[number] for number in learned_from]))
        guess_in_box = _ridge(fit([sample for number in learned_from for sample in boxed[number]]))
        for photo in tuned[fold::FOLDS]:
            small = reduced(np.asarray(photo.picture))
            size = small.shape[1], small.shape[0]
            truth = cv2.resize(photo.truth.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
            samples += _judged(small, search_subject(small, regression=guess), np.asarray(truth))
            window, hinted, inside = window_of(photo, box_around(photo.truth))
            samples += _judged(window, search_subject(window, hinted, boxed=True, regression=guess_in_box), inside)
    return samples


def network_quality_samples(tuned: Sequence[Photo], network: SegmentationNetwork) -> list[Sample]:
    """Masks of the network for whole photos and crops of them: their signals, and how good they are."""
    rng = np.random.default_rng(0)
    samples = []
    for photo in tuned:
        rgb = np.asarray(photo.picture)
        for part in [(slice(None), slice(None)), *_crops(photo, rng)]:
            seen = view(network, np.ascontiguousarray(rgb[part]))
            size = seen.subject.shape[1], seen.subject.shape[0]
            truth = cv2.resize(photo.truth[part].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
            if seen.signals is not None and truth.any():
                overlap = intersection_over_union(seen.subject > 0.5, np.asarray(truth))
                samples.append(Sample(seen.signals[None], np.array([overlap]), np.ones(1)))
    return samples


def _crops(photo: Photo, rng: np.random.Generator) -> list[tuple[slice, slice]]:
    """Parts around the subject; some cut a piece of it off."""
    rows, columns = np.flatnonzero(photo.truth.any(axis=1)), np.flatnonzero(photo.truth.any(axis=0))
    crops = []
    for number in range(CROPS_PER_PHOTO):
        least, most = (0.05, 0.6) if number < 2 else (-0.25, 0.4)
        sides = []
        for ends, length in ((rows, photo.truth.shape[0]), (columns, photo.truth.shape[1])):
            before, after = rng.uniform(least, most, 2) * (ends[-1] - ends[0])
            sides.append(slice(int(max(0, ends[0] - before)), int(min(length, ends[-1] + 1 + after))))
        if min(side.stop - side.start for side in sides) >= LEAST_CROP_PIXELS:
            crops.append((sides[0], sides[1]))
    return crops


def layer_ranges(tuned: Sequence[Photo], file: Path) -> dict[str, Any]:
    """The smallest and largest value in each layer of the network over the tuning photos and their mirror images."""
    import onnx
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        model = prepared(file, (USUAL_SIDE, USUAL_SIDE), Path(folder))
    chosen = set(layers_to_quantize(model))
    weights = {one.name for one in model.graph.initializer}
    names = sorted(
        {
            name
            for node in model.graph.node
            if node.name in chosen
            for name in (*node.input, *node.output)
            if name and name not in weights
        }
    )
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    lows, highs = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for photo in tuned:
        rgb = np.asarray(photo.picture)
        for look in (rgb, np.ascontiguousarray(rgb[:, ::-1])):
            values = network_input(look, (USUAL_SIDE, USUAL_SIDE))
            outputs = session.run(names, {session.get_inputs()[0].name: values})
            lows = np.minimum(lows, [output.min() for output in outputs])
            highs = np.maximum(highs, [output.max() for output in outputs])
    return {
        "network_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "tensors": {
            name: [float(f"{low:.6g}"), float(f"{high:.6g}")]
            for name, low, high in zip(names, lows, highs, strict=True)
        },
    }


def _judged(small: NDArray[np.uint8], found: Found, truth: NDArray[np.bool_]) -> list[Sample]:
    if not found.mask.any() or found.mask.all():
        return []
    signals = measure_signals(small, found.mask, found.guess, found.votes)
    overlap = intersection_over_union(found.mask, truth)
    return [Sample(np.array([[signals[name] for name in SIGNALS]]), np.array([overlap]), np.ones(1))]


def _ridge(values: dict[str, Any]) -> Ridge:
    return Ridge(*(np.array(values[part]) for part in ("means", "scales", "weights")), values["intercept"])


def main(data: Path) -> None:
    """Learn from the tuning halves and write the file."""
    rng = np.random.default_rng(0)
    tuned = [photo for name in SETS for photo in photos(data, name, "tune")]
    automatic = [automatic_sample(photo) for photo in tuned]
    boxed = [boxed_samples(photo, rng) for photo in tuned]
    values = {
        "automatic": fit(automatic),
        "boxed": fit([sample for samples in boxed for sample in samples]),
        "quality": fit(quality_samples(tuned, automatic, boxed), QUALITY_STRENGTH),
    }
    file = packaged_network()
    if file is None:
        raise SystemExit("There is no packaged network to learn from; run make setup where the package index has it.")
    RANGES.write_text(json.dumps(layer_ranges(tuned, file)) + "\n", encoding="utf-8")
    learned_ranges.cache_clear()
    quantize(file, learned_ranges())  # the doubts are learned from what will be run
    values["network_quality"] = fit(network_quality_samples(tuned, SegmentationNetwork(file)), NETWORK_QUALITY_STRENGTH)
    FILE.write_text(json.dumps(values) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
