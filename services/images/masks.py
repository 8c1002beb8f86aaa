"""Which mask an image has: what the labels keep, and what a person said, is what the mask keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import InputError
from services.images.cut_outs import CutOutFacts, CutOutStore, without_regions
from services.images.derived import content_key, derived_name, gray_png, keep_file, read_gray_png
from services.images.mask_models import Box, MaskDoubt, MaskHints, MaskState
from services.images.models import BatchImage, Label, LabelSource, Pruning
from services.ports.images import ImageFiles

_LOOSER_BY = 0.04
_WHOLE_PICTURE = 0.9


class MaskSource(StrEnum):
    """What a mask is made from."""

    AUTOMATIC = "automatic"  # the picture alone
    HINTED = "hinted"  # the picture with boxes or strokes
    UPLOADED = "uploaded"
    NO_LABEL = "no-label"  # nothing: not one located label is kept


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """How the mask of an image is to be made, from its labels and what a person said.

    Attributes:
        hints: Set for HINTED.
        dropped_regions: Regions of the automatic cut-out that are not kept, in ascending order.
        uploaded: Set for UPLOADED.
    """

    source: MaskSource
    hints: MaskHints | None = None
    dropped_regions: tuple[int, ...] = ()
    uploaded: str = ""


def plan_mask(image: BatchImage, pruning: Pruning, *, models_point: bool = True) -> MaskPlan:
    """What the mask of this image is made from now.

    An uploaded mask wins. Labels that have a box but no region say where the subject is, unless a person drew a box.
    Of those that a model found, the kept one that comes first is the product: its boxes count, and those of labels
    that a person kept one by one; where a person typed a label with a box, the model's say nothing.

    Regions whose labels were all dropped are not kept, unless that leaves no label and a person drew or painted: then
    that alone says where the subject is.

    Args:
        models_point: Whether boxes that a model found say where the subject is although no person dropped any: not
            where the automatic mask is better than one from a box.
    """
    edit = image.edit
    if edit.uploaded:
        return MaskPlan(MaskSource.UPLOADED, uploaded=edit.uploaded)
    located = [label for label in image.all_labels() if label.box is not None]
    kept = [label for label in located if image.keeps(label, pruning)]
    if located and not kept and edit.empty:
        return MaskPlan(MaskSource.NO_LABEL)
    kept_regions = {label.region for label in kept}
    # A name that a model gave to a region is a label of that region too: one that is kept keeps it.
    dropped = {label.region for label in located if kept} - kept_regions
    regions = tuple(sorted(number for number in dropped if number is not None))
    dropped_boxes = tuple(
        label.box for label in located if label.region is None and label not in kept and label.box is not None
    )
    kept_boxes = _pointing_boxes(image, kept, models_point=models_point or bool(dropped_boxes))
    hints = MaskHints((edit.box,) if edit.box else kept_boxes, dropped_boxes, edit.strokes)
    if hints == MaskHints():
        return MaskPlan(MaskSource.AUTOMATIC, dropped_regions=regions)
    return MaskPlan(MaskSource.HINTED, hints, regions)


def _pointing_boxes(image: BatchImage, kept: Sequence[Label], *, models_point: bool) -> tuple[Box, ...]:
    """The boxes of kept labels that say where the subject is."""
    placed = [label for label in kept if label.region is None]
    typed = tuple(label.box for label in placed if label.source is LabelSource.PERSON and label.box is not None)
    if typed:
        return typed
    chosen = [label for label in placed if image.decisions.get(label.id)]
    if models_point and placed:
        product = placed[0].name.casefold()
        chosen += [label for label in placed if label.name.casefold() == product and label not in chosen]
    boxes = tuple(_loosened(label.box) for label in chosen if label.box is not None)
    # A box around nearly everything says nothing, and keeps what is automatic from finding the product in it.
    return () if any(box.width * box.height >= _WHOLE_PICTURE for box in boxes) else boxes


def _loosened(box: Box) -> Box:
    """A detector's box is tight, and nothing outside of boxes is kept."""
    across, down = box.width * _LOOSER_BY, box.height * _LOOSER_BY
    return Box.from_pixels(box.left - across, box.top - down, box.width + 2 * across, box.height + 2 * down, (1, 1))


class MaskMaker:
    """Makes the masks of images; every mask is made once.

    Args:
        models_point: See :func:`plan_mask`.
    """

    def __init__(self, files: ImageFiles, cut_outs: CutOutStore, *, models_point: bool = True) -> None:
        self._files = files
        self._cut_outs = cut_outs
        self._models_point = models_point

    def key(self, image: BatchImage, pruning: Pruning) -> str:
        """What :attr:`MaskState.key` is for the mask that the image should have now."""
        return self._key(image, self._plan(image, pruning))

    def is_current(self, image: BatchImage, pruning: Pruning) -> bool:
        """Whether the image has the mask that it should have."""
        return image.mask is not None and image.mask.key == self.key(image, pruning)

    def state(
        self,
        tenant_id: str,
        image: BatchImage,
        pruning: Pruning,
        *,
        may_cut: bool,
        picture: Image.Image | None = None,
        owner: str = "",
    ) -> MaskState | None:
        """The mask that the image should have now; a person's approval stays while the mask stays the same.

        Args:
            may_cut: Whether to cut out where that was not done yet, which takes a moment; else the answer is then None.
            picture: The photo, when it is open already.
            owner: See :meth:`services.images.cut_outs.CutOutStore.make`.

        Raises:
            AppError: it cannot be made.
        """
        plan = self._plan(image, pruning)
        key = self._key(image, plan)
        approved = image.mask is not None and image.mask.key == key and image.mask.approved
        if plan.source is MaskSource.UPLOADED:
            share = float(self._uploaded(plan).mean(dtype=np.float64)) / 255
            return MaskState(plan.uploaded, key, "given", () if share else (MaskDoubt.EMPTY,), approved, share)
        file = derived_name(tenant_id, image.sha256, key, "matte.png")
        if plan.source is MaskSource.NO_LABEL:
            return MaskState(file, key, "no-label", (MaskDoubt.EMPTY,), approved, 0.0)
        find = partial(self._find_or_make, tenant_id, image.sha256, may_cut=may_cut, picture=picture, owner=owner)
        found = find(plan.hints)
        if found is None:
            return None
        if not plan.dropped_regions:
            return MaskState(file, key, found.method, found.doubts, approved, found.area_share)
        automatic = find(None)
        if automatic is None:
            return None
        if plan.source is MaskSource.HINTED:
            # How much of the hinted mask lies in the dropped regions is only known from the pictures.
            share = float(self._make_pixels(tenant_id, image, plan).mean(dtype=np.float64)) / 255
        else:
            gone = sum(one.area_share for one in automatic.regions if one.number in plan.dropped_regions)
            every = {one.number for one in automatic.regions} <= set(plan.dropped_regions)
            share = 0.0 if every else max(found.area_share - gone, 0.0)
        doubts = found.doubts if share else (MaskDoubt.EMPTY,)
        return MaskState(file, key, found.method, doubts, approved, share)

    def pixels(
        self, tenant_id: str, image: BatchImage, pruning: Pruning, picture: Image.Image | None = None
    ) -> NDArray[np.uint8]:
        """The matte that the image should have now, (height, width), 255 = keep; all 0 when no label is left.

        Raises:
            AppError: it cannot be made or read.
        """
        plan = self._plan(image, pruning)
        if plan.source is MaskSource.UPLOADED:
            return self._uploaded(plan)
        if plan.source is MaskSource.NO_LABEL:
            return np.zeros((image.size[1], image.size[0]), np.uint8)
        return self._make_pixels(tenant_id, image, plan, picture)

    def _make_pixels(
        self, tenant_id: str, image: BatchImage, plan: MaskPlan, picture: Image.Image | None = None
    ) -> NDArray[np.uint8]:
        file = derived_name(tenant_id, image.sha256, self._key(image, plan), "matte.png")
        if plan.dropped_regions and self._files.exists(file):
            return read_gray_png(self._files.read(file))
        facts = self._cut_outs.make(tenant_id, image.sha256, plan.hints, picture)
        matte = self._cut_outs.matte(tenant_id, facts)
        if not plan.dropped_regions:
            return matte
        automatic = self._cut_outs.make(tenant_id, image.sha256, None, picture)
        region_map = self._cut_outs.region_map(tenant_id, automatic)
        every = {one.number for one in automatic.regions} <= set(plan.dropped_regions)
        if every and plan.source is MaskSource.AUTOMATIC:
            matte = np.zeros_like(matte)
        else:
            matte = without_regions(matte, region_map, plan.dropped_regions)
        keep_file(self._files, file, gray_png(matte))
        return matte

    def _find_or_make(
        self,
        tenant_id: str,
        sha256: str,
        hints: MaskHints | None,
        *,
        may_cut: bool,
        picture: Image.Image | None,
        owner: str,
    ) -> CutOutFacts | None:
        if may_cut:
            return self._cut_outs.make(tenant_id, sha256, hints, picture, owner=owner)
        return self._cut_outs.find(tenant_id, sha256, hints)

    def _plan(self, image: BatchImage, pruning: Pruning) -> MaskPlan:
        return plan_mask(image, pruning, models_point=self._models_point)

    def _uploaded(self, plan: MaskPlan) -> NDArray[np.uint8]:
        return read_gray_png(self._files.read(plan.uploaded))

    def _key(self, image: BatchImage, plan: MaskPlan) -> str:
        if plan.source is MaskSource.UPLOADED:
            return content_key("uploaded-mask", plan.uploaded)
        if plan.source is MaskSource.NO_LABEL:
            return content_key("no-label", image.sha256)
        key = self._cut_outs.key(image.sha256, plan.hints)
        if not plan.dropped_regions:
            return key
        return content_key("mask", key, self._cut_outs.key(image.sha256, None), plan.dropped_regions)


def require_mask(image: BatchImage, pruning: Pruning, matte: NDArray[np.uint8]) -> None:
    """Let masks pass that keep something.

    Raises:
        InputError: ``no-label-left`` or ``no-mask-found``.
    """
    if plan_mask(image, pruning).source is MaskSource.NO_LABEL:
        raise no_label_left()
    if not matte.any():
        raise no_mask_found()


def no_label_left() -> InputError:
    """Every label that says where something is was dropped."""
    return InputError(
        "Every label of this photo was dropped, so nothing of it is kept.",
        code="no-label-left",
        remedy="Keep at least one label of the photo, or draw a box around the product.",
    )


def no_mask_found() -> InputError:
    """The mask keeps nothing."""
    return InputError(
        "No product was found in this photo.",
        code="no-mask-found",
        remedy="Draw a box around the product, paint over it, or upload a mask.",
    )


def with_mask(image: BatchImage, mask: MaskState | None) -> BatchImage:
    """The same image with this mask."""
    return replace(image, mask=mask)
