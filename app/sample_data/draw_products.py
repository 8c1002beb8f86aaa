"""The sample product photos: rendered by our own code, with the true matte of each.

Run ``python -m app.sample_data.draw_products`` to write the files of ``app/sample_data/products`` again.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.sample_data.product_rendering import Floats, Floor, View, linear, render
from app.sample_data.product_shapes import PRODUCTS


def _noise(seed: int, blur: float, side: int = 512) -> Floats:
    """A seamless tile of smooth noise, mean 0, spread 1."""
    rough = np.random.default_rng(seed).standard_normal((side, side))
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    passing = np.exp(-2 * (np.pi * blur) ** 2 * (down**2 + across**2))
    tile = np.fft.irfft2(np.fft.rfft2(rough) * passing, rough.shape)
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


def _look_up(tile: Floats, x: Floats, z: Floats, scale: float) -> Floats:
    side = tile.shape[0]
    return np.asarray(tile[(z * scale).astype(np.int64) % side, (x * scale).astype(np.int64) % side])


def _plain(color: str) -> Floor:
    light = np.array(linear(color), np.float32)
    return Floor(lambda x, _z: np.broadcast_to(light, (len(x), 3)), linear(color))


def _table(color: str, wall: str) -> Floor:
    """A plain table before a wall of another color."""
    light = np.array(linear(color), np.float32)
    return Floor(lambda x, _z: np.broadcast_to(light, (len(x), 3)), linear(wall), curve=1.6)


def _wood(light: str, dark: str, wall: str) -> Floor:
    grain, rough = _noise(1, 3.0), _noise(2, 0.8)
    first, second = np.array(linear(light), np.float32), np.array(linear(dark), np.float32)

    def paint(x: Floats, z: Floats) -> Floats:
        plank = np.floor(z / 0.7)
        shade = (np.sin(plank * 12.9898) * 43758.5453) % 1
        lines = _look_up(grain, x * 0.12 + plank * 3.1, z * 1.7, 260) + 0.5 * _look_up(rough, x * 0.08, z * 2.0, 300)
        share = np.clip(0.35 + 0.3 * shade + 0.14 * lines, 0, 1)[:, None]
        seam = 1 - 0.55 * (np.abs(z / 0.7 - np.round(z / 0.7)) < 0.012)[:, None]
        return np.asarray((first * (1 - share) + second * share) * seam, np.float32)

    return Floor(paint, linear(wall), curve=2.0)


def _stone(light: str, vein: str, wall: str) -> Floor:
    swirl, fine, strength = _noise(5, 22.0), _noise(6, 6.0), _noise(7, 16.0)
    first, second = np.array(linear(light), np.float32), np.array(linear(vein), np.float32)

    def paint(x: Floats, z: Floats) -> Floats:
        bend = 0.16 * _look_up(fine, x, z, 60)
        height = _look_up(swirl, x + bend, z - bend, 70) + 0.1 * _look_up(fine, x, z, 110)
        mask = np.clip(0.35 + 0.5 * _look_up(strength, x, z, 70), 0, 1)
        share = (np.exp(-np.abs(height) * 11) * 0.75 * mask + 0.07 * np.abs(height)).clip(0, 1)[:, None]
        return np.asarray(first * (1 - share) + second * share, np.float32)

    return Floor(paint, linear(wall), curve=2.4)


def _cloth(light: str, dark: str) -> Floor:
    folds, weave = _noise(8, 22.0), _noise(9, 0.7)
    first, second = np.array(linear(light), np.float32), np.array(linear(dark), np.float32)

    def paint(x: Floats, z: Floats) -> Floats:
        share = np.clip(0.4 + 0.28 * _look_up(folds, x, z, 60) + 0.08 * _look_up(weave, x, z, 150), 0, 1)[:, None]
        return np.asarray(first * (1 - share) + second * share, np.float32)

    return Floor(paint, linear(dark), curve=2.6)


@dataclass(frozen=True)
class Shot:
    """How a product is photographed."""

    floor: Callable[[], Floor]
    view: View
    plain: bool  # whether the backdrop is one plain sweep


SHOTS = (
    Shot(lambda: _plain("#f4f4f2"), View(0.5, 0.28, 0.78), True),  # mug
    Shot(lambda: _plain("#e9e4da"), View(0.35, 0.16, 0.8), True),  # bottle
    Shot(lambda: _plain("#ffffff"), View(0.35, 0.25, 0.86), True),  # sneaker
    Shot(lambda: _table("#c9b8a0", "#8fa3a0"), View(0.3, 0.08, 0.84), False),  # lamp
    Shot(lambda: _plain("#dfe8ee"), View(0.25, 0.62, 0.86), True),  # pill box
    Shot(lambda: _stone("#eeeceb", "#9a9793", "#d9d4d0"), View(0.25, 0.2, 0.72), False),  # cream tube
    Shot(lambda: _plain("#f7f7f7"), View(0.45, 0.7, 0.86), True),  # thermometer
    Shot(lambda: _wood("#b58458", "#6e4526", "#4a4038"), View(0.45, 0.5, 0.7), False),  # watch
    Shot(lambda: _plain("#efe1dc"), View(0.4, 0.18, 0.7), True),  # bag
    Shot(lambda: _wood("#d9bf98", "#a98558", "#e6e2da"), View(0.2, 0.16, 0.86), False),  # plant
    Shot(lambda: _plain("#cdd6d0"), View(0.6, 0.18, 0.72), True),  # headphones
    Shot(lambda: _cloth("#9cc4d4", "#5c8ba3"), View(0.5, 0.28, 0.72), False),  # duck
    Shot(lambda: _table("#f2efe9", "#c8d2c4"), View(0.3, 0.15, 0.72), False),  # dispenser
    Shot(lambda: _plain("#fbfbfb"), View(0.5, 0.2, 0.7), True),  # carton
    Shot(lambda: _stone("#54504d", "#8d8883", "#3b3836"), View(0.2, 0.3, 0.68), False),  # candle
)
NAMES = tuple(product.name for product in PRODUCTS)
PRODUCT_COUNT = len(PRODUCTS)


def on_plain_backdrop(number: int) -> bool:
    """Whether the photo of this product has one plain backdrop."""
    return SHOTS[number % PRODUCT_COUNT].plain


def draw_product(number: int, size: int | tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """The photo of a product and its true matte.

    Args:
        number: From 0; after the last product they begin again, from another side.
        size: (width, height) in pixels; a number is the side of a square.

    Returns:
        An RGB picture and an L matte of that size, 255 = the product; the same for the same arguments.
    """
    picture, matte, _own = _drawn(number, size)
    return picture, matte


def draw_cut_out(number: int, size: int | tuple[int, int]) -> Image.Image:
    """The product alone, RGBA with its true alpha."""
    _picture, matte, own = _drawn(number, size)
    own.putalpha(matte)
    return own


def _drawn(number: int, size: int | tuple[int, int]) -> tuple[Image.Image, Image.Image, Image.Image]:
    product, shot = PRODUCTS[number % PRODUCT_COUNT], SHOTS[number % PRODUCT_COUNT]
    wide = (size, size) if isinstance(size, int) else size
    view = View(shot.view.turn + 0.7 * (number // PRODUCT_COUNT), shot.view.lift, shot.view.fill, shot.view.shift)
    picture, matte, own = render(
        product.shape, product.materials, (product.low, product.high), shot.floor(), view, wide
    )
    return Image.fromarray(picture), Image.fromarray(matte), Image.fromarray(own)


@dataclass(frozen=True)
class SamplePhoto:
    """A file of ``app/sample_data/products``.

    Attributes:
        number: The product that it shows.
        size: (width, height) upright.
        turned: Whether the camera lay on its side: the file's EXIF says how to turn it.
        cut_out: Whether the file has the product's alpha of its own instead of a backdrop.
    """

    file_name: str
    number: int
    size: tuple[int, int]
    turned: bool = False
    cut_out: bool = False


SAMPLE_PHOTOS = (
    SamplePhoto("striped-mug.jpg", 0, (1200, 1200)),
    SamplePhoto("juice-bottle.jpg", 1, (960, 1200)),
    SamplePhoto("blue-sneaker.png", 2, (960, 720)),
    SamplePhoto("table-lamp.webp", 3, (960, 1200)),
    SamplePhoto("weekly-pill-box.jpg", 4, (1280, 960)),
    SamplePhoto("hand-cream.jpg", 5, (960, 1200)),
    SamplePhoto("digital-thermometer.jpg", 6, (900, 1200), turned=True),
    SamplePhoto("leather-watch.tif", 7, (720, 720)),
    SamplePhoto("red-handbag.jpg", 8, (1200, 1200)),
    SamplePhoto("plant-pot.webp", 9, (1080, 1080)),
    SamplePhoto("headphones.png", 10, (900, 900), cut_out=True),
    SamplePhoto("bath-duck.jpg", 11, (1200, 900)),
    SamplePhoto("soap-dispenser.jpg", 12, (960, 1200)),
    SamplePhoto("allergy-tablets.jpg", 13, (1080, 1080)),
    SamplePhoto("scented-candle.jpg", 14, (1200, 900)),
)
_FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF"}
_ORIENTATION, _TURN_RIGHT = 0x0112, 6


def encode_photo(photo: SamplePhoto) -> bytes:
    """The file's bytes."""
    picture = draw_cut_out(photo.number, photo.size) if photo.cut_out else draw_product(photo.number, photo.size)[0]
    options: dict[str, Any] = {}
    if photo.turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[_ORIENTATION] = _TURN_RIGHT
        options["exif"] = exif
    kind = _FORMATS[Path(photo.file_name).suffix]
    if kind in {"JPEG", "WEBP"}:
        options["quality"] = 87
    elif kind == "TIFF":
        options["compression"] = "tiff_lzw"
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def write_photos(folder: Path) -> None:
    """Write all sample photos into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for photo in SAMPLE_PHOTOS:
        (folder / photo.file_name).write_bytes(encode_photo(photo))


if __name__ == "__main__":
    write_photos(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "products")
