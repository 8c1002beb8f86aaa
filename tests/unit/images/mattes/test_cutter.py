"""The cutter: which path it takes, what it refuses to guess, and what it needs."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.errors import BackendMisconfiguredError
from services.images.mask_models import Box, MaskDoubt, MaskHints, Stroke
from tests.contract.subject_cutter import SIZE, SUBJECT, assert_consistent, product_photo
from tests.unit.images.mattes.tiny_network import write_tiny_network


@pytest.fixture
def cutter(tmp_path: Path) -> LocalSubjectCutter:
    return LocalSubjectCutter(tmp_path / "models")


def overlap(matte: np.ndarray, box: tuple[int, int, int, int]) -> float:
    truth = np.zeros(matte.shape, bool)
    truth[box[1] : box[3], box[0] : box[2]] = True
    mask = matte >= 128
    return float((mask & truth).sum() / (mask | truth).sum())


def busy_photo() -> Image.Image:
    """A blue-green checked block on a brown, grainy ground that reaches the border in many shades."""
    rng = np.random.default_rng(3)
    ground = np.array((120, 90, 60)) + rng.normal(0, 1, (60, 80, 1)) * np.array((30, 24, 18))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize((320, 240), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for row in range(6):
        for column in range(5):
            color = (20, 60, 200) if (row + column) % 2 else (10, 160, 150)
            draw.rectangle((110 + 20 * column, 60 + 20 * row, 129 + 20 * column, 79 + 20 * row), fill=color)
    return picture


BUSY_SUBJECT = (110, 60, 210, 180)


def test_product_before_a_plain_backdrop_is_found_to_the_pixel(cutter: LocalSubjectCutter) -> None:
    found = cutter.cut_out(product_photo())
    assert found.method == "plain-backdrop"
    assert overlap(found.matte, SUBJECT) > 0.97
    assert not found.doubtful
    assert found.regions[0].color == "#be1e28"


def test_soft_shadow_on_a_plain_backdrop_is_not_part_of_the_product(cutter: LocalSubjectCutter) -> None:
    size, subject = (640, 480), (240, 150, 400, 330)
    ys, xs = np.mgrid[0:480, 0:640].astype(np.float32)
    shadow = 0.35 * np.exp(-(((xs - 330) / 130) ** 2) - ((ys - 335) / 22) ** 2)
    ground = (np.array((232, 228, 220)) * (1 - shadow)[..., None]).astype(np.uint8)
    picture = Image.fromarray(ground)
    ImageDraw.Draw(picture).rectangle((subject[0], subject[1], subject[2] - 1, subject[3] - 1), fill=(40, 90, 160))
    found = cutter.cut_out(picture)
    assert_consistent(found, size)
    assert overlap(found.matte, subject) > 0.95


def test_product_on_a_busy_ground_is_found(cutter: LocalSubjectCutter) -> None:
    found = cutter.cut_out(busy_photo())
    assert found.method == "grabcut"
    assert overlap(found.matte, BUSY_SUBJECT) > 0.9


def test_box_picks_one_of_two_products(cutter: LocalSubjectCutter) -> None:
    picture = product_photo((320, 160), (40, 40, 110, 120))
    ImageDraw.Draw(picture).rectangle((210, 40, 279, 119), fill=(30, 60, 170))
    both = cutter.cut_out(picture)
    assert len(both.regions) == 2
    box = Box.from_pixels(200, 30, 90, 100, (320, 160))
    assert overlap(cutter.cut_out(picture, MaskHints(keep_boxes=(box,))).matte, (210, 40, 280, 120)) > 0.95


def test_stroke_takes_a_part_out_again(cutter: LocalSubjectCutter) -> None:
    picture = product_photo((320, 160), (40, 40, 110, 120))
    ImageDraw.Draw(picture).rectangle((210, 40, 279, 119), fill=(30, 60, 170))
    stroke = Stroke(False, ((0.7, 0.3), (0.83, 0.7)), 0.02)
    matte = cutter.cut_out(picture, MaskHints(strokes=(stroke, Stroke(True, ((0.2, 0.4), (0.25, 0.6)), 0.02)))).matte
    assert overlap(matte, (40, 40, 110, 120)) > 0.85


def test_picture_of_one_color_has_an_empty_matte_and_says_so(cutter: LocalSubjectCutter) -> None:
    for color in ("white", "black", "#7f7f7f"):
        found = cutter.cut_out(Image.new("RGB", (300, 200), color))
        assert not found.matte.any(), color
        assert found.doubts == (MaskDoubt.EMPTY,)
        assert found.regions == ()


def test_gray_photo_is_cut_like_a_colored_one(cutter: LocalSubjectCutter) -> None:
    picture = product_photo().convert("L").convert("RGB")
    assert overlap(cutter.cut_out(picture).matte, SUBJECT) > 0.95


def test_noise_without_a_subject_is_doubtful(cutter: LocalSubjectCutter) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    assert cutter.cut_out(Image.fromarray(noise)).doubtful


def test_hints_on_a_picture_with_alpha_cut_within_the_alpha(cutter: LocalSubjectCutter) -> None:
    picture = product_photo()
    alpha = Image.new("L", SIZE, 255)
    ImageDraw.Draw(alpha).rectangle((0, 0, 80, SIZE[1]), fill=0)
    picture.putalpha(alpha)
    matte = cutter.cut_out(picture, MaskHints(keep_boxes=(Box.from_pixels(50, 30, 80, 90, SIZE),))).matte
    assert not matte[:, :81].any()
    assert matte[50:100, 90:110].min() == 255


@pytest.mark.slow
def test_large_picture_needs_little_more_memory_than_its_own_pixels(cutter: LocalSubjectCutter) -> None:
    width, height = 9000, 6600  # 59 megapixels
    picture = Image.new("RGB", (width, height), (225, 224, 220))
    ImageDraw.Draw(picture).rectangle((3000, 2000, 6000, 5000), fill=(60, 40, 120))
    tracemalloc.start()
    try:
        found = cutter.cut_out(picture)
        cleaned = cutter.clean_edges(picture, Image.fromarray(found.matte))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cleaned.size == (width, height)
    assert overlap(found.matte, (3000, 2000, 6001, 5001)) > 0.99
    # Float64 arrays of the whole picture would take 475 MB for each channel.
    assert peak < 14 * width * height


def test_network_in_the_folder_is_used(tmp_path: Path) -> None:
    write_tiny_network(tmp_path / "u2net.onnx")
    picture = product_photo((320, 160), (40, 40, 110, 120))
    ImageDraw.Draw(picture).rectangle((210, 40, 279, 119), fill=(30, 60, 200))  # no subject for this network
    found = LocalSubjectCutter(tmp_path).cut_out(picture)
    assert found.method == "network"
    assert overlap(found.matte, (40, 40, 110, 120)) > 0.9


def test_plain_backdrop_gives_the_edge_where_the_network_agrees(tmp_path: Path) -> None:
    write_tiny_network(tmp_path / "u2net.onnx")
    found = LocalSubjectCutter(tmp_path).cut_out(product_photo())
    assert found.method == "plain-backdrop"
    assert overlap(found.matte, SUBJECT) > 0.97


def test_configured_network_wins_over_the_folder(tmp_path: Path) -> None:
    write_tiny_network(tmp_path / "folder" / "a.onnx", output_scale=-1.0)
    chosen = write_tiny_network(tmp_path / "chosen.onnx", side="side")
    cutter = LocalSubjectCutter(tmp_path / "folder", chosen)
    assert overlap(cutter.cut_out(product_photo()).matte, SUBJECT) > 0.9
    assert cutter.name != LocalSubjectCutter(tmp_path / "folder").name != LocalSubjectCutter(tmp_path / "none").name


def test_network_looks_inside_the_box_only(tmp_path: Path) -> None:
    write_tiny_network(tmp_path / "u2net.onnx")
    picture = product_photo((320, 160), (40, 40, 110, 120))
    ImageDraw.Draw(picture).rectangle((210, 40, 279, 119), fill=(200, 20, 30))
    found = LocalSubjectCutter(tmp_path).cut_out(
        picture, MaskHints(keep_boxes=(Box.from_pixels(200, 30, 90, 100, (320, 160)),))
    )
    assert found.method == "network"
    assert overlap(found.matte, (210, 40, 280, 120)) > 0.9


@pytest.mark.parametrize("content", [b"", b"no network", None])
def test_file_that_is_no_network_is_told_by_check_ready(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BackendMisconfiguredError) as raised:
        LocalSubjectCutter(tmp_path / "models", file).check_ready()
    assert raised.value.code == "segmentation-model"
    assert "broken.onnx" in raised.value.message_for_user


def test_network_with_two_inputs_is_refused(tmp_path: Path) -> None:
    file = write_tiny_network(tmp_path / "two.onnx", inputs=2)
    with pytest.raises(BackendMisconfiguredError):
        LocalSubjectCutter(tmp_path / "models", file).check_ready()
