"""Fits a canvas of any size into the few sizes that an image edit takes, and takes the answer back out."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.images.background_models import PlacedSubject

# What current image models of this API take: square, landscape and portrait.
EDIT_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))


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
    def around(cls, canvas: tuple[int, int], sizes: tuple[tuple[int, int], ...] = EDIT_SIZES) -> EditCanvas:
        """The size whose shape is nearest to the canvas's, with all of the canvas in its middle."""
        aspect = math.log(canvas[0] / canvas[1])
        sent = min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - aspect))
        scale = min(sent[0] / canvas[0], sent[1] / canvas[1])
        width, height = max(1, round(canvas[0] * scale)), max(1, round(canvas[1] * scale))
        left, top = (sent[0] - width) // 2, (sent[1] - height) // 2
        return cls(sent, (left, top, left + width, top + height), canvas)

    def image_png(self, subject: PlacedSubject) -> bytes:
        """The product on neutral gray, as the picture to be edited."""
        return _png(self._laid(subject, Image.new("RGB", self.sent, (200, 200, 200))))

    def mask_png(self, subject: PlacedSubject) -> bytes:
        """RGBA: transparent where the model paints, opaque where the product is; nothing between."""
        left, top, right, bottom = self.box
        matte = Image.fromarray(subject.matte).resize((right - left, bottom - top), Image.Resampling.BOX)
        alpha = np.zeros((self.sent[1], self.sent[0]), np.uint8)
        alpha[top:bottom, left:right] = np.where(np.asarray(matte) >= 128, 255, 0)
        mask = Image.new("RGBA", self.sent, (0, 0, 0, 0))
        mask.putalpha(Image.fromarray(alpha))
        return _png(mask)

    def canvas_of(self, answer: Image.Image) -> NDArray[np.uint8] | None:
        """The canvas out of the answer, (height, width, 3); None when the answer has another size than was sent."""
        if answer.size != self.sent:
            return None
        cut = answer.convert("RGB").resize(self.canvas, Image.Resampling.LANCZOS, box=self.box)
        return np.asarray(cut)

    def _laid(self, subject: PlacedSubject, ground: Image.Image) -> Image.Image:
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        product = Image.merge("RGBA", [*Image.fromarray(subject.pixels).split(), Image.fromarray(subject.matte)])
        small = product.resize(size, Image.Resampling.LANCZOS)
        ground.paste(small.convert("RGB"), (left, top), small.getchannel("A"))
        return ground


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
