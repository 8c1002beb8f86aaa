"""One photo becomes its composites; what a batch and the command line share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import BackendRejectedError
from services.images.background_models import (
    BackgroundKind,
    BackgroundPicture,
    BackgroundRequest,
    BackgroundWish,
    CompositeMode,
    PlacedSubject,
)
from services.images.compositing import composite, cover, place
from services.images.placing import measure, plan_placement
from services.images.previews import fine_jpeg, png
from services.ports.images import SubjectCutter


@dataclass(frozen=True, slots=True, eq=False)
class EncodedComposite:
    """A result as it is written.

    Attributes:
        suffix: ``.png`` or ``.jpg``.
        variation: From 1.
        origin: See :class:`services.images.batch_views.CompositeResult`.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    variation: int
    seed: int | None
    origin: str
    note: str = ""


def place_subject(
    picture: Image.Image, matte: NDArray[np.uint8], wish: BackgroundWish, cutter: SubjectCutter
) -> PlacedSubject:
    """The product on the canvas of the result, with the old background's color taken out of its edge.

    Args:
        picture: Upright, RGB or RGBA.
        matte: (height, width) of the picture, 255 = keep.

    Raises:
        InputError: the matte keeps nothing (``no-mask-found``), or the wish has no place for the product.
    """
    mask = Image.fromarray(matte)
    return place(cutter.clean_edges(picture, mask), mask, wish)


def placement_notes(matte: NDArray[np.uint8], wish: BackgroundWish) -> tuple[str, ...]:
    """What people should know about where the product was put."""
    size = (matte.shape[1], matte.shape[0])
    return plan_placement(size, measure(matte), wish).notes


def request_of(wish: BackgroundWish) -> BackgroundRequest:
    """What a generator is asked for."""
    return BackgroundRequest(wish.prompt, wish.negative_prompt, wish.mode, wish.seed, wish.variations)


def subject_digest(subject: PlacedSubject) -> str:
    """The sha256 of a placed product's pixels and matte."""
    digest = hashlib.sha256(repr(subject.size).encode())
    digest.update(np.ascontiguousarray(subject.pixels).data)
    digest.update(np.ascontiguousarray(subject.matte).data)
    return digest.hexdigest()


def backdrop_picture(picture: Image.Image, subject: PlacedSubject, origin: str, note: str = "") -> BackgroundPicture:
    """A picture of the library, or one's own, so that it covers the canvas."""
    return BackgroundPicture(cover(picture, subject.size), None, holds_subject=False, origin=origin, note=note)


def encode_composites(
    subject: PlacedSubject, backgrounds: Sequence[BackgroundPicture], wish: BackgroundWish
) -> list[EncodedComposite]:
    """The results over these backgrounds; color and transparency need none.

    PRECISE lays the photo's own pixels over whatever a generator returned, and is written without loss, as is what is
    transparent. DEFAULT takes a picture that holds the product already as it is, and is written as JPEG.

    Raises:
        BackendRejectedError: a background has another size than the canvas (``wrong-size-returned``).
    """
    if wish.kind in {BackgroundKind.COLOR, BackgroundKind.TRANSPARENT}:
        return [_encoded(composite(subject, None, wish), wish, 1, None, wish.kind.value, "")]
    results = []
    for variation, background in enumerate(backgrounds, start=1):
        if background.pixels.shape != (*subject.matte.shape, 3):
            raise wrong_size()
        if background.holds_subject and wish.mode is CompositeMode.DEFAULT:
            made = Image.fromarray(background.pixels)
        else:
            # A picture that holds the product has its shadow too.
            shadow = 0.0 if background.holds_subject else wish.shadow
            made = composite(subject, background.pixels, replace(wish, shadow=shadow))
        results.append(_encoded(made, wish, variation, background.seed, background.origin, background.note))
    return results


def wrong_size() -> BackendRejectedError:
    """A generator returned a picture that does not fit."""
    return BackendRejectedError(
        "The generator returned a picture of another size than was asked for.",
        code="wrong-size-returned",
        remedy="Retry, or choose another size.",
    )


def _encoded(
    made: Image.Image, wish: BackgroundWish, variation: int, seed: int | None, origin: str, note: str
) -> EncodedComposite:
    lossless = wish.mode is CompositeMode.PRECISE or wish.kind is BackgroundKind.TRANSPARENT
    data = png(made) if lossless else fine_jpeg(made)
    return EncodedComposite(
        data, ".png" if lossless else ".jpg", made.width, made.height, variation, seed, origin, note
    )
