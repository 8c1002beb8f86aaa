"""What people do to masks: a box, strokes, a mask of their own, and their word that it is right."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.access.models import Account
from services.errors import InputError
from services.images.derived import derived_name, gray_png, keep_file
from services.images.desk import BatchDesk, ImageWords
from services.images.intake import IntakeLimits, check_image, open_upright
from services.images.labels import require_area
from services.images.mask_models import Box, MaskEdit, Stroke
from services.images.models import BatchImage
from services.ports.images import ImageFiles

MOST_STROKES = 500
MOST_POINTS = 5000
LARGEST_RADIUS = 0.5
# So far may the shape of a mask differ from the photo's, as rounding does when a picture is made smaller.
_SHAPE_TOLERANCE = 0.01
_MASK_REMEDY = "Save the mask as PNG, in the photo's own size, and upload that file."


class MaskEditing:
    """See :class:`services.images.batches.ImageBatchService` for each call."""

    def __init__(self, desk: BatchDesk, files: ImageFiles, limits: IntakeLimits) -> None:
        self._desk = desk
        self._files = files
        self._limits = limits

    def draw_box(self, account: Account, tenant_id: str, batch_id: str, position: int, box: Box) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        edit = replace(image.edit, box=require_area(box), uploaded=None)
        return self._change(account, tenant_id, image, edit, f"box drawn in {image.file_name}")

    def add_stroke(self, account: Account, tenant_id: str, batch_id: str, position: int, stroke: Stroke) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        if len(image.edit.strokes) >= MOST_STROKES:
            raise InputError(
                f"This photo has {MOST_STROKES} strokes already.",
                code="too-many-strokes",
                remedy="Take them back and begin with a box, or upload a mask.",
            )
        edit = replace(image.edit, strokes=(*image.edit.strokes, _checked(stroke)), uploaded=None)
        told = f"{'keep' if stroke.keeps else 'drop'} stroke in {image.file_name}"
        return self._change(account, tenant_id, image, edit, told)

    def clear_edit(self, account: Account, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        if image.edit.empty:
            return image
        told = f"box, strokes and mask of your own taken from {image.file_name}"
        return self._change(account, tenant_id, image, MaskEdit(), told)

    def upload_mask(self, account: Account, tenant_id: str, batch_id: str, position: int, data: bytes) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        try:
            check_image(data, self._limits)
        except InputError as error:
            raise InputError(error.message_for_user, code=error.code, remedy=_MASK_REMEDY) from error
        mask = gray_png(read_mask(data, image.size))
        name = derived_name(tenant_id, image.sha256, hashlib.sha256(mask).hexdigest(), "own-mask.png")
        if not self._files.exists(name):
            keep_file(self._files, name, mask)
        told = f"mask of your own for {image.file_name}"
        return self._change(account, tenant_id, image, MaskEdit(uploaded=name), told)

    def approve(self, account: Account, tenant_id: str, batch_id: str, position: int, *, approved: bool) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        return self._desk.approve(account, tenant_id, image, approved=approved)

    def _change(self, account: Account, tenant_id: str, image: BatchImage, edit: MaskEdit, told: str) -> BatchImage:
        return self._desk.change(account, tenant_id, image, ImageWords(edit=edit), told)


def read_mask(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture as a matte of this (width, height): its alpha if it has one, else its brightness.

    Raises:
        InputError: it is no picture, or of another shape (``mask-shape``).
    """
    picture = open_upright(data)
    shape, wanted = picture.width / picture.height, size[0] / size[1]
    if abs(shape - wanted) > _SHAPE_TOLERANCE * wanted:
        raise InputError(
            f"The mask has {picture.width} x {picture.height} pixels, the photo {size[0]} x {size[1]}: the shapes "
            "differ.",
            code="mask-shape",
            remedy="Save the mask in the photo's own size, and upload it again.",
        )
    gray = picture.getchannel("A") if picture.mode == "RGBA" else picture.convert("L")
    if gray.size != size:
        gray = gray.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(gray, dtype=np.uint8)


def _checked(stroke: Stroke) -> Stroke:
    numbers = [stroke.radius, *(value for point in stroke.points for value in point)]
    if not stroke.points or not all(math.isfinite(number) for number in numbers) or stroke.radius <= 0:
        raise InputError("The stroke holds nothing.", code="stroke-empty", remedy="Paint over the photo again.")
    points = tuple((min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in stroke.points[:MOST_POINTS])
    return Stroke(stroke.keeps, points, min(stroke.radius, LARGEST_RADIUS))
