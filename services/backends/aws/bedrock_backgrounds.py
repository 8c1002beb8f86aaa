"""Backgrounds from an image model of Bedrock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.image_calls import ImageModel, encoded, picture_blocked, wrong_size
from services.backends.aws.model_families import is_nova_canvas, is_stability, is_titan, unknown_painter
from services.backends.aws.model_lifecycle import ModelLifecycle
from services.backends.aws.painting import Painting, PaintingInput
from services.backends.aws.stability import StabilityInpaint, StabilitySearchReplace
from services.backends.aws.titan_outpainting import NovaCanvasOutpainting, TitanOutpainting
from services.backends.edit_canvas import EditCanvas
from services.images.background_models import BackgroundPicture, BackgroundRequest, GeneratorNotice, PlacedSubject
from services.images.wishes import check_prompts

VERSION = 1
"""Goes up whenever the same request would be sent otherwise."""

_CALLED = "image model"


def painting_of(model_id: str) -> Painting:
    """How this model is asked. Raises ConfigurationError (``model-family-unknown``)."""
    if is_titan(model_id):
        return TitanOutpainting()
    if is_nova_canvas(model_id):
        return NovaCanvasOutpainting()
    if is_stability(model_id, "inpaint"):
        return StabilityInpaint()
    if is_stability(model_id, "search-replace"):
        return StabilitySearchReplace()
    raise unknown_painter(model_id)


class BedrockBackgrounds:
    """See :class:`services.ports.images.BackgroundGenerator` and :class:`services.ports.images.TellsItsEnd`.

    Args:
        model_id: Of a model or an inference profile; its family decides how it is asked.
        price_per_picture: In US dollars; None when it is not known.

    Raises:
        ConfigurationError: the family is not known (``model-family-unknown``).
    """

    name = "bedrock"
    verb = "generated"
    paid = True

    def __init__(
        self,
        aws: AwsAccess,
        model_id: str,
        *,
        price_per_picture: float | None = None,
        policy: CallPolicy | None = None,
        lifecycle: ModelLifecycle | None = None,
    ) -> None:
        self._painting = painting_of(model_id)
        self._model = ImageModel(aws, model_id, called=_CALLED, policy=policy)
        self._lifecycle = lifecycle or ModelLifecycle(
            aws.clients, model_id, called=_CALLED, setting="FRONTLINE_BEDROCK_IMAGE_MODEL"
        )
        self.price_per_picture = price_per_picture

    @property
    def seconds_per_picture(self) -> float:
        return self._painting.seconds_per_picture

    @property
    def pictures_per_call(self) -> int:
        return self._painting.pictures_per_call

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        check_prompts(request.prompt.strip(), request.negative_prompt)
        canvas = EditCanvas.around(subject.size, self._painting.sizes(subject.size))
        mask = encoded(canvas.mask_png(subject, paints_white=self._painting.paints_white))
        image = encoded(canvas.image_png(subject))
        pictures: list[BackgroundPicture] = []
        for part in request.parts(self.pictures_per_call):
            asked = PaintingInput(part, image, mask, canvas.sent, self._painting.seed(part.seed), part.count)
            pictures += self._painted(asked, canvas)
        if not pictures:
            raise picture_blocked()
        return pictures

    def check_ready(self) -> None:
        """Raise BackendError unless AWS lists the model and has not ended it."""
        self._lifecycle.require_active()

    def notice(self) -> GeneratorNotice | None:
        """What AWS says of the model's end."""
        return self._lifecycle.notice()

    def _painted(self, asked: PaintingInput, canvas: EditCanvas) -> list[BackgroundPicture]:
        reply = self._model.ask(self._painting.body(asked), _count)
        try:
            painted = self._painting.painted(reply, asked)
        except ValueError as exc:
            raise self._model.unreadable() from exc
        pictures = []
        for one in painted[: asked.count]:
            pixels = canvas.canvas_of(self._model.picture(one.image))
            if pixels is None:
                raise wrong_size()
            seed = asked.request.seed if one.seeded else None
            pictures.append(BackgroundPicture(pixels, seed, holds_subject=True, origin="generated"))
        return pictures


def _count(reply: Mapping[str, Any]) -> int:
    images = reply.get("images")
    return len(images) if isinstance(images, list) else 0
