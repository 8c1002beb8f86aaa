"""Cutting out from the command line: names and forms that people rely on, bad files, bad boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.matte_commands import matte_names
from tests.command_line import Ended, run_command
from tests.contract.subject_cutter import SIZE, SUBJECT, product_photo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    product_photo().save(folder / "mug.jpg", quality=95)
    product_photo().save(folder / "bag.png")
    (folder / "notes.txt").write_text("not a photo", encoding="utf-8")
    return folder


def cut_out(tmp_path: Path, photos: Path, *more: str) -> Ended:
    return run_command(tmp_path / "home", "cut-out", str(photos), "--output", str(tmp_path / "out"), *more)


def quality(tmp_path: Path) -> dict[str, dict[str, object]]:
    values: dict[str, dict[str, object]] = json.loads((tmp_path / "out" / "quality.json").read_text(encoding="utf-8"))
    return values


def write_boxes(tmp_path: Path, values: object) -> str:
    file = tmp_path / "boxes.json"
    file.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return str(file)


def test_every_photo_gets_a_matte_of_its_size_and_a_word_on_its_quality(tmp_path: Path, photos: Path) -> None:
    ended = cut_out(tmp_path, photos)
    assert ended.code == 0, ended.err
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["bag.png", "mug.png", "quality.json"]
    for name in ("bag.png", "mug.png"):
        matte = Image.open(tmp_path / "out" / name)
        assert (matte.mode, matte.size) == ("L", SIZE)
        left, top, right, bottom = SUBJECT
        assert np.asarray(matte)[top + 3 : bottom - 3, left + 3 : right - 3].min() == 255
        assert np.asarray(matte)[: top - 5].max() == 0
    assert quality(tmp_path) == {name: {"doubtful": False, "reasons": []} for name in ("bag.png", "mug.jpg")}


def test_matte_is_upright_like_the_photo_is_shown(tmp_path: Path, photos: Path) -> None:
    turned = product_photo().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(photos / "turned.jpg", exif=exif)
    assert cut_out(tmp_path, photos).code == 0
    assert Image.open(tmp_path / "out" / "turned.png").size == SIZE


def test_photos_that_share_a_stem_keep_their_whole_names(tmp_path: Path, photos: Path) -> None:
    product_photo().save(photos / "mug.png")
    assert cut_out(tmp_path, photos).code == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"bag.png", "mug.jpg.png", "mug.png.png", "quality.json"}


def test_names_of_mattes_never_meet() -> None:
    assert matte_names(["a.jpg", "b.png"]) == ["a.png", "b.png"]
    assert matte_names(["A.jpg", "a.png"]) == ["A.jpg.png", "a.png.png"]
    assert matte_names(["a.jpg", "a.png", "a.png.webp"]) == ["a.jpg.png", "a.png.png", "a.png.webp.png"]


def test_bad_photos_are_listed_and_the_others_are_cut_out(tmp_path: Path, photos: Path) -> None:
    (photos / "empty.png").write_bytes(b"")
    (photos / "short.jpg").write_bytes((photos / "mug.jpg").read_bytes()[:900])
    (photos / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    ended = cut_out(tmp_path, photos)
    assert ended.code == 3
    assert "empty.png" in ended.err
    found = quality(tmp_path)
    for name in ("empty.png", "short.jpg", "drawing.svg"):
        assert found[name]["doubtful"] is True
        assert found[name]["error"]
        assert not (tmp_path / "out" / f"{Path(name).stem}.png").exists()
    assert found["mug.jpg"] == {"doubtful": False, "reasons": []}


def test_doubtful_mattes_have_reasons(tmp_path: Path, photos: Path) -> None:
    Image.new("RGB", (64, 48), "white").save(photos / "blank.png")
    assert cut_out(tmp_path, photos).code == 0
    assert quality(tmp_path)["blank.png"] == {"doubtful": True, "reasons": ["empty"]}


def test_product_lies_in_its_box(tmp_path: Path, photos: Path) -> None:
    left, top, right, _ = SUBJECT
    box = [left - 4, top - 4, right - left + 8, 34]
    assert cut_out(tmp_path, photos, "--boxes", write_boxes(tmp_path, {"mug.jpg": box})).code == 0
    matte = np.asarray(Image.open(tmp_path / "out" / "mug.png"))
    assert matte[top + 4 : top + 20, left + 4 : right - 4].min() == 255
    assert not matte[top + 31 :].any()


def test_box_outside_its_photo_fails_that_photo_alone(tmp_path: Path, photos: Path) -> None:
    ended = cut_out(tmp_path, photos, "--boxes", write_boxes(tmp_path, {"mug.jpg": [5000, 0, 10, 10]}))
    assert ended.code == 3
    assert quality(tmp_path)["mug.jpg"]["reasons"] == ["box-outside"]
    assert (tmp_path / "out" / "bag.png").is_file()


@pytest.mark.parametrize(
    "values",
    [
        "{not json",
        [1, 2],
        {"mug.jpg": [1, 2, 3]},
        {"mug.jpg": [1, 2, 3, "4"]},
        {"mug.jpg": [1, 2, 0, 4]},
        {"mug.jpg": [1, 2, 3, True]},
        '{"mug.jpg": [1, 2, NaN, 4]}',
        {"other.jpg": [1, 2, 3, 4]},
    ],
)
def test_bad_boxes_are_told_before_any_work(tmp_path: Path, photos: Path, values: object) -> None:
    ended = cut_out(tmp_path, photos, "--boxes", write_boxes(tmp_path, values))
    assert ended.code == 2
    assert "boxes.json" in ended.err
    assert not (tmp_path / "out").exists()


def test_missing_and_empty_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for folder in ("none", "missing"):
        ended = cut_out(tmp_path, tmp_path / folder)
        assert ended.code == 2
        assert folder in ended.err


def test_photos_are_not_overwritten(tmp_path: Path, photos: Path) -> None:
    before = (photos / "bag.png").read_bytes()
    ended = run_command(tmp_path / "home", "cut-out", str(photos), "--output", str(photos))
    assert ended.code == 2
    assert (photos / "bag.png").read_bytes() == before
