"""Fits a canvas of any size into the sizes that an image model takes, and takes the answer back out."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.images.background_models import PlacedSubject

_GROUND = (200, 200, 200)
_FINE = 95


@dataclass(frozen=True, slots=True)
class EditCanvas:
    """Where the canvas lies in the picture that is sent.

    Attributes:
        sent: (width, height) of what is sent.
        box: (left, top, right, bottom) of the canvas in it; around it lies what is cut off again.
        canvas: (width, height) of the canvas itself.
    """

    sent: tuple[int, int]
    box: tuple[int, int, int, int]
    canvas: tuple[int, int]

    @classmethod
    def around(cls, canvas: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> EditCanvas:
        """The size whose shape is nearest to the canvas's, with all of the canvas in its middle."""
        aspect = math.log(canvas[0] / canvas[1])
        sent = min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - aspect))
        scale = min(sent[0] / canvas[0], sent[1] / canvas[1])
        width, height = max(1, round(canvas[0] * scale)), max(1, round(canvas[1] * scale))
        left, top = (sent[0] - width) // 2, (sent[1] - height) // 2
        return cls(sent, (left, top, left + width, top + height), canvas)

    def image_png(self, subject: PlacedSubject) -> bytes:
        """The product on neutral gray, as the picture to be edited."""
        return _encoded(self._laid(subject), "PNG")

    def alpha_mask_png(self, subject: PlacedSubject) -> bytes:
        """RGBA: transparent where the model paints, opaque where the product is; nothing between."""
        mask = Image.new("RGBA", self.sent, (0, 0, 0, 0))
        mask.putalpha(Image.fromarray(self._kept(subject)))
        return _encoded(mask, "PNG")

    def mask_png(self, subject: PlacedSubject, *, paints_white: bool) -> bytes:
        """RGB, pure black and pure white.

        Args:
            paints_white: Whether the model repaints white and keeps black, else the other way round.
        """
        kept = self._kept(subject)
        return _encoded(Image.fromarray(255 - kept if paints_white else kept).convert("RGB"), "PNG")

    def photo_jpeg(self, photo: Image.Image) -> bytes:
        """An RGB photo of the canvas's size, on neutral gray where it does not reach."""
        left, top, right, bottom = self.box
        sent = Image.new("RGB", self.sent, _GROUND)
        sent.paste(photo.resize((right - left, bottom - top), Image.Resampling.LANCZOS, reducing_gap=3.0), (left, top))
        return _encoded(sent, "JPEG", quality=_FINE, subsampling=0)

    def canvas_of(self, answer: Image.Image) -> NDArray[np.uint8] | None:
        """The canvas out of the answer, (height, width, 3); None when the answer has another size than was sent."""
        return self._cut(answer.convert("RGB")) if answer.size == self.sent else None

    def matte_of(self, answer: Image.Image) -> NDArray[np.uint8] | None:
        """The answer's opacity on the canvas, (height, width); None when it has none, or another size than was sent."""
        if answer.size != self.sent or "A" not in answer.getbands():
            return None
        return self._cut(answer.getchannel("A"))

    def _cut(self, answer: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(answer.resize(self.canvas, Image.Resampling.LANCZOS, box=self.box))

    def _kept(self, subject: PlacedSubject) -> NDArray[np.uint8]:
        """(height, width) of what is sent: 255 where the product is, else 0."""
        left, top, right, bottom = self.box
        matte = Image.fromarray(subject.matte).resize((right - left, bottom - top), Image.Resampling.BOX)
        kept = np.zeros((self.sent[1], self.sent[0]), np.uint8)
        kept[top:bottom, left:right] = np.where(np.asarray(matte) >= 128, 255, 0)
        return kept

    def _laid(self, subject: PlacedSubject) -> Image.Image:
        ground = Image.new("RGB", self.sent, _GROUND)
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        product = Image.merge("RGBA", [*Image.fromarray(subject.pixels).split(), Image.fromarray(subject.matte)])
        small = product.resize(size, Image.Resampling.LANCZOS)
        ground.paste(small.convert("RGB"), (left, top), small.getchannel("A"))
        return ground


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()
