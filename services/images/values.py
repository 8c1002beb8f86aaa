"""What people said about images, as JSON-able values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.images.mask_models import Box, MaskEdit, MaskHints, Stroke
from services.images.models import Label, LabelSource, Pruning


def box_values(box: Box) -> list[float]:
    """[left, top, width, height] in shares."""
    return [box.left, box.top, box.width, box.height]


def box_from(values: list[float]) -> Box:
    """Read :func:`box_values`."""
    return Box(*(float(value) for value in values))


def stroke_values(stroke: Stroke) -> dict[str, Any]:
    """As JSON-able values."""
    return {"keeps": stroke.keeps, "points": [list(point) for point in stroke.points], "radius": stroke.radius}


def stroke_from(values: Mapping[str, Any]) -> Stroke:
    """Read :func:`stroke_values`."""
    points = tuple((float(x), float(y)) for x, y in values["points"])
    return Stroke(bool(values["keeps"]), points, float(values["radius"]))


def hints_values(hints: MaskHints) -> dict[str, Any]:
    """As JSON-able values; equal hints have equal values."""
    return {
        "keep_boxes": [box_values(box) for box in hints.keep_boxes],
        "drop_boxes": [box_values(box) for box in hints.drop_boxes],
        "strokes": [stroke_values(stroke) for stroke in hints.strokes],
    }


def edit_values(edit: MaskEdit) -> dict[str, Any]:
    """As JSON-able values."""
    return {
        "box": box_values(edit.box) if edit.box else None,
        "strokes": [stroke_values(stroke) for stroke in edit.strokes],
        "uploaded": edit.uploaded,
    }


def edit_from(values: Mapping[str, Any]) -> MaskEdit:
    """Read :func:`edit_values`."""
    box = values.get("box")
    strokes = tuple(stroke_from(stroke) for stroke in values.get("strokes", ()))
    return MaskEdit(box_from(box) if box else None, strokes, values.get("uploaded"))


def label_values(label: Label) -> dict[str, Any]:
    """As JSON-able values."""
    return {
        "id": label.id,
        "name": label.name,
        "source": label.source.value,
        "confidence": label.confidence,
        "box": box_values(label.box) if label.box else None,
        "region": label.region,
        "area_share": label.area_share,
        "color": label.color,
    }


def label_from(values: Mapping[str, Any]) -> Label:
    """Read :func:`label_values`."""
    box = values.get("box")
    return Label(
        id=str(values["id"]),
        name=str(values["name"]),
        source=LabelSource(values["source"]),
        confidence=values.get("confidence"),
        box=box_from(box) if box else None,
        region=values.get("region"),
        area_share=values.get("area_share"),
        color=values.get("color"),
    )


def pruning_values(pruning: Pruning) -> dict[str, Any]:
    """As JSON-able values."""
    return {"dropped_names": sorted(pruning.dropped_names), "least_confidence": pruning.least_confidence}


def pruning_from(values: Mapping[str, Any]) -> Pruning:
    """Read :func:`pruning_values`."""
    return Pruning(frozenset(values.get("dropped_names", ())), float(values.get("least_confidence", 0.0)))
