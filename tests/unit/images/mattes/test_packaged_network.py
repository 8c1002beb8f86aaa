"""The network that is installed with the app: it cuts out what the method without one cannot, and knows its doubts."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.backends.local.mattes.mask_signals import intersection_over_union
from services.backends.local.mattes.network import SegmentationNetwork, network_input, quantized_file
from services.backends.local.mattes.network_view import NetworkView, view_doubts
from services.backends.local.mattes.packaged_network import packaged_network
from services.backends.local.mattes.quantize import learned_ranges, quantize
from services.images.mask_models import Box, MaskDoubt, MaskHints, Stroke

ROOT = Path(__file__).parents[4]
SUBJECT = (250, 110, 390, 330)
SHARP = np.array((0.98, 0.01, 0.05, 0.97, 0.97, 0.99, 0.01))
TORN = np.array((0.3, 0.9, 2.5, 0.2, 0.3, 0.7, 0.3))
U2NETP_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"


@pytest.fixture(scope="module")
def network() -> Path:
    file = packaged_network()
    if file is None:
        pytest.skip("the package index had no network")
    return file


@pytest.fixture(scope="module")
def cutter(network: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalSubjectCutter:
    return LocalSubjectCutter(tmp_path_factory.mktemp("none"), packaged=network)


def scene() -> Image.Image:
    """A bottle on a table, before a wall with a window: no plain backdrop."""
    picture = Image.new("RGB", (640, 400), "#9fb4b8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 290, 640, 400), fill="#7a5636")
    for x in range(0, 640, 40):
        draw.line((x, 290, x - 60, 400), fill="#6b4a2d", width=3)
    draw.rectangle((40, 30, 180, 200), fill="#e8f1f5", outline="#5b4636", width=8)
    draw.rectangle((470, 60, 600, 170), fill="#c9a06a", outline="#3d3026", width=6)
    draw.rounded_rectangle((250, 150, 390, 330), 30, fill="#b3202c")
    draw.rectangle((295, 110, 345, 155), fill="#5e1016")
    draw.rectangle((262, 210, 378, 280), fill="#f4ead2")
    return picture.filter(ImageFilter.GaussianBlur(1.0))


def overlap(matte: np.ndarray) -> float:
    truth = np.zeros(matte.shape, bool)
    truth[150:331, 250:391] = True
    truth[110:150, 295:346] = True
    mask = matte >= 128
    return float((mask & truth).sum() / (mask | truth).sum())


def test_packaged_network_is_the_one_that_was_measured(network: Path) -> None:
    assert hashlib.sha256(network.read_bytes()).hexdigest() == U2NETP_SHA256


def test_what_is_installed_beside_the_packages_is_pinned_by_its_checksum() -> None:
    pins = [line for line in (ROOT / "requirements-models.txt").read_text().splitlines() if not line.startswith("#")]
    assert pins
    assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)


def test_setup_made_its_int8_version_and_that_is_what_is_run(network: Path, tmp_path: Path) -> None:
    sizes = ((320, 320), (224, 224))
    assert all(quantized_file(network, size).is_file() for size in sizes)
    broken = tmp_path / network.name
    broken.write_bytes(b"no network")
    for size in sizes:
        shutil.copy(quantized_file(network, size), quantized_file(broken, size))
    picture = np.asarray(scene())
    assert np.array_equal(
        SegmentationNetwork(broken).probability(picture), SegmentationNetwork(network).probability(picture)
    )


def test_int8_sees_what_the_original_sees(network: Path, tmp_path: Path) -> None:
    original = shutil.copy(network, tmp_path)
    picture = np.asarray(scene())
    precise = SegmentationNetwork(Path(original)).probability(picture) > 0.5
    quick = SegmentationNetwork(network).probability(picture) > 0.5
    assert intersection_over_union(precise, quick) > 0.9


def test_what_is_written_into_our_own_memory_is_what_the_network_says(network: Path) -> None:
    file = quantized_file(network, (320, 320))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    picture = np.asarray(scene())
    said = np.squeeze(session.run(None, {session.get_inputs()[0].name: network_input(picture, (320, 320))})[0])
    stretched = (said - said.min()) / (said.max() - said.min())
    assert np.allclose(SegmentationNetwork(network).probability(picture), stretched, atol=1e-6)


def test_process_with_a_network_does_not_load_what_only_the_method_without_one_needs(network: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from PIL import Image;"
        "from services.backends.local.mattes.cutter import LocalSubjectCutter;"
        f"LocalSubjectCutter(Path('none'), packaged=Path({str(network)!r})).cut_out(Image.new('RGB', (64, 48)));"
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_network_of_other_weights_is_not_quantized_with_these_ranges(tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"other weights")
    assert quantize(other, learned_ranges()) == []
    assert list(tmp_path.iterdir()) == [other]


def test_product_in_a_scene_is_cut_out_by_the_network(cutter: LocalSubjectCutter) -> None:
    found = cutter.cut_out(scene())
    assert found.method == "network"
    assert overlap(found.matte) > 0.8


def test_box_and_strokes_correct_the_network(cutter: LocalSubjectCutter) -> None:
    left, top, right, _ = SUBJECT
    boxed = cutter.cut_out(scene(), MaskHints(keep_boxes=(Box.from_pixels(left, top, right - left, 220, (640, 400)),)))
    assert boxed.method == "network"
    assert overlap(boxed.matte) > 0.8
    stroke = Stroke(False, ((0.5, 0.4), (0.5, 0.75)), 0.03)
    dropped = cutter.cut_out(scene(), MaskHints(strokes=(stroke,)))
    assert dropped.matte[200, 320] == 0


def test_plain_backdrop_gives_the_edge_where_the_network_sees_the_same_subject(cutter: LocalSubjectCutter) -> None:
    picture = Image.new("RGB", (640, 400), "#f2f2f0")
    ImageDraw.Draw(picture).rounded_rectangle((250, 110, 390, 330), 30, fill="#b3202c")
    found = cutter.cut_out(picture)
    assert found.method == "plain-backdrop"
    assert not found.doubtful


def test_same_photo_gives_the_same_matte(cutter: LocalSubjectCutter) -> None:
    assert np.array_equal(cutter.cut_out(scene()).matte, cutter.cut_out(scene()).matte)


def test_sharp_view_that_a_second_look_agrees_with_is_not_doubted() -> None:
    assert view_doubts(NetworkView(np.ones((2, 2), np.float32), SHARP)) == ()


def test_view_that_a_second_look_contradicts_is_doubted() -> None:
    doubts = view_doubts(NetworkView(np.ones((2, 2), np.float32), TORN))
    assert set(doubts) <= {MaskDoubt.UNSTABLE, MaskDoubt.UNCLEAR}
    assert doubts


def test_second_look_is_smaller_and_says_the_same_of_a_clear_picture(network: Path) -> None:
    opened = SegmentationNetwork(network)
    picture = np.asarray(scene())
    first, second = opened.probability(picture), opened.second_look(picture)
    assert first.shape == second.shape == (320, 320)
    assert not np.array_equal(first, second)
    assert ((first > 0.5) == (second > 0.5)).mean() > 0.95


def test_view_without_a_subject_is_doubted() -> None:
    assert view_doubts(NetworkView(np.zeros((2, 2), np.float32), None)) == (MaskDoubt.UNCLEAR,)


def test_own_network_wins_over_the_packaged_one(network: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(network.read_bytes())
    own, packaged = (
        LocalSubjectCutter(tmp_path, packaged=network),
        LocalSubjectCutter(tmp_path / "none", packaged=network),
    )
    assert own.name != packaged.name != LocalSubjectCutter(tmp_path / "none").name
