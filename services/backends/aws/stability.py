"""The image services of Stability AI on Bedrock that give a picture another background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.backends.aws.image_calls import MOST_SENT_PIXELS, photo_blocked, prompt_blocked
from services.backends.aws.model_sizes import SizeLimits
from services.backends.aws.painting import Painted, PaintingInput, listed
from services.errors import BackendUnavailableError
from services.images.background_models import CompositeMode

# They take 9,437,184 pixels, but a reply holds fewer.
STABILITY_LIMITS = SizeLimits(least_side=64, most_side=3200, most_pixels=MOST_SENT_PIXELS, most_ratio=2.5)
_PROMPT_FILTERED, _PHOTO_FILTERED = "filter reason: prompt", "filter reason: input image"
_FILTERED, _FAILED = "filter reason", "inference error"
# So many pixels into the product its edge may be painted anew.
_SOFT_EDGE = 5


class StabilityInpaint:
    """``stable-image-inpaint``. See :class:`services.backends.aws.painting.Painting`. It makes one picture a call."""

    pictures_per_call = 1
    seconds_per_picture = 10.0
    paints_white = True

    def seed(self, wished: int) -> int:
        return wished + 1  # 0 asks for another picture each time

    def sizes(self, canvas: tuple[int, int]) -> Sequence[tuple[int, int]]:
        return (STABILITY_LIMITS.around(canvas),)

    def body(self, asked: PaintingInput) -> dict[str, Any]:
        request = asked.request
        body: dict[str, Any] = {
            "image": asked.image,
            "prompt": " ".join(request.prompt.replace("\x00", " ").split()),
            "seed": asked.seed,
            "output_format": "png",
            "grow_mask": 0 if request.mode is CompositeMode.PRECISE else _SOFT_EDGE,
            **self._where(asked),
        }
        avoided = " ".join(request.negative_prompt.replace("\x00", " ").split())
        return {**body, "negative_prompt": avoided} if avoided else body

    def painted(self, reply: Mapping[str, Any], asked: PaintingInput) -> list[Painted]:
        if blocked_by_filter(reply):
            return []
        seeds = reply.get("seeds")
        seeded = not isinstance(seeds, list) or seeds[:1] == [asked.seed]
        return [Painted(image, seeded) for image in listed(reply, "images")[:1]]

    def _where(self, asked: PaintingInput) -> dict[str, Any]:
        return {"mask": asked.mask}


class StabilitySearchReplace(StabilityInpaint):
    """``stable-image-search-replace``, which takes no mask: what it replaces is the neutral ground that is sent."""

    def _where(self, asked: PaintingInput) -> dict[str, Any]:
        return {"search_prompt": "plain gray background"}


def blocked_by_filter(reply: Mapping[str, Any]) -> bool:
    """Whether the picture that was made is kept back.

    Raises:
        BackendRejectedError: the words, or the photo, were refused.
        BackendUnavailableError: the model failed.
    """
    reasons = [str(reason).casefold() for reason in reply.get("finish_reasons") or () if reason is not None]
    if any(reason.startswith(_PROMPT_FILTERED) for reason in reasons):
        raise prompt_blocked()
    if any(reason.startswith(_PHOTO_FILTERED) for reason in reasons):
        raise photo_blocked()
    if any(reason.startswith(_FAILED) for reason in reasons):
        raise BackendUnavailableError("The image model failed on this photo.")
    return any(reason.startswith(_FILTERED) for reason in reasons)
