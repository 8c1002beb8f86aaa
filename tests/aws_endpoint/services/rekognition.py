"""Rekognition: things that stand out from the color of a picture's corner, and magenta for what is not safe."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.paid_replies import PaidReplies

LEAST_SHARE: Final = 0.004
SIDE: Final = 320
DEFAULT_LEAST_PERCENT: Final = 55.0

paid = PaidReplies()
"""Of DetectLabels and DetectModerationLabels together."""


def register(endpoint: AwsEndpoint) -> None:
    """Answer DetectLabels and DetectModerationLabels."""
    endpoint.answer("rekognition", "DetectLabels", detect_labels)
    endpoint.answer("rekognition", "DetectModerationLabels", detect_moderation_labels)
    paid.clear()
    endpoint.on_reset(paid.clear)


def detect_labels(request: AwsRequest) -> dict[str, Any]:
    """The members of the reply: countable things with a box each, their parent, and what is said of the whole."""
    pixels = _pixels(request)
    least = float(request.parameters.get("MinConfidence", DEFAULT_LEAST_PERCENT))
    instances: dict[str, list[dict[str, Any]]] = {}
    for name, instance in _things(pixels):
        instances.setdefault(name, []).append(instance)
    labels: list[dict[str, Any]] = [
        {
            "Name": name,
            "Confidence": max(one["Confidence"] for one in found),
            "Instances": found,
            "Parents": [{"Name": "Product"}],
            "Aliases": [],
            "Categories": [{"Name": "Everyday Objects"}],
        }
        for name, found in instances.items()
    ]
    if labels:
        surest = max(label["Confidence"] for label in labels)
        labels.append(_whole("Product", surest, "Everyday Objects"))
        labels.append(_whole("Studio Shot", 71.5, "Colors and Visual Composition"))
    labels = [label for label in labels if label["Confidence"] >= least]
    labels.sort(key=lambda label: -label["Confidence"])
    paid.add("DetectLabels", request.parameters["Image"]["Bytes"])
    return {"Labels": labels[: request.parameters.get("MaxLabels", 1000)], "LabelModelVersion": "3.0"}


def detect_moderation_labels(request: AwsRequest) -> dict[str, Any]:
    """The members of the reply: the more magenta, the surer."""
    pixels = _pixels(request).astype(int)
    magenta = (pixels[..., 0] > 200) & (pixels[..., 1] < 80) & (pixels[..., 2] > 200)
    confidence = min(100.0 * float(magenta.mean()) * 4, 99.5)
    labels = [
        {"Name": "Violence", "ParentName": "", "Confidence": confidence, "TaxonomyLevel": 1},
        {"Name": "Weapon Violence", "ParentName": "Violence", "Confidence": confidence, "TaxonomyLevel": 2},
    ]
    least = float(request.parameters.get("MinConfidence", 50.0))
    paid.add("DetectModerationLabels", request.parameters["Image"]["Bytes"])
    return {
        "ModerationLabels": [label for label in labels if confidence >= least],
        "ModerationModelVersion": "7.0",
        "ContentTypes": [],
    }


def _pixels(request: AwsRequest) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(request.parameters["Image"]["Bytes"]), formats=("JPEG", "PNG")) as opened:
            opened.load()
            picture = opened.convert("RGB")
    except OSError as error:
        raise AwsFault("InvalidImageFormatException", "Request has invalid image format", status=400) from error
    picture.thumbnail((SIDE, SIDE))
    return np.asarray(picture)


def _things(pixels: NDArray[np.uint8]) -> list[tuple[str, dict[str, Any]]]:
    """What stands out from the color of the upper left corner, largest first."""
    away = np.abs(pixels.astype(int) - pixels[0, 0].astype(int)).max(axis=2) > 40
    numbered, count = ndimage.label(ndimage.binary_opening(away, iterations=1))
    height, width = away.shape
    found = []
    for rows, columns in ndimage.find_objects(numbered, max_label=count):
        part = away[rows, columns]
        if part.sum() < LEAST_SHARE * away.size:
            continue
        filled = float(part.mean())
        name = "Box" if filled > 0.9 else "Ball" if filled > 0.7 else "Bottle"
        box = {
            "Left": columns.start / width,
            "Top": rows.start / height,
            "Width": (columns.stop - columns.start) / width,
            "Height": (rows.stop - rows.start) / height,
        }
        found.append((part.sum(), name, {"BoundingBox": box, "Confidence": round(80 + 19 * filled, 3)}))
    found.sort(key=lambda one: -one[0])
    return [(name, instance) for _, name, instance in found]


def _whole(name: str, confidence: float, category: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Confidence": confidence,
        "Instances": [],
        "Parents": [],
        "Aliases": [],
        "Categories": [{"Name": category}],
    }
