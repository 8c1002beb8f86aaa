"""Backgrounds from the command line: no server, no worker, no account, no database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.image_commands import Mode, Size
from services.images.background_models import CompositeMode, SizePreset
from tests.command_line import Ended, run_command
from tests.image_edit_server import MODEL, ImageEditServer, running_image_edit_server
from tests.serving import free_port

RED, BLUE = (192, 48, 32), (32, 64, 192)


def shot(path: Path, color: tuple[int, int, int] = RED, size: tuple[int, int] = (240, 180)) -> Path:
    """A round product on a white studio ground."""
    picture = Image.new("RGB", size, "white")
    width, height = size
    ImageDraw.Draw(picture).ellipse((width * 0.25, height * 0.2, width * 0.75, height * 0.9), fill=color)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=95)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    shot(folder / "a.b.c.png")
    shot(folder / "red.jpg")
    shot(folder / "red.png")
    shot(folder / "summer" / "blue.webp", BLUE)
    return folder


def replaced(tmp_path: Path, photos: Path, *options: str) -> Ended:
    return run_command(
        tmp_path / "home", "replace-backgrounds", str(photos), "--output", str(tmp_path / "out"), *options
    )


def report_in(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return read


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_every_photo_is_written_under_its_name_and_reported(tmp_path: Path, photos: Path) -> None:
    ended = replaced(tmp_path, photos, "--prompt", "oak table in a bright kitchen", "--seed", "7")
    assert ended.code == 0, ended.err
    out = tmp_path / "out"
    images = ["a.b.c.png", "red.jpg.png", "red.png.png", "summer/blue.png"]
    assert written(out) == sorted([*images, "report.csv", "report.json"])
    report = report_in(out)
    assert (report["prompt"], report["mode"], report["seed"]) == ("oak table in a bright kitchen", "precise", 7)
    assert (report["done"], report["failed"], report["backend"]) == (4, 0, "composed")
    assert [(image["file"], image["output"], image["status"]) for image in report["images"]] == [
        (file, [name], "done")
        for file, name in zip(["a.b.c.png", "red.jpg", "red.png", "summer/blue.webp"], images, strict=True)
    ]
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_bytes().decode("utf-8-sig"))))
    assert [row["output"] for row in rows] == images
    assert rows[0]["prompt"] == "oak table in a bright kitchen"


def test_precise_results_keep_the_products_pixels(tmp_path: Path, photos: Path) -> None:
    replaced(tmp_path, photos, "--prompt", "green meadow")
    before, after = pixels(photos / "a.b.c.png"), pixels(tmp_path / "out" / "a.b.c.png")
    product = (before == RED).all(axis=2)
    inside = product.copy()
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        inside &= np.roll(product, 4 * step, axis)
    assert inside.sum() > 0.8 * product.sum()
    assert (after[inside] == before[inside]).all()
    assert (after[:10, :10] != 255).any()


def test_same_seed_makes_the_same_files_and_another_seed_others(tmp_path: Path, photos: Path) -> None:
    made = []
    for number, seed in enumerate(("7", "7", "8")):
        out = tmp_path / str(number)
        run_command(
            tmp_path / "home",
            *("replace-backgrounds", str(photos), "--prompt", "marble", "--seed", seed, "--output", str(out)),
        )
        made.append((out / "a.b.c.png").read_bytes())
    assert made[0] == made[1] != made[2]


def test_broken_photos_fail_alone_with_their_reason(tmp_path: Path, photos: Path) -> None:
    (photos / "empty.jpg").touch()
    (photos / "drawing.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    (photos / "cut.jpg").write_bytes((photos / "red.jpg").read_bytes()[:900])
    Image.new("RGB", (120, 90), "white").save(photos / "nothing.png")
    (photos / "notes.txt").write_text("no photo")
    (photos / ".hidden.png").write_bytes(b"")
    ended = replaced(tmp_path, photos, "--prompt", "oak table")
    assert ended.code == 3
    report = report_in(tmp_path / "out")
    failed = {image["file"]: image for image in report["images"] if image["status"] == "failed"}
    assert {file: image["error_code"] for file, image in failed.items()} == {
        "cut.jpg": "image-truncated",
        "drawing.png": "image-svg",
        "empty.jpg": "image-empty",
        "nothing.png": "no-mask-found",
    }
    assert all(image["cause"] and image["remedy"] and image["output"] == [] for image in failed.values())
    assert (report["done"], report["failed"]) == (4, 4)
    assert len(ended.err.splitlines()) == 4
    assert len(ended.out.splitlines()) == 5


def test_nothing_is_written_beside_the_output(tmp_path: Path, photos: Path) -> None:
    replaced(tmp_path, photos, "--backdrop", "#336699")
    assert not (tmp_path / "home").exists() or written(tmp_path / "home") == []


def test_color_picture_and_transparency_are_backdrops_too(tmp_path: Path, photos: Path) -> None:
    plain = tmp_path / "plain"
    command = ("replace-backgrounds", str(photos), "--shadow", "0")
    assert run_command(tmp_path, *command, "--backdrop", "#336699", "--output", str(plain)).code == 0
    assert tuple(pixels(plain / "a.b.c.png")[2, 2]) == (0x33, 0x66, 0x99)
    wall = tmp_path / "wall.png"
    Image.new("RGB", (30, 20), (10, 20, 30)).save(wall)
    own = tmp_path / "own"
    assert run_command(tmp_path, *command, "--backdrop", str(wall), "--output", str(own)).code == 0
    assert tuple(pixels(own / "a.b.c.png")[2, 2]) == (10, 20, 30)
    clear = tmp_path / "clear"
    ended = run_command(
        tmp_path,
        *command,
        "--backdrop",
        "transparent",
        "--mode",
        "default",
        "--prompt",
        "kept for the report",
        *("--output", str(clear)),
    )
    assert ended.code == 0
    assert (pixels(clear / "a.b.c.png")[2, 2, 3], pixels(clear / "a.b.c.png")[99, 120, 3]) == (0, 255)
    assert report_in(clear)["prompt"] == "kept for the report"


def test_mode_size_padding_and_variations_are_followed(tmp_path: Path, photos: Path) -> None:
    ended = replaced(
        tmp_path, photos, "--prompt", "oak table", "--mode", "DEFAULT", "--size", "square", "--variations", "2"
    )
    assert ended.code == 0, ended.err
    out = tmp_path / "out"
    assert {"a.b.c.jpg", "a.b.c-2.jpg"} <= set(written(out))
    assert pixels(out / "a.b.c.jpg").shape == (1080, 1080, 3)
    assert report_in(out)["padding"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "text that says what the background"),
        (("--prompt", "x" * 513), "513 characters"),
        (("--prompt", "oak", "--padding", "0.6"), "free space"),
        (("--prompt", "oak", "--shadow", "2"), "shadow"),
        (("--backdrop", "nowhere.png"), "There is no picture nowhere.png"),
        (("--backdrop", "#12"), "not a color"),
    ],
)
def test_bad_option_is_told_before_any_work(tmp_path: Path, photos: Path, options: tuple[str, ...], words: str) -> None:
    ended = replaced(tmp_path, photos, *options)
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [("--mode", "rough"), ("--size", "huge"), ("--seed", "-1"), ("--variations", "9")])
def test_option_out_of_range_names_itself(tmp_path: Path, photos: Path, options: tuple[str, ...]) -> None:
    ended = replaced(tmp_path, photos, "--prompt", "oak", *options)
    assert (ended.code, options[0] in ended.err) == (2, True)


def test_missing_or_empty_folder_is_told(tmp_path: Path, photos: Path) -> None:
    assert "There is no folder" in replaced(tmp_path, tmp_path / "nowhere", "--prompt", "oak").err
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").touch()
    ended = replaced(tmp_path, tmp_path / "empty", "--prompt", "oak")
    assert (ended.code, "no photos" in ended.err) == (2, True)
    same = run_command(tmp_path, "replace-backgrounds", str(photos), "--prompt", "oak", "--output", str(photos))
    assert (same.code, "folder of the photos" in same.err) == (2, True)


def test_output_folder_within_the_photos_is_no_input(tmp_path: Path, photos: Path) -> None:
    out = photos / "out"
    for _ in range(2):
        ended = run_command(tmp_path, "replace-backgrounds", str(photos), "--prompt", "oak", "--output", str(out))
        assert ended.code == 0
        assert len(report_in(out)["images"]) == 4


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageEditServer]:
    """A generator of its own that the settings name."""
    with running_image_edit_server() as server:
        for name, value in (
            ("BACKGROUND_BACKEND", "openai"),
            ("OPENAI_BASE_URL", server.base_url),
            ("OPENAI_IMAGE_MODEL", MODEL),
            ("OPENAI_IMAGE_PRICE", "0.04"),
        ):
            monkeypatch.setenv(f"FRONTLINE_{name}", value)
        yield server


def test_generator_is_asked_once_per_photo_and_its_cost_is_reported(
    tmp_path: Path, photos: Path, painter: ImageEditServer
) -> None:
    assert replaced(tmp_path, photos, "--prompt", "oak").code == 0
    report = report_in(tmp_path / "out")
    assert (len(painter.requests), report["verb"]) == (4, "generated")
    assert [(image["calls"], image["cost_usd"]) for image in report["images"]] == [(1, 0.04)] * 4


def test_photos_that_the_generator_blocks_fail_with_its_reason(
    tmp_path: Path, photos: Path, painter: ImageEditServer
) -> None:
    blocked = {"error": {"code": "moderation_blocked", "message": "no"}}
    painter.reply = lambda request: request.send_text(400, json.dumps(blocked))
    assert replaced(tmp_path, photos, "--prompt", "oak").code == 3
    assert {image["error_code"] for image in report_in(tmp_path / "out")["images"]} == {"prompt-blocked"}


def test_generator_that_is_away_is_told_before_any_work(
    tmp_path: Path, photos: Path, painter: ImageEditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTLINE_OPENAI_BASE_URL", f"http://127.0.0.1:{free_port()}/v1")
    ended = replaced(tmp_path, photos, "--prompt", "oak")
    assert (ended.code, "cannot be reached" in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_options_offer_what_the_services_know() -> None:
    assert get_args(Mode) == tuple(mode.value for mode in CompositeMode)
    assert get_args(Size) == tuple(size.value for size in SizePreset)
