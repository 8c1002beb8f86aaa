"""Labels from Amazon Rekognition's DetectLabels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy, Usage
from services.backends.aws.rekognition_photos import photo_jpeg, rekognition_service, require_answer
from services.errors import REPLY_LOST, BackendUnavailableError
from services.images.file_words import file_name_labels
from services.images.mask_models import Box, CutOut
from services.images.models import Label, LabelSource

VERSION = 1
"""Goes up whenever the same reply gives other labels."""

MOST_LABELS = 40
LEAST_CONFIDENCE_PERCENT = 55.0
_ONE_PHOTO = Usage(images=1, units=1)
# What surrounds a product rather than being one; where nothing else has a box, these count as well.
_SURROUNDINGS = frozenset(
    {
        "Buildings and Architecture",
        "Furniture and Furnishings",
        "Home and Indoors",
        "Nature and Outdoors",
        "Offices and Workspaces",
        "Person Description",
        "Plants and Flowers",
        "Popular Landmarks",
        "Travel and Adventure",
    }
)
_SAME_BOX = 0.9
_LARGEST_PART = 0.5


@dataclass(frozen=True, slots=True)
class _Found:
    """A label of a reply, with a box per instance, the surest first."""

    name: str
    confidence: float
    boxes: tuple[tuple[Box, float], ...]
    parents: frozenset[str]
    surroundings: bool

    @property
    def prominence(self) -> float:
        """How much of the picture's middle its most prominent instance takes, with its confidence."""
        return max((_prominence(box) * confidence for box, confidence in self.boxes), default=0.0)


class RekognitionLabels:
    """See :class:`services.ports.images.LabelDetector`. Looks at the photo alone; one call per photo.

    Labels with boxes come first, what looks most like the product before the others, a label for each box; then those
    about the whole picture, the surest first. What only says more generally what another label says is left out.
    """

    name = f"rekognition-{VERSION}"
    lane = "rekognition"

    def __init__(self, aws: AwsAccess, *, policy: CallPolicy | None = None) -> None:
        self._service = rekognition_service(aws, "label service", policy)

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        reply = self._service.call(
            "DetectLabels",
            {
                "Image": {"Bytes": photo_jpeg(picture)},
                "MaxLabels": MOST_LABELS,
                "MinConfidence": LEAST_CONFIDENCE_PERCENT,
                "Features": ["GENERAL_LABELS"],
            },
            usage=lambda _: _ONE_PHOTO,
        )
        return [*labels_of(reply), *file_name_labels(file_name)]

    def check_ready(self) -> None:
        """Raise BackendError unless Rekognition answers and may be asked. Costs nothing."""
        require_answer(self._service, "DetectLabels")


def labels_of(reply: Mapping[str, Any]) -> list[Label]:
    """The labels of a reply of DetectLabels.

    Raises:
        BackendUnavailableError: it makes no sense.
    """
    try:
        found = _without_repeats([_found(one) for one in reply["Labels"]])
    except (KeyError, TypeError, ValueError) as exc:
        raise BackendUnavailableError("The label service sent a reply that cannot be read.", code=REPLY_LOST) from exc
    boxed = sorted((one for one in found if one.boxes), key=lambda one: (one.surroundings, -one.prominence, one.name))
    whole = sorted((one for one in found if not one.boxes), key=lambda one: (-one.confidence, one.name))
    labels: list[Label] = []
    taken: set[str] = set()
    for one in (*boxed, *whole):
        stem = _stem(one.name, taken)
        if not one.boxes:
            labels.append(Label(stem, one.name, LabelSource.MODEL, one.confidence))
        for number, (box, confidence) in enumerate(one.boxes, start=1):
            labels.append(Label(f"{stem}.{number}", one.name, LabelSource.MODEL, confidence, box))
    return labels


def _found(label: Mapping[str, Any]) -> _Found:
    boxes = []
    for instance in label.get("Instances") or ():
        box = _box(instance.get("BoundingBox") or {})
        if box is not None:
            boxes.append((box, _share(instance.get("Confidence", label["Confidence"]))))
    boxes.sort(key=lambda one: (-one[1], one[0].left, one[0].top))
    categories = {str(one.get("Name", "")) for one in label.get("Categories") or ()}
    return _Found(
        str(label["Name"]),
        _share(label["Confidence"]),
        tuple(boxes),
        frozenset(str(one.get("Name", "")) for one in label.get("Parents") or ()),
        bool(categories & _SURROUNDINGS),
    )


def _without_repeats(found: list[_Found]) -> list[_Found]:
    """Without the parents of other labels that have no box of their own, or only boxes that the children have."""
    kept = []
    for one in found:
        children = [child for child in found if one.name in child.parents]
        theirs = [box for child in children for box, _ in child.boxes]
        own = [(box, share) for box, share in one.boxes if all(_overlap(box, other) < _SAME_BOX for other in theirs)]
        if not children or own:
            kept.append(_Found(one.name, one.confidence, tuple(own or one.boxes), one.parents, one.surroundings))
    return kept


def _box(values: Mapping[str, Any]) -> Box | None:
    """The box as far as it lies in the picture; None where it holds nothing."""
    left, top = float(values.get("Left", 0.0)), float(values.get("Top", 0.0))
    box = Box.from_pixels(left, top, float(values.get("Width", 0.0)), float(values.get("Height", 0.0)), (1, 1))
    return box if box.width > 0 and box.height > 0 else None


def _share(percent: Any) -> float:
    return round(min(max(float(percent) / 100, 0.0), 1.0), 4)


def _prominence(box: Box) -> float:
    aside = math.hypot(box.left + box.width / 2 - 0.5, box.top + box.height / 2 - 0.5)
    return math.sqrt(min(box.width * box.height, _LARGEST_PART)) * (1 - min(aside, 1.0))


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def _stem(name: str, taken: set[str]) -> str:
    """The beginning of a label's id, which no other name has."""
    plain = "rekognition-" + "-".join(re.findall(r"\w+", name.casefold()))
    stem, number = plain, 1
    while stem in taken:
        number += 1
        stem = f"{plain}~{number}"
    taken.add(stem)
    return stem
