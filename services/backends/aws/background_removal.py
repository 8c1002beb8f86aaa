"""How models of Bedrock are asked to take the background of a photo away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from services.backends.aws.model_families import is_nova_canvas, is_stability, unknown_cutter
from services.backends.aws.model_sizes import SizeLimits
from services.backends.aws.painting import listed
from services.backends.aws.stability import STABILITY_LIMITS, blocked_by_filter
from services.backends.aws.titan_outpainting import NovaCanvasOutpainting


class Removal(Protocol):
    """How one family takes a background away.

    Attributes:
        limits: Of the photos that it takes.
    """

    limits: SizeLimits

    def body(self, image: str) -> dict[str, Any]:
        """What InvokeModel is sent, with the photo in base64."""
        ...

    def image(self, reply: Mapping[str, Any]) -> object:
        """The picture of a reply, in base64; None when there is none. Raises ValueError or BackendRejectedError."""
        ...


class NovaCanvasRemoval:
    """Nova Canvas."""

    limits = NovaCanvasOutpainting.LIMITS

    def body(self, image: str) -> dict[str, Any]:
        return {"taskType": "BACKGROUND_REMOVAL", "backgroundRemovalParams": {"image": image}}

    def image(self, reply: Mapping[str, Any]) -> object:
        if reply.get("error") and not reply.get("images"):
            return None
        return next(iter(listed(reply, "images")), None)


class StabilityRemoval:
    """``stable-image-remove-background``."""

    limits = STABILITY_LIMITS

    def body(self, image: str) -> dict[str, Any]:
        return {"image": image, "output_format": "png"}

    def image(self, reply: Mapping[str, Any]) -> object:
        return None if blocked_by_filter(reply) else next(iter(listed(reply, "images")), None)


def removal_of(model_id: str) -> Removal:
    """How this model is asked. Raises ConfigurationError (``model-family-unknown``)."""
    if is_nova_canvas(model_id):
        return NovaCanvasRemoval()
    if is_stability(model_id, "remove-background"):
        return StabilityRemoval()
    raise unknown_cutter(model_id)
