"""The OUTPAINTING contract of Amazon's image models: Titan Image Generator, and Nova Canvas, which has wider limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from services.backends.aws.model_sizes import SizeLimits
from services.backends.aws.painting import Painted, PaintingInput, listed
from services.images.background_models import CompositeMode

# Shorter texts are refused.
_SHORTEST_TEXT = 3


class TitanOutpainting:
    """See :class:`services.backends.aws.painting.Painting`.

    Several pictures of one call have its one seed.
    """

    pictures_per_call = 5
    seconds_per_picture = 8.0
    paints_white = True
    largest_seed: ClassVar[int] = 2_147_483_646
    longest_text: ClassVar[int] = 512
    cfg_scale: ClassVar[float] = 8.0
    # The larger one of each shape that is allowed: width, height.
    SIZES: ClassVar[tuple[tuple[int, int], ...]] = (
        (1024, 1024),
        *((768, 1152), (1152, 768)),
        *((768, 1280), (1280, 768)),
        *((896, 1152), (1152, 896)),
        *((768, 1408), (1408, 768)),
        *((640, 1408), (1408, 640)),
        *((1152, 640),),
    )

    def seed(self, wished: int) -> int:
        return wished % (self.largest_seed + 1)

    def sizes(self, canvas: tuple[int, int]) -> Sequence[tuple[int, int]]:
        return self.SIZES

    def body(self, asked: PaintingInput) -> dict[str, Any]:
        request = asked.request
        parameters = {
            "image": asked.image,
            "maskImage": asked.mask,
            "text": self._text(request.prompt),
            "outPaintingMode": "PRECISE" if request.mode is CompositeMode.PRECISE else "DEFAULT",
        }
        avoided = _plain(request.negative_prompt)[: self.longest_text]
        if len(avoided) >= _SHORTEST_TEXT:
            parameters["negativeText"] = avoided
        return {
            "taskType": "OUTPAINTING",
            "outPaintingParams": parameters,
            "imageGenerationConfig": {
                "numberOfImages": asked.count,
                "quality": "standard",
                "cfgScale": self.cfg_scale,
                "seed": asked.seed,
                **self._size(asked.size),
            },
        }

    def painted(self, reply: Mapping[str, Any], asked: PaintingInput) -> list[Painted]:
        if reply.get("error") and not reply.get("images"):
            return []
        return [Painted(image) for image in listed(reply, "images")]

    def _text(self, prompt: str) -> str:
        text = _plain(prompt)
        # A word that short says nothing by itself.
        return (text if len(text) >= _SHORTEST_TEXT else f"{text} background")[: self.longest_text]

    def _size(self, size: tuple[int, int]) -> dict[str, int]:
        return {"width": size[0], "height": size[1]}


class NovaCanvasOutpainting(TitanOutpainting):
    """See :class:`services.backends.aws.painting.Painting`. The answer has the size of the picture that was sent."""

    largest_seed: ClassVar[int] = 858_993_459
    longest_text: ClassVar[int] = 1024
    cfg_scale: ClassVar[float] = 6.5
    LIMITS: ClassVar[SizeLimits] = SizeLimits(
        least_side=320, most_side=4096, most_pixels=4_194_303, most_ratio=4.0, step=16
    )

    def sizes(self, canvas: tuple[int, int]) -> Sequence[tuple[int, int]]:
        return (self.LIMITS.around(canvas),)

    def _size(self, size: tuple[int, int]) -> dict[str, int]:
        return {}


def _plain(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())
