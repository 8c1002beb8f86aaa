"""Where the product lies on the canvas of the result, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import InputError
from services.images.background_models import BackgroundWish, PlacedSubject, SizePreset

PRESET_SIZES = MappingProxyType(
    {
        SizePreset.SQUARE: (1080, 1080),
        SizePreset.PORTRAIT: (1080, 1350),
        SizePreset.LANDSCAPE: (1920, 1080),
        SizePreset.MARKETPLACE: (2000, 2000),
    }
)
LARGEST_PADDING = 0.45
# A photo enlarged further looks soft beside a sharp background.
MOST_ENLARGEMENT = 2.0
# So little scaling is not worth touching every pixel of the product for.
SAME_SCALE = 0.01
# Opacity of what counts as the product when its extent is measured, and when it is said to run out of the photo.
_PRESENT, _SOLID = 13, 128
_STRIP_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Extent:
    """The product's rectangle in its photo, in pixels, and at which borders the photo cuts it off."""

    left: int
    top: int
    right: int
    bottom: int
    cut_left: bool = False
    cut_top: bool = False
    cut_right: bool = False
    cut_bottom: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.right - self.left, self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Placement:
    """What :func:`place` does with a product.

    Attributes:
        canvas: (width, height) of the result.
        scale: Of the product; 1 leaves its pixels alone.
        offset: Where the left upper corner of the product's extent lies on the canvas; may be negative.
        notes: What a person should know about it, one sentence each.
    """

    canvas: tuple[int, int]
    scale: float
    offset: tuple[int, int]
    notes: tuple[str, ...] = ()


def target_size(original_size: tuple[int, int], preset: SizePreset) -> tuple[int, int]:
    """(width, height) of the result for a photo of this size."""
    return PRESET_SIZES.get(preset, original_size)


def measure(matte: NDArray[np.uint8]) -> Extent:
    """The extent of what a (height, width) matte keeps.

    Raises:
        InputError: it keeps nothing (``no-mask-found``).
    """
    present_rows, present_columns = _present(matte)
    rows, columns = np.flatnonzero(present_rows), np.flatnonzero(present_columns)
    if not rows.size or not columns.size:
        raise InputError(
            "Nothing in this photo is kept.",
            code="no-mask-found",
            remedy="Draw a box around the product, or keep one of its labels.",
        )
    height, width = matte.shape
    enough_across, enough_down = max(3, width // 100), max(3, height // 100)
    return Extent(
        left=int(columns[0]),
        top=int(rows[0]),
        right=int(columns[-1]) + 1,
        bottom=int(rows[-1]) + 1,
        cut_left=int((matte[:, 0] >= _SOLID).sum()) >= enough_down,
        cut_top=int((matte[0] >= _SOLID).sum()) >= enough_across,
        cut_right=int((matte[:, -1] >= _SOLID).sum()) >= enough_down,
        cut_bottom=int((matte[-1] >= _SOLID).sum()) >= enough_across,
    )


def plan_placement(original_size: tuple[int, int], extent: Extent, wish: BackgroundWish) -> Placement:
    """Where the product goes.

    Without padding it stays where it was photographed. With padding it is made as large as the space inside allows and
    centered there. A border that cuts the product off in the photo cuts it off in the result too: on that side
    there is no padding. A product that is cut off on opposite sides reaches from side to side again, unless it
    would then not fit the other way; nothing of it is ever cut away.

    Raises:
        InputError: another size without padding (``size-without-place``), or padding out of range
            (``padding-invalid``).
    """
    canvas = target_size(original_size, wish.size)
    if wish.padding is None:
        if wish.size is not SizePreset.ORIGINAL:
            raise InputError(
                "In another size the product cannot stay where it is in the photo.",
                code="size-without-place",
                remedy="Choose how much free space to leave around the product, or keep the original size.",
            )
        return Placement(canvas, 1.0, (extent.left, extent.top))
    if not 0 <= wish.padding <= LARGEST_PADDING:
        raise InputError(
            "So much free space leaves no room for the product.",
            code="padding-invalid",
            remedy="Choose free space between 0 and 45 percent.",
        )
    margin = round(wish.padding * min(canvas))
    sides = (
        _Axis(canvas[0], extent.size[0], margin, extent.cut_left, extent.cut_right),
        _Axis(canvas[1], extent.size[1], margin, extent.cut_top, extent.cut_bottom),
    )
    wanted = min(axis.largest_scale for axis in sides)
    scale = min(wanted, MOST_ENLARGEMENT)
    if abs(scale - 1) <= SAME_SCALE and all(round(axis.length) <= axis.room for axis in sides):
        scale = 1.0
    offset = (sides[0].start(scale, default=0.5), sides[1].start(scale, default=0.5))
    return Placement(canvas, scale, offset, _notes(sides, wanted, scale))


def place(picture: Image.Image, matte: Image.Image, wish: BackgroundWish) -> PlacedSubject:
    """Lay the product on the canvas of the result.

    Args:
        picture: RGB, with cleaned edges, upright.
        matte: L, of the same size; 255 = the product.

    Returns:
        The product on the canvas. Unscaled, every pixel is the photo's; scaled, colors are averaged by opacity, so that
        nothing of the old background comes in.

    Raises:
        InputError: see :func:`measure` and :func:`plan_placement`; ``mask-size`` when matte and picture differ in size.
    """
    if matte.size != picture.size:
        raise InputError(
            "The mask is of another size than the photo.",
            code="mask-size",
            remedy="Upload a mask that was made from this very photo.",
        )
    opacity = np.asarray(matte if matte.mode == "L" else matte.convert("L"))
    colors = picture if picture.mode == "RGB" else picture.convert("RGB")
    extent = measure(opacity)
    placement = plan_placement(picture.size, extent, wish)
    if wish.padding is None:
        return PlacedSubject(np.asarray(colors), opacity)
    box = (extent.left, extent.top, extent.right, extent.bottom)
    subject = np.asarray(colors.crop(box))
    kept = opacity[extent.top : extent.bottom, extent.left : extent.right]
    if placement.scale != 1.0:
        subject, kept = _scaled(subject, kept, placement.scale)
    width, height = placement.canvas
    pixels = np.zeros((height, width, 3), np.uint8)
    canvas_matte = np.zeros((height, width), np.uint8)
    left, top = placement.offset
    rows = slice(max(top, 0), min(top + kept.shape[0], height))
    columns = slice(max(left, 0), min(left + kept.shape[1], width))
    source = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    pixels[rows, columns] = subject[source]
    canvas_matte[rows, columns] = kept[source]
    return PlacedSubject(pixels, canvas_matte)


def cover(picture: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture scaled and cropped about its middle so that it covers (width, height): (height, width, 3) RGB."""
    share = min(picture.width / size[0], picture.height / size[1])
    across, down = size[0] * share, size[1] * share
    left, top = (picture.width - across) / 2, (picture.height - down) / 2
    colors = picture if picture.mode == "RGB" else picture.convert("RGB")
    box = (left, top, left + across, top + down)
    return np.asarray(colors.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0))


@dataclass(frozen=True, slots=True)
class _Axis:
    """One direction of the canvas: its side, the product's length, the margin, and where the product is cut off."""

    side: int
    length: int
    margin: int
    cut_first: bool
    cut_last: bool

    @property
    def room(self) -> int:
        return max(1, self.side - self.margin * (2 - self.cut_first - self.cut_last))

    @property
    def largest_scale(self) -> float:
        return self.room / self.length

    def start(self, scale: float, *, default: float) -> int:
        length = round(self.length * scale)
        if self.cut_first and not self.cut_last:
            return 0
        if self.cut_last and not self.cut_first:
            return self.side - length
        return round((self.side - length) * default)

    def floats(self, scale: float) -> bool:
        """Whether a side that the photo cuts off ends within the canvas."""
        return self.cut_first and self.cut_last and round(self.length * scale) < self.side - 1


def _notes(sides: tuple[_Axis, _Axis], wanted: float, scale: float) -> tuple[str, ...]:
    notes = []
    if wanted > scale and wanted > 1 + SAME_SCALE and scale == MOST_ENLARGEMENT:
        notes.append("The photo is small, so the product was enlarged to twice its size only.")
    elif scale > 1 + SAME_SCALE:
        notes.append(f"The product was enlarged to {scale:.0%} of its size in the photo.")
    if any(axis.floats(scale) for axis in sides):
        notes.append("The photo cuts the product off on opposite sides, which shows in this shape.")
    return tuple(notes)


def _present(matte: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows and which columns hold something of the product; in strips, for little memory."""
    rows = np.zeros(matte.shape[0], bool)
    columns = np.zeros(matte.shape[1], bool)
    for top in range(0, matte.shape[0], _STRIP_ROWS):
        strip = matte[top : top + _STRIP_ROWS]
        rows[top : top + _STRIP_ROWS] = strip.max(axis=1) >= _PRESENT
        columns |= strip.max(axis=0) >= _PRESENT
    return rows, columns


def _scaled(
    pixels: NDArray[np.uint8], matte: NDArray[np.uint8], scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Scale colors and opacity together; Pillow weighs colors by opacity in this mode."""
    height, width = matte.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    joined = Image.merge("RGBA", [*Image.fromarray(pixels).split(), Image.fromarray(matte)])
    small = np.asarray(joined.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0 if scale < 1 else None))
    return np.ascontiguousarray(small[:, :, :3]), np.ascontiguousarray(small[:, :, 3])
