"""Whatever the bytes are, a file is a photo or an InputError."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
from PIL import Image

from services.errors import InputError
from services.images.intake import IntakeLimits, check_image, open_preview, open_upright
from tests.unit.images.test_intake import encoded

CASES = 60
NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\1\0")
LIMITS = IntakeLimits(max_pixels=2_000_000, max_side=4000)


def photo() -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (6, 8, 4), dtype=np.uint8)
    return Image.fromarray(np.kron(values, np.ones((5, 5, 1), dtype=np.uint8)))


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    return encoded(photo().convert("RGB"), "JPEG", exif=exif, quality=60)


SEEDS = {
    "png": encoded(photo(), "PNG"),
    "palette": encoded(photo().convert("RGB").quantize(9), "PNG", transparency=2),
    "animated-png": encoded(photo(), "PNG", save_all=True, append_images=[photo().rotate(90, expand=False)]),
    "jpeg": with_exif(),
    "progressive": encoded(photo().convert("CMYK"), "JPEG", progressive=True),
    "webp": encoded(photo(), "WEBP"),
    "animated-webp": encoded(photo(), "WEBP", save_all=True, append_images=[photo().rotate(90, expand=False)]),
    "tiff": encoded(photo(), "TIFF"),
    "packed-tiff": encoded(photo().convert("RGB"), "TIFF", compression="tiff_lzw"),
    "pages": encoded(photo(), "TIFF", save_all=True, append_images=[photo(), photo()]),
    "heif": encoded(photo(), "HEIF"),
}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The file with a few bytes changed, removed, repeated or put in; most often near its head, where its words are."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = int(len(changed) * chance.random() ** 2)
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[at : at + 4] = chance.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\1\0")
                )
            case 2:
                del changed[at : at + chance.randrange(1, 40)]
            case 3:
                changed[at:at] = changed[at : at + chance.randrange(1, 40)]
            case _:
                changed[at:at] = chance.randbytes(chance.randrange(1, 12))
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_file_is_a_photo_or_refused_and_never_anything_else(seed: str) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(CASES):
        data = mutated(SEEDS[seed], chance)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders speak of the damage
            try:
                size = check_image(data, LIMITS).size
            except InputError:
                refused += 1
                continue
            picture = open_upright(data)
            assert picture.mode in {"RGB", "RGBA"}
            assert picture.size == size
            assert open_preview(data, 20).mode in {"RGB", "RGBA"}
    assert refused > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_refused_file_is_refused_by_opening_too_unless_it_is_a_matter_of_limits(seed: str) -> None:
    chance = random.Random(f"{seed} again")
    for _ in range(CASES // 2):
        data = mutated(SEEDS[seed], chance)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check_image(data, LIMITS)
            except InputError as refusal:
                if refusal.code in {"image-truncated", "image-not-a-picture", "image-format"}:
                    with pytest.raises(InputError):
                        open_upright(data)
