"""Products cut out by a model of Bedrock that takes backgrounds away; with a person's hints, by this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.background_removal import removal_of
from services.backends.aws.bedrock_model_ids import plain_model_id
from services.backends.aws.calls import CallPolicy
from services.backends.aws.image_calls import ImageModel, encoded, mask_not_found, wrong_size
from services.backends.aws.model_lifecycle import ModelLifecycle
from services.backends.edit_canvas import EditCanvas
from services.backends.local.mattes.cutter import LocalSubjectCutter, finished
from services.backends.local.mattes.own_alpha import own_matte
from services.images.mask_models import CutOut, MaskHints

VERSION = 1
"""Goes up whenever the same photo would be sent otherwise."""

_CALLED = "mask model"


class BedrockCutter:
    """See :class:`services.ports.images.SubjectCutter` and :class:`services.ports.images.PaysForMattes`.

    Args:
        local: Cuts with hints, finds regions and cleans edges.

    Raises:
        ConfigurationError: the model's family is not known (``model-family-unknown``).
    """

    lane = "bedrock"

    def __init__(
        self,
        aws: AwsAccess,
        model_id: str,
        local: LocalSubjectCutter,
        *,
        policy: CallPolicy | None = None,
        lifecycle: ModelLifecycle | None = None,
    ) -> None:
        self._removal = removal_of(model_id)
        self._model = ImageModel(aws, model_id, called=_CALLED, policy=policy)
        self._lifecycle = lifecycle or ModelLifecycle(
            aws.clients, model_id, called=_CALLED, setting="FRONTLINE_BEDROCK_MASK_MODEL"
        )
        self._local = local
        self.matte_name = f"bedrock-{VERSION} {plain_model_id(model_id)}"

    @property
    def name(self) -> str:
        return f"{self.matte_name[:70]} {self._local.name}"

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        if (hints is not None and hints != MaskHints()) or not self.must_ask(picture):
            return self._local.cut_out(picture, hints)
        return self.finish(picture, self.ask(picture))

    def must_ask(self, picture: Image.Image) -> bool:
        return own_matte(picture) is None

    def ask(self, picture: Image.Image) -> NDArray[np.uint8]:
        canvas = EditCanvas.around(picture.size, (self._removal.limits.around(picture.size),))
        reply = self._model.ask(self._removal.body(encoded(canvas.photo_jpeg(picture.convert("RGB")))), _count)
        try:
            image = self._removal.image(reply)
        except ValueError as exc:
            raise self._model.unreadable() from exc
        if image is None:
            raise mask_not_found()
        matte = canvas.matte_of(self._model.picture(image))
        if matte is None:
            raise wrong_size()
        return matte

    def finish(self, picture: Image.Image, matte: NDArray[np.uint8]) -> CutOut:
        return finished(np.asarray(picture.convert("RGB"), np.uint8), matte, "bedrock", ())

    def clean_edges(self, picture: Image.Image, matte: Image.Image) -> Image.Image:
        return self._local.clean_edges(picture, matte)

    def check_ready(self) -> None:
        """Raise BackendError unless AWS lists the model and has not ended it, and this machine can do its part."""
        self._lifecycle.require_active()
        self._local.check_ready()


def _count(reply: Mapping[str, Any]) -> int:
    images = reply.get("images")
    return len(images) if isinstance(images, list) else 0
